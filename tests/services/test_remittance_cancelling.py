"""Cancelling: everything back within the window, and never both given back and paid."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.kernel.audit import Actor, AuditEntry
from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.errors import Conflict, NotFound, WrongState
from services.ledger.queries import balance
from services.outbox.models import OutboxItem
from services.remittances.advancing import claim_next
from services.remittances.cancelling import cancel, claim_cancel
from services.remittances.entries import LedgerCode
from services.remittances.errors import AlreadyPaid, CancelWindowOver
from services.remittances.models import Remittance
from services.remittances.payout import (
    PayoutAnswer,
    PayoutTask,
    mark_unknown,
    put_back,
    settle_absence,
    settle_payout,
    settle_refusal,
)
from services.remittances.queries import list_history, proof
from services.remittances.rules import ATTEMPT_MAY_ARRIVE, Answer, Funding, Status
from tests.factories.remittances import (
    NOW,
    VAULT,
    give_back,
    make_remittance,
    make_sender,
    prepare_reference,
)
from tests.servers import DatabaseUrls

RACES = 40


@pytest.fixture
def session(session: Session) -> Iterator[Session]:
    """With rules and a rate; in the end the books must hold."""
    prepare_reference(session)
    yield session
    assert proof(session).holds


@pytest.fixture
def remittance(session: Session, sender: Actor) -> Remittance:
    """300 dollars in cash: 305.99 were paid."""
    return make_remittance(session, sender, funding=Funding.CASH)


def _claim(session: Session, remittance: Remittance) -> PayoutTask:
    task = claim_next(session, remittance.id, now=NOW, vault=VAULT)
    assert task is not None
    return task


def _hear(session: Session, remittance: Remittance, answer: Answer) -> Status:
    return settle_payout(session, remittance.id, PayoutAnswer(answer), now=NOW)


def test_before_anything_was_sent_everything_goes_back_at_once(
    session: Session, sender: Actor, remittance: Remittance
) -> None:
    cancel(session, remittance.id, now=NOW + timedelta(hours=2), actor=sender)
    assert remittance.status == Status.REFUNDING
    assert balance(session, LedgerCode.REFUNDS_PAYABLE) == -305_99
    assert balance(session, LedgerCode.FEE_INCOME) == 0
    assert balance(session, LedgerCode.EXCISE_PAYABLE) == 0
    assert claim_next(session, remittance.id, now=NOW, vault=VAULT) is None
    assert give_back(session, remittance) is Status.CANCELLED
    assert balance(session, LedgerCode.REFUNDS_PAYABLE) == 0
    assert balance(session, LedgerCode.FUNDING_CLEARING) == 0
    history = [event.status for event in list_history(session, remittance.id)]
    assert history == ["registered", "funded", "refunding", "cancelled"]
    actions = session.scalars(
        select(AuditEntry.action).where(AuditEntry.subject_id == remittance.id)
    )
    assert "remittance.cancel" in actions.all()


def test_what_certainly_never_left_us_goes_back_at_once(
    session: Session, sender: Actor, remittance: Remittance
) -> None:
    put_back(session, _claim(session, remittance), now=NOW)
    assert remittance.status == Status.SUBMITTED
    cancel(session, remittance.id, now=NOW, actor=sender)
    assert remittance.status == Status.REFUNDING
    assert balance(session, LedgerCode.PAYOUTS_PENDING) == 0


def test_what_may_have_left_us_waits_for_the_agency(
    session: Session, sender: Actor, remittance: Remittance
) -> None:
    task = _claim(session, remittance)
    cancel(session, remittance.id, now=NOW, actor=sender)
    assert remittance.status == Status.CANCELLING
    topics = session.scalars(select(OutboxItem.topic).where(OutboxItem.ref == remittance.id)).all()
    assert "remittances.cancel" in topics
    # Asked again meanwhile: the same state, and nothing more to do.
    cancel(session, remittance.id, now=NOW, actor=sender)
    again = session.scalars(select(OutboxItem.topic).where(OutboxItem.ref == remittance.id)).all()
    assert len(again) == len(topics)
    assert _hear(session, remittance, Answer.CANCELLED) is Status.REFUNDING
    assert balance(session, LedgerCode.REFUNDS_PAYABLE) == -305_99
    assert task.attempt == 1
    assert give_back(session, remittance) is Status.CANCELLED


@pytest.mark.parametrize(
    ("answer", "after"),
    [
        (Answer.ACCEPTED, Status.CANCELLING),
        (Answer.AVAILABLE, Status.CANCELLING),
        (Answer.PAID, Status.PAID),
        (Answer.REFUSED, Status.REFUNDING),
        (Answer.CANCELLED, Status.REFUNDING),
    ],
)
def test_the_agencys_word_decides_what_became_of_a_cancelled_one(
    session: Session, sender: Actor, remittance: Remittance, answer: Answer, after: Status
) -> None:
    _claim(session, remittance)
    cancel(session, remittance.id, now=NOW, actor=sender)
    assert _hear(session, remittance, answer) is after
    given_back = balance(session, LedgerCode.REFUNDS_PAYABLE)
    paid = balance(session, LedgerCode.FINABIEN_SETTLEMENT)
    assert (given_back != 0) == (after is Status.REFUNDING)
    assert (paid != 0) == (after is Status.PAID)


def test_the_window_is_thirty_minutes_to_the_second(
    session: Session, sender: Actor, remittance: Remittance
) -> None:
    _claim(session, remittance)
    _hear(session, remittance, Answer.ACCEPTED)
    with pytest.raises(CancelWindowOver):
        cancel(session, remittance.id, now=NOW + timedelta(minutes=30, seconds=1), actor=sender)
    cancel(session, remittance.id, now=NOW + timedelta(minutes=30), actor=sender)
    assert remittance.status == Status.CANCELLING


def test_a_paid_one_and_one_that_is_over_say_so(
    session: Session, sender: Actor, remittance: Remittance
) -> None:
    _claim(session, remittance)
    _hear(session, remittance, Answer.PAID)
    with pytest.raises(AlreadyPaid):
        cancel(session, remittance.id, now=NOW, actor=sender)
    other = make_remittance(session, sender)
    cancel(session, other.id, now=NOW, actor=sender)
    give_back(session, other)
    with pytest.raises(WrongState):
        cancel(session, other.id, now=NOW, actor=sender)


def test_one_of_somebody_else_does_not_exist(session: Session, remittance: Remittance) -> None:
    with pytest.raises(NotFound):
        cancel(session, remittance.id, now=NOW, actor=make_sender(session))


def test_nothing_goes_back_while_an_attempt_may_still_arrive(
    session: Session, sender: Actor, remittance: Remittance
) -> None:
    mark_unknown(session, _claim(session, remittance), now=NOW)
    cancel(session, remittance.id, now=NOW, actor=sender)
    assert claim_cancel(session, remittance.id, now=NOW, vault=VAULT) is not None
    soon, later = NOW + ATTEMPT_MAY_ARRIVE / 2, NOW + ATTEMPT_MAY_ARRIVE
    assert settle_absence(session, remittance.id, now=soon) is Status.CANCELLING
    assert settle_absence(session, remittance.id, now=later) is Status.REFUNDING


def test_an_order_that_the_agency_once_had_is_never_taken_for_lost(
    session: Session, sender: Actor, remittance: Remittance
) -> None:
    _claim(session, remittance)
    _hear(session, remittance, Answer.ACCEPTED)
    cancel(session, remittance.id, now=NOW, actor=sender)
    assert settle_absence(session, remittance.id, now=NOW + timedelta(days=2)) is Status.CANCELLING


def test_a_refusal_is_not_the_last_word_while_an_earlier_attempt_may_arrive(
    session: Session, remittance: Remittance
) -> None:
    task = _claim(session, remittance)
    later = NOW + ATTEMPT_MAY_ARRIVE
    second = PayoutTask(**{**task.__dict__, "attempt": 2})
    assert not settle_refusal(session, second, "beneficiary_blocked", now=NOW)
    assert remittance.status == Status.SUBMITTED
    assert settle_refusal(session, second, "beneficiary_blocked", now=later)
    assert remittance.status == Status.REFUNDING
    assert remittance.reason_code == "beneficiary_blocked"
    assert give_back(session, remittance) is Status.REFUNDED


def test_being_paid_after_the_money_went_back_is_shown_to_people_not_booked(
    session: Session, sender: Actor, remittance: Remittance
) -> None:
    cancel(session, remittance.id, now=NOW, actor=sender)
    assert _hear(session, remittance, Answer.PAID) is Status.REFUNDING
    give_back(session, remittance)
    assert _hear(session, remittance, Answer.PAID) is Status.CANCELLED
    actions = session.scalars(
        select(AuditEntry.action).where(AuditEntry.subject_id == remittance.id)
    )
    assert "remittance.contradiction.paid" in actions.all()


@pytest.mark.parametrize("answered", [False, True])
def test_cancel_against_payout_ends_in_one_of_the_two(
    database: DatabaseUrls, answered: bool
) -> None:
    db = Database(database.app_url, pool_size=4)
    with db.transaction(NETWORK_SCOPE) as session:
        prepare_reference(session)
        sender = make_sender(session)
        races = [make_remittance(session, sender, send=10_00).id for _ in range(RACES)]
    ends = {_race(db, sender, remittance, answered) for remittance in races}
    with db.transaction(NETWORK_SCOPE) as session:
        assert proof(session).holds
        rows = session.execute(select(Remittance.status, Remittance.receive_minor)).all()
        paid = sum(row.receive_minor for row in rows if row.status == Status.PAID)
        assert balance(session, LedgerCode.FINABIEN_SETTLEMENT) == -paid
        assert balance(session, LedgerCode.PAYOUTS_PENDING) == 0
    assert ends <= {Status.PAID, Status.REFUNDING}
    db.dispose()


def _race(db: Database, sender: Actor, remittance: UUID, answered: bool) -> Status:
    """One worker pays, one person cancels; the agency is asked about what is left between."""
    start = Barrier(2)

    def pay() -> None:
        if not answered:
            start.wait()
        with db.transaction(NETWORK_SCOPE) as session:
            task = claim_next(session, remittance, now=NOW, vault=VAULT)
        if answered:
            start.wait()
        if task is not None:
            with db.transaction(NETWORK_SCOPE) as session:
                settle_payout(session, remittance, PayoutAnswer(Answer.PAID), now=NOW)

    def take_back() -> None:
        start.wait()
        try:
            with db.transaction(sender.scope) as session:
                cancel(session, remittance, now=NOW, actor=sender)
        except Conflict:
            return

    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(pay), threads.submit(take_back)]:
            done.result()
    with db.transaction(NETWORK_SCOPE) as session:
        return Status(session.get_one(Remittance, remittance).status)
