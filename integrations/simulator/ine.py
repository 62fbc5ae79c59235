"""INE's counts of credential requests as we assume them: the same for a day, more each day."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, jsonify
from werkzeug.wrappers import Response

from integrations.simulator import applicants
from integrations.simulator.world import World, refuse

AGENCY = "ine"
SINCE = date(2016, 2, 8)
# Office -> invented requests a day.
OFFICES = {"losangeles": 37, "chicago": 29, "houston": 24, "nuevayork": 11, "toronto": 3}


class SimulatedAgency:
    """The one endpoint that we use."""

    def __init__(self, world: World) -> None:
        self._world = world

    def blueprint(self) -> Blueprint:
        """The agency's routes, under /ine."""
        routes = Blueprint(AGENCY, __name__, url_prefix="/ine/v1")
        routes.before_request(self._authenticate)
        routes.add_url_rule("/credenciales/conteos", "latest", self.latest)
        return routes

    def _authenticate(self) -> None:
        self._world.require_bearer(AGENCY, applicants.error("NO_AUTORIZADO"))

    def latest(self) -> Response:
        """The counts up to yesterday, in Mexico City."""
        days = (self._world.day() - SINCE).days - 1
        if days < 1:
            raise refuse(404, applicants.error("SIN_CORTE"))
        cut_off = date.fromordinal(SINCE.toordinal() + days)
        counts = [
            {"oficina": office, "solicitudes": daily * days} for office, daily in OFFICES.items()
        ]
        return jsonify(corte=cut_off.isoformat(), conteos=counts)
