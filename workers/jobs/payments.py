"""Have senders pay, ask what became of it, and give their money back, through the provider.

Its answers are keyed by our folio and may be asked for again, so that nothing is charged or given
back twice. Callbacks are questions beside the chain of items.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from integrations import contracts
from integrations.errors import OutcomeUnknown, Refused
from integrations.registry import Purpose
from services.incidents.reporting import Report, report
from services.incidents.rules import Kind, Subject
from services.outbox.delivery import Lease, enqueue, hurry
from services.outbox.inbox import get_message
from services.remittances.funding import (
    ChargeAnswer,
    ChargeStep,
    ChargeTask,
    find_charge,
    settle_charge,
)
from services.remittances.parts import list_parts
from services.remittances.refunding import RefundTask, claim_refund
from services.remittances.remedying import (
    RemedyAnswer,
    RemedyTask,
    claim_remedy,
    settle_remedy,
)
from services.remittances.rules import NOT_BACK_YET, READY, UNPAID, ChargeStatus, RemedyState
from workers.agencies import code_of
from workers.jobs import incidents
from workers.pauses import FIRST_QUESTION_SECONDS, first_pause, pause_after
from workers.runtime import JobContext
from workers.steps import RetryLater, Settled, run_steps

AGENCY = code_of(Purpose.PAYMENTS)
PAYOUT = "remittances.payout"
REFUND = "remittances.refund"
REFUND_PAUSE_SECONDS = 60.0
State = TypeVar("State", contracts.ChargeState, contracts.PartState)


def call(job: JobContext, task: ChargeTask) -> ChargeAnswer | None:
    """Call the provider; None where its answer was lost, so that it has to be asked."""
    provider = job.agencies.payments
    try:
        match task.step:
            case ChargeStep.CHARGE:
                state = provider.charge(_order(task))
            case ChargeStep.STOP:
                state = provider.void(task.folio)
            case ChargeStep.ASK:
                state = provider.status(task.folio)
                if state.status is contracts.ChargeWord.NOT_FOUND:
                    state = provider.charge(_order(task))
    except OutcomeUnknown:
        return None
    except Refused as refusal:
        # One that arrives after it was stopped is refused, as it should be.
        if refusal.code != "voided":
            _report_refusal(job, task.remittance, refusal)
        return None
    incidents.note_dropped(job, AGENCY, state.dropped)
    return _answer(state)


def settled(job: JobContext, task: ChargeTask, answer: ChargeAnswer) -> Settled:
    """Take the provider's word; while the sender hasn't paid, it is asked again."""

    def write(session: Session, now: datetime) -> None:
        after = settle_charge(session, task.remittance, answer, now=now)
        if after in UNPAID | READY:
            _ask_again(task, first_pause(job, AGENCY), session, now)

    return Settled(answer.status, write)


def keep(task: ChargeTask, answer: ChargeAnswer, session: Session, now: datetime) -> None:
    """The sender has paid, and the agency isn't to be called now: the item comes again."""
    settle_charge(session, task.remittance, answer, now=now)


def come_back(task: ChargeTask) -> Settled:
    """The answer was lost: it is asked for by the folio."""
    return Settled("unknown", partial(_ask_again, task, FIRST_QUESTION_SECONDS))


def refund(job: JobContext, lease: Lease) -> None:
    """Have the provider give it back, once."""

    def claim(session: Session, now: datetime) -> RefundTask | None:
        return claim_refund(session, lease.ref, now=now)

    run_steps(job, lease, claim, _give_back, agency=AGENCY)


def _give_back(job: JobContext, task: RefundTask) -> Settled | RetryLater:
    provider = job.agencies.payments

    def give() -> contracts.ChargeState:
        if task.part is None:
            return provider.refund(task.folio, task.amount_minor)
        provider.refund_part(contracts.PartOrder(task.folio, task.part, task.amount_minor))
        # Its word on the whole says which parts were given back, and whether the bank was faster.
        return provider.status(task.folio)

    state = _tell(job, task.remittance, give)
    if state is None:
        return RetryLater()

    def write(session: Session, now: datetime) -> None:
        after = settle_charge(session, task.remittance, _answer(state), now=now)
        if after in NOT_BACK_YET:
            enqueue(session, REFUND, task.remittance, delay_seconds=REFUND_PAUSE_SECONDS)

    return Settled(state.status, write)


def give_remedy(job: JobContext, lease: Lease) -> None:
    """Have the provider give back what is owed for an error, once."""

    def claim(session: Session, now: datetime) -> RemedyTask | None:
        return claim_remedy(session, lease.ref, now=now)

    run_steps(job, lease, claim, _give_part, agency=AGENCY)


def _give_part(job: JobContext, task: RemedyTask) -> Settled | RetryLater:
    provider, order = (
        job.agencies.payments,
        contracts.PartOrder(task.charge, task.key, task.amount_minor),
    )

    def give() -> contracts.PartState:
        if task.asked:
            known = provider.part_status(order)
            if known.status is not contracts.PartWord.NOT_FOUND:
                return known
        return provider.refund_part(order)

    state = _tell(job, task.remittance, give)
    if state is None:
        return RetryLater()
    answer = RemedyAnswer(RemedyState(state.status), state.amount_minor, state.currency)
    return Settled(
        state.status, lambda session, now: settle_remedy(session, task.id, answer, now=now)
    )


def _tell(job: JobContext, remittance: UUID, give: Callable[[], State]) -> State | None:
    """The provider's word; None where it is lost, or a refusal that a person looks at."""
    try:
        state = give()
    except OutcomeUnknown:
        return None
    except Refused as refusal:
        _report_refusal(job, remittance, refusal)
        return None
    incidents.note_dropped(job, AGENCY, state.dropped)
    return state


def take_callback(job: JobContext, lease: Lease) -> None:
    """The provider says that something changed. Only what it answers when asked counts."""

    def claim(session: Session, now: datetime) -> ChargeTask | Settled:
        message = get_message(session, lease.ref)
        charge = find_charge(session, message.folio, message.reference)
        return charge or incidents.not_found(session, lease, now)

    run_steps(job, lease, claim, _ask_beside, agency=AGENCY)


def _ask_beside(job: JobContext, task: ChargeTask) -> Settled:
    state = job.agencies.payments.status(task.folio)
    incidents.note_dropped(job, AGENCY, state.dropped)

    def write(session: Session, now: datetime) -> None:
        if state.status is contracts.ChargeWord.NOT_FOUND:
            return
        settle_charge(session, task.remittance, _answer(state), now=now)
        for part in list_parts(session, task.remittance):
            if part.status in READY:
                hurry(session, PAYOUT, part.id)

    return Settled(state.status, write)


def _ask_again(task: ChargeTask, shortest: float, session: Session, now: datetime) -> None:
    """A quarter of its age from now, within bounds, and as soon as its term is over."""
    left = max((task.expires_at - now).total_seconds(), FIRST_QUESTION_SECONDS)
    pause = min(pause_after(now - task.registered_at, shortest=shortest), left)
    enqueue(session, PAYOUT, task.remittance, delay_seconds=pause)


def _report_refusal(job: JobContext, remittance: UUID, refusal: Refused) -> None:
    """A known code that settles nothing: a person looks at it, the questions go on."""
    detail = {"operation": refusal.operation, "code": refusal.code}
    with job.transaction() as session:
        incident = Report(Kind.FUNDING_CONTRADICTS, Subject.REMITTANCE, remittance, detail)
        report(session, incident, now=job.now(session))


def _order(task: ChargeTask) -> contracts.ChargeOrder:
    return contracts.ChargeOrder(
        task.folio, task.amount_minor, contracts.ChargeMethod(task.funding), task.expires_at
    )


def _answer(state: contracts.ChargeState) -> ChargeAnswer:
    """In our words. ValueError for ``not_found``, which is no word on a charge."""
    return ChargeAnswer(
        status=ChargeStatus(state.status),
        amount_minor=state.amount_minor,
        currency=state.currency,
        reason_code=state.reason_code,
        provider_reference=state.provider_reference,
        pay_address=state.pay_address,
        pay_reference=state.pay_reference,
        refunded=state.refunded,
        refunds=state.refunds,
    )
