"""Pay out: write every attempt down before it is made, and take the agency's word afterwards.

An order is sent under our folio, which the agency takes in once. An attempt that nobody settled
(a worker was killed, an answer was lost) is *open*: the order may have arrived or still arrive.
Open attempts are settled by what the agency says of the folio, never by guessing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, or_, select, update
from sqlalchemy.orm import Session

from services.citizens.people import find_key
from services.incidents.rules import Kind
from services.kernel import audit
from services.kernel.audit import SYSTEM
from services.kernel.crypto import Vault
from services.kernel.money import format_minor
from services.kernel.tables import append_numbered
from services.remittances.errors import RecipientForgotten
from services.remittances.lifecycle import LIFECYCLE
from services.remittances.models import PayoutAttempt, Remittance
from services.remittances.ordering import ACCOUNT_PLACE
from services.remittances.rules import (
    ATTEMPT_MAY_ARRIVE,
    FINAL,
    OPEN_ATTEMPT,
    RESENDABLE,
    Answer,
    AttemptOutcome,
    Payout,
    Status,
    Step,
    after_answer,
    believable,
    contradicts,
    day_in_mexico,
    next_day_begins,
)
from services.remittances.suspense import contradict
from services.remittances.tariffs import tariff

CONCEPT = "REMESA"


@dataclass(frozen=True)
class PayoutTask:
    """One order as the agency must hear it, the same to the letter at each sending.

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
    sender_name: str = field(repr=False)
    concept: str = CONCEPT


@dataclass(frozen=True)
class PayoutAnswer:
    """The agency's word on a folio: ``branch`` says where cash waits, ``reason_code`` why not,
    ``amount_minor`` what it pays in centavos, where it tells."""

    answer: Answer
    reason_code: str | None = None
    agency_reference: str | None = None
    branch: str | None = None
    paid_at: datetime | None = None
    amount_minor: int | None = None


def claim_payout(
    session: Session, remittance: UUID, *, now: datetime, vault: Vault
) -> PayoutTask | None:
    """What to do next for this remittance, written down: to be committed before the call.

    At first the pesos are ordered in the ledger. With an open attempt, or once the agency has
    it, the step is to ask. None when it is final or being cancelled. Raises NotFound,
    `RecipientForgotten`.
    """
    found = LIFECYCLE.lock(session, remittance)
    status = Status(found.status)
    if status in FINAL or status is Status.CANCELLING:
        return None
    if status is Status.FUNDED:
        due = now + tariff(session, day_in_mexico(now)).settlement
        LIFECYCLE.move(session, found, Status.SENDING, now=now, actor=SYSTEM, answer_due_at=due)
    elif status not in RESENDABLE or has_open_attempt(session, remittance):
        return _task(session, found, 0, vault)
    return _task(session, found, _begin_attempt(session, remittance, now), vault)


def begin_resend(
    session: Session, remittance: UUID, *, now: datetime, vault: Vault
) -> PayoutTask | None:
    """The agency knows nothing of the folio: write another attempt down, under the same folio.

    None when meanwhile somebody else learned what became of it. To be committed before the call.
    """
    found = LIFECYCLE.lock(session, remittance)
    if Status(found.status) not in RESENDABLE:
        return None
    return _task(session, found, _begin_attempt(session, remittance, now), vault)


def settle_payout(
    session: Session, remittance: UUID, heard: PayoutAnswer, *, now: datetime
) -> Status:
    """Take the agency's word and post what it means; returns the status afterwards.

    It settles every open attempt: the agency has the folio, so that a late one is a repeat. Old
    news changes nothing; what can't be (paid after it was given back, another amount than was
    ordered) becomes an incident, with its money in suspense.
    """
    found = LIFECYCLE.lock(session, remittance)
    before = Status(found.status)
    _close_attempts(session, remittance, AttemptOutcome.ANSWERED, now)
    kind = contradicts(before, heard.answer)
    if kind is not None:
        _report_contradiction(session, found, kind, heard, now)
        return before
    _learn(session, found, heard)
    after = after_answer(before, heard.answer)
    if after is not before:
        told = _told(found, after, heard, now)
        LIFECYCLE.move(session, found, after, now=now, actor=SYSTEM, **told)
    _report_amount(session, found, heard, now)
    return after


def _told(found: Remittance, after: Status, heard: PayoutAnswer, now: datetime) -> dict[str, Any]:
    """Return the columns that follow from the agency's answer."""
    if after is Status.PAID:
        good = believable(heard.paid_at, found.funded_at, now)
        return {"paid_at": heard.paid_at if good else now}
    if after is Status.AVAILABLE and found.collect_until is not None:
        # Cash waits as long as it may be collected; then the agency says what became of it.
        return {"answer_due_at": next_day_begins(found.collect_until)}
    return {}


def settle_refusal(session: Session, task: PayoutTask, reason_code: str, *, now: datetime) -> bool:
    """The agency didn't take this attempt in: everything goes back. False when it must wait.

    It isn't the last word while another attempt may still arrive, nor when one did.
    """
    LIFECYCLE.lock(session, task.remittance)
    _close_attempt(session, task, AttemptOutcome.REFUSED, now)
    if _may_arrive(session, task.remittance, now):
        return False
    heard = PayoutAnswer(Answer.REFUSED, reason_code=reason_code)
    return settle_payout(session, task.remittance, heard, now=now) in FINAL


def settle_absence(session: Session, remittance: UUID, *, now: datetime) -> Status:
    """Asked to cancel, the agency knows nothing of the folio; returns the status afterwards.

    Everything goes back once no attempt can arrive any more; until then it has to be asked again,
    for an order that arrives after the money went back would be paid out of nobody's pocket.
    """
    found = LIFECYCLE.lock(session, remittance)
    if Status(found.status) is Status.CANCELLING and not _may_arrive(session, remittance, now):
        _close_attempts(session, remittance, AttemptOutcome.NEVER_SENT, now)
        LIFECYCLE.move(session, found, Status.CANCELLED, now=now, actor=SYSTEM)
    return Status(found.status)


def put_back(session: Session, task: PayoutTask, *, now: datetime) -> None:
    """This attempt certainly never reached the agency: it may be made again, or cancelled."""
    LIFECYCLE.lock(session, task.remittance)
    _close_attempt(session, task, AttemptOutcome.NEVER_SENT, now)


def mark_unknown(session: Session, task: PayoutTask, *, now: datetime) -> Status:
    """Mark a payout as unknown: the agency's answer was lost, the order may have arrived."""
    found = LIFECYCLE.lock(session, task.remittance)
    session.execute(
        update(PayoutAttempt)
        .where(
            PayoutAttempt.remittance_id == task.remittance,
            PayoutAttempt.outcome == AttemptOutcome.SENDING,
        )
        .values(outcome=AttemptOutcome.UNKNOWN)
    )
    if Status(found.status) is Status.SENDING:
        LIFECYCLE.move(session, found, Status.UNKNOWN, now=now, actor=SYSTEM)
    return Status(found.status)


def has_open_attempt(session: Session, remittance: UUID) -> bool:
    """An order may have reached the agency, or may still."""
    found = session.scalar(_open_attempts(remittance).limit(1))
    return found is not None


def reached_agency(session: Session, remittance: UUID) -> bool:
    """An order is, or may be, at the agency: nobody but the agency can stop it."""
    found = session.scalar(
        select(PayoutAttempt.number)
        .where(
            PayoutAttempt.remittance_id == remittance,
            PayoutAttempt.outcome.in_(sorted(OPEN_ATTEMPT | {AttemptOutcome.ANSWERED})),
        )
        .limit(1)
    )
    return found is not None


def describe_task(session: Session, found: Remittance, vault: Vault) -> PayoutTask:
    """The order of a locked remittance, to ask about. Raises `RecipientForgotten`."""
    return _task(session, found, 0, vault)


def _begin_attempt(session: Session, remittance: UUID, now: datetime) -> int:
    return append_numbered(
        session,
        PayoutAttempt,
        {
            "remittance_id": remittance,
            "outcome": AttemptOutcome.SENDING,
            "sent_at": now,
        },
        owner="remittance_id",
        number="number",
    )


def _task(session: Session, found: Remittance, attempt: int, vault: Vault) -> PayoutTask:
    person = found.recipient
    return PayoutTask(
        step=Step.SEND if attempt else Step.ASK,
        remittance=found.id,
        status=Status(found.status),
        folio=found.folio,
        attempt=attempt,
        funded_at=found.funded_at,
        amount_minor=found.receive_minor,
        payout=Payout(found.payout),
        given_names=person.given_names,
        first_surname=person.first_surname,
        second_surname=person.second_surname,
        account=_account(found, vault),
        sender_name=found.sender_name,
    )


def _account(found: Remittance, vault: Vault) -> str | None:
    if found.account_sealed is None:
        return None
    key = find_key(found.recipient, vault)
    if key is None:
        raise RecipientForgotten()
    return key.open(found.account_sealed, place=ACCOUNT_PLACE, row=found.id)


def _open_attempts(remittance: UUID) -> Select[int]:
    return select(PayoutAttempt.number).where(
        PayoutAttempt.remittance_id == remittance, PayoutAttempt.outcome.in_(sorted(OPEN_ATTEMPT))
    )


def _may_arrive(session: Session, remittance: UUID, now: datetime) -> bool:
    """An attempt has arrived, or is open and young enough to do so."""
    arrived = PayoutAttempt.outcome == AttemptOutcome.ANSWERED
    under_way = and_(
        PayoutAttempt.outcome.in_(sorted(OPEN_ATTEMPT)),
        PayoutAttempt.sent_at > now - ATTEMPT_MAY_ARRIVE,
    )
    found = session.scalar(
        select(PayoutAttempt.number)
        .where(PayoutAttempt.remittance_id == remittance, or_(arrived, under_way))
        .limit(1)
    )
    return found is not None


def _close_attempt(
    session: Session, task: PayoutTask, outcome: AttemptOutcome, now: datetime
) -> None:
    session.execute(
        update(PayoutAttempt)
        .where(
            PayoutAttempt.remittance_id == task.remittance,
            PayoutAttempt.number == task.attempt,
            PayoutAttempt.outcome.in_(sorted(OPEN_ATTEMPT)),
        )
        .values(outcome=outcome, settled_at=now)
    )


def _close_attempts(
    session: Session, remittance: UUID, outcome: AttemptOutcome, now: datetime
) -> None:
    session.execute(
        update(PayoutAttempt)
        .where(
            PayoutAttempt.remittance_id == remittance,
            PayoutAttempt.outcome.in_(sorted(OPEN_ATTEMPT)),
        )
        .values(outcome=outcome, settled_at=now)
    )


def _learn(session: Session, found: Remittance, heard: PayoutAnswer) -> None:
    found.agency_reference = heard.agency_reference or found.agency_reference
    found.branch = heard.branch or found.branch
    found.reason_code = heard.reason_code or found.reason_code
    session.flush()


def _report_contradiction(
    session: Session, found: Remittance, kind: Kind, heard: PayoutAnswer, now: datetime
) -> None:
    """Pesos that were paid after all are the house's loss so far, and what came back isn't its
    own; both stand in suspense."""
    paid = found.receive_minor if heard.amount_minor is None else heard.amount_minor
    suspense = paid if kind is Kind.PAID_AFTER_REFUND else -found.receive_minor
    detail: dict[str, object] = {"answer": heard.answer, "reason_code": heard.reason_code}
    contradict(session, found, kind, detail, suspense_minor=suspense, now=now)
    subject = audit.Subject.of("remittance", found)
    audit.record(
        session, subject, action=f"remittance.contradiction.{heard.answer}", now=now, actor=SYSTEM
    )


def _report_amount(session: Session, found: Remittance, heard: PayoutAnswer, now: datetime) -> None:
    """Another amount than was ordered: once it is paid, the difference stands in suspense."""
    told = heard.amount_minor
    if told is None or told == found.receive_minor:
        return
    paid = Status(found.status) is Status.PAID
    contradict(
        session,
        found,
        Kind.AMOUNT_DIFFERS,
        {"answer": heard.answer, "amount": format_minor(told)},
        suspense_minor=told - found.receive_minor if paid else 0,
        now=now,
    )
