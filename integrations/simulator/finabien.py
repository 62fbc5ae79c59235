"""Finabien as we assume it: payouts keyed by our folio, settled as time passes."""

from __future__ import annotations

import csv
import hashlib
import re
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from itertools import cycle
from typing import Any

from clabe.banks import BANK_NAMES, BANKS
from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response

from integrations.simulator.memory import Acts, KeyReused, Order
from integrations.simulator.world import World, refuse

AGENCY = "finabien"
CITIES = ("Puebla", "Oaxaca", "Morelia", "Zacatecas", "León", "Guadalajara", "Mérida", "Toluca")
SHOWN = ("INE", "PASAPORTE", "MATRICULA")
BRANCHES_A_PAGE = 500
MAX_CENTAVOS = 100_000_000_00
SLOW_SECONDS = 60.0

# A payment line of the institute, which is paid once.
DUES = "CUOTAS_IMSS"

# Words in the beneficiary's name that make the simulator misbehave on purpose.
REFUSED_LATER = "RECHAZADO"
REFUSED_AT_ONCE = "BLOQUEADO"
SLOW = "DEMORADO"
STUCK = "DETENIDO"
# Cash for them waits at the branch until the simulator is told that they collect it.
IN_NO_HURRY = "ESPERADO"
LESS_PAID = "CORTO"
IN_DOLLARS = "DOLARES"
PAID_LATE = "TARDIO"
LATE_SECONDS = 2 * 3600.0

_FIELDS = {
    "claveRastreo",
    "monto",
    "moneda",
    "tipoPago",
    "cuentaBeneficiario",
    "nombreBeneficiario",
    "nombreOrdenante",
    "concepto",
    "referenciaNumerica",
}
_OPTIONAL = {"sucursal"}
TEXT = re.compile(r"[A-Z0-9 ]{1,39}")


class SimulatedAgency:
    """The agency's endpoints over the shared world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def blueprint(self) -> Blueprint:
        """The agency's routes, under /finabien."""
        routes = Blueprint(AGENCY, __name__, url_prefix="/finabien/v1")
        routes.before_request(self.authenticate)
        payment = "/pagos/<folio>"
        routes.add_url_rule(payment, "submit", self.submit, methods=["PUT"])
        routes.add_url_rule(payment, "status", self.status, methods=["GET"])
        routes.add_url_rule(f"{payment}/cancelacion", "cancel", self.cancel, methods=["POST"])
        routes.add_url_rule("/sucursales", "branches", self.branches, methods=["GET"])
        return routes

    def authenticate(self) -> None:
        """Refuse whoever shows no token."""
        self._world.require_bearer(AGENCY, error("NO_AUTORIZADO"))

    def submit(self, folio: str) -> Response:
        """Take the order in once; a repeat answers with its present state."""
        body: Any = request.get_json(silent=True)
        code = _fault_of(folio, body)
        if code is not None:
            raise refuse(422, error(code))
        if body["tipoPago"] == DUES and self._is_paid(body["cuentaBeneficiario"], folio):
            raise refuse(409, error("LINEA_PAGADA"))
        now = self._world.now()
        acts = Acts.NEVER if REFUSED_LATER in _name(body) else self._world.acts(AGENCY)
        try:
            new = self._world.memory.take(AGENCY, folio, body, now, acts=acts)
        except KeyReused:
            raise refuse(409, error("CLAVE_REUTILIZADA")) from None
        order = self.find(folio)
        if new:
            self._tell(order, "settled", self._settles_at(order))
            collected = self._collected_at(order)
            if collected is not None:
                self._tell(order, "collected", collected)
            if PAID_LATE in _name(order.body):
                self._tell(order, "late", self._late_at(order))
        return self._state(order, 201 if new else 200)

    def dues_paid(self, line: str) -> bool:
        """Whether a payment line of the institute was paid here."""
        return any(self._state_of(each) == "LIQUIDADO" for each in self._lines(line))

    def _lines(self, line: str) -> list[Order]:
        orders = self._world.memory.orders_saying(AGENCY, "cuentaBeneficiario", line)
        return [each for each in orders if each.body["tipoPago"] == DUES]

    def _is_paid(self, line: str, folio: str) -> bool:
        """Whether another order pays it, or is about to."""
        over = ("RECHAZADO", "CANCELADO")
        others = (each for each in self._lines(line) if each.folio != folio)
        return any(self._state_of(each) not in over for each in others)

    def status(self, folio: str) -> Response:
        """Return the status of a payment."""
        return self._state(self.find(folio), 200)

    def cancel(self, folio: str) -> Response:
        """Stop it if the money has not moved; answers with the state after."""
        order = self.find(folio)
        now = self._world.now()
        unpaid = self._state_of(order) in {"EN_PROCESO", "DISPONIBLE"}
        if unpaid and self._world.memory.mark_cancelled(AGENCY, folio, now):
            self._tell(order, "cancelled", now)
        return self._state(self.find(folio), 200)

    def branches(self) -> Response:
        """One page of the branches: an invented one at the seat of every larger municipality."""
        page = request.args.get("pagina", 1, type=int)
        rows = _branches()[(page - 1) * BRANCHES_A_PAGE : page * BRANCHES_A_PAGE]
        more = page * BRANCHES_A_PAGE < len(_branches())
        return jsonify(sucursales=rows, siguiente=page + 1 if more else None)

    def collect(self, folio: str) -> Response:
        """The beneficiary takes the cash at the branch (a simulator's control, not Finabien's).

        With a ``name`` in the body, that of their identification: another one isn't paid.
        """
        order = self.find(folio)
        now = self._world.now()
        shown = (request.get_json(silent=True) or {}).get("name")
        if shown is not None and shown.upper().split() != _name(order.body):
            raise refuse(409, error("TITULAR_DISTINTO"))
        if self._state_of(order) == "DISPONIBLE" and self._world.memory.mark_collected(
            AGENCY, folio, now
        ):
            self._tell(order, "collected", now)
            return self._state(self.find(folio), 200)
        raise refuse(409, error("NO_DISPONIBLE_PARA_COBRO"))

    def tell_corrected(self, folio: str, now: float) -> None:
        """Call back about an order that its correction has moved on."""
        order = self.find(folio)
        self._tell(order, "corrected", max(now, self._settles_at(order)))
        collected = self._collected_at(order)
        if collected is not None:
            self._tell(order, "collected", max(now, collected))

    def describe(self, order: Order) -> str:
        """The payment's state in words."""
        return self._state_of(order)

    def find(self, folio: str) -> Order:
        """Return the order, or refuse."""
        order = self._world.memory.find(AGENCY, folio)
        if order is None:
            raise refuse(404, error("NO_ENCONTRADO"))
        return order

    def _settles_at(self, order: Order) -> float:
        if order.body["tipoPago"] == "SUCURSAL":
            return order.taken_at
        slow = SLOW_SECONDS if SLOW in _name(order.body) else 0.0
        return order.taken_at + self._world.settle_seconds + slow

    def _late_at(self, order: Order) -> float:
        """When it pays after all what it had returned."""
        return self._settles_at(order) + LATE_SECONDS

    def _collected_at(self, order: Order) -> float | None:
        """When the cash at a branch was collected, or will be by itself."""
        by_itself = self._world.collect_seconds
        if order.collected_at is not None or by_itself is None:
            return order.collected_at
        waits = any(word in _name(order.body) for word in (STUCK, IN_NO_HURRY))
        if order.body["tipoPago"] != "SUCURSAL" or waits:
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
        if PAID_LATE in _name(order.body) and self._world.now() < self._late_at(order):
            return "RECHAZADO"
        return "DISPONIBLE" if order.body["tipoPago"] == "SUCURSAL" else "LIQUIDADO"

    def _state(self, order: Order, status: int) -> Response:
        word = self._state_of(order)
        paid_at = self._paid_at(order)
        answer = jsonify(
            claveRastreo=order.folio,
            estado=word,
            causa="CUENTA_CERRADA" if word == "RECHAZADO" else None,
            referencia=_reference(order),
            monto=_amount_paid(order),
            moneda="USD" if IN_DOLLARS in _name(order.body) else "MXN",
            sucursal=_branch(order) if order.body["tipoPago"] == "SUCURSAL" else None,
            fechaLiquidacion=(
                datetime.fromtimestamp(paid_at, UTC).isoformat() if word == "LIQUIDADO" else None
            ),
            comprobante=self._proof(order, paid_at) if word == "LIQUIDADO" else None,
        )
        answer.status_code = status
        return answer

    def _paid_at(self, order: Order) -> float:
        if PAID_LATE in _name(order.body):
            return self._late_at(order)
        return self._collected_at(order) or self._settles_at(order)

    def _proof(self, order: Order, paid_at: float) -> dict[str, str]:
        """How it shows that the money arrived: an invented transfer, or an invented receipt."""
        number = _number(order.folio)
        day = self._world.day(paid_at).isoformat()
        if order.body["tipoPago"] == DUES:
            receipt = f"C{number % 10**8:08d}"
            return {"tipo": "RECIBO", "referencia": receipt, "fechaOperacion": day}
        if order.body["tipoPago"] == "SUCURSAL":
            shown = SHOWN[number % len(SHOWN)]
            receipt = f"R{number % 10**8:08d}"
            return {"tipo": "RECIBO", "referencia": receipt, "fechaOperacion": day,
                    "identificacion": shown}  # fmt: skip
        return {
            "tipo": "SPEI",
            "referencia": f"FB{order.folio}",
            "fechaOperacion": day,
            "bancoReceptor": _bank(order.body["cuentaBeneficiario"]),
            "cep": f"{number % 10**12:012d}",
        }

    def _tell(self, order: Order, event: str, due_at: float) -> None:
        """Call back by our folio, or now and then by its own number alone."""
        own = self._world.board.happens(self._world.board.of(AGENCY).own_reference_rate)
        about = {"reference": _reference(order)} if own else {"folio": order.folio}
        body = {"type": "payout.updated", **about}
        key = f"{AGENCY}-{order.folio}-{event}"
        self._world.memory.plan_callback(key, AGENCY, body, due_at)


def error(code: str) -> dict[str, str]:
    """The body of a refusal."""
    return {"codigo": code, "mensaje": f"Simulador: {code}"}


def _fault_of(folio: str, body: Any) -> str | None:
    """The code of what is wrong with an order, None when it can be taken in."""
    if not isinstance(body, dict) or set(body) - _OPTIONAL != _FIELDS or not _said_ok(folio, body):
        return "DATOS_INVALIDOS"
    if not _amount_ok(body["monto"]):
        return "MONTO_FUERA_DE_RANGO"
    if not account_ok(body["tipoPago"], body["cuentaBeneficiario"]):
        return "LINEA_INVALIDA" if body["tipoPago"] == DUES else "CUENTA_INVALIDA"
    return "BENEFICIARIO_BLOQUEADO" if REFUSED_AT_ONCE in _name(body) else None


def _said_ok(folio: str, body: Any) -> bool:
    """Whether everything but amount and account is as SPEI and the contract want it."""
    texts = (body["nombreBeneficiario"], body["nombreOrdenante"], body["concepto"])
    return (
        body["claveRastreo"] == folio
        and re.fullmatch(r"[A-Z0-9]{1,29}", folio) is not None
        and all(isinstance(text, str) and TEXT.fullmatch(text) for text in texts)
        and body["moneda"] == "MXN"
        and _reference_ok(body["referenciaNumerica"])
        and _branch_ok(body.get("sucursal"))
    )


def _reference_ok(number: object) -> bool:
    return type(number) is int and 1 <= number <= 9_999_999


def _branch_ok(code: object) -> bool:
    return code is None or any(row["clave"] == code for row in _branches())


def _amount_ok(text: object) -> bool:
    if not isinstance(text, str) or not re.fullmatch(r"[0-9]{1,9}\.[0-9]{2}", text):
        return False
    return 0 < int(text.replace(".", "")) <= MAX_CENTAVOS


def account_ok(kind: object, account: object) -> bool:
    """Whether this way of payout can go to that account."""
    if kind == "SUCURSAL":
        return account is None
    if kind == DUES:
        return isinstance(account, str) and re.fullmatch(r"[0-9]{10,40}", account) is not None
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


def _reference(order: Order) -> str:
    return f"FB{_number(order.folio) % 10**10:010d}"


def _amount_paid(order: Order) -> str:
    """What was ordered; half of it where the name says so."""
    amount = str(order.body["monto"])
    if LESS_PAID not in _name(order.body):
        return amount
    pesos, cents = divmod(int(amount.replace(".", "")) // 2, 100)
    return f"{pesos}.{cents:02d}"


def _bank(account: str) -> str:
    """Whose an account is by the first digits of its CLABE; a card is the agency's own."""
    if len(account) != 18:
        return "FINABIEN"
    return BANK_NAMES.get(BANKS.get(account[:3], ""), "Otro banco").upper()


def _number(folio: str) -> int:
    return int.from_bytes(hashlib.sha256(folio.encode()).digest()[:8])


@cache
def _branches() -> list[dict[str, Any]]:
    """Name, address and hours are invented; the seats and where they are, INEGI's."""
    text = files("integrations.simulator").joinpath("data/branches.csv").read_text("utf-8")
    return [
        {
            "clave": f"F{row['municipality']}",
            "nombre": f"Sucursal {row['seat']}",
            "municipio": row["municipality"],
            "domicilio": f"Plaza principal s/n, Centro, {row['seat']}",
            "horario": "Lunes a viernes de 9:00 a 17:00, sábado de 9:00 a 13:00",
            "latitud": float(row["latitude"]),
            "longitud": float(row["longitude"]),
        }
        for row in csv.DictReader(text.splitlines())
    ]


def _branch(order: Order) -> str:
    chosen = order.body.get("sucursal")
    if chosen is not None:
        return next(str(row["nombre"]) for row in _branches() if row["clave"] == chosen)
    number = _number(order.folio)
    return f"Sucursal Finabien {number % 9000 + 100:04d}, {CITIES[number % len(CITIES)]}"
