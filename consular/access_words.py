"""Words for entries of the access log, as the person whose data it is reads them."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

OTHER = "other"
# Action of the audit -> words. What isn't here is told as OTHER: the person learns that their data
# were used, and no name of ours.
WHAT: dict[str, Any] = {
    "account.sign_up": _("Se abrió tu cuenta"),
    "access.refused": _("Se rechazó un intento desde tu cuenta"),
    "appointment.read": _("Vieron tu cita"),
    "appointment.search": _("Buscaron tu cita por tu nombre"),
    "appointment.list": _("Vieron tu cita en una lista"),
    "appointment.book": _("Se reservó tu cita"),
    "appointment.check_in": _("Registraron tu llegada"),
    "appointment.correct_spelling": _("Corrigieron cómo se escribe un nombre en tu cita"),
    "appointment.call": _("Te llamaron a una ventanilla"),
    "appointment.back_to_waiting": _("Te regresaron a la sala de espera"),
    "appointment.complete": _("Te atendieron"),
    "appointment.not_served": _("Anotaron que no se pudo atender tu cita"),
    "appointment.no_show": _("Anotaron que no llegaste a tu cita"),
    "appointment.verify_pre_application": _("Compararon con tus documentos lo que escribiste"),
    "appointment.cancel": _("Se canceló tu cita"),
    "appointment.undo": _("Deshicieron el último paso de tu cita en la oficina"),
    "appointment.wrong_person": _("Corrigieron que otra persona se registró con tu cita"),
    "appointment.park": _("Dejaron tu turno en pausa"),
    "appointment.unpark": _("Tu turno siguió en su lugar"),
    "appointment.priority": _("Cambiaron la prioridad de tu turno"),
    "appointment.transfer": _("Te pasaron a otro trámite o a otra ventanilla"),
    "appointment.name_ticket": _("Escribieron tu nombre en tu turno"),
    "appointment.at_desk": _("Anotaron que llegaste a la ventanilla"),
    "appointment.take_over": _("Otra ventanilla siguió con tu atención"),
    "appointment.walk_in": _("Te dieron un turno sin cita"),
    "appointment.reschedule": _("Tu cita cambió de día, de hora o de oficina"),
    "helper.link": _("Diste un enlace para que alguien te ayude"),
    "helper.revoke": _("Quitaste un enlace de ayuda"),
    "helper.book": _("Quien te ayuda reservó una cita con tu enlace"),
    "helper.move": _("Quien te ayuda cambió tu cita con tu enlace"),
    "helper.cancel": _("Quien te ayuda canceló tu cita con tu enlace"),
    "message.told": _("Te avisaron en persona de tu trámite"),
    "appointment.identity_check": _("Alguien más usó los datos de una persona de tu cita"),
    "charge.correction_requested": _("Pidieron corregir un cobro de tu cita"),
    "charge.recorded": _("Se anotó otro servicio de tu cita"),
    "charge.corrected": _("Se corrigió un cobro de tu cita"),
    "charge.correction_refused": _("No se aprobó corregir un cobro de tu cita"),
    "ready_document.ready": _("Anotaron que tu documento está listo para recoger"),
    "ready_document.not_ready": _("Corrigieron que tu documento todavía no está listo"),
    "ready_document.collected": _("Entregaron tu documento"),
    "ready_document.not_collected": _("Corrigieron que tu documento todavía no se entrega"),
    "ready_document.read": _("Vieron tu documento por entregar"),
    "ready_document.list": _("Vieron tu documento en la lista de los que faltan por entregar"),
    "person.read": _("Vieron tus citas en la oficina"),
    "person.merge": _("Anotaron que otro registro también es tuyo"),
    "person.unmerge": _("Separaron un registro que se había unido al tuyo"),
    "identity.check": _("Comprobaron tu identidad en un consulado"),
    "identity.take_over": _("Tu trámite quedó a tu nombre, tras comprobar tu identidad"),
    "identity.release": _("Se terminó un trámite que alguien más tenía a tu nombre"),
    "identity.correct": _("Corrigieron los datos de tu cuenta según tu documento"),
    "identity.tell_apart": _("Se anotó que otra persona se llama igual que tú"),
    "erasure.request": _("Se pidió suprimir tus datos"),
    "erasure.approve": _("Se aprobó suprimir tus datos"),
    "erasure.refuse": _("No se aprobó suprimir tus datos"),
    "erasure.done": _("Se suprimieron tus datos"),
    "enrollment.read": _("Vieron tu solicitud"),
    "enrollment.list": _("Vieron tu solicitud en una lista"),
    "enrollment.tell_again": _("Pidieron que se te avisara otra vez de tu solicitud"),
    "enrollment.received": _("Se recibió tu solicitud"),
    "enrollment.in_review": _("Empezó la revisión de tu solicitud"),
    "enrollment.more_information_requested": _("Pidieron más datos para tu solicitud"),
    "enrollment.appointment_scheduled": _("La dependencia te dio una cita"),
    "enrollment.unknown": _("Falta saber si la dependencia recibió tu solicitud"),
    "enrollment.sent_to_agency": _("Se envió tu solicitud a la dependencia"),
    "enrollment.payment_pending": _("Tu solicitud quedó en espera de un pago"),
    "enrollment.active": _("Se aprobó tu inscripción"),
    "enrollment.rejected": _("No se aprobó tu solicitud"),
    "enrollment.withdrawn": _("Se retiró tu solicitud"),
    "enrollment.ended": _("Terminó tu inscripción"),
    "enrollment.identity_check": _("Alguien más pidió una inscripción con tus datos"),
    "folder.read": _("Vieron en qué vas de tu plan de trámites"),
    "consent.withdraw": _("Se retiró un permiso para pasar tus datos"),
    "document.added": _("Se subió un documento tuyo"),
    "document.replaced": _("Se cambió un documento tuyo por otro"),
    "document.removed": _("Se quitó un documento tuyo"),
    "document.passed": _("Se pasó un documento tuyo a la dependencia de tu trámite"),
    "document.confirmed": _("Se confirmó que un documento tuyo se lee bien"),
    "document.read": _("Vieron un documento tuyo"),
    "remittance.order": _("Ordenaste un envío"),
    "remittance.cancel": _("Cancelaste un envío"),
    "remittance.sending": _("Se mandó tu envío a Finabien"),
    "remittance.unknown": _("Se preguntó a Finabien si recibió tu envío"),
    "remittance.accepted": _("Finabien recibió tu envío"),
    "remittance.available": _("Tu envío quedó listo para cobrarse"),
    "remittance.paid": _("Se pagó tu envío"),
    "remittance.cancelled": _("Se canceló tu envío"),
    "remittance.refunded": _("Se te devolvió el dinero de tu envío"),
    "remittance.read": _("Vieron un envío tuyo, para resolver un problema"),
    OTHER: _("Se usaron tus datos en un trámite"),
}
WHO: dict[str, Any] = {
    "citizen": _("Tú"),
    "officer": _("Personal del consulado"),
    "supervisor": _("Personal del consulado"),
    "agent": _("Centro telefónico"),
    "analyst": _("Análisis, Grupo 4"),
    "treasury": _("Tesorería"),
    "compliance": _("Cumplimiento"),
    "auditor": _("Auditoría"),
    "admin": _("Administración"),
    "system": _("El sistema"),
}


def words_of_action(action: str) -> tuple[str, str]:
    """Return an audit action's published name and its words in the reader's language."""
    name = action if action in WHAT else OTHER
    return name, str(WHAT[name])


def words_of_role(role: str) -> str:
    """Return who did something with the data (a role), in the reader's language."""
    return str(WHO.get(role, WHO["system"]))
