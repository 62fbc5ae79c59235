"""Payouts through Finabien. Grade A and B: it honours our folio as key and answers by it."""

from __future__ import annotations

from functools import partial

from integrations.base import Call, TokenClient
from integrations.contracts import (
    Branch,
    BranchList,
    HolderMatch,
    HolderQuestion,
    NameCorrection,
    PayoutOrder,
    PayoutState,
    PayoutStatus,
)
from integrations.errors import AgencyError, Refused, Unanswered
from integrations.finabien import names, wire
from integrations.finabien.codes import REFUSALS, REMEDIES

# Of five hundred branches each: ten times as many as there are.
MOST_PAGES = 40


class FinabienClient(TokenClient):
    """Client of Finabien. Implements `contracts.PayoutAgency`."""

    agency = "finabien"
    refusals = REFUSALS
    remedies = REMEDIES

    def submit(self, order: PayoutOrder) -> PayoutState:
        """Send the order under its folio.

        Two ways to a no: `Refused` when it was not taken in (bad account, blocked beneficiary, a
        name SPEI cannot write), or a state `refused` when it was taken in and came back.
        """
        try:
            body = wire.order_body(order)
        except wire.UnencodableOrder as error:
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

    def branches(self) -> BranchList:
        """Every branch that pays cash out, page by page. Raises as a question does."""
        branches: list[Branch] = []
        unreadable: list[str] = []
        page: int | None = 1
        for _ in range(MOST_PAGES):
            if page is None:
                break
            query = {"pagina": str(page)}
            part, page = self._ask("branches", "v1/sucursales", wire.branches_page, query=query)
            branches += part.branches
            unreadable += part.unreadable
        return BranchList(tuple(branches), tuple(unreadable))

    def match_holder(self, question: HolderQuestion) -> HolderMatch:
        """Compare the name with that of the account's holder; `not_offered` also for a name or
        account that it can't be asked about."""
        try:
            body = names.question_body(question)
        except wire.UnencodableOrder:
            return HolderMatch.NOT_OFFERED
        # Not a GET: an account in an address would stand in everybody's logs.
        call = Call("match_holder", "POST", "v1/cuentas/titular", changes=False, content=body)
        try:
            return self._call(call, names.holder_match)
        except Refused as refusal:
            if refusal.code in ("account_invalid", "data_invalid"):
                return HolderMatch.NOT_OFFERED
            raise _no_answer(refusal) from None

    def correct_name(self, correction: NameCorrection) -> None:
        """Have the order paid to somebody of that name. The same key again has no further effect.

        Raises `Refused`: `too_late` once it is final, `not_found`, or for a name that SPEI can't
        write.
        """
        try:
            body = names.correction_body(correction)
        except wire.UnencodableOrder as error:
            raise Refused(self.agency, "correct_name", error.code) from None
        path = f"{_path(correction.folio)}/correcciones/{correction.key}"
        self._tell("correct_name", "PUT", path, body, partial(names.check_taken, correction.key))


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
