"""Words of appointments and the desk."""

from __future__ import annotations

from collections.abc import Mapping

from services.appointments.reserves import Share
from services.appointments.rules import PAST, ClosureSource, OfflineStep, Status, Unmet, WatchEnding
from services.kernel.words import ErrorMessage, Message
from services.kernel.words import marked as _

STATUSES: Mapping[str, str] = {
    Status.BOOKED: _("Reservada"),
    Status.CHECKED_IN: _("En la sala de espera"),
    Status.CALLED: _("Llamada a ventanilla"),
    Status.COMPLETED: _("Atendida"),
    Status.NOT_SERVED: _("No se pudo atender"),
    Status.NO_SHOW: _("No se presentó"),
    Status.CANCELLED: _("Cancelada"),
    PAST: _("Ya pasó"),
}
# Over a number of them: on the desk and in every figure of Group 4, so that one appointment has one
# name in both.
COUNTED: Mapping[str, str] = {
    Status.BOOKED: _("Reservadas"),
    Status.CHECKED_IN: _("En la sala de espera"),
    Status.CALLED: _("En ventanilla"),
    Status.COMPLETED: _("Atendidas"),
    Status.NOT_SERVED: _("No se pudieron atender"),
    Status.NO_SHOW: _("No se presentaron"),
    Status.CANCELLED: _("Canceladas"),
}
# Why somebody no longer waits for a place.
WATCH_ENDINGS: Mapping[str, str] = {
    WatchEnding.STOPPED: _("Los paraste tú. Puedes pedirlos otra vez."),
    WatchEnding.BOOKED: _("Ya tienes una cita para este trámite."),
    WatchEnding.OVER: _("Tu cita cambió, se canceló o ya pasó."),
    WatchEnding.EXPIRED: _("Pasó el plazo. Puedes pedirlos otra vez."),
}
# Whom places are kept for.
SHARES: Mapping[str, str] = {
    Share.WALK_INS: _("Personas sin cita"),
    Share.URGENT_PROTECTION: _("Protección urgente"),
    Share.ELDERLY_OR_DISABLED: _("Personas mayores o con discapacidad"),
}
# Where a closure comes from, after its reason.
CLOSURE_SOURCES: Mapping[str, str] = {
    ClosureSource.BY_HAND: _("lo decidió la oficina"),
    ClosureSource.HOLIDAY: _("día festivo"),
}
# What was done to opening hours, by what it was done to.
OPENING_CHANGES: Mapping[str, str] = {
    "session.open": _("Abrió un día"),
    "session.edit": _("Cambió un día"),
    "session.close": _("Dejó de tomar citas un día"),
    "session.cancel": _("Decidió no abrir un día"),
    "series.open": _("Abrió un horario que se repite"),
    "series.edit": _("Cambió un horario que se repite"),
    "series.left_out": _("No abrió un día: la ventanilla estaba ocupada"),
    "closure.close": _("Cerró la oficina"),
    "closure.reopen": _("Quitó un cierre"),
}
# Of searches for a time, over a number of them.
UNMET: Mapping[str, str] = {Unmet.NO_PLACE: _("Búsquedas sin lugar")}
# What an officer noted while the network was away.
OFFLINE_STEPS: Mapping[str, str] = {
    OfflineStep.CHECK_IN: _("Llegada"),
    OfflineStep.CALL: _("Llamada a ventanilla"),
    OfflineStep.BACK_TO_WAITING: _("Regreso a la sala"),
    OfflineStep.NO_SHOW: _("No se presentó"),
    OfflineStep.PARK: _("Pausa"),
    OfflineStep.UNPARK: _("Fin de la pausa"),
    OfflineStep.TICKET: _("Turno sin cita"),
}
# The same on the buttons of the page without the network, and once it was noted.
OFFLINE_BUTTONS: Mapping[str, str] = {
    OfflineStep.CHECK_IN: _("Llegó, identidad revisada"),
    OfflineStep.CALL: _("Llamar a la ventanilla %(desk)s"),
    OfflineStep.BACK_TO_WAITING: _("Regresar a la sala"),
    OfflineStep.NO_SHOW: _("No se presentó"),
    OfflineStep.PARK: _("Dejar en pausa"),
    OfflineStep.UNPARK: _("Seguir en la fila"),
    OfflineStep.TICKET: _("Dar turno"),
}
OFFLINE_NOTED: Mapping[str, str] = {
    OfflineStep.CHECK_IN: _("llegada anotada"),
    OfflineStep.CALL: _("llamada a la ventanilla %(desk)s"),
    OfflineStep.BACK_TO_WAITING: _("regresó a la sala"),
    OfflineStep.NO_SHOW: _("anotada como ausente"),
    OfflineStep.PARK: _("en pausa"),
    OfflineStep.UNPARK: _("sigue en la fila"),
    OfflineStep.TICKET: _("Turno %(folio)s: anótalo en un papel y dáselo."),
}
# Said to whoever looks theirs up by its folio: how it stands, and what to do.
FOUND: Mapping[str, str] = {
    Status.BOOKED: _("Tu cita está reservada. Llega %(minutes)s minutos antes y di tu folio."),
    Status.CHECKED_IN: _("Ya te registraron: espera a que te llamen."),
    Status.CALLED: _("Te están llamando a una ventanilla."),
    Status.COMPLETED: _("Ya te atendieron en esta cita. Si necesitas otro trámite, reserva."),
    Status.CANCELLED: _("Esta cita se canceló. Puedes reservar otra."),
    Status.NO_SHOW: _("Esta cita ya pasó y anotaron que no llegaste. Puedes reservar otra."),
    Status.NOT_SERVED: _("No se pudo atender y el pase para volver ya venció. Reserva otra."),
    PAST: _("Esta cita ya pasó. Puedes reservar otra."),
}
# Why somebody with an appointment looks like somebody with another: for the desk.
RESEMBLANCES: Mapping[str, str] = {
    "names": _("Se parece a otra persona con cita: mismo día de nacimiento y nombres parecidos."),
    "birth_date": _(
        "Se parece a otra persona con cita: mismos nombres y un número distinto en la fecha de"
        " nacimiento."
    ),
    "curp": _("Tiene la misma CURP, con otro nombre."),
}

ERRORS: Mapping[str, ErrorMessage] = {
    "slot_taken": ErrorMessage(
        _("Ese horario ya se ocupó"), _("Elige otro horario: los demás siguen libres.")
    ),
    "no_room_for_all": ErrorMessage(
        _("A esa hora no caben todas"),
        _("Elige otro horario: ahí ves los que tienen lugar para todas. Nada se borró."),
    ),
    "hold_over": ErrorMessage(
        _("Ya no apartamos ese horario"),
        _("Lo que escribiste sigue aquí. Si el horario está libre, puedes reservarlo."),
    ),
    "slot_not_offered": ErrorMessage(
        _("Ese horario no se ofrece"), _("Consulta los horarios libres y elige uno de ellos.")
    ),
    "already_booked": ErrorMessage(
        _("Ya hay una cita para este trámite"),
        _(
            "Cada persona puede tener una cita vigente por trámite."
            " Si quieres otro día u hora, cámbiala: el lugar se conserva hasta confirmar."
        ),
    ),
    "person_repeated": ErrorMessage(
        _("Revisa los datos"), _("Esta persona ya está en la lista: nómbrala una sola vez.")
    ),
    "booking_limit": ErrorMessage(
        _("Ya no caben más citas"),
        _(
            "Tu cuenta, tu correo o teléfono, o esta conexión ya tiene todas las citas que puede."
            " Cancela alguna que no vayas a usar, o espera a que pase."
        ),
    ),
    "not_a_spelling": ErrorMessage(
        _("Es el nombre de otra persona"),
        _(
            "Solo se corrige cómo se escribe: un nombre y un apellido se parecen a los de quien"
            " reservó. La cita no pasa a otra persona; dale un turno sin cita."
        ),
    ),
    "too_early": ErrorMessage(
        _("Todavía no"),
        _("Ese paso se da el día de la cita; la ausencia se anota después de la hora."),
    ),
    "already_called": ErrorMessage(
        _("Ya la llamó otra ventanilla"),
        _(
            "La ventanilla %(desk)s llamó antes a esta persona."
            " Para llamarla desde otra, primero regrésala a la sala de espera."
        ),
    ),
    "nobody_waits": ErrorMessage(
        _("Nadie espera a esta ventanilla"),
        _("No hay nadie en la sala para los trámites de esta ventanilla."),
    ),
    "charged_already": ErrorMessage(
        _("Ya se cobró y hay un recibo"),
        _("Pide la corrección en la página de la cita; otra persona la aprueba."),
    ),
    "moved_meanwhile": ErrorMessage(
        _("Cambió mientras no había conexión"),
        _("Alguien dio otro paso con esta persona. Mira cómo está ahora y decide."),
    ),
    "noted_too_long_ago": ErrorMessage(
        _("Llegó demasiado tarde"),
        _("Se anotó hace más de un día. Anótalo en la página de la cita."),
    ),
    "ticket_taken": ErrorMessage(
        _("Ese folio ya es de otra persona"), _("Da otro turno a la persona.")
    ),
    "nothing_to_undo": ErrorMessage(
        _("Ya no se puede deshacer"),
        _("Solo el último paso se deshace, y por poco tiempo."),
    ),
    "service_not_offered": ErrorMessage(
        _("Ese servicio no se puede reservar"), _("Elige un servicio del catálogo.")
    ),
    "office_closed": ErrorMessage(
        _("La oficina cierra ese día"),
        _("Es día no laborable en México o en el país, o la oficina lo cerró. Elige otro."),
    ),
    "desk_not_open": ErrorMessage(
        _("Esa ventanilla no abre ese día"), _("Elige una de las ventanillas de ese día.")
    ),
    "desk_taken": ErrorMessage(
        _("Una ventanilla ya está ocupada a esa hora"),
        _(
            "La ventanilla %(desk)s ya atiende en otro horario a esa hora."
            " Cambia la hora o la ventanilla, o cierra antes el otro horario."
        ),
    ),
    "draw_not_available": ErrorMessage(
        _("Todavía no hay sorteos"), _("Todavía no hay sorteos: abre el horario para reservar ya.")
    ),
    "service_longer_than_session": ErrorMessage(
        _("El trámite dura más que el horario"),
        _("Abre más temprano, cierra más tarde o reserva menos minutos para ese trámite."),
    ),
    "too_many_desk_patterns": ErrorMessage(
        _("Demasiadas combinaciones de ventanillas"),
        _("Agrupa los servicios de modo que más ventanillas ofrezcan lo mismo."),
    ),
    "more_places_kept": ErrorMessage(
        _("Se apartan más lugares que ventanillas"),
        _("Aparta a lo más un lugar por ventanilla."),
    ),
    "share_not_allowed": ErrorMessage(
        _("Ese lugar está apartado para otras personas"),
        _("Busca un lugar para todo público. Los de quien llega sin cita son solo para hoy."),
    ),
    "day_full": ErrorMessage(
        _("Hoy ya no se atiende a nadie más para ese trámite"),
        _("Se llegó al máximo del día. Busca una cita para otro día."),
    ),
    "session_too_short": ErrorMessage(
        _("No cabe ningún turno"), _("Cierra más tarde o usa turnos más cortos.")
    ),
    "break_outside_hours": ErrorMessage(
        _("Revisa la pausa"), _("La pausa debe empezar y terminar dentro del horario.")
    ),
    "rule_not_understood": ErrorMessage(
        _("No entendemos la repetición"),
        _("Escribe una regla RRULE de días, como FREQ=WEEKLY;BYDAY=MO,WE."),
    ),
    "no_days": ErrorMessage(
        _("No hay ningún día que abrir"),
        _("La repetición no da pronto ningún día laborable. Cambia los días."),
    ),
    "in_the_past": ErrorMessage(_("Esa fecha ya pasó"), _("Elige un día que esté por venir.")),
}

# In place of the nearest times, where there are none.
NO_TIMES = _("todavía ninguna: mira otros días u otra oficina")

# Said to everybody who waits: `rules.queue_place`.
RULES: Mapping[str, str] = {
    "queue": _(
        "Se llama por la hora de la cita, no por la de llegada. Quien llega tarde o cambia de"
        " ventanilla conserva su lugar. También quien queda en pausa, y una vez quien llega después"
        " de anotarse como ausente. A la misma hora, por orden de llegada. Sin cita, o con pase de"
        " otro día, cuenta la hora de llegada. Antes que todos va quien tiene prioridad: personas"
        " mayores, con discapacidad o con urgencia."
    ),
}

# Mail and text messages.
MESSAGES: Mapping[str, Message] = {
    "place_found": Message(
        _("Hay lugar: %(services)s"),
        _(
            "Hay lugar para %(services)s en %(office)s: %(when)s.\n\nNo está apartado: es de quien"
            " lo reserva primero. Verlo, reservarlo o dejar de recibir avisos: %(address)s"
        ),
    ),
    "earlier_place_found": Message(
        _("Hay un lugar antes que el de tu cita"),
        _(
            "Hay un lugar antes que el de tu cita: %(when)s, %(office)s.\n\nTu cita sigue en pie"
            " mientras no la cambies. Verlo, cambiarte o dejar de recibir avisos: %(address)s"
        ),
    ),
    "appointment_confirmation": Message(
        _("Tu cita quedó confirmada: %(folio)s"),
        _(
            "Tu cita quedó confirmada.\n\nFolio: %(folio)s\nTrámite: %(services)s\nOficina:"
            " %(office)s\nFecha y hora: %(when)s\n\nQué llevar y cómo cambiarla o cancelarla:"
            " %(address)s"
        ),
    ),
    "appointment_reminder": Message(
        _("Recordatorio de tu cita: %(folio)s"),
        _(
            "Te esperamos en tu cita.\n\nFolio: %(folio)s\nTrámite: %(services)s\nOficina:"
            " %(office)s\nFecha y hora: %(when)s\n\nSi no puedes ir, cámbiala o cancélala para"
            " que la use otra persona. Qué llevar: %(address)s"
        ),
    ),
    "appointment_cancelled": Message(
        _("Tu cita quedó cancelada: %(folio)s"),
        _(
            "La cita %(folio)s del %(when)s en %(office)s quedó cancelada.\n\nPara pedir"
            " otra: %(address)s"
        ),
    ),
    "attendee_cancelled": Message(
        _("Quitamos a %(person)s de la cita %(folio)s"),
        _(
            "%(person)s ya no tiene lugar en la cita %(folio)s del %(when)s en %(office)s. Los"
            " demás conservan el suyo.\n\nPara ver la cita: %(address)s"
        ),
    ),
    "appointment_called_off": Message(
        _("La oficina canceló tu cita: %(folio)s"),
        _(
            "%(office)s tuvo que cancelar tu cita %(folio)s del %(when)s. Motivo: %(reason)s."
            "\n\nNo vayas a la oficina a esa hora. Tu lugar se perdió, pero puedes pedir otro:"
            " %(address)s"
        ),
    ),
    "appointment_orphaned": Message(
        _("La oficina cambió su horario: elige otra hora para tu cita %(folio)s"),
        _(
            "%(office)s cambió su horario y no puede atenderte el %(when)s. Tu cita %(folio)s"
            " no se canceló.\n\nLa hora más cercana: %(nearest)s\n\nElegir otra hora: %(address)s"
        ),
    ),
    "appointment_supported": Message(
        _("Tu cita %(folio)s sigue en pie"),
        _(
            "%(office)s ya puede atenderte a la hora de tu cita. No tienes que hacer nada."
            "\n\nFolio: %(folio)s\nTrámite: %(services)s\nFecha y hora: %(when)s"
            "\n\nQué llevar y cómo cambiarla o cancelarla: %(address)s"
        ),
    ),
    "appointment_rescheduled": Message(
        _("Tu cita cambió de hora: %(folio)s"),
        _(
            "Tu cita cambió. El folio es el mismo. La hora de antes ya no vale.\n\nFolio:"
            " %(folio)s\nTrámite: %(services)s\nOficina: %(office)s\nFecha y hora: %(when)s"
            "\n\nQué llevar y cómo cambiarla o cancelarla: %(address)s"
        ),
    ),
    "next_in_queue": Message(
        _("Sigues tú: turno %(tail)s"),
        _(
            "Sigues tú en %(office)s. Acércate a la sala y mira la pantalla: tu turno termina en"
            " %(tail)s."
        ),
    ),
    "identity_check": Message(
        _("Revisaremos la identidad en tu cita %(folio)s"),
        _(
            "Alguien más intentó hacer una cita con los datos de una persona de tu cita"
            " %(folio)s. Tu cita sigue en pie. Lleva tus documentos: el personal confirmará"
            " la identidad. Si no reconoces esto, avisa a la oficina %(office)s."
        ),
    ),
}
