"""Words of requests to erase data: how far one is, what has to end first, why one is refused."""

from __future__ import annotations

from collections.abc import Mapping

from services.kernel.words import ErrorMessage
from services.kernel.words import marked as _
from services.privacy.rules import Obstacle, Refusal, Status

# It refuses with codes of others alone.
ERRORS: Mapping[str, ErrorMessage] = {}
OBSTACLES: Mapping[Obstacle, str] = {
    Obstacle.LIVE_APPOINTMENT: _("Hay una cita por venir: cancélala o acude."),
    Obstacle.OPEN_ENROLLMENT: _("Hay una inscripción sin respuesta: espérala o retírala."),
    Obstacle.OPEN_REMITTANCE: _("Hay dinero en camino."),
    Obstacle.OPEN_INCIDENT: _("Nuestro personal resuelve un problema de uno de los trámites."),
    Obstacle.OPEN_DISPUTE: _("Hay una reclamación de un envío en investigación."),
    Obstacle.RECENT_REMITTANCE: _("Hay un envío de este mes: espera a que el mes termine."),
}
STATUSES: Mapping[Status, str] = {
    Status.REQUESTED: _("La revisa otra persona"),
    Status.APPROVED: _("Aprobada"),
    Status.DONE: _("Hecha"),
    Status.REFUSED: _("No procede"),
}
REFUSALS: Mapping[Refusal, str] = {
    Refusal.IDENTITY_NOT_PROVEN: _("No se comprobó la identidad"),
    Refusal.DUTY_TO_KEEP: _("Una ley obliga a conservar los datos"),
    Refusal.WITHDRAWN: _("La persona ya no lo quiere"),
}
