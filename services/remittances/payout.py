"""Pay out: write every attempt down before it is made, and take the agency's word afterwards.

An order is sent under our folio, which the agency takes in once. An attempt that nobody settled
(a worker was killed, an answer was lost) is *open*: the order may have arrived or still arrive.
Open attempts are settled by what the agency says of the folio, never by guessing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, or_, select, update
from sqlalchemy.orm import Session

from services.citizens.people import find_key
from services.incidents.reporting import settled_before
from services.incidents.rules import Kind
from services.kernel import audit
from services.kernel.audit import SYSTEM
from services.kernel.crypto import Vault
from services.kernel.db import text
from services.kernel.money import format_minor
from services.kernel.writes import update_row
from services.remittances.books import refuse_when_stopped
from services.remittances.credit import CreditProof, written
from services.remittances.errors import RecipientForgotten
from services.remittances.funding import lose_return
from services.remittances.lifecycle import LIFECYCLE
from services.remittances.models import PayoutAttempt, Remittance
from services.remittances.payees import ACCOUNT_PLACE
from services.remittances.promises import is_stale
from services.remittances.refunding import give_back
from services.remittances.rules import (
    ATTEMPT_MAY_ARRIVE,
    DUES_OVER,
    IN_PAYOUT,
    NOT_BACK_YET,
    OPEN_ATTEMPT,
    PAID_OUT_FROM,
    RATE_OVER,
    READY,
    RESENDABLE,
    Answer,
    AttemptOutcome,
    Payout,
    Status,
    Step,
    Tariff,
    after_answer,
    believable,
    business_days_after,
    contradicts,
    day_in_mexico,
    heard_only,
    next_day_begins,
)
from services.remittances.screening import screen
from services.remittances.suspense import report_contradiction

CONCEPT = "REMESA"
DUES_CONCEPT = "CUOTAS IMSS"
# What is paid out, and what an answer means that names no currency.
CURRENCY = "MXN"


@dataclass(frozen=True)
class PayoutTask:
    """One order as it is sent to the agency, the same to the letter each time.

    ``attempt`` is the number of the attempt that was written down, 0 when the step is to ask.
    """

    step: Step
    remittance: UUID
    status: Status
    folio: str
    attempt: int
    funded_at: datetime
    amount_minor: int
    payout: Payout
    given_names: str = field(repr=False)
    first_surname: str = field(repr=False)
    second_surname: str | None = field(repr=False)
    account: str | None = field(repr=False)
    place: str | None
    sender_name: str = field(repr=False)
    concept: str = CONCEPT


@dataclass(frozen=True)
class PayoutAnswer:
    """The agency's word on a folio: ``branch`` says where cash waits, ``reason_code`` why not,
    ``amount_minor`` what it pays in hundredths of ``currency``, ``credit`` how it shows that."""

    answer: Answer
    reason_code: str | None = None
    agency_reference: str | None = None
    branch: str | None = None
    paid_at: datetime | None = None
    amount_minor: int | None = None
    currency: str = CURRENCY
    credit: CreditProof | None = None

    @property
    def pesos_minor(self) -> int | None:
        """Centavos that it says it pays: none of them where it speaks of another currency."""
        return self.amount_minor if self.currency == CURRENCY else 0

    def differs(self, ordered_minor: int) -> bool:
        """Whether it has another amount or currency than was ordered."""
        return self.pesos_minor not in (None, ordered_minor)


def claim_locked(
    session: Session,
    remittance: Remittance,
    in_force: Callable[[], Tariff],
    *,
    now: datetime,
    vault: Vault,
) -> PayoutTask | None:
    """What to do next for a remittance that this transaction has locked, written down: to be
    committed before the call; by the rules ``in_force``.

    At first the pesos are ordered in the ledger. With an open attempt, or once the agency has
    it, the step is to ask. None when it isn't to be paid out, or not yet; what never reached the
    agency while its rate was promised goes back instead. Raises `RecipientForgotten`, and
    `PayoutsStopped` where there is an order to be sent.
    """
    remittance_id, status = remittance.id, Status(remittance.status)
    if status not in PAID_OUT_FROM:
        return None
    to_be_sent = status in RESENDABLE and not reached_agency(session, remittance_id)
    if status not in READY and not to_be_sent:
        return _task(session, remittance, 0, vault)
    rules = in_force()
    too_late = _too_late(session, remittance, rules, now)
    if too_late is not None:
        give_back(session, remittance, now=now, reason_code=too_late)
        return None
    refuse_when_stopped(session)
    if status in READY:
        if not _passes_screening(session, remittance, rules, now):
            return None
        due = now + rules.settlement
        LIFECYCLE.move(
            session, remittance, Status.SUBMITTED, now=now, actor=SYSTEM, answer_due_at=due
        )
    return _task(session, remittance, _begin_attempt(session, remittance_id, now), vault)


def _too_late(session: Session, remittance: Remittance, rules: Tariff, now: datetime) -> str | None:
    """Why what never reached the agency can't be paid out any more."""
    if is_stale(session, remittance, rules, now=now):
        return RATE_OVER
    due_on = remittance.dues_due_on
    return DUES_OVER if due_on and day_in_mexico(now) > due_on else None


def _passes_screening(
    session: Session, remittance: Remittance, rules: Tariff, now: datetime
) -> bool:
    """Who is like somebody on a list waits for a person; and without a list everybody waits."""
    screened = screen(session, remittance, now=now)
    if screened.listed and not screened.hits:
        return True
    after, due = Status.SCREENING, None
    if screened.hits:
        after = Status.HELD
        due = business_days_after(now, rules.hold_days)
    if remittance.status != after:
        LIFECYCLE.move(session, remittance, after, now=now, actor=SYSTEM, answer_due_at=due)
    return False


def begin_resend(
    session: Session, remittance_id: UUID, *, now: datetime, vault: Vault
) -> PayoutTask | None:
    """The agency knows nothing of the folio: write another attempt down, under the same folio.

    None when meanwhile somebody else learned what became of it. To be committed before the call.
    Raises `PayoutsStopped`.
    """
    remittance = LIFECYCLE.lock(session, remittance_id)
    if Status(remittance.status) not in RESENDABLE or _was_answered(session, remittance_id):
        return None
    refuse_when_stopped(session)
    return _task(session, remittance, _begin_attempt(session, remittance_id, now), vault)


def settle_payout(
    session: Session, remittance_id: UUID, answer: PayoutAnswer, *, now: datetime
) -> Status:
    """Take the agency's word and post what it means; returns the status afterwards.

    It settles every open attempt: the agency has the folio, so that a late one is a repeat. Old
    news changes nothing; what can't be (paid after it was given back, another amount or currency
    than was ordered) becomes an incident, with its money in suspense. A payment that differs
    counts as paid only once a person has settled that.
    """
    remittance = LIFECYCLE.lock(session, remittance_id)
    before = Status(remittance.status)
    _close_attempts(session, remittance_id, AttemptOutcome.ANSWERED, now)
    kind = contradicts(before, answer.answer)
    if kind is not None:
        _report_contradiction(session, remittance, kind, answer, now)
        return before
    _learn(session, remittance, answer)
    differs = answer.differs(remittance.receive_minor)
    trusted = not differs or _settled_difference(session, remittance, answer, now)
    after = after_answer(before, answer.answer if trusted else heard_only(answer.answer))
    if after in NOT_BACK_YET:
        give_back(session, remittance, now=now)
    elif after is not before:
        columns = _answered_columns(remittance, after, answer, now)
        LIFECYCLE.move(session, remittance, after, now=now, actor=SYSTEM, **columns)
        if after is Status.PAID and remittance.returned_minor:
            lose_return(session, remittance, now=now)
    return Status(remittance.status)


def _answered_columns(
    remittance: Remittance, after: Status, answer: PayoutAnswer, now: datetime
) -> dict[str, Any]:
    """Return the columns that follow from the agency's answer."""
    if after is Status.PAID:
        good = believable(answer.paid_at, remittance.registered_at, now)
        proof = {"credit_proof": written(answer.credit)} if answer.credit else {}
        return {"paid_at": answer.paid_at if good else now, **proof}
    if after is Status.AVAILABLE and remittance.collect_until is not None:
        # Cash waits as long as it may be collected; then the agency says what became of it.
        return {"answer_due_at": next_day_begins(remittance.collect_until)}
    return {}


def settle_refusal(session: Session, task: PayoutTask, reason_code: str, *, now: datetime) -> bool:
    """The agency didn't take this attempt in: everything goes back. False when it must wait.

    It isn't the last word while another attempt may still arrive, nor when one did.
    """
    LIFECYCLE.lock(session, task.remittance)
    _close_attempt(session, task, AttemptOutcome.REFUSED, now)
    if _may_arrive(session, task.remittance, now):
        return False
    answer = PayoutAnswer(Answer.REFUSED, reason_code=reason_code)
    return settle_payout(session, task.remittance, answer, now=now) not in IN_PAYOUT


def settle_absence(session: Session, remittance_id: UUID, *, now: datetime) -> Status:
    """Asked to cancel, the agency knows nothing of the folio; returns the status afterwards.

    Everything goes back once no attempt can arrive any more; until then it has to be asked again,
    for an order that arrives after the money went back would be paid out of nobody's pocket.
    """
    remittance = LIFECYCLE.lock(session, remittance_id)
    if Status(remittance.status) is Status.CANCELLING and not _may_arrive(
        session, remittance_id, now
    ):
        _close_attempts(session, remittance_id, AttemptOutcome.NEVER_SENT, now)
        give_back(session, remittance, now=now)
    return Status(remittance.status)


def put_back(session: Session, task: PayoutTask, *, now: datetime) -> None:
    """Note that this attempt certainly never reached the agency: it may be made again, or
    cancelled."""
    LIFECYCLE.lock(session, task.remittance)
    _close_attempt(session, task, AttemptOutcome.NEVER_SENT, now)


def mark_unknown(session: Session, task: PayoutTask, *, now: datetime) -> Status:
    """Mark a payout as unknown: the agency's answer was lost, the order may have arrived."""
    remittance = LIFECYCLE.lock(session, task.remittance)
    session.execute(
        update(PayoutAttempt)
        .where(
            PayoutAttempt.remittance_id == task.remittance,
            PayoutAttempt.outcome == AttemptOutcome.SENDING,
        )
        .values(outcome=AttemptOutcome.UNKNOWN)
    )
    doubtful = LIFECYCLE.allows(remittance.status, Status.UNKNOWN)
    if doubtful and has_open_attempt(session, task.remittance):
        LIFECYCLE.move(session, remittance, Status.UNKNOWN, now=now, actor=SYSTEM)
    return Status(remittance.status)


def has_open_attempt(session: Session, remittance: UUID) -> bool:
    """An order may have reached the agency, or may still."""
    attempt = session.scalar(_open_attempts(remittance).limit(1))
    return attempt is not None


def reached_agency(session: Session, remittance: UUID) -> bool:
    """An order is, or may be, at the agency: nobody but the agency can stop it."""
    attempt = session.scalar(
        select(PayoutAttempt.number)
        .where(
            PayoutAttempt.remittance_id == remittance,
            PayoutAttempt.outcome.in_(sorted(OPEN_ATTEMPT | {AttemptOutcome.ANSWERED})),
        )
        .limit(1)
    )
    return attempt is not None


def describe_task(session: Session, remittance: Remittance, vault: Vault) -> PayoutTask:
    """The order of a locked remittance, to ask about. Raises `RecipientForgotten`."""
    return _task(session, remittance, 0, vault)


_BEGIN_ATTEMPT = text(
    """
    INSERT INTO payout_attempts (remittance_id, number, outcome, sent_at)
    VALUES (:remittance, (SELECT coalesce(max(number), 0) + 1 FROM payout_attempts
        WHERE remittance_id = :remittance), :outcome, :now)
    RETURNING number
    """
)


def _begin_attempt(session: Session, remittance: UUID, now: datetime) -> int:
    """The number of the next attempt of a locked remittance, written down."""
    values = {"remittance": remittance, "outcome": AttemptOutcome.SENDING.value, "now": now}
    return int(session.execute(_BEGIN_ATTEMPT, values).scalar_one())


def _task(session: Session, remittance: Remittance, attempt: int, vault: Vault) -> PayoutTask:
    person = remittance.payee
    return PayoutTask(
        step=Step.SEND if attempt else Step.ASK,
        remittance=remittance.id,
        status=Status(remittance.status),
        folio=remittance.folio,
        attempt=attempt,
        funded_at=remittance.funded_at or remittance.registered_at,
        amount_minor=remittance.receive_minor,
        payout=Payout(remittance.payout),
        given_names=person.given_names,
        first_surname=person.first_surname,
        second_surname=person.second_surname,
        account=_account(remittance, vault),
        place=remittance.place_code,
        sender_name=remittance.sender_name,
        concept=CONCEPT if remittance.dues_due_on is None else DUES_CONCEPT,
    )


def _account(remittance: Remittance, vault: Vault) -> str | None:
    if remittance.account_sealed is None:
        return None
    key = find_key(remittance.recipient, vault)
    if key is None:
        raise RecipientForgotten()
    return key.open(remittance.account_sealed, place=ACCOUNT_PLACE, row=remittance.id)


def _open_attempts(remittance: UUID) -> Select[int]:
    return select(PayoutAttempt.number).where(
        PayoutAttempt.remittance_id == remittance, PayoutAttempt.outcome.in_(sorted(OPEN_ATTEMPT))
    )


def _was_answered(session: Session, remittance: UUID) -> bool:
    answered = select(PayoutAttempt.number).where(
        PayoutAttempt.remittance_id == remittance,
        PayoutAttempt.outcome == AttemptOutcome.ANSWERED,
    )
    return session.scalar(answered.limit(1)) is not None


def _may_arrive(session: Session, remittance: UUID, now: datetime) -> bool:
    """An attempt has arrived, or is open and young enough to do so."""
    arrived = PayoutAttempt.outcome == AttemptOutcome.ANSWERED
    under_way = and_(
        PayoutAttempt.outcome.in_(sorted(OPEN_ATTEMPT)),
        PayoutAttempt.sent_at > now - ATTEMPT_MAY_ARRIVE,
    )
    attempt = session.scalar(
        select(PayoutAttempt.number)
        .where(PayoutAttempt.remittance_id == remittance, or_(arrived, under_way))
        .limit(1)
    )
    return attempt is not None


_CLOSE_ATTEMPTS = text(
    """
    UPDATE payout_attempts SET outcome = :outcome, settled_at = :now
    WHERE remittance_id = :remittance AND outcome = ANY (:open)
      AND number = coalesce(CAST(:number AS smallint), number)
    """
)


def _close_attempt(
    session: Session, task: PayoutTask, outcome: AttemptOutcome, now: datetime
) -> None:
    _close_attempts(session, task.remittance, outcome, now, number=task.attempt)


def _close_attempts(
    session: Session,
    remittance: UUID,
    outcome: AttemptOutcome,
    now: datetime,
    *,
    number: int | None = None,
) -> None:
    """Settle the open ones, or that one of them."""
    values = {
        "remittance": remittance,
        "outcome": outcome.value,
        "now": now,
        "open": sorted(OPEN_ATTEMPT),
        "number": number,
    }
    session.execute(_CLOSE_ATTEMPTS, values)


def _learn(session: Session, remittance: Remittance, answer: PayoutAnswer) -> None:
    remittance.agency_reference = answer.agency_reference or remittance.agency_reference
    remittance.branch = answer.branch or remittance.branch
    remittance.reason_code = answer.reason_code or remittance.reason_code
    update_row(session, remittance)


def _report_contradiction(
    session: Session, remittance: Remittance, kind: Kind, answer: PayoutAnswer, now: datetime
) -> None:
    """Pesos that were paid after all are the house's loss so far, and what came back isn't its
    own; both stand in suspense."""
    # In another currency than pesos nobody knows how much it is: what was ordered, so far.
    paid = answer.pesos_minor or remittance.receive_minor
    suspense = paid if kind is Kind.PAID_AFTER_REFUND else -remittance.receive_minor
    detail: dict[str, object] = {"answer": answer.answer, "reason_code": answer.reason_code}
    if answer.differs(remittance.receive_minor):
        detail |= _amount(answer)
    report_contradiction(session, remittance, kind, detail, suspense_minor=suspense, now=now)
    subject = audit.Subject.of("remittance", remittance)
    audit.record(
        session, subject, action=f"remittance.contradiction.{answer.answer}", now=now, actor=SYSTEM
    )


def _settled_difference(
    session: Session, remittance: Remittance, answer: PayoutAnswer, now: datetime
) -> bool:
    """Report another amount or currency than was ordered; where it is said to be paid, the
    difference stands in suspense. True when a person has settled just that already."""
    says_paid = answer.answer is Answer.PAID
    difference = (answer.pesos_minor or 0) - remittance.receive_minor if says_paid else 0
    report_contradiction(
        session,
        remittance,
        Kind.AMOUNT_DIFFERS,
        {"answer": answer.answer, **_amount(answer)},
        suspense_minor=difference,
        now=now,
    )
    return settled_before(session, Kind.AMOUNT_DIFFERS, remittance.id, suspense_minor=difference)


def _amount(answer: PayoutAnswer) -> dict[str, object]:
    """What the agency says that it pays, for a person to read."""
    if answer.amount_minor is None:
        return {"currency": answer.currency}
    return {"amount": format_minor(answer.amount_minor), "currency": answer.currency}
