"""Words of session reports."""

from __future__ import annotations

from collections.abc import Mapping

from services.commission.rules import FollowUpStatus, Part, Status
from services.kernel.words import ErrorMessage
from services.kernel.words import marked as _

STATUSES: Mapping[str, str] = {
    Status.DRAFT: _("Borrador"),
    Status.PREPARED: _("Por firmar"),
    Status.SIGNED: _("Firmado"),
}
FOLLOW_UPS: Mapping[str, str] = {
    FollowUpStatus.PENDING: _("Pendiente"),
    FollowUpStatus.UNDER_WAY: _("En proceso"),
    FollowUpStatus.DONE: _("Cumplido"),
    FollowUpStatus.WITHDRAWN: _("Retirado"),
}
PARTS: Mapping[str, str] = {
    Part.DATE: _("Fecha de la sesión"),
    Part.PLACE: _("Lugar de la sesión"),
    Part.PERIOD: _("Periodo del informe"),
    Part.ATTENDANCE: _("Asistencia"),
    Part.AGENDA: _("Orden del día"),
    Part.FOLLOW_UP: _("Seguimiento de acuerdos"),
    Part.RESULTS: _("Resultados"),
}
ERRORS: Mapping[str, ErrorMessage] = {
    "session_taken": ErrorMessage(
        _("Ya hay un informe de esa sesión"),
        _("Búscalo en la lista de sesiones, o revisa el número."),
    ),
    "report_incomplete": ErrorMessage(
        _("Al informe le falta algo"), _("Completa lo que falta y vuelve a intentarlo.")
    ),
    "nothing_changed": ErrorMessage(
        _("Nada cambió"), _("La nueva versión dice lo mismo que la firmada: no hay qué firmar.")
    ),
    "agreement_followed": ErrorMessage(
        _("Ese acuerdo ya tiene seguimiento"),
        _("Una sesión posterior ya lo revisó: dalo por retirado en ella, no lo borres aquí."),
    ),
    "self_signing": ErrorMessage(
        _("Otra persona debe firmarlo"), _("Quien prepara un informe no puede firmarlo.")
    ),
}
