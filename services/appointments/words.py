"""Words of appointments and the desk."""

from __future__ import annotations

from collections.abc import Mapping

from services.kernel.words import ErrorWords
from services.kernel.words import marked as _

ERRORS: Mapping[str, ErrorWords] = {
    "slot_taken": ErrorWords(
        _("Ese horario ya se ocupó"), _("Elige otro horario: los demás siguen libres.")
    ),
    "slot_not_offered": ErrorWords(
        _("Ese horario no se ofrece"), _("Consulta los horarios libres y elige uno de ellos.")
    ),
    "already_booked": ErrorWords(
        _("Ya hay una cita para este trámite"),
        _(
            "Cada persona puede tener una cita vigente por trámite."
            " Puedes cancelarla y reservar otra."
        ),
    ),
    "person_repeated": ErrorWords(
        _("Revisa los datos"), _("Esta persona ya está en la lista: nómbrala una sola vez.")
    ),
    "nobody_else": ErrorWords(
        _("Nadie más tiene una cita con esos datos"),
        _("La persona puede reservar como siempre. Revisa que el trámite y los datos coincidan."),
    ),
    "account_or_curp_required": ErrorWords(
        _("Falta con qué reconocerla"),
        _("Escribe su CURP, su correo o su teléfono: así reservará sin confundirse con la otra."),
    ),
    "booking_limit": ErrorWords(
        _("Ya no caben más citas"),
        _(
            "Tu cuenta, tu correo o teléfono, o esta conexión ya tiene todas las citas que puede."
            " Cancela alguna que no vayas a usar, o espera a que pase."
        ),
    ),
    "too_early": ErrorWords(
        _("Todavía no"),
        _("Ese paso se da el día de la cita; la ausencia se anota después de la hora."),
    ),
    "already_called": ErrorWords(
        _("Ya la llamó otra ventanilla"),
        _(
            "La ventanilla %(desk)s llamó antes a esta persona."
            " Para llamarla desde otra, primero regrésala a la sala de espera."
        ),
    ),
    "service_not_offered": ErrorWords(
        _("Ese servicio no se puede reservar"), _("Elige un servicio del catálogo.")
    ),
    "office_closed": ErrorWords(
        _("La oficina cierra ese día"), _("Es día no laborable en México o en el país. Elige otro.")
    ),
    "desk_not_open": ErrorWords(
        _("Esa ventanilla no abre ese día"), _("Elige una de las ventanillas de ese día.")
    ),
    "desk_taken": ErrorWords(
        _("Una ventanilla ya está ocupada a esa hora"),
        _(
            "La ventanilla %(desk)s ya atiende en otro horario a esa hora."
            " Cambia la hora o la ventanilla, o cierra antes el otro horario."
        ),
    ),
    "draw_not_available": ErrorWords(
        _("Todavía no hay sorteos"), _("Todavía no hay sorteos: abre el horario para reservar ya.")
    ),
    "service_longer_than_slot": ErrorWords(
        _("El trámite dura más que el turno"),
        _("Alarga los turnos (slot_minutes) hasta la duración del trámite más largo."),
    ),
    "too_many_desk_patterns": ErrorWords(
        _("Demasiadas combinaciones de ventanillas"),
        _("Agrupa los servicios de modo que más ventanillas ofrezcan lo mismo."),
    ),
    "session_too_short": ErrorWords(
        _("No cabe ningún turno"), _("Cierra más tarde o usa turnos más cortos.")
    ),
    "in_the_past": ErrorWords(_("Esa fecha ya pasó"), _("Elige un día que esté por venir.")),
}
