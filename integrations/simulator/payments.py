"""A payment provider as we assume it: charges keyed by our folio, given back once."""

from __future__ import annotations

import re
import threading
from datetime import datetime
from typing import Any

from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response

from integrations.simulator.memory import Acts, KeyReused, Order
from integrations.simulator.world import World, refuse

AGENCY = "payments"
# What happened to a charge besides, each kept under the charge's folio.
REFUNDS = f"{AGENCY}.refunds"
RETURNS = f"{AGENCY}.returns"
DECLINED = f"{AGENCY}.declined"
# Parts of charges that were given back, each under a key of its own.
PARTS = f"{AGENCY}.parts"
METHODS = ("bank_debit", "card", "cash")
KEY = r"[A-Z0-9]{1,29}"
_AMOUNT = r"[0-9]{1,9}\.[0-9]{2}"
_FIELDS = {"key", "amount", "currency", "method", "expires_at"}
_VOID = {"void": True}


class SimulatedAgency:
    """The provider's endpoints over the shared world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._memory = world.memory
        # What was given back is added up and added to by one at a time.
        self._giving = threading.Lock()

    def blueprint(self) -> Blueprint:
        """The provider's routes, under /payments."""
        routes = Blueprint(AGENCY, __name__, url_prefix="/payments")
        charge = "/v1/charges/<folio>"
        routes.add_url_rule(charge, "charge", self.charge, methods=["PUT"])
        routes.add_url_rule(charge, "status", self.status, methods=["GET"])
        routes.add_url_rule(f"{charge}/void", "void", self.void, methods=["PUT"])
        routes.add_url_rule(f"{charge}/refund", "refund", self.refund, methods=["PUT"])
        part = f"{charge}/refunds/<key>"
        routes.add_url_rule(part, "refund_part", self.refund_part, methods=["PUT"])
        routes.add_url_rule(part, "part_status", self.part_status, methods=["GET"])
        routes.add_url_rule("/pay/<folio>", "page", self.page, methods=["GET"])
        routes.add_url_rule("/pay/<folio>", "pay", self.pay, methods=["POST"])
        return routes

    def charge(self, folio: str) -> Response:
        """Take the charge in once; the sender pays at once, unless told otherwise."""
        self._authenticate()
        body: Any = request.get_json(silent=True)
        if not _is_charge(folio, body):
            raise refuse(422, _error("data_invalid"))
        now = self._world.now()
        board, faults = self._world.board, self._world.board.of(AGENCY)
        declined = board.happens(faults.declined_rate)
        waits = declined or board.happens(faults.unpaid_rate)
        known = self._memory.find(AGENCY, folio)
        if known is not None and known.body == _VOID:
            raise refuse(409, _error("voided"))
        try:
            acts = Acts.NEVER if waits else self._world.acts(AGENCY)
            new = self._memory.take(AGENCY, folio, body, now, acts=acts)
        except KeyReused:
            raise refuse(409, _error("key_reused")) from None
        if new and declined:
            self._memory.take(DECLINED, folio, {}, now, acts=Acts.NEVER)
        elif new and not waits:
            self._memory.mark_collected(AGENCY, folio, now)
        return self._state(folio, 201 if new else 200)

    def status(self, folio: str) -> Response:
        """Return a charge's state."""
        self._authenticate()
        return self._state(folio, 200)

    def void(self, folio: str) -> Response:
        """Stop it unless it was paid; an unknown one can't come any more."""
        self._authenticate()
        now = self._world.now()
        if self._memory.find(AGENCY, folio) is None:
            self._memory.take(AGENCY, folio, _VOID, now, acts=Acts.NEVER)
        self._memory.mark_cancelled(AGENCY, folio, now)
        return self._state(folio, 200)

    def refund(self, folio: str) -> Response:
        """Give it back once; nothing where the bank took it back before."""
        self._authenticate()
        order, amount = self._order(folio), _cents(request.get_json(silent=True))
        word = self._word(order)
        if amount is None:
            raise refuse(422, _error("data_invalid"))
        if word == "paid":
            with self._giving:
                self._hold_to_paid(order, amount)
                acts, now = self._world.acts(AGENCY), self._world.now()
                self._memory.take(REFUNDS, folio, {}, now, acts=acts)
        elif word not in ("refunded", "returned"):
            raise refuse(409, _error("not_paid"))
        return self._state(folio, 200)

    def refund_part(self, folio: str, key: str) -> Response:
        """Give a part back once a key; nothing where the bank took the charge back before."""
        self._authenticate()
        order, amount = self._order(folio), _cents(request.get_json(silent=True))
        if amount is None or not re.fullmatch(KEY, key):
            raise refuse(422, _error("data_invalid"))
        with self._giving:
            new = self._give_part(order, key, amount)
        return self._part(folio, key, 201 if new else 200)

    def _give_part(self, order: Order, key: str, cents: int) -> bool:
        """False for a repeat."""
        body, acts = {"charge": order.folio, "amount": cents}, self._world.acts(AGENCY)
        known = self._memory.find(PARTS, key)
        if known is not None and acts is Acts.ONCE:
            if known.body != {**known.body, **body}:
                raise refuse(409, _error("key_reused"))
            return False
        word = self._word(order)
        if word == "returned":
            body, acts = {**body, "returned": True}, Acts.NEVER
        elif word != "paid":
            raise refuse(409, _error("not_paid"))
        else:
            self._hold_to_paid(order, cents)
        return self._memory.take(PARTS, key, body, self._world.now(), acts=acts)

    def part_status(self, folio: str, key: str) -> Response:
        """Return a part's state."""
        self._authenticate()
        return self._part(folio, key, 200)

    def page(self, folio: str) -> Response:
        """The provider's page, where the sender types what we never see."""
        word = self._word(self._order(folio))
        button = '<form method="post"><button>Pagar / Pay</button></form>'
        body = f"<!doctype html><title>{folio}</title><p>{folio}: {word}</p>"
        return Response(body + (button if word == "pending" else ""), mimetype="text/html")

    def pay(self, folio: str) -> Response:
        """The sender pays (also a simulator's control)."""
        order = self._order(folio)
        now = self._world.now()
        if self._word(order) != "pending" or not self._memory.mark_collected(AGENCY, folio, now):
            raise refuse(409, _error("not_payable"))
        self._memory.add_effect(AGENCY, folio, now)
        self._tell(folio, "paid")
        return self._state(folio, 200)

    def take_back(self, folio: str) -> Response:
        """The sender's bank takes it back (a simulator's control)."""
        if self._word(self._order(folio)) not in ("paid", "refunded"):
            raise refuse(409, _error("not_paid"))
        self._memory.take(RETURNS, folio, {}, self._world.now(), acts=Acts.ONCE)
        self._tell(folio, "returned")
        return self._state(folio, 200)

    def describe(self, order: Order) -> str:
        """The charge's state in words."""
        return self._word(order)

    def _hold_to_paid(self, order: Order, cents: int) -> None:
        """No more goes back than was paid."""
        if cents + self._memory.given_in_parts(PARTS, order.folio) > _cents(order.body, 0):
            raise refuse(409, _error("more_than_paid"))

    def _part(self, folio: str, key: str, status: int) -> Response:
        part = self._memory.find(PARTS, key)
        if part is None or part.body["charge"] != folio:
            raise refuse(404, _error("not_found"))
        cents = part.body["amount"]
        answer = jsonify(
            key=key,
            charge=folio,
            status="returned" if part.body.get("returned") else "given",
            amount=f"{cents // 100}.{cents % 100:02d}",
            currency="USD",
        )
        answer.status_code = status
        return answer

    def _authenticate(self) -> None:
        self._world.require_bearer(AGENCY, _error("unauthorized"))

    def _order(self, folio: str) -> Order:
        order = self._memory.find(AGENCY, folio)
        if order is None:
            raise refuse(404, _error("not_found"))
        return order

    def _happened(self, what: str, folio: str) -> bool:
        return self._memory.find(what, folio) is not None

    def _word(self, order: Order) -> str:
        """The state follows from what happened and the time that passed: no timers."""
        for what, word in ((RETURNS, "returned"), (REFUNDS, "refunded"), (DECLINED, "declined")):
            if self._happened(what, order.folio):
                return word
        if order.collected_at is not None:
            return "paid"
        if order.cancelled_at is not None:
            return "voided"
        expires = datetime.fromisoformat(order.body["expires_at"]).timestamp()
        return "expired" if self._world.now() >= expires else "pending"

    def _given(self, folio: str) -> list[str]:
        """Keys of the parts that were given back."""
        parts = self._memory.orders_saying(PARTS, "charge", folio)
        return [part.folio for part in parts if not part.body.get("returned")]

    def _state(self, folio: str, status: int) -> Response:
        order = self._order(folio)
        word = self._word(order)
        pending = word == "pending"
        cash = order.body.get("method") == "cash"
        answer = jsonify(
            key=folio,
            status=word,
            amount=order.body.get("amount"),
            currency=order.body.get("currency"),
            reference=f"P{folio}",
            pay_path=f"pay/{folio}" if pending and not cash else None,
            pay_code=f"{folio[:4]} {folio[4:]}" if pending and cash else None,
            refunded=self._happened(REFUNDS, folio),
            refunds=self._given(folio),
        )
        answer.status_code = status
        return answer

    def _tell(self, folio: str, event: str) -> None:
        body = {"type": "charge.updated", "folio": folio}
        key = f"{AGENCY}-{folio}-{event}"
        self._memory.plan_callback(key, AGENCY, body, self._world.now())


def _error(code: str) -> dict[str, str]:
    return {"code": code, "detail": "Simulador"}


def _cents(body: Any, default: int | None = None) -> Any:
    """The cents that a body asks for; ``default`` where it asks for none that can be given."""
    amount = body.get("amount") if isinstance(body, dict) else None
    if not isinstance(amount, str) or not re.fullmatch(_AMOUNT, amount):
        return default
    cents = int(amount.replace(".", ""))
    return cents if cents and body.get("currency") == "USD" else default


def _is_charge(folio: str, body: Any) -> bool:
    if not isinstance(body, dict) or set(body) != _FIELDS or body["key"] != folio:
        return False
    if not re.fullmatch(KEY, folio) or body["method"] not in METHODS or not _cents(body):
        return False
    try:
        moment = datetime.fromisoformat(body["expires_at"])
    except (TypeError, ValueError):
        return False
    return moment.tzinfo is not None
