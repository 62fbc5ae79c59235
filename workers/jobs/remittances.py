"""Pay remittances out through Finabien, ask until it is final, and cancel.

One chain of items a remittance: each ends its item and, unless that was the last word, puts the
next one into the outbox in the same transaction. Callbacks are questions beside the chain, so
that a lost callback costs time and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from integrations import contracts
from integrations.contracts import PayoutChannel, PayoutOrder, PayoutState, PayoutStatus
from integrations.errors import AgencyError, OutcomeUnknown, Refused, Retryable, Throttled
from integrations.registry import Purpose
from services.incidents.reporting import Report, report
from services.incidents.rules import Kind, Subject
from services.kernel.crypto import Vault
from services.outbox.delivery import Lease, end_waiting, enqueue, hurry
from services.outbox.inbox import get_message
from services.remittances.advancing import claim_next, is_unpaid, settle_and_claim
from services.remittances.cancelling import claim_cancel
from services.remittances.credit import CreditKind, CreditProof, Identification
from services.remittances.errors import PayoutsStopped
from services.remittances.funding import ChargeAnswer, ChargeTask
from services.remittances.payout import (
    CURRENCY,
    PayoutAnswer,
    PayoutTask,
    begin_resend,
    mark_unknown,
    put_back,
    settle_absence,
    settle_payout,
    settle_refusal,
)
from services.remittances.queries import find_spoken_of, get_remittance
from services.remittances.rules import (
    FINAL,
    IN_PAYOUT,
    PAID_OUT_FROM,
    Answer,
    ChargeStatus,
    Next,
    Reply,
    Status,
    Step,
    next_step,
)
from services.remittances.screening import list_outdated
from services.remittances.screening import screen_again as screen_one_again
from workers.agencies import code_of
from workers.jobs import incidents, payments
from workers.pauses import FIRST_QUESTION_SECONDS, first_pause, pause_after
from workers.runtime import JobContext, retry_delay
from workers.steps import Claim, Parts, RetryLater, Settled, run_steps

Task = TypeVar("Task")

AGENCY = code_of(Purpose.PAYOUTS)
PAYOUT = "remittances.payout"
CANCEL = "remittances.cancel"
REFRESH = "enrollments.refresh"
# Cash waits for a person, and a callback tells when it was collected.
SHORTEST_BRANCH_PAUSE_SECONDS = 60.0
STOPPED_SECONDS = 60.0
SCREENED_TOGETHER = 200
# The agency has an order under this folio that differs from ours: what it has is what counts.
KEY_REUSED = "key_reused"


@dataclass(frozen=True)
class _Answer:
    """What came of a call: the agency's ``state``, or the ``error`` in place of it."""

    reply: Reply
    state: PayoutState | None = None
    error: AgencyError | None = None


def submit_payout(job: JobContext, lease: Lease) -> Parts[Any]:
    """Have the sender pay, send the order, or ask what became of either: whichever the remittance's
    state calls for. What is paid for at once is sent at once."""

    def claim(session: Session, now: datetime) -> ChargeTask | PayoutTask | Settled | None:
        return _unless_stopped(
            lease.ref, lambda: claim_next(session, lease.ref, now=now, vault=job.vault)
        )

    def agency_now(session: Session) -> str:
        return payments.AGENCY if is_unpaid(session, lease.ref) else AGENCY

    return Parts(
        claim,
        _call_either,
        _agency_of,
        within_lease=True,
        untried=_unsend,
        agency_now=agency_now,
    )


def _unsend(task: ChargeTask | PayoutTask, session: Session, now: datetime) -> None:
    """The attempt that was written down wasn't made. A charge is asked about before it is made
    again."""
    if isinstance(task, PayoutTask) and task.step is Step.SEND:
        put_back(session, task, now=now)


def _agency_of(task: ChargeTask | PayoutTask) -> str:
    return AGENCY if isinstance(task, PayoutTask) else payments.AGENCY


def _call_either(
    job: JobContext, task: ChargeTask | PayoutTask
) -> Claim[Any] | Settled | RetryLater:
    if isinstance(task, PayoutTask):
        return _call(job, task)
    answer = payments.call(job, task)
    if answer is None:
        return payments.come_back(task)
    if answer.status is not ChargeStatus.PAID:
        return payments.settled(job, task, answer)
    return Claim(
        partial(_go_on_paid, job.vault, task, answer), partial(payments.keep, task, answer)
    )


def _go_on_paid(
    vault: Vault, task: ChargeTask, answer: ChargeAnswer, session: Session, now: datetime
) -> PayoutTask | Settled:
    """The payment and the payout's order, in one transaction."""
    following = _unless_stopped(
        task.remittance,
        lambda: settle_and_claim(session, task.remittance, answer, now=now, vault=vault),
    )
    return following or Settled("moot")


def _unless_stopped(remittance: UUID, claim: Callable[[], Task | None]) -> Task | Settled | None:
    try:
        return claim()
    except PayoutsStopped as stopped:
        return Settled(stopped.code, partial(_wait, remittance))


def cancel(job: JobContext, lease: Lease) -> None:
    """Have the provider or the agency stop it, and take their word for what became of it."""

    def claim(session: Session, now: datetime) -> ChargeTask | PayoutTask | None:
        task = claim_cancel(session, lease.ref, now=now, vault=job.vault)
        return replace(task, step=Step.CANCEL) if isinstance(task, PayoutTask) else task

    run_steps(job, lease, claim, _call_to_stop, agency=_agency_of)


def _call_to_stop(
    job: JobContext, task: ChargeTask | PayoutTask
) -> Claim[Any] | Settled | RetryLater:
    if isinstance(task, PayoutTask):
        return _call(job, task)
    answer = payments.call(job, task)
    return RetryLater() if answer is None else payments.settled(job, task, answer)


def screen_again(job: JobContext, lease: Lease) -> None:
    """Compare what is at the agency with the lists, which have changed since: one transaction each,
    so that nobody waits for all of them."""
    with job.transaction() as session:
        outdated = list_outdated(session, most=SCREENED_TOGETHER)
    for remittance in outdated:
        with job.transaction() as session:
            screen_one_again(session, remittance, now=job.now(session))
    with job.settle(lease, f"screened_{len(outdated)}"):
        return


def tell_enrollment(job: JobContext, lease: Lease) -> None:
    """Dues were paid: the institute is asked at once whether it knows, and decides by itself."""
    with job.settle(lease, "asked") as session:
        enrollment = get_remittance(session, lease.ref).enrollment_id
        if enrollment is not None:
            hurry(session, REFRESH, enrollment)


def take_callback(_job: JobContext, lease: Lease) -> Parts[Any]:
    """The agency says that something changed. Only what it answers when asked counts."""

    def claim(session: Session, now: datetime) -> Any:
        message = get_message(session, lease.ref)
        remittance = find_spoken_of(session, message.folio, message.reference)
        return remittance or incidents.not_found(session, lease, now)

    return Parts(claim, _ask_beside, AGENCY)


def _ask_beside(job: JobContext, remittance: Any) -> Settled:
    """A final one is asked about as well: what mustn't be has to come to light."""
    state = job.agencies.payouts.status(remittance.folio)
    incidents.note_dropped(job, AGENCY, state.dropped)

    def write(session: Session, now: datetime) -> None:
        if state.status is PayoutStatus.NOT_FOUND:
            return
        if settle_payout(session, remittance.id, _answer(state), now=now) in FINAL:
            end_waiting(session, PAYOUT, remittance.id)

    return Settled(state.status, write)


def _call(job: JobContext, task: PayoutTask) -> Claim[PayoutTask] | Settled | RetryLater:
    return _follow(job, task, _call_agency(job, task))


def _call_agency(job: JobContext, task: PayoutTask) -> _Answer:
    """Call the agency. Refused flies where the question was only what became of it."""
    payouts = job.agencies.payouts
    try:
        match task.step:
            case Step.SEND:
                state = payouts.submit(payout_order(task))
            case Step.CANCEL:
                state = payouts.cancel(task.folio)
            case Step.ASK:
                state = payouts.status(task.folio)
    except Retryable as error:
        return _Answer(Reply.NEVER_SENT, error=error)
    except OutcomeUnknown as error:
        return _Answer(Reply.LOST, error=error)
    except Refused as error:
        if task.step is Step.ASK:
            raise
        reused = error.code == KEY_REUSED
        return _Answer(Reply.KEY_REUSED if reused else Reply.REFUSED, error=error)
    incidents.note_dropped(job, AGENCY, state.dropped)
    absent = state.status is PayoutStatus.NOT_FOUND
    return _Answer(Reply.NOT_FOUND if absent else Reply.SAID, state)


def _follow(
    job: JobContext, task: PayoutTask, answer: _Answer
) -> Claim[PayoutTask] | Settled | RetryLater:
    """How the item goes on, by `next_step`."""
    code = answer.error.code if answer.error else ""
    if isinstance(answer.error, Refused) and (task.step is Step.CANCEL or code == KEY_REUSED):
        _report_refusal(job, task, answer.error)
    following = next_step(task.step, task.status, answer.reply)
    match following:
        case Next.RESEND:
            return Claim(partial(_resend, job.vault, task))
        case Next.ASK:
            return _follow(job, task, _call_agency(job, replace(task, step=Step.ASK)))
        case Next.RETRY:
            if isinstance(answer.error, Retryable):
                raise answer.error
            return RetryLater()
    return _settled(job, task, answer, following, code)


def _settled(
    job: JobContext, task: PayoutTask, answer: _Answer, following: Next, code: str
) -> Settled:
    """How the item ends, and what is written with it."""
    match following:
        case Next.TAKE_REFUSAL:
            return Settled(f"refused_{code}", partial(_take_refusal, task, code))
        case Next.PUT_BACK:
            return Settled(f"never_sent_{code}", partial(_put_back, task, answer.error))
        case Next.MARK_UNKNOWN:
            prefix = "unanswered_" if task.step is Step.ASK else ""
            return Settled(f"unknown_{prefix}{code}", partial(_mark_unknown, task))
    return _take_state(job, task, answer.state)


def _take_state(job: JobContext, task: PayoutTask, state: PayoutState | None) -> Settled:
    """What the agency has under the folio, or that it has nothing, and the next question."""
    if state is None:
        raise ValueError("there is no word to take")
    cancelling = task.step is Step.CANCEL

    def write(session: Session, now: datetime) -> None:
        if state.status is PayoutStatus.NOT_FOUND:
            after = settle_absence(session, task.remittance, now=now)
        else:
            after = settle_payout(session, task.remittance, _answer(state), now=now)
        # Who cancels has a chain of items of its own.
        taken_in = after is Status.SUBMITTED
        shortest = first_pause(job, AGENCY) if taken_in else FIRST_QUESTION_SECONDS
        pause = _pause(now, task, after, shortest=shortest)
        if cancelling and after in IN_PAYOUT:
            enqueue(session, CANCEL, task.remittance, delay_seconds=pause)
        elif after in PAID_OUT_FROM:
            enqueue(session, PAYOUT, task.remittance, delay_seconds=pause)

    return Settled(state.status, write)


def _resend(
    vault: Vault, task: PayoutTask, session: Session, now: datetime
) -> PayoutTask | Settled:
    """What never arrived is sent again, under the same folio."""
    try:
        again = begin_resend(session, task.remittance, now=now, vault=vault)
    except PayoutsStopped as stopped:
        return Settled(stopped.code, partial(_wait, task.remittance))
    return again or Settled("overtaken", partial(_come_back, task, task.status))


def _wait(remittance: UUID, session: Session, _now: datetime) -> None:
    """The books differ: it stays as it is, and is looked at again."""
    enqueue(session, PAYOUT, remittance, delay_seconds=STOPPED_SECONDS)


def _put_back(task: PayoutTask, error: AgencyError | None, session: Session, now: datetime) -> None:
    delay = retry_delay(task.attempt)
    if isinstance(error, Throttled):
        delay = max(delay, error.retry_after)
    put_back(session, task, now=now)
    enqueue(session, PAYOUT, task.remittance, delay_seconds=delay)


def _mark_unknown(task: PayoutTask, session: Session, now: datetime) -> None:
    _come_back(task, mark_unknown(session, task, now=now), session, now)


def _take_refusal(task: PayoutTask, code: str, session: Session, now: datetime) -> None:
    if not settle_refusal(session, task, code, now=now):
        _come_back(task, task.status, session, now)


def _come_back(task: PayoutTask, status: Status, session: Session, now: datetime) -> None:
    enqueue(session, PAYOUT, task.remittance, delay_seconds=_pause(now, task, status))


def _report_refusal(job: JobContext, task: PayoutTask, refusal: Refused) -> None:
    """A known code that settles nothing: a person looks at it, the questions go on."""
    kind = Kind.KEY_REUSED if refusal.code == KEY_REUSED else Kind.CANCEL_REFUSED
    detail = {"operation": refusal.operation, "code": refusal.code}
    with job.transaction() as session:
        incident = Report(kind, Subject.REMITTANCE, task.remittance, detail)
        report(session, incident, now=job.now(session))


def _pause(
    now: datetime, task: PayoutTask, status: Status, *, shortest: float = FIRST_QUESTION_SECONDS
) -> float:
    """Seconds until the next question."""
    if status is Status.AVAILABLE:
        shortest = SHORTEST_BRANCH_PAUSE_SECONDS
    return pause_after(now - task.funded_at, shortest=shortest)


def payout_order(task: PayoutTask) -> PayoutOrder:
    """The order as the agency's adapter takes it."""
    return PayoutOrder(
        folio=task.folio,
        amount_minor=task.amount_minor,
        channel=PayoutChannel(task.payout),
        beneficiary_given_names=task.given_names,
        beneficiary_first_surname=task.first_surname,
        beneficiary_second_surname=task.second_surname,
        account=task.account,
        sender_name=task.sender_name,
        concept=task.concept,
        branch=task.place,
    )


def _answer(state: PayoutState) -> PayoutAnswer:
    """In our words. ValueError for ``not_found``, which is no word on an order."""
    return PayoutAnswer(
        answer=Answer(state.status),
        reason_code=state.reason_code,
        agency_reference=state.agency_reference,
        branch=state.branch,
        paid_at=state.paid_at,
        amount_minor=state.amount_minor,
        currency=state.currency or CURRENCY,
        credit=_credit(state.credit),
    )


def _credit(proof: contracts.CreditProof | None) -> CreditProof | None:
    if proof is None:
        return None
    shown = proof.identification
    return CreditProof(
        kind=CreditKind(proof.kind),
        reference=proof.reference,
        credited_on=proof.credited_on,
        bank=proof.bank,
        certificate=proof.certificate,
        identification=Identification(shown) if shown else None,
    )
