"""Payments of senders in the United States. Grade A and B: the provider honours our folio as key
and answers by it."""

from __future__ import annotations

from functools import partial
from typing import Self

from integrations import contracts
from integrations.base import TokenClient
from integrations.errors import AgencyError, Refused, Unanswered
from integrations.payments import wire
from integrations.payments.codes import REFUSALS, REMEDIES


class PaymentsClient(TokenClient):
    """Client of the payment provider. Implements `contracts.PaymentProvider`."""

    agency = "payments"
    error_field = "code"
    detail_field = "detail"
    refusals = REFUSALS
    remedies = REMEDIES

    # Where the provider's pages are, when elsewhere.
    pages: str | None = None

    @classmethod
    def connect(cls, base_url: str, secret: str, page_url: str | None = None) -> Self:
        """A client whose provider's pages are at ``page_url``, when elsewhere."""
        client = cls(base_url, secret)
        client.pages = page_url
        return client

    def charge(self, order: contracts.ChargeOrder) -> contracts.ChargeState:
        """Have the sender pay. The same folio again is the same charge."""
        body = wire.charge_body(order)
        return self._tell("charge", "PUT", _path(order.folio), body, self._about(order.folio))

    def status(self, folio: str) -> contracts.ChargeState:
        """The charge's state; `not_found` is an answer, not an error."""
        try:
            return self._ask("status", _path(folio), self._about(folio))
        except Refused as refusal:
            if refusal.code == "not_found":
                return contracts.ChargeState(folio=folio, status=contracts.ChargeWord.NOT_FOUND)
            raise _no_answer(refusal) from None

    def void(self, folio: str) -> contracts.ChargeState:
        """See that it isn't paid any more; answers with the state after, `paid` when too late."""
        return self._tell("void", "PUT", f"{_path(folio)}/void", {}, self._about(folio))

    def refund(self, folio: str, amount_minor: int) -> contracts.ChargeState:
        """Give it back, once; `returned` where the sender's bank has taken it back already."""
        body = {"amount": wire.amount_of(amount_minor), "currency": "USD"}
        return self._tell("refund", "PUT", f"{_path(folio)}/refund", body, self._about(folio))

    def refund_part(self, order: contracts.PartOrder) -> contracts.PartState:
        """Give a part of it back. The same key again is the same part."""
        body = {"amount": wire.amount_of(order.amount_minor), "currency": "USD"}
        decode = partial(wire.part_state, order.key)
        return self._tell("refund_part", "PUT", _part_path(order), body, decode)

    def part_status(self, order: contracts.PartOrder) -> contracts.PartState:
        """The part's state; `not_found` is an answer, not an error."""
        try:
            return self._ask("part_status", _part_path(order), partial(wire.part_state, order.key))
        except Refused as refusal:
            if refusal.code == "not_found":
                return contracts.PartState(order.key, contracts.PartWord.NOT_FOUND)
            raise _no_answer(refusal) from None

    def _about(self, folio: str) -> partial[contracts.ChargeState]:
        return partial(wire.charge_state, folio, self.pages or self.base_url)


def _path(folio: str) -> str:
    return f"v1/charges/{wire.key_of(folio)}"


def _part_path(order: contracts.PartOrder) -> str:
    return f"{_path(order.folio)}/refunds/{wire.key_of(order.key)}"


def _no_answer(refusal: Refused) -> AgencyError:
    """A question can't be refused: it is asked again."""
    return Unanswered(refusal.agency, refusal.operation, f"refused_{refusal.code}")
