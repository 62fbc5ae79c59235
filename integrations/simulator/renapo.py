"""The population register as we assume it. It knows every well-formed CURP.

What it has under a CURP is what was said, as long as the CURP's initials and birth date are those;
else they are registered otherwise. By the first surname: `DESCONOCIDO` is unknown, `SUSTITUIDO` has
another CURP by now, `FINADO` has died, `DISTINTO` is registered with other given names.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, request
from stdnum.mx import curp as stdnum_curp
from werkzeug.wrappers import Response

from integrations.simulator import applicants, names
from integrations.simulator.world import World, refuse

AGENCY = "renapo"
UNKNOWN = "DESCONOCIDO"
STATUSES = {"SUSTITUIDO": "SUSTITUIDA", "FINADO": "DEFUNCION"}
OTHER_NAMES = "DISTINTO"
FIELDS = applicants.FIELDS - {"folio", "correo"}


class SimulatedAgency:
    """The one question that we ask."""

    def __init__(self, world: World) -> None:
        self._world = world

    def blueprint(self) -> Blueprint:
        """The register's routes, under /renapo."""
        routes = Blueprint(AGENCY, __name__, url_prefix="/renapo/v1")
        routes.before_request(self._authenticate)
        routes.add_url_rule("/consultas", "check", self.check, methods=["POST"])
        return routes

    def _authenticate(self) -> None:
        self._world.require_bearer(AGENCY, applicants.error("NO_AUTORIZADO"))

    def check(self) -> Response:
        """Compare what was said with what is registered."""
        body: Any = request.get_json(silent=True)
        said = {"folio": "", "correo": None, **body} if isinstance(body, dict) else None
        code = applicants.fault_of("", said)
        if code is not None or set(body) != FIELDS:
            raise refuse(422, applicants.error(code or "DATOS_INVALIDOS"))
        if applicants.is_called(body, UNKNOWN):
            raise refuse(404, applicants.error("NO_ENCONTRADA"))
        statuses = [word for name, word in STATUSES.items() if applicants.is_called(body, name)]
        return jsonify(
            curp=body["curp"], estatus=(statuses or ["VIGENTE"])[0], difiere=_differs(body)
        )


def _differs(body: Any) -> list[str]:
    """The parts of the name that are registered otherwise."""
    person = applicants.person(body)
    if stdnum_curp.get_birth_date(body["curp"]) != person.birth_date:
        return ["FECHA_NACIMIENTO"]
    if applicants.is_called(body, OTHER_NAMES):
        return ["NOMBRES"]
    if names.agrees(body["curp"], person):
        return []
    return ["NOMBRES", "PRIMER_APELLIDO", "SEGUNDO_APELLIDO"]
