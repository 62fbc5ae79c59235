"""Pure rules of disputes: what a sender may claim, until when, and how staff may end it.

12 CFR 1005.33: notice within 180 days of the date available, investigated within 90 days, told
within three business days, corrected within one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from services.kernel.working_days import add_working_days
from services.remittances import rules as remittances
from services.remittances.rules import DISPUTE_DAYS, GOES_BACK

INVESTIGATE_DAYS = 90
TELL_DAYS = 3
CORRECT_DAYS = 1


class Kind(StrEnum):
    """What the sender says went wrong (1005.33(a)(1))."""

    NOT_RECEIVED = "not_received"
    LATE = "late"
    WRONG_AMOUNT = "wrong_amount"
    WRONG_FEE = "wrong_fee"
    WRONG_PERSON = "wrong_person"
    INFORMATION = "information"


class Status(StrEnum):
    """``corrected``: there was an error, and it was put right; ``explained``: there was none, or
    not the one that was claimed, and the sender was told why in writing."""

    RECEIVED = "received"
    CORRECTED = "corrected"
    EXPLAINED = "explained"


class Remedy(StrEnum):
    """How an error is put right. ``everything``: what is left of all that was paid; ``fees``: fee
    and tax, as is due for a late delivery; ``amount``: as much as staff say; ``given_back``: the
    remittance itself was given back meanwhile, so that no more is owed."""

    EVERYTHING = "everything"
    FEES = "fees"
    AMOUNT = "amount"
    GIVEN_BACK = "given_back"


class Action(StrEnum):
    """What may be done with a dispute: the last two about the documents of one that was explained,
    by the sender and by staff."""

    TAKE = "take"
    RESOLVE = "resolve"
    ASK_DOCUMENTS = "ask_documents"
    GIVE_DOCUMENTS = "give_documents"


TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.RECEIVED: frozenset({Status.CORRECTED, Status.EXPLAINED}),
    Status.CORRECTED: frozenset(),
    Status.EXPLAINED: frozenset(),
}
OPEN = frozenset(status for status, after in TRANSITIONS.items() if after)
DECIDED = frozenset(Status) - OPEN

# Nothing was paid: there is nothing to claim.
_NOT_PAID_FOR = frozenset({remittances.Status.FAILED})


@dataclass(frozen=True)
class Left:
    """What a remittance took in and gave back so far, in cents; ``gone_minor``: what was refunded,
    or taken back by the sender's bank."""

    total_minor: int
    fees_minor: int
    remedied_minor: int
    gone_minor: int = 0

    @property
    def minor(self) -> int:
        """As much as may still be given back."""
        return self.total_minor - self.remedied_minor - self.gone_minor


def last_day_to_claim(date_available: date) -> date:
    """The last day on which an error may be claimed."""
    return date_available + timedelta(days=DISPUTE_DAYS)


def may_claim(status: remittances.Status, date_available: date, day: date) -> bool:
    """Whether the sender may claim an error on ``day``."""
    return status not in _NOT_PAID_FOR and day <= last_day_to_claim(date_available)


def investigate_by(claimed: date) -> date:
    """The last day to find out what happened."""
    return claimed + timedelta(days=INVESTIGATE_DAYS)


def tell_by(decided: date) -> date:
    """The last day to tell the sender what was found."""
    return add_working_days(decided, TELL_DAYS)


def correct_by(decided: date) -> date:
    """The last day to put an error right."""
    return add_working_days(decided, CORRECT_DAYS)


def actions(
    status: Status, *, taken: bool, documents_asked: bool, documents_given: bool
) -> frozenset[Action]:
    """What may be done now: use cases refuse by it, and pages offer by it."""
    if status in OPEN:
        return frozenset({Action.RESOLVE} if taken else {Action.TAKE, Action.RESOLVE})
    if documents_given or status is not Status.EXPLAINED:
        return frozenset()
    return frozenset({Action.GIVE_DOCUMENTS if documents_asked else Action.ASK_DOCUMENTS})


def remedies(status: remittances.Status, left: Left) -> tuple[Remedy, ...]:
    """How an error of a remittance of that status may be put right.

    While it is under way its own end decides, so that nothing goes out twice: it is cancelled, or
    the agency says what became of it.
    """
    if status in GOES_BACK:
        return (Remedy.GIVEN_BACK,)
    if status is not remittances.Status.PAID or not left.minor:
        return ()
    if gives_fees(Remedy.FEES, left):
        return Remedy.EVERYTHING, Remedy.FEES, Remedy.AMOUNT
    return Remedy.EVERYTHING, Remedy.AMOUNT


def gives_fees(remedy: Remedy, left: Left) -> bool:
    """Whether fee and tax are part of that remedy: nothing of them went back before."""
    whole = remedy in (Remedy.EVERYTHING, Remedy.FEES)
    untouched = not (left.remedied_minor or left.gone_minor)
    return whole and bool(left.fees_minor) and untouched


def remedy_minor(remedy: Remedy, left: Left, amount_minor: int | None) -> int:
    """The cents that the remedy gives back; ``amount_minor`` is what staff say."""
    match remedy:
        case Remedy.EVERYTHING:
            return left.minor
        case Remedy.FEES:
            return left.fees_minor
        case Remedy.AMOUNT:
            return amount_minor or 0
        case Remedy.GIVEN_BACK:
            return 0
