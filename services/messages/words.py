"""Words of messages to people."""

from __future__ import annotations

from collections.abc import Mapping

from services.kernel.words import ErrorMessage
from services.kernel.words import marked as _
from services.messages.rules import Channel, State

CHANNELS: Mapping[str, str] = {
    Channel.EMAIL: _("Correo electrónico"),
    Channel.SMS: _("Mensaje de texto"),
    Channel.VOICE: _("Llamada automática"),
    Channel.DESK: _("Por el personal"),
}
STATES: Mapping[str, str] = {
    State.QUEUED: _("Por enviar"),
    State.SENT: _("Enviado"),
    State.DELIVERED: _("Entregado"),
    State.BOUNCED: _("Rebotó"),
    State.FAILED: _("No se pudo entregar"),
    State.SUPERSEDED: _("Ya no hacía falta"),
}
# What a message was about: its name in `services.words.MESSAGES`, or the first word of it.
KINDS: Mapping[str, str] = {
    "appointment_confirmation": _("Cita confirmada"),
    "appointment_reminder": _("Recordatorio de la cita"),
    "appointment_cancelled": _("Cita cancelada"),
    "appointment_called_off": _("Cita cancelada por la oficina"),
    "appointment_orphaned": _("La oficina cambió su horario: elegir otra hora"),
    "appointment_supported": _("La cita sigue en pie"),
    "attendee_cancelled": _("Una persona ya no va a la cita"),
    "appointment_rescheduled": _("Cita cambiada de hora"),
    "next_in_queue": _("Sigue en la fila"),
    "document_ready": _("Documento listo para recoger"),
    "place_found": _("Hay lugar"),
    "earlier_place_found": _("Hay un lugar antes"),
    "identity_check": _("Revisión de identidad"),
    "identity_corrected": _("Datos corregidos"),
    "enrollment": _("Aviso de su inscripción"),
    "remittance": _("Aviso de su envío"),
    "dispute": _("Aviso de su reclamación"),
    "recipient": _("Aviso a quien recibe el dinero"),
    "alert": _("Alerta de una cifra"),
    "figures": _("Reporte de cifras"),
    "agreements": _("Acuerdos de la Comisión"),
}

# In an e-mail about an appointment that stands: it may be printed.
WHERE_LINE = _("Dónde: %(place)s")
PDF_LINE = _("Para imprimirla, en PDF: %(address)s")

ERRORS: Mapping[str, ErrorMessage] = {}
