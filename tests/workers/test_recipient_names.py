"""A recipient's name is corrected before they are paid: here at once, or by the agency, once."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from services.kernel.audit import Actor
from services.kernel.errors import NotFound, WrongState
from services.remittances.correcting import (
    TOPIC,
    RecipientName,
    claim_correction,
    correct_name,
    list_corrections,
)
from services.remittances.errors import AlreadyPaid, CorrectionPending, TooManyCorrections
from services.remittances.models import Remittance
from services.remittances.rules import MOST_CORRECTIONS, Payout, Status
from tests.factories.payouts import CANCEL, Killed, PayoutBench
from tests.factories.remittances import VAULT, make_remittance, make_sender
from workers.jobs import recipients

RIGHT = RecipientName("Hermelinda", "Ibarra", "Cepeda")
Correct = Callable[..., None]


@pytest.fixture
def sender(bench: PayoutBench) -> Actor:
    with bench.work.transaction() as session:
        return make_sender(session)


@pytest.fixture
def cash(bench: PayoutBench, sender: Actor) -> UUID:
    """To be collected by Hermelinda Ibarra Zepeda."""
    with bench.work.transaction() as session:
        return make_remittance(
            session, sender, payout=Payout.BRANCH, now=bench.clock(), paid=False
        ).id


@pytest.fixture
def waiting(bench: PayoutBench, cash: UUID) -> UUID:
    """The same, once it waits at a branch."""
    bench.run_all()
    assert bench.status(cash) is Status.AVAILABLE
    return cash


@pytest.fixture
def correct(bench: PayoutBench, sender: Actor) -> Correct:
    """Correct the name, as its sender or somebody else."""

    def correct(remittance: UUID, name: RecipientName = RIGHT, by: Actor = sender) -> None:
        with bench.work.database.transaction(by.scope) as session:
            correct_name(session, remittance, name, now=bench.clock(), actor=by, vault=VAULT)

    return correct


def _states(bench: PayoutBench, remittance: UUID) -> list[tuple[str, str | None]]:
    with bench.work.transaction() as session:
        return [(row.state, row.reason_code) for row in list_corrections(session, remittance)]


def _second_surname(bench: PayoutBench, remittance: UUID) -> str | None:
    with bench.work.transaction() as session:
        return session.get_one(Remittance, remittance).payee.second_surname


def _at_agency(bench: PayoutBench, remittance: UUID) -> str:
    order = bench.simulator.world.memory.find("finabien", bench.folio(remittance))
    assert order is not None
    return str(order.body["nombreBeneficiario"])


def test_before_the_order_is_sent_it_goes_out_with_the_right_name(
    bench: PayoutBench, cash: UUID, correct: Correct
) -> None:
    correct(cash)
    bench.run(bench.item(cash, TOPIC))
    assert _states(bench, cash) == [("done", None)]
    bench.run_all()
    assert _at_agency(bench, cash) == "HERMELINDA IBARRA CEPEDA"


def test_at_a_branch_the_agency_corrects_it_and_the_cash_is_collected(
    bench: PayoutBench, waiting: UUID, correct: Correct
) -> None:
    correct(waiting)
    assert _states(bench, waiting) == [("asked", None)]
    assert _second_surname(bench, waiting) == "Zepeda"
    bench.run(bench.item(waiting, TOPIC))
    assert _states(bench, waiting) == [("done", None)]
    assert _second_surname(bench, waiting) == "Cepeda"
    assert _at_agency(bench, waiting) == "HERMELINDA IBARRA CEPEDA"
    bench.collect(waiting)
    bench.finish()
    assert bench.ending(waiting) == (Status.PAID, 1)


def test_an_answer_that_was_lost_is_asked_for_again_also_once_it_is_paid(
    bench: PayoutBench, waiting: UUID, correct: Correct
) -> None:
    correct(waiting)
    item = bench.item(waiting, TOPIC)
    lease = bench.work.take_lease(item)
    assert lease is not None
    bench.agency.after = True
    with pytest.raises(Killed):
        recipients.correct_name(bench.work, lease)
    bench.agency.after = False
    bench.collect(waiting)
    bench.finish()
    bench.run(item)
    assert _states(bench, waiting) == [("done", None)]


def test_what_the_agency_refuses_stays_as_it_was(
    bench: PayoutBench, waiting: UUID, correct: Correct
) -> None:
    correct(waiting, RecipientName("Hermelinda", "Bloqueado"))
    bench.run(bench.item(waiting, TOPIC))
    assert _states(bench, waiting) == [("refused", "beneficiary_blocked")]
    assert _second_surname(bench, waiting) == "Zepeda"


def test_who_was_paid_meanwhile_keeps_the_name(
    bench: PayoutBench, waiting: UUID, correct: Correct
) -> None:
    correct(waiting)
    bench.collect(waiting)
    bench.run(bench.item(waiting, TOPIC))
    assert _states(bench, waiting) == [("refused", "too_late")]
    bench.finish()
    with pytest.raises(AlreadyPaid):
        correct(waiting)


def test_one_correction_at_a_time_a_few_in_all_and_only_ones_own(
    bench: PayoutBench, cash: UUID, sender: Actor, correct: Correct
) -> None:
    for number in range(MOST_CORRECTIONS):
        correct(cash, RecipientName("Hermelinda", f"Ibarra {'X' * number}z"))
        bench.run(bench.item(cash, TOPIC))
    with pytest.raises(TooManyCorrections):
        correct(cash)
    with bench.work.transaction() as session:
        stranger = make_sender(session)
    with pytest.raises(NotFound):
        correct(cash, by=stranger)


def test_a_second_correction_waits_for_the_first(
    bench: PayoutBench, waiting: UUID, correct: Correct
) -> None:
    correct(waiting)
    with pytest.raises(CorrectionPending):
        correct(waiting, RecipientName("Rosa", "Demo"))


def test_the_same_name_again_is_no_correction(
    bench: PayoutBench, waiting: UUID, correct: Correct
) -> None:
    correct(waiting, RecipientName("Hermelinda", "Ibarra", "Zepeda"))
    assert _states(bench, waiting) == []


def test_what_is_being_cancelled_is_not_corrected(
    bench: PayoutBench, waiting: UUID, sender: Actor, correct: Correct
) -> None:
    correct(waiting)
    bench.cancel(waiting, sender)
    with pytest.raises(WrongState):
        correct(waiting, RecipientName("Rosa", "Demo"))
    bench.run(bench.item(waiting, CANCEL))
    bench.finish()
    assert _states(bench, waiting) == [("refused", "too_late")]
    with bench.work.transaction() as session:
        assert claim_correction(session, waiting, now=bench.clock()) is None
