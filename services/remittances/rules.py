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
from functools import cache
from math import ceil
from zoneinfo import ZoneInfo

from services.consulates.rules import us_days
from services.incidents.rules import Kind
from services.kernel.money import convert, percent_half_up

# Days and months of limits and of figures are Finabien's: it counts in Mexico City.
MEXICO_CITY = ZoneInfo("America/Mexico_City")
# Business days are the senders', wherever in the United States they are.
_WEST, _EAST = ZoneInfo("America/Los_Angeles"), ZoneInfo("America/New_York")
_SATURDAY = 5
SHOWN_RATE = Decimal("0.0001")
RATE_STEP = Decimal("0.00000001")
# Why it wasn't paid out, where that is our own word: its rate isn't promised any more, a person has
# refused it, the sender's bank took the payment back, or it didn't come in time.
RATE_OVER = "rate_promise_over"
NOT_APPROVED = "not_approved"
FUNDING_RETURNED = "funding_returned"
TERM_OVER = "not_paid_in_time"
# The last day to pay the dues was over before they could be paid.
DUES_OVER = "dues_term_over"
# Within so many business days the sender has their money back (12 CFR 1005.34(b)).
REFUND_DAYS = 3
# So long before that is over, a person is told.
REFUND_WARNING = timedelta(days=1)
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
    """How the recipient gets the pesos; ``dues``: they pay a payment line of IMSS."""

    ACCOUNT = "account"
    CARD = "card"
    BRANCH = "branch"
    DUES = "dues"


class Purpose(StrEnum):
    """What the sender says the money is for."""

    FAMILY = "family"
    HEALTH = "health"
    EDUCATION = "education"
    HOUSING = "housing"
    SAVINGS = "savings"
    OTHER = "other"
    IMSS_DUES = "imss_dues"


# What a sender chooses from; the dues are a part of a transfer to somebody.
TO_PEOPLE = (Payout.ACCOUNT, Payout.CARD, Payout.BRANCH)
FOR_PEOPLE = tuple(purpose for purpose in Purpose if purpose is not Purpose.IMSS_DUES)
# Parts of an order: the first goes to a person, the second pays their dues.
TO_PERSON, TO_DUES = 1, 2


class Status(StrEnum):
    """Status of a remittance; a quote comes before, and is none.

    ``registered``: ordered, and not paid for yet. ``funded``: the sender has paid.
    ``screening``: it waits for a list of names to be compared with; ``held``: a name on the list
    is like one of its own, and a person decides. ``submitted``: the order is at the agency, or on
    its way; ``unknown``: it may or may not have arrived, and the agency is asked until it tells;
    ``available``: it waits at a branch. ``refunding``: the sender's money is on its way back, until
    it is ``cancelled`` at the sender's wish or ``refunded`` because it couldn't be paid.
    ``cancelling``: it was stopped, and whoever has it is asked whether that came in time.
    ``failed``: it ended without money of the sender's: they never paid, or their bank took it back.
    ``sending`` and ``accepted`` are what the version before called submitted.
    """

    REGISTERED = "registered"
    FUNDED = "funded"
    SCREENING = "screening"
    HELD = "held"
    SUBMITTED = "submitted"
    UNKNOWN = "unknown"
    AVAILABLE = "available"
    PAID = "paid"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    REFUNDING = "refunding"
    REFUNDED = "refunded"
    FAILED = "failed"
    SENDING = "sending"
    ACCEPTED = "accepted"


class ChargeStatus(StrEnum):
    """Where the sender's payment stands: ``due`` to be asked for, ``pending`` for the sender to
    pay, ``paid``; ``failed`` for good (declined, expired, stopped); ``refunded`` by us,
    ``returned`` by their bank."""

    DUE = "due"
    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"
    REFUNDED = "refunded"
    RETURNED = "returned"


class RemedyState(StrEnum):
    """Where money stands that goes back for an error: ``owed``, ``given`` by the provider, or
    ``returned`` by the sender's bank before that, with all that they paid."""

    OWED = "owed"
    GIVEN = "given"
    RETURNED = "returned"


class Party(StrEnum):
    """Whose name is compared with a list."""

    SENDER = "sender"
    RECIPIENT = "recipient"


class HoldDecision(StrEnum):
    """What a person decides about a name that is like a listed one."""

    RELEASED = "released"
    REFUSED = "refused"


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

_OUT = frozenset({Status.PAID, Status.CANCELLING, Status.REFUNDING})
_AT_AGENCY = _OUT | {Status.SUBMITTED, Status.UNKNOWN, Status.AVAILABLE}
# Its money can still be stopped without asking the agency.
_BEFORE = frozenset({Status.REFUNDING, Status.FAILED})

# The version before takes a remittance for funded at once.
FIRST = frozenset({Status.REGISTERED, Status.FUNDED})

# The database holds every write to these too (`remittance_step_allowed` in functions.sql).
TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.REGISTERED: frozenset(
        {Status.FUNDED, Status.CANCELLING, Status.CANCELLED, Status.FAILED}
    ),
    Status.FUNDED: _BEFORE | {Status.SCREENING, Status.HELD, Status.SUBMITTED},
    Status.SCREENING: _BEFORE | {Status.HELD, Status.SUBMITTED},
    Status.HELD: _BEFORE | {Status.SCREENING},
    Status.SUBMITTED: _AT_AGENCY - {Status.SUBMITTED},
    Status.UNKNOWN: _AT_AGENCY - {Status.UNKNOWN},
    Status.AVAILABLE: _OUT,
    # Back to funded only before it was: paid for after all, so that everything goes back.
    Status.CANCELLING: _BEFORE | {Status.PAID, Status.CANCELLED, Status.FUNDED},
    Status.REFUNDING: frozenset({Status.CANCELLED, Status.REFUNDED}),
    Status.PAID: frozenset(),
    Status.CANCELLED: frozenset(),
    Status.REFUNDED: frozenset(),
    Status.FAILED: frozenset(),
    # What the version before has under way is brought to its end.
    Status.SENDING: _AT_AGENCY,
    Status.ACCEPTED: _OUT | {Status.AVAILABLE},
}

# Steps of the version before, which may still run: the database takes them, and nothing else here.
FORMER_STEPS: dict[Status, frozenset[Status]] = {
    Status.FUNDED: frozenset({Status.SENDING, Status.CANCELLED}),
    Status.SENDING: frozenset({Status.ACCEPTED, Status.CANCELLED, Status.REFUNDED}),
    Status.UNKNOWN: frozenset({Status.ACCEPTED, Status.REFUNDED}),
    Status.ACCEPTED: frozenset({Status.REFUNDED}),
    Status.AVAILABLE: frozenset({Status.REFUNDED}),
    Status.CANCELLING: frozenset({Status.REFUNDED}),
}

OPEN = frozenset(status for status, after in TRANSITIONS.items() if after)
FINAL = frozenset(Status) - OPEN
GIVEN_BACK = frozenset({Status.CANCELLED, Status.REFUNDED})
# The sender gets the money back, or has it.
NOT_BACK_YET = frozenset({Status.REFUNDING})
GOES_BACK = GIVEN_BACK | NOT_BACK_YET
# It may not be paid out any more.
ENDED_UNPAID = GOES_BACK | {Status.FAILED}
# The recipient may still be paid, so that their name matters.
CORRECTABLE = OPEN - NOT_BACK_YET - {Status.CANCELLING}
# Of one transfer: more would be a search for a name that passes.
MOST_CORRECTIONS = 5
# Pesos are ordered and their outcome isn't final: they stand in suspense. One by one, so that a
# status that comes before the order is never taken for one of them; one that is being cancelled
# only where it was paid for (`Remittance.in_payout`).
IN_PAYOUT = frozenset(
    {
        Status.SUBMITTED,
        Status.UNKNOWN,
        Status.AVAILABLE,
        Status.CANCELLING,
        Status.SENDING,
        Status.ACCEPTED,
    }
)
# Nothing was sent, or it doesn't count: these leave the sender's limits untouched.
NOT_COUNTED = ENDED_UNPAID

# Paid for, and not sent yet: the house still owes the dollars.
READY = frozenset({Status.FUNDED, Status.SCREENING})
OWED = READY | {Status.HELD}
# Nothing of the sender's was asked for, or may come: no money yet.
UNPAID = frozenset({Status.REGISTERED})
UNPAID_ENDINGS = UNPAID | {Status.CANCELLING, Status.CANCELLED, Status.FAILED}
# Before the agency can have it, the sender may take it back without asking anybody.
NOT_AT_AGENCY = UNPAID | OWED | {Status.SUBMITTED, Status.SENDING}

# The agency hasn't said that it has the order: as long as no attempt at it is open or was answered,
# it may be sent.
RESENDABLE = frozenset({Status.SUBMITTED, Status.UNKNOWN, Status.SENDING})
# Moved on by the agency's word alone: as long as nothing moves, no answer came.
SILENT = RESENDABLE | {Status.CANCELLING}
LONGEST_SILENCE = timedelta(hours=1)
# The payout's job has something to send, or to ask.
PAID_OUT_FROM = READY | IN_PAYOUT - {Status.CANCELLING}
# Nothing moves them but a person.
FOR_A_PERSON = frozenset({Status.HELD})
# Nobody knows what becomes of it, and everybody is told by when that is known.
UNDECIDED = FOR_A_PERSON | {Status.UNKNOWN}
# The recipient is going to be paid, as far as is known.
GOING_WELL = frozenset(
    {
        Status.FUNDED,
        Status.SCREENING,
        Status.SUBMITTED,
        Status.AVAILABLE,
        Status.SENDING,
        Status.ACCEPTED,
    }
)
# The recipient isn't paid, whatever comes.
NOT_COMING = ENDED_UNPAID | {Status.CANCELLING}
# It was stopped, and what comes of that isn't final.
STOPPED = NOT_BACK_YET | {Status.CANCELLING}

_LEADS_TO = {
    Answer.ACCEPTED: Status.SUBMITTED,
    Answer.AVAILABLE: Status.AVAILABLE,
    Answer.PAID: Status.PAID,
    Answer.REFUSED: Status.REFUNDING,
    Answer.CANCELLED: Status.REFUNDING,
}


def after_answer(status: Status, answer: Answer) -> Status:
    """The status that ``answer`` leads to from ``status``; the same one when it is old news.

    Answers may arrive in any order: one that leads nowhere from here changes nothing.
    """
    wanted = _LEADS_TO[answer]
    return wanted if wanted in TRANSITIONS[status] else status


def heard_only(answer: Answer) -> Answer:
    """What remains of an answer whose amount isn't the one ordered: that the agency has it."""
    return Answer.ACCEPTED if answer is Answer.PAID else answer


def contradicts(status: Status, answer: Answer) -> Kind | None:
    """What to report when the agency says something that must not be."""
    if status is Status.PAID and answer in (Answer.REFUSED, Answer.CANCELLED):
        return Kind.REFUSED_AFTER_PAID
    if status in ENDED_UNPAID and answer is Answer.PAID:
        return Kind.PAID_AFTER_REFUND
    return None


def wants_confirmation(*, first_large_send: bool, holder: HolderMatch | None) -> bool:
    """Whether the sender has to say that they are sure of the recipient."""
    return first_large_send or holder is HolderMatch.NO


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
    if status in FINAL | STOPPED:
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
    promise: timedelta
    collect: timedelta
    payment: timedelta
    payment_cash: timedelta
    hold_days: int

    def term_of(self, funding: Funding) -> timedelta:
        """How long the sender has to pay."""
        return self.payment_cash if funding is Funding.CASH else self.payment


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

    @property
    def amounts(self) -> dict[str, int]:
        """By the names under which they are stored."""
        return {
            "send_minor": self.send_minor,
            "fee_minor": self.fee_minor,
            "tax_minor": self.tax_minor,
            "total_minor": self.total_minor,
            "receive_minor": self.receive_minor,
        }


@dataclass(frozen=True)
class Division:
    """What goes to a person and what pays the dues, each with its share of fee and tax."""

    person: Price
    dues: Price

    @property
    def whole(self) -> Price:
        """What is paid and what arrives, together."""
        return Price(
            send_minor=self.person.send_minor + self.dues.send_minor,
            fee_minor=self.person.fee_minor + self.dues.fee_minor,
            tax_minor=self.person.tax_minor + self.dues.tax_minor,
            receive_minor=self.person.receive_minor + self.dues.receive_minor,
            rate=self.dues.rate,
        )


def cents_for(receive_minor: int, rate: Decimal) -> int:
    """The fewest cents that bring at least ``receive_minor``."""
    return ceil(Fraction(receive_minor) / Fraction(rate))


def divide(whole: Price, dues_minor: int) -> Division:
    """Divide a price by what the dues take, in centavos and exactly; the person gets what is left.

    Fee and tax are shared by what each part sends: those of the dues are rounded down, the rest is
    the person's, so that both add up to the whole. ValueError where nothing is left.
    """
    dues_send = cents_for(dues_minor, whole.rate)
    left = whole.receive_minor - dues_minor
    if dues_send >= whole.send_minor or left <= 0:
        raise ValueError("nothing is left for the person")
    fee = whole.fee_minor * dues_send // whole.send_minor
    tax = whole.tax_minor * dues_send // whole.send_minor
    dues = Price(dues_send, fee, tax, dues_minor, whole.rate)
    person = Price(
        send_minor=whole.send_minor - dues_send,
        fee_minor=whole.fee_minor - fee,
        tax_minor=whole.tax_minor - tax,
        receive_minor=left,
        rate=whole.rate,
    )
    return Division(person, dues)


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
    send_minor = cents_for(receive_minor, rate)
    return Price(
        send_minor=send_minor,
        fee_minor=tariff.fee_minor,
        tax_minor=excise(send_minor, funding, tariff),
        receive_minor=receive_minor,
        rate=rate,
    )


def price_with_dues(
    way: str, minor: int, dues_minor: int, rate: Decimal, funding: Funding, tariff: Tariff
) -> Price:
    """The price of a transfer that also pays ``dues_minor`` centavos of dues: ``minor`` is all that
    is sent (``way`` "send", in cents) or what the person gets (in centavos). Fee and tax are those
    of one transfer. ValueError where nothing is left for the person."""
    dues_send = cents_for(dues_minor, rate)
    send_minor = minor if way == "send" else cents_for(minor, rate) + dues_send
    person_minor = convert(send_minor - dues_send, rate) if way == "send" else minor
    if person_minor <= 0:
        raise ValueError("nothing is left for the person")
    return Price(
        send_minor=send_minor,
        fee_minor=tariff.fee_minor,
        tax_minor=excise(send_minor, funding, tariff),
        receive_minor=person_minor + dues_minor,
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


def refund_due(now: datetime) -> datetime:
    """By when the sender has everything back: at the end of the last of `REFUND_DAYS` business
    days, which are counted from their day in the west and end in the east."""
    return business_days_after(now, REFUND_DAYS)


def business_days_after(now: datetime, count: int) -> datetime:
    """The end of the last of so many business days of the United States."""
    day = now.astimezone(_WEST).date()
    for _ in range(count):
        day += timedelta(days=1)
        while day.weekday() >= _SATURDAY or day in _us_days_off(day.year):
            day += timedelta(days=1)
    return datetime.combine(day + timedelta(days=1), time(), _EAST).astimezone(UTC)


@cache
def _us_days_off(year: int) -> frozenset[date]:
    """New Year's Day may be observed in the year before."""
    return frozenset(each.day for of in (year, year + 1) for each in us_days(of))


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
