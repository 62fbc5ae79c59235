"""Names at the simulated Finabien: whose an account is, and names that are corrected."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response

from integrations.simulator.finabien import (
    AGENCY,
    REFUSED_AT_ONCE,
    TEXT,
    SimulatedAgency,
    account_ok,
    error,
)
from integrations.simulator.memory import Acts, KeyReused
from integrations.simulator.world import World, refuse

CORRECTIONS = "finabien.corrections"
# Words in the name that is asked about.
CLOSE = "PARECIDO"
ANOTHER = "AJENO"
# The first digits of accounts at a bank that doesn't take part: STP's.
NOT_OFFERED = "646"


class SimulatedNames:
    """The endpoints about names, over the orders of the agency."""

    def __init__(self, world: World, agency: SimulatedAgency) -> None:
        self._world = world
        self._agency = agency

    def blueprint(self) -> Blueprint:
        """The routes, under /finabien."""
        routes = Blueprint("finabien_names", __name__, url_prefix="/finabien/v1")
        routes.before_request(self._agency.authenticate)
        correction = "/pagos/<folio>/correcciones/<key>"
        routes.add_url_rule("/cuentas/titular", "holder", self.match_holder, methods=["POST"])
        routes.add_url_rule(correction, "correct", self.correct_name, methods=["PUT"])
        return routes

    def match_holder(self) -> Response:
        """Say whether the holder of an account is called so."""
        body: Any = request.get_json(silent=True)
        if not isinstance(body, dict) or set(body) != {"tipoPago", "cuenta", "nombre"}:
            raise refuse(422, error("DATOS_INVALIDOS"))
        if body["cuenta"] is None or not account_ok(body["tipoPago"], body["cuenta"]):
            raise refuse(422, error("CUENTA_INVALIDA"))
        return jsonify(coincidencia=_match(body["cuenta"], str(body["nombre"]).split()))

    def correct_name(self, folio: str, key: str) -> Response:
        """Pay the order to somebody of another name, while it isn't final."""
        body: Any = request.get_json(silent=True)
        name = body.get("nombreBeneficiario") if isinstance(body, dict) else None
        if not isinstance(name, str) or not TEXT.fullmatch(name):
            raise refuse(422, error("DATOS_INVALIDOS"))
        if REFUSED_AT_ONCE in name.split():
            raise refuse(422, error("BENEFICIARIO_BLOQUEADO"))
        memory, now = self._world.memory, self._world.now()
        order = self._agency.find(folio)
        known = memory.find(CORRECTIONS, key)
        if known is None and self._agency.describe(order) not in ("EN_PROCESO", "DISPONIBLE"):
            raise refuse(409, error("CORRECCION_TARDE"))
        try:
            new = memory.take(
                CORRECTIONS, key, {"folio": folio, "name": name}, now, acts=Acts.NEVER
            )
        except KeyReused:
            raise refuse(409, error("CLAVE_REUTILIZADA")) from None
        if new:
            memory.rename(AGENCY, folio, name)
            self._agency.tell_corrected(folio, now)
        answer = jsonify(claveCorreccion=key, resultado="CORREGIDO")
        answer.status_code = 201 if new else 200
        return answer


def _match(account: str, name: list[str]) -> str:
    if account.startswith(NOT_OFFERED):
        return "NO_OFRECIDO"
    if ANOTHER in name:
        return "NO"
    return "PARECIDO" if CLOSE in name else "SI"
