"""Pure rules: statuses and their order, what an agency's answer leads to, money's arithmetic.

Amounts are whole minor units: cents of USD, centavos of MXN.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from fractions import Fraction
from math import ceil
from zoneinfo import ZoneInfo

from services.incidents.rules import Kind
from services.kernel.money import convert, percent_half_up

# Days and months of limits and of figures are Finabien's: it counts in Mexico City.
MEXICO_CITY = ZoneInfo("America/Mexico_City")
SHOWN_RATE = Decimal("0.0001")
RATE_STEP = Decimal("0.00000001")
# Within so many business days the sender has their money back (12 CFR 1005.34(b)).
REFUND_DAYS = 3
# For so many days after the date available, the sender may dispute it (12 CFR 1005.33(b)).
DISPUTE_DAYS = 180
# A call ends within seconds and its worker is replaced within minutes: after this long, an
# attempt that nobody settled can't reach the agency any more.
ATTEMPT_MAY_ARRIVE = timedelta(minutes=15)


class Funding(StrEnum):
    """How the sender pays."""

    BANK_ACCOUNT = "bank_account"
    US_CARD = "us_card"
    CASH = "cash"


class Payout(StrEnum):
    """How the recipient gets the pesos."""

    ACCOUNT = "account"
    CARD = "card"
    BRANCH = "branch"


class Purpose(StrEnum):
    """What the sender says the money is for."""

    FAMILY = "family"
    HEALTH = "health"
    EDUCATION = "education"
    HOUSING = "housing"
    SAVINGS = "savings"
    OTHER = "other"


class Status(StrEnum):
    """Status of a remittance.

    ``unknown``: an order may or may not have reached the agency, which is asked until it tells.
    ``accepted``: the agency has it; ``available``: it waits at a branch. ``cancelled`` at the
    sender's wish and ``refunded`` because it couldn't be paid: everything goes back.
    ``failed``: the funding never came, so that nothing was posted and nothing is owed.
    """

    FUNDED = "funded"
    SENDING = "sending"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    AVAILABLE = "available"
    PAID = "paid"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"
    FAILED = "failed"


class Answer(StrEnum):
    """Agency's answer about a folio."""

    ACCEPTED = "accepted"
    AVAILABLE = "available"
    PAID = "paid"
    REFUSED = "refused"
    CANCELLED = "cancelled"


class HolderMatch(StrEnum):
    """Whether the holder of an account is called as the sender wrote; ``not_offered``: the agency
    can't tell of that account."""

    YES = "yes"
    CLOSE = "close"
    NO = "no"
    NOT_OFFERED = "not_offered"


class CorrectionState(StrEnum):
    """How a correction of the recipient's name stands: ``asked`` for, ``done``, or
    ``refused`` by the agency."""

    ASKED = "asked"
    DONE = "done"
    REFUSED = "refused"


class Action(StrEnum):
    """A thing that the sender may do with a remittance."""

    CANCEL = "cancel"
    CORRECT_NAME = "correct_name"


class ReceiptKind(StrEnum):
    """What a receipt says happened: the sender paid, the recipient was paid, or all went back."""

    PAYMENT = "payment"
    DELIVERY = "delivery"
    REFUND = "refund"


class AttemptOutcome(StrEnum):
    """The outcome of one sending of an order: the first two are open, for the order may still
    arrive."""

    SENDING = "sending"
    UNKNOWN = "unknown"
    NEVER_SENT = "never_sent"
    ANSWERED = "answered"
    REFUSED = "refused"


# The order may have reached the agency, or may still.
OPEN_ATTEMPT = frozenset({AttemptOutcome.SENDING, AttemptOutcome.UNKNOWN})

_OUT = frozenset({Status.PAID, Status.REFUNDED, Status.CANCELLING})

TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.FUNDED: frozenset({Status.SENDING, Status.CANCELLED}),
    Status.SENDING: _OUT | {Status.UNKNOWN, Status.ACCEPTED, Status.AVAILABLE, Status.CANCELLED},
    Status.UNKNOWN: _OUT | {Status.ACCEPTED, Status.AVAILABLE},
    Status.ACCEPTED: _OUT | {Status.AVAILABLE},
    Status.AVAILABLE: _OUT,
    Status.CANCELLING: frozenset({Status.PAID, Status.REFUNDED, Status.CANCELLED}),
    Status.PAID: frozenset(),
    Status.CANCELLED: frozenset(),
    Status.REFUNDED: frozenset(),
    Status.FAILED: frozenset(),
}

OPEN = frozenset(status for status, after in TRANSITIONS.items() if after)
FINAL = frozenset(Status) - OPEN
GIVEN_BACK = frozenset({Status.CANCELLED, Status.REFUNDED})
# The recipient may still be paid, so that their name matters.
CORRECTABLE = OPEN - {Status.CANCELLING}
# Of one transfer: more would be a search for a name that passes.
MOST_CORRECTIONS = 5
# Pesos are ordered and their outcome isn't final: they stand in suspense. One by one, so that a
# status that comes before the order is never taken for one of them.
IN_PAYOUT = frozenset(
    {Status.SENDING, Status.UNKNOWN, Status.ACCEPTED, Status.AVAILABLE, Status.CANCELLING}
)
# Nothing was sent, or it doesn't count: these leave the sender's limits untouched.
NOT_COUNTED = GIVEN_BACK | {Status.FAILED}

# Before the agency can have it, the sender may take it back without asking anybody.
NOT_AT_AGENCY = frozenset({Status.FUNDED, Status.SENDING})

# The agency hasn't said that it has the order: as long as nothing of it is open, it may be sent.
RESENDABLE = frozenset({Status.SENDING, Status.UNKNOWN})
# Moved on by the agency's word alone: as long as nothing moves, no answer came.
SILENT = RESENDABLE | {Status.CANCELLING}
LONGEST_SILENCE = timedelta(hours=1)
# The recipient is going to be paid, as far as is known.
GOING_WELL = OPEN - {Status.UNKNOWN, Status.CANCELLING}
# The recipient isn't paid, whatever comes.
NOT_COMING = NOT_COUNTED | {Status.CANCELLING}

_LEADS_TO = {
    Answer.ACCEPTED: Status.ACCEPTED,
    Answer.AVAILABLE: Status.AVAILABLE,
    Answer.PAID: Status.PAID,
    Answer.REFUSED: Status.REFUNDED,
    Answer.CANCELLED: Status.REFUNDED,
}


def after_answer(status: Status, answer: Answer) -> Status:
    """The status that ``answer`` leads to from ``status``; the same one when it is old news.

    Answers may arrive in any order: one that leads nowhere from here changes nothing.
    """
    wanted = _LEADS_TO[answer]
    if answer is Answer.CANCELLED and status is Status.CANCELLING:
        wanted = Status.CANCELLED
    return wanted if wanted in TRANSITIONS[status] else status


def heard_only(answer: Answer) -> Answer:
    """What remains of an answer whose amount isn't the one ordered: that the agency has it."""
    return Answer.ACCEPTED if answer is Answer.PAID else answer


def contradicts(status: Status, answer: Answer) -> Kind | None:
    """What to report when the agency says something that must not be."""
    if status is Status.PAID and answer in (Answer.REFUSED, Answer.CANCELLED):
        return Kind.REFUSED_AFTER_PAID
    if status in GIVEN_BACK and answer is Answer.PAID:
        return Kind.PAID_AFTER_REFUND
    return None


def believable(moment: datetime | None, since: datetime, now: datetime) -> bool:
    """Whether the agency can have paid then: its clock may be a day off, no more."""
    slack = timedelta(days=1)
    return moment is not None and since - slack <= moment <= now + slack


def actions(
    status: Status, *, at_agency: bool, cancel_until: datetime, now: datetime
) -> frozenset[Action]:
    """What the sender may do now; ``at_agency``: an order has reached it, or may have.

    The use case refuses by it, and API and pages offer by it.
    """
    if status in FINAL or status is Status.CANCELLING:
        return frozenset()
    ours = status in NOT_AT_AGENCY and not at_agency
    cancel = frozenset({Action.CANCEL}) if ours or now <= cancel_until else frozenset()
    return cancel | ({Action.CORRECT_NAME} if status in CORRECTABLE else frozenset())


@dataclass(frozen=True)
class Tariff:
    """The rules in force on one day. Amounts in cents of USD."""

    fee_minor: int
    minimum_minor: int
    per_day_minor: int
    per_month_minor: int
    cash_tax_percent: Decimal
    margin_percent: Decimal
    rebate_percent: Decimal
    rebate_limit_minor: int
    cancel: timedelta
    settlement: timedelta
    quote: timedelta
    rate_age: timedelta
    collect: timedelta


@dataclass(frozen=True)
class Price:
    """What a transfer costs and brings: the sender's side in cents, the recipient's in centavos."""

    send_minor: int
    fee_minor: int
    tax_minor: int
    receive_minor: int
    rate: Decimal

    @property
    def total_minor(self) -> int:
        """The amount that the sender pays, in cents."""
        return self.send_minor + self.fee_minor + self.tax_minor


def customer_rate(fix: Decimal, tariff: Tariff) -> Decimal:
    """Pesos for a dollar to customers: the FIX less the margin. Its eighth decimal is the last."""
    return (fix * (100 - tariff.margin_percent) / 100).quantize(RATE_STEP, ROUND_HALF_UP)


def cost_minor(total_minor: int, fix: Decimal, receive_minor: int) -> int:
    """What a transfer costs in centavos, margin, fee and tax together: what all that is paid would
    bring at the FIX, less what the recipient gets."""
    return convert(total_minor, fix) - receive_minor


def rebate_minor(tax_minor: int, payout: Payout, sent_minor: int, tariff: Tariff) -> int:
    """What the agency gives back of the excise for what goes to its card, where ``sent_minor``
    were taxed and went there this month before. It isn't ours to pay, and in no total."""
    room = max(tariff.rebate_limit_minor - sent_minor, 0)
    if payout is not Payout.CARD:
        return 0
    return min(tax_minor, percent_half_up(room, tariff.rebate_percent))


def price_of_send(send_minor: int, rate: Decimal, funding: Funding, tariff: Tariff) -> Price:
    """What ``send_minor`` brings at the unrounded rate, in whole centavos."""
    return Price(
        send_minor=send_minor,
        fee_minor=tariff.fee_minor,
        tax_minor=excise(send_minor, funding, tariff),
        receive_minor=convert(send_minor, rate),
        rate=rate,
    )


def price_of_receive(receive_minor: int, rate: Decimal, funding: Funding, tariff: Tariff) -> Price:
    """The smallest send that yields at least ``receive_minor``; the recipient gets just that."""
    send_minor = ceil(Fraction(receive_minor) / Fraction(rate))
    return Price(
        send_minor=send_minor,
        fee_minor=tariff.fee_minor,
        tax_minor=excise(send_minor, funding, tariff),
        receive_minor=receive_minor,
        rate=rate,
    )


def excise(send_minor: int, funding: Funding, tariff: Tariff) -> int:
    """Tax on transfers paid with cash (26 USC 4475), half a cent upwards."""
    if funding is not Funding.CASH:
        return 0
    return percent_half_up(send_minor, tariff.cash_tax_percent)


def shown_rate(rate: Decimal) -> str:
    """With four decimals, as 12 CFR 1005.31 allows; nothing is computed from it."""
    return str(rate.quantize(SHOWN_RATE, ROUND_HALF_UP))


def day_in_mexico(now: datetime) -> date:
    """The day of ``now`` in Mexico City."""
    return now.astimezone(MEXICO_CITY).date()


def next_day_begins(day: date) -> datetime:
    """Return when the daily limit resets, in UTC."""
    return _midnight(day + timedelta(days=1))


def next_month_begins(day: date) -> datetime:
    """Return when the monthly limit resets, in UTC."""
    return _midnight((day.replace(day=1) + timedelta(days=32)).replace(day=1))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), MEXICO_CITY).astimezone(UTC)


class Step(StrEnum):
    """What to do at the agency: send the order, ask what became of it, or have it stopped."""

    SEND = "send"
    ASK = "ask"
    CANCEL = "cancel"


class Reply(StrEnum):
    """What came of a call. ``said``: the agency's word on the folio; ``never_sent``: it did
    nothing, for certain; ``lost``: it may have; ``key_reused``: it has another order under the
    folio."""

    SAID = "said"
    NOT_FOUND = "not_found"
    NEVER_SENT = "never_sent"
    LOST = "lost"
    REFUSED = "refused"
    KEY_REUSED = "key_reused"


class Next(StrEnum):
    """What comes next: take the word, the absence or the refusal for what it is; put the attempt
    back, note that it may have arrived, or send again; ask instead; call again later."""

    TAKE_WORD = "take_word"
    TAKE_ABSENCE = "take_absence"
    TAKE_REFUSAL = "take_refusal"
    PUT_BACK = "put_back"
    MARK_UNKNOWN = "mark_unknown"
    RESEND = "resend"
    ASK = "ask"
    RETRY = "retry"


_AFTER_SENDING: Mapping[Reply, Next] = {
    Reply.SAID: Next.TAKE_WORD,
    Reply.NOT_FOUND: Next.MARK_UNKNOWN,
    Reply.NEVER_SENT: Next.PUT_BACK,
    Reply.LOST: Next.MARK_UNKNOWN,
    Reply.REFUSED: Next.TAKE_REFUSAL,
    # What it has under the folio is what counts.
    Reply.KEY_REUSED: Next.MARK_UNKNOWN,
}
_AFTER_CANCELLING: Mapping[Reply, Next] = {
    Reply.SAID: Next.TAKE_WORD,
    Reply.NOT_FOUND: Next.TAKE_ABSENCE,
    # Cancelling twice is cancelling once.
    Reply.NEVER_SENT: Next.RETRY,
    Reply.LOST: Next.RETRY,
    Reply.REFUSED: Next.ASK,
    Reply.KEY_REUSED: Next.ASK,
}
_AFTER_ASKING: Mapping[Reply, Next] = {
    Reply.SAID: Next.TAKE_WORD,
    Reply.NOT_FOUND: Next.RESEND,
    Reply.NEVER_SENT: Next.RETRY,
    Reply.LOST: Next.RETRY,
    Reply.REFUSED: Next.RETRY,
    Reply.KEY_REUSED: Next.RETRY,
}
_NEXT = {Step.SEND: _AFTER_SENDING, Step.ASK: _AFTER_ASKING, Step.CANCEL: _AFTER_CANCELLING}


def next_step(step: Step, status: Status, reply: Reply) -> Next:
    """What comes next after a call for a remittance of that status. The only place that decides it.

    An order whose outcome isn't known stays so when even the question isn't answered.
    """
    if step is Step.ASK and reply is Reply.NEVER_SENT and status in RESENDABLE:
        return Next.MARK_UNKNOWN
    return _NEXT[step][reply]
