"""Payouts through Finabien. Grade A and B: it honours our folio as key and answers by it."""

from __future__ import annotations

from functools import partial

from integrations.base import TokenClient
from integrations.contracts import Branch, PayoutOrder, PayoutState, PayoutStatus
from integrations.errors import AgencyError, Refused, Unanswered
from integrations.finabien import wire
from integrations.finabien.codes import REFUSALS

# Of five hundred branches each: ten times as many as there are.
MOST_PAGES = 40


class FinabienClient(TokenClient):
    """Client of Finabien. Implements `contracts.PayoutAgency`."""

    agency = "finabien"
    refusals = REFUSALS

    def submit(self, order: PayoutOrder) -> PayoutState:
        """Send the order under its folio.

        Two ways to a no: `Refused` when it was not taken in (bad account, blocked beneficiary, a
        name SPEI cannot write), or a state `refused` when it was taken in and came back.
        """
        try:
            body = wire.order_body(order)
        except wire.Unwritable as error:
            raise Refused(self.agency, "submit", error.code) from None
        return self._tell("submit", "PUT", _path(order.folio), body, _about(order.folio))

    def status(self, folio: str) -> PayoutState:
        """The folio's state; `not_found` is an answer, not an error."""
        try:
            return self._ask("status", _path(folio), _about(folio))
        except Refused as refusal:
            return _absent(folio, _no_answer(refusal))

    def cancel(self, folio: str) -> PayoutState:
        """Stop it: `cancelled`, `paid` when too late, `refused` or `not_found` when none runs.

        Raises `Refused` when the agency won't hear of it: then only its answer by folio tells.
        """
        try:
            return self._tell("cancel", "POST", f"{_path(folio)}/cancelacion", {}, _about(folio))
        except Refused as refusal:
            return _absent(folio, refusal)

    def branches(self) -> list[Branch]:
        """Every branch that pays cash out, page by page. Raises as a question does."""
        branches: list[Branch] = []
        page: int | None = 1
        for _ in range(MOST_PAGES):
            if page is None:
                break
            query = {"pagina": str(page)}
            part, page = self._ask("branches", "v1/sucursales", wire.branches_page, query=query)
            branches += part
        return branches


def _path(folio: str) -> str:
    return f"v1/pagos/{wire.tracking_key(folio)}"


def _about(folio: str) -> partial[PayoutState]:
    return partial(wire.payout_state, folio)


def _no_answer(refusal: Refused) -> AgencyError:
    """A question can't be refused: any code but `not_found` answers nothing, and is asked again."""
    if refusal.code == "not_found":
        return refusal
    return Unanswered(refusal.agency, refusal.operation, f"refused_{refusal.code}")


def _absent(folio: str, refusal: AgencyError) -> PayoutState:
    if refusal.code != "not_found":
        raise refusal
    return PayoutState(folio=folio, status=PayoutStatus.NOT_FOUND)
