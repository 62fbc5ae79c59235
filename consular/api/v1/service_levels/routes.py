"""How the service does for whoever waits, over the API."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from consular.api.contract import endpoint
from consular.api.v1.service_levels.answers import ServiceLevelsAnswer
from consular.auth import SERVICE_LEVELS, actor
from consular.db import database_now, transaction
from consular.input.service_levels import OfficeQuery
from services.kernel.audit import OFFICE_ROLES
from services.monitoring.service_levels import service_levels

api = Blueprint("service_levels", __name__, url_prefix="/api/v1/monitoring/service-levels")


@endpoint(
    api,
    "GET",
    "",
    operation="getServiceLevels",
    who=SERVICE_LEVELS,
    query=OfficeQuery(),
    answer=ServiceLevelsAnswer(),
)
def get_service_levels(query: dict[str, Any]) -> dict[str, Any]:
    """Return terms kept and missed, queues and unknowns, by office and program."""
    with transaction() as session:
        now = database_now(session)
        levels = service_levels(
            session,
            now=now,
            consulate=query["consulate"],
            whole_network=actor().role not in OFFICE_ROLES,
        )
        return ServiceLevelsAnswer.render(levels, at=now)
