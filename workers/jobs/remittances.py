"""Pay remittances out through Finabien, ask until it is final, and cancel.

One chain of items a remittance: each ends its item and, unless that was the last word, puts the
next one into the outbox in the same transaction. Callbacks are questions beside the chain, so
that a lost callback costs time and nothing else.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from integrations.contracts import PayoutChannel, PayoutOrder, PayoutState, PayoutStatus
from integrations.errors import OutcomeUnknown, Refused, Retryable, Throttled
from integrations.registry import Purpose, serving
from services.incidents.reporting import Report, report
from services.incidents.rules import Kind, Subject
from services.outbox.delivery import Lease, enqueue
from services.outbox.inbox import find_folio
from services.remittances.cancelling import claim_cancel
from services.remittances.payout import (
    PayoutAnswer,
    PayoutTask,
    Step,
    begin_resend,
    claim_payout,
    mark_unknown,
    put_back,
    settle_absence,
    settle_payout,
    settle_refusal,
)
from services.remittances.queries import find_by_folio, get_remittance
from services.remittances.rules import FINAL, RESENDABLE, Answer, Status
from workers.jobs import incidents
from workers.runtime import JobContext, LeaseLost, retry_delay

[AGENCY] = [agency.code for agency in serving(Purpose.PAYOUTS)]
PAYOUT = "remittances.payout"
CANCEL = "remittances.cancel"
FIRST_QUESTION_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 900.0
# Cash waits for a person, and a callback tells when it was collected.
SHORTEST_BRANCH_PAUSE_SECONDS = 60.0
# The agency has an order under this folio that differs from ours: what it has is what counts.
KEY_REUSED = "key_reused"


def submit_payout(job: JobContext, lease: Lease) -> None:
    """Send the order, or ask what became of it: whichever the remittance's state calls for."""
    started = time.monotonic()
    with job.transaction() as session:
        task = claim_payout(session, lease.ref, now=job.now(session), vault=job.vault)
    if task is None:
        _end(job, lease, "moot")
    elif task.step is Step.SEND:
        _send(job, lease, task, started)
    else:
        _ask(job, lease, task, started)


def take_callback(job: JobContext, lease: Lease) -> None:
    """The agency says that something changed. Only what it answers when asked counts."""
    with job.transaction() as session:
        remittance = find_by_folio(session, find_folio(session, lease.ref) or "")
        folio = get_remittance(session, remittance).folio if remittance else ""
    if remittance is None:
        incidents.report_unmatched(job, lease)
        return
    # A final one is asked about as well: what mustn't be has to come to light.
    state = job.agencies.payouts.status(folio)
    incidents.note_dropped(job, AGENCY, state.dropped)
    with job.settle(lease, state.status) as session:
        if state.status is not PayoutStatus.NOT_FOUND:
            settle_payout(session, remittance, _answer(state), now=job.now(session))


def cancel(job: JobContext, lease: Lease) -> None:
    """Have the agency stop it, and take its word for what became of it."""
    with job.transaction() as session:
        task = claim_cancel(session, lease.ref, now=job.now(session), vault=job.vault)
    if task is None:
        _end(job, lease, "moot")
        return
    try:
        state = job.agencies.payouts.cancel(task.folio)
    except OutcomeUnknown:
        # Cancelling twice is cancelling once: ask again until the answer gets through.
        job.retry_later(lease)
        return
    except Refused as refusal:
        # It won't hear of it: what it has under the folio is what counts.
        _report_refusal(job, lease, task, refusal)
        state = job.agencies.payouts.status(task.folio)
    incidents.note_dropped(job, AGENCY, state.dropped)
    with job.settle(lease, state.status) as session:
        now = job.now(session)
        if state.status is PayoutStatus.NOT_FOUND:
            after = settle_absence(session, task.remittance, now=now)
        else:
            after = settle_payout(session, task.remittance, _answer(state), now=now)
        if after not in FINAL:
            enqueue(session, CANCEL, task.remittance, delay_seconds=_pause(now, task, after))


def _send(job: JobContext, lease: Lease, task: PayoutTask, started: float) -> None:
    """Call the agency with an attempt that is written down; every ending settles that attempt."""
    # Whoever was asleep for longer than the lease must not send: somebody else is at it.
    if time.monotonic() - started > job.lease_seconds:
        raise LeaseLost(lease.id)
    try:
        state = job.agencies.payouts.submit(_order(task))
    except Retryable as error:
        _never_sent(job, lease, task, error)
    except OutcomeUnknown as lost:
        _unknown(job, lease, task, lost.code)
    except Refused as refusal:
        _refused(job, lease, task, refusal)
    else:
        _settle(job, lease, task, state)


def _ask(job: JobContext, lease: Lease, task: PayoutTask, started: float) -> None:
    """Ask by folio; what never arrived is sent again, under the same folio."""
    try:
        state = job.agencies.payouts.status(task.folio)
    except Retryable as error:
        if task.status not in RESENDABLE:
            raise
        _unknown(job, lease, task, f"unanswered_{error.code}")
        return
    if state.status is not PayoutStatus.NOT_FOUND:
        _settle(job, lease, task, state)
        return
    with job.transaction() as session:
        again = begin_resend(session, task.remittance, now=job.now(session), vault=job.vault)
    if again is None:
        _come_back(job, lease, task, "overtaken")
    else:
        _send(job, lease, again, started)


def _settle(job: JobContext, lease: Lease, task: PayoutTask, state: PayoutState) -> None:
    incidents.note_dropped(job, AGENCY, state.dropped)
    with job.settle(lease, state.status) as session:
        now = job.now(session)
        after = settle_payout(session, task.remittance, _answer(state), now=now)
        if after not in FINAL and after is not Status.CANCELLING:
            enqueue(session, PAYOUT, task.remittance, delay_seconds=_pause(now, task, after))


def _never_sent(job: JobContext, lease: Lease, task: PayoutTask, error: Retryable) -> None:
    delay = retry_delay(task.attempt)
    if isinstance(error, Throttled):
        delay = max(delay, error.retry_after)
    with job.settle(lease, f"never_sent_{error.code}") as session:
        put_back(session, task, now=job.now(session))
        enqueue(session, PAYOUT, task.remittance, delay_seconds=delay)


def _unknown(job: JobContext, lease: Lease, task: PayoutTask, code: str) -> None:
    with job.settle(lease, f"unknown_{code}") as session:
        now = job.now(session)
        after = mark_unknown(session, task, now=now)
        enqueue(session, PAYOUT, task.remittance, delay_seconds=_pause(now, task, after))


def _refused(job: JobContext, lease: Lease, task: PayoutTask, refusal: Refused) -> None:
    if refusal.code == KEY_REUSED:
        _report_refusal(job, lease, task, refusal)
        _unknown(job, lease, task, KEY_REUSED)
        return
    with job.settle(lease, f"refused_{refusal.code}") as session:
        now = job.now(session)
        if not settle_refusal(session, task, refusal.code, now=now):
            enqueue(session, PAYOUT, task.remittance, delay_seconds=_pause(now, task, task.status))


def _report_refusal(job: JobContext, lease: Lease, task: PayoutTask, refusal: Refused) -> None:
    """A known code that settles nothing: a person looks at it, the questions go on."""
    kind = Kind.KEY_REUSED if refusal.code == KEY_REUSED else Kind.CANCEL_REFUSED
    detail = {"operation": refusal.operation, "code": refusal.code}
    with job.transaction() as session:
        given = Report(kind, Subject.REMITTANCE, task.remittance, detail)
        report(session, given, now=job.now(session))


def _come_back(job: JobContext, lease: Lease, task: PayoutTask, outcome: str) -> None:
    with job.settle(lease, outcome) as session:
        now = job.now(session)
        enqueue(session, PAYOUT, task.remittance, delay_seconds=_pause(now, task, task.status))


def _end(job: JobContext, lease: Lease, outcome: str) -> None:
    with job.settle(lease, outcome):
        return


def _pause(now: datetime, task: PayoutTask, status: Status) -> float:
    """Seconds until the next question: a quarter of its age, from one second to 15 minutes."""
    age = now - task.funded_at
    waits = status is Status.AVAILABLE
    shortest = SHORTEST_BRANCH_PAUSE_SECONDS if waits else FIRST_QUESTION_SECONDS
    return min(max(age / timedelta(seconds=4), shortest), LONGEST_PAUSE_SECONDS)


def _order(task: PayoutTask) -> PayoutOrder:
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
    )
