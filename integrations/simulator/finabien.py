"""Finabien as we assume it: payouts keyed by our folio, settled as time passes."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from itertools import cycle
from typing import Any

from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response

from integrations.simulator.memory import Acts, KeyReused, Order
from integrations.simulator.world import World, refuse

AGENCY = "finabien"
CITIES = ("Puebla", "Oaxaca", "Morelia", "Zacatecas", "León", "Guadalajara", "Mérida", "Toluca")
MAX_CENTAVOS = 100_000_000_00
SLOW_SECONDS = 60.0

# Words in the beneficiary's name that make the simulator misbehave on purpose.
REFUSED_LATER = "RECHAZADO"
REFUSED_AT_ONCE = "BLOQUEADO"
SLOW = "DEMORADO"
STUCK = "DETENIDO"

_FIELDS = {
    "claveRastreo",
    "monto",
    "moneda",
    "tipoPago",
    "cuentaBeneficiario",
    "nombreBeneficiario",
    "nombreOrdenante",
    "concepto",
}
_TEXT = re.compile(r"[A-Z0-9 ]{1,39}")


class SimulatedAgency:
    """The agency's endpoints over the shared world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def blueprint(self) -> Blueprint:
        """The agency's routes, under /finabien."""
        routes = Blueprint(AGENCY, __name__, url_prefix="/finabien/v1/pagos")
        routes.before_request(self._authenticate)
        routes.add_url_rule("/<folio>", "submit", self.submit, methods=["PUT"])
        routes.add_url_rule("/<folio>", "status", self.status, methods=["GET"])
        routes.add_url_rule("/<folio>/cancelacion", "cancel", self.cancel, methods=["POST"])
        return routes

    def _authenticate(self) -> None:
        self._world.require_bearer(AGENCY, _error("NO_AUTORIZADO"))

    def submit(self, folio: str) -> Response:
        """Take the order in once; a repeat answers with its present state."""
        body: Any = request.get_json(silent=True)
        code = _fault_of(folio, body)
        if code is not None:
            raise refuse(422, _error(code))
        now = self._world.now()
        acts = Acts.NEVER if REFUSED_LATER in _name(body) else self._world.acts(AGENCY)
        try:
            new = self._world.memory.take(AGENCY, folio, body, now, acts=acts)
        except KeyReused:
            raise refuse(409, _error("CLAVE_REUTILIZADA")) from None
        order = self._order(folio)
        if new:
            self._tell(order, "settled", self._settles_at(order))
            collected = self._collected_at(order)
            if collected is not None:
                self._tell(order, "collected", collected)
        return self._state(order, 201 if new else 200)

    def status(self, folio: str) -> Response:
        """Return the status of a payment."""
        return self._state(self._order(folio), 200)

    def cancel(self, folio: str) -> Response:
        """Stop it if the money has not moved; answers with the state after."""
        order = self._order(folio)
        now = self._world.now()
        unpaid = self._state_of(order) in {"EN_PROCESO", "DISPONIBLE"}
        if unpaid and self._world.memory.mark_cancelled(AGENCY, folio, now):
            self._tell(order, "cancelled", now)
        return self._state(self._order(folio), 200)

    def collect(self, folio: str) -> Response:
        """The beneficiary takes the cash at the branch (a simulator's control, not Finabien's)."""
        order = self._order(folio)
        now = self._world.now()
        if self._state_of(order) == "DISPONIBLE" and self._world.memory.mark_collected(
            AGENCY, folio, now
        ):
            self._tell(order, "collected", now)
            return self._state(self._order(folio), 200)
        raise refuse(409, _error("NO_DISPONIBLE_PARA_COBRO"))

    def describe(self, order: Order) -> str:
        """The payment's state in words."""
        return self._state_of(order)

    def _order(self, folio: str) -> Order:
        order = self._world.memory.find(AGENCY, folio)
        if order is None:
            raise refuse(404, _error("NO_ENCONTRADO"))
        return order

    def _settles_at(self, order: Order) -> float:
        if order.body["tipoPago"] == "SUCURSAL":
            return order.taken_at
        slow = SLOW_SECONDS if SLOW in _name(order.body) else 0.0
        return order.taken_at + self._world.settle_seconds + slow

    def _collected_at(self, order: Order) -> float | None:
        """When the cash at a branch was collected, or will be by itself."""
        by_itself = self._world.collect_seconds
        if order.collected_at is not None or by_itself is None:
            return order.collected_at
        if order.body["tipoPago"] != "SUCURSAL" or STUCK in _name(order.body):
            return None
        return order.taken_at + by_itself

    def _state_of(self, order: Order) -> str:
        """The state follows from what happened and the time that passed: no timers."""
        if order.cancelled_at is not None:
            return "CANCELADO"
        collected = self._collected_at(order)
        if collected is not None and self._world.now() >= collected:
            return "LIQUIDADO"
        if STUCK in _name(order.body) or self._world.now() < self._settles_at(order):
            return "EN_PROCESO"
        if REFUSED_LATER in _name(order.body):
            return "RECHAZADO"
        return "DISPONIBLE" if order.body["tipoPago"] == "SUCURSAL" else "LIQUIDADO"

    def _state(self, order: Order, status: int) -> Response:
        word = self._state_of(order)
        paid_at = self._collected_at(order) or self._settles_at(order)
        answer = jsonify(
            claveRastreo=order.folio,
            estado=word,
            causa="CUENTA_CERRADA" if word == "RECHAZADO" else None,
            referencia=f"FB{_number(order.folio) % 10**10:010d}",
            monto=order.body["monto"],
            sucursal=_branch(order) if order.body["tipoPago"] == "SUCURSAL" else None,
            fechaLiquidacion=(
                datetime.fromtimestamp(paid_at, UTC).isoformat() if word == "LIQUIDADO" else None
            ),
        )
        answer.status_code = status
        return answer

    def _tell(self, order: Order, event: str, due_at: float) -> None:
        body = {"type": "payout.updated", "folio": order.folio}
        key = f"{AGENCY}-{order.folio}-{event}"
        self._world.memory.plan_callback(key, AGENCY, body, due_at)


def _error(code: str) -> dict[str, str]:
    return {"codigo": code, "mensaje": f"Simulador: {code}"}


def _fault_of(folio: str, body: Any) -> str | None:
    """The code of what is wrong with an order, None when it can be taken in."""
    if not isinstance(body, dict) or set(body) != _FIELDS or body["claveRastreo"] != folio:
        return "DATOS_INVALIDOS"
    texts = (body["nombreBeneficiario"], body["nombreOrdenante"], body["concepto"])
    if not all(isinstance(text, str) and _TEXT.fullmatch(text) for text in texts):
        return "DATOS_INVALIDOS"
    if not re.fullmatch(r"[A-Z0-9]{1,29}", folio) or body["moneda"] != "MXN":
        return "DATOS_INVALIDOS"
    if not _amount_ok(body["monto"]):
        return "MONTO_FUERA_DE_RANGO"
    if not _account_ok(body["tipoPago"], body["cuentaBeneficiario"]):
        return "CUENTA_INVALIDA"
    return "BENEFICIARIO_BLOQUEADO" if REFUSED_AT_ONCE in _name(body) else None


def _amount_ok(text: object) -> bool:
    if not isinstance(text, str) or not re.fullmatch(r"[0-9]{1,9}\.[0-9]{2}", text):
        return False
    return 0 < int(text.replace(".", "")) <= MAX_CENTAVOS


def _account_ok(kind: object, account: object) -> bool:
    if kind == "SUCURSAL":
        return account is None
    if not isinstance(account, str) or not re.fullmatch(r"[0-9]{15,18}", account):
        return False
    if len(account) == 18:
        return kind in ("CUENTA", "TARJETA") and _control_digit(account) == account[17]
    return kind == "TARJETA" and len(account) in (15, 16)


def _control_digit(clabe: str) -> str:
    """A CLABE's last digit: weights 3, 7, 1, each product modulo 10."""
    products = (
        int(digit) * weight % 10
        for digit, weight in zip(clabe[:17], cycle((3, 7, 1)), strict=False)
    )
    return str(-sum(products) % 10)


def _name(body: Any) -> list[str]:
    return str(body["nombreBeneficiario"]).split()


def _number(folio: str) -> int:
    return int.from_bytes(hashlib.sha256(folio.encode()).digest()[:8])


def _branch(order: Order) -> str:
    number = _number(order.folio)
    return f"Sucursal Finabien {number % 9000 + 100:04d}, {CITIES[number % len(CITIES)]}"
