"""A payment provider as we assume it: charges keyed by our folio, given back once."""

from __future__ import annotations

import re
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
METHODS = ("bank_debit", "card", "cash")
_FIELDS = {"key", "amount", "currency", "method", "expires_at"}
_VOID = {"void": True}


class SimulatedAgency:
    """The provider's endpoints over the shared world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._memory = world.memory

    def blueprint(self) -> Blueprint:
        """The provider's routes, under /payments."""
        routes = Blueprint(AGENCY, __name__, url_prefix="/payments")
        charge = "/v1/charges/<folio>"
        routes.add_url_rule(charge, "charge", self.charge, methods=["PUT"])
        routes.add_url_rule(charge, "status", self.status, methods=["GET"])
        routes.add_url_rule(f"{charge}/void", "void", self.void, methods=["PUT"])
        routes.add_url_rule(f"{charge}/refund", "refund", self.refund, methods=["PUT"])
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
        word = self._word(self._order(folio))
        if word == "paid":
            now = self._world.now()
            self._memory.take(REFUNDS, folio, {}, now, acts=self._world.acts(AGENCY))
        elif word not in ("refunded", "returned"):
            raise refuse(409, _error("not_paid"))
        return self._state(folio, 200)

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
        )
        answer.status_code = status
        return answer

    def _tell(self, folio: str, event: str) -> None:
        body = {"type": "charge.updated", "folio": folio}
        key = f"{AGENCY}-{folio}-{event}"
        self._memory.plan_callback(key, AGENCY, body, self._world.now())


def _error(code: str) -> dict[str, str]:
    return {"code": code, "detail": "Simulador"}


def _is_charge(folio: str, body: Any) -> bool:
    if not isinstance(body, dict) or set(body) != _FIELDS or body["key"] != folio:
        return False
    if not re.fullmatch(r"[A-Z0-9]{1,29}", folio) or body["method"] not in METHODS:
        return False
    amount = body["amount"]
    if not isinstance(amount, str) or not re.fullmatch(r"[0-9]{1,9}\.[0-9]{2}", amount):
        return False
    try:
        moment = datetime.fromisoformat(body["expires_at"])
    except (TypeError, ValueError):
        return False
    return body["currency"] == "USD" and float(amount) > 0 and moment.tzinfo is not None
