"""What is owed for an error goes back through the provider, once, whatever answer is lost; a term
that passes calls a person, once."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import select, text

from services.disputes.claiming import ClaimError, claim
from services.disputes.resolving import ResolveDispute, resolve
from services.disputes.rules import INVESTIGATE_DAYS, Kind, Remedy
from services.incidents.alarming import list_untold
from services.incidents.models import Incident
from services.kernel.audit import Actor, Role
from services.kernel.ids import new_id
from services.ledger.queries import balance
from services.outbox.delivery import enqueue
from services.remittances.entries import LedgerCode
from services.remittances.models import RemedyRefund
from services.remittances.remedying import list_unattended_remedies
from services.remittances.rules import Funding, Payout, RemedyState
from tests.factories.payouts import PayoutBench
from tests.factories.remittances import VAULT, make_remittance, make_sender
from tests.servers import DatabaseUrls
from workers.jobs.run import run_outbox

TREASURER = Actor(Role.TREASURY, new_id())


@pytest.fixture
def sender(bench: PayoutBench) -> Actor:
    with bench.work.transaction() as session:
        return make_sender(session)


@pytest.fixture
def remittance(bench: PayoutBench, sender: Actor) -> UUID:
    """Paid for with 12.99 dollars, and paid out."""
    with bench.work.transaction() as session:
        paid = make_remittance(
            session, sender, payout=Payout.ACCOUNT, funding=Funding.BANK_ACCOUNT, send=10_00,
            now=bench.clock(), paid=False,
        ).id  # fmt: skip
    bench.finish()
    return paid


def _claim(bench: PayoutBench, sender: Actor, remittance: UUID) -> UUID:
    command = ClaimError(remittance, Kind.WRONG_AMOUNT)
    with bench.work.transaction() as session:
        return claim(session, command, now=bench.clock(), actor=sender, vault=VAULT).id


def _decide(bench: PayoutBench, dispute: UUID, minor: int | None) -> None:
    command = ResolveDispute(dispute, Remedy.AMOUNT if minor else None, "x", minor)
    with bench.work.transaction() as session:
        resolve(session, command, now=bench.clock(), actor=TREASURER, vault=VAULT)


def _owe(bench: PayoutBench, sender: Actor, remittance: UUID, minor: int = 3_00) -> UUID:
    dispute = _claim(bench, sender, remittance)
    _decide(bench, dispute, minor)
    return dispute


def _state(bench: PayoutBench, dispute: UUID) -> str:
    with bench.work.transaction() as session:
        return session.get_one(RemedyRefund, dispute).state


def _parts(bench: PayoutBench) -> list[int]:
    """How often the provider has given each part back."""
    return list(bench.simulator.world.memory.effects("payments.parts").values())


def _balance(bench: PayoutBench, account: LedgerCode) -> int:
    with bench.work.transaction() as session:
        return balance(session, account)


def _watch(bench: PayoutBench) -> dict[str, bool]:
    """Every incident that is or was open, and whether it still is."""
    with bench.work.transaction() as session:
        item = enqueue(session, "incidents.watch", new_id())
    run_outbox(str(item))
    with bench.work.transaction() as session:
        return {each.kind: each.resolved_at is None for each in session.scalars(select(Incident))}


def test_each_error_gives_its_own_part_back_and_all_together_no_more_than_was_paid(
    bench: PayoutBench, sender: Actor, remittance: UUID
) -> None:
    first = _owe(bench, sender, remittance, 3_00)
    assert _state(bench, first) == RemedyState.OWED
    assert _balance(bench, LedgerCode.REFUNDS_PAYABLE) == -3_00
    assert bench.proof().holds
    bench.finish()
    second = _owe(bench, sender, remittance, 9_99)
    bench.finish()
    assert {_state(bench, each) for each in (first, second)} == {RemedyState.GIVEN}
    assert _parts(bench) == [1, 1]
    assert _balance(bench, LedgerCode.REFUNDS_PAYABLE) == 0
    assert _balance(bench, LedgerCode.FUNDING_CLEARING) == 0
    assert bench.proof().holds


@pytest.mark.parametrize(
    "faults",
    [{"drop_after_effect_rate": 1.0}, {"error_rate": 1.0}, {"garbage_rate": 1.0},
     {"unavailable_rate": 1.0}],
    ids=str,
)  # fmt: skip
def test_a_lost_answer_is_asked_for_and_the_part_is_given_once(
    bench: PayoutBench, sender: Actor, remittance: UUID, faults: dict[str, float]
) -> None:
    dispute = _owe(bench, sender, remittance)
    bench.fault("payments", **faults)
    bench.run_all()
    assert _state(bench, dispute) == RemedyState.OWED
    assert bench.proof().holds
    bench.fault("payments")
    bench.finish()
    assert (_state(bench, dispute), _parts(bench)) == (RemedyState.GIVEN, [1])
    assert bench.proof().holds


def test_even_a_provider_that_forgets_keys_gives_it_once(
    bench: PayoutBench, sender: Actor, remittance: UUID
) -> None:
    """It answers by key: a part that it gave isn't ordered again."""
    dispute = _owe(bench, sender, remittance)
    bench.fault("payments", honours_key=False, drop_after_effect_rate=1.0)
    bench.run_all()
    bench.fault("payments", honours_key=False)
    bench.finish()
    assert (_state(bench, dispute), _parts(bench)) == (RemedyState.GIVEN, [1])


def test_what_the_bank_took_back_meanwhile_is_not_given_besides(
    bench: PayoutBench, sender: Actor, remittance: UUID
) -> None:
    dispute = _owe(bench, sender, remittance)
    bench.take_back(remittance)
    bench.call_back(remittance, "payments")
    bench.finish()
    assert (_state(bench, dispute), _parts(bench)) == (RemedyState.RETURNED, [])
    assert _balance(bench, LedgerCode.REFUNDS_PAYABLE) == 0
    # What was owed is an expense already: of what they took back, the rest is lost.
    assert _balance(bench, LedgerCode.LOSSES_USD) == 12_99 - 3_00
    assert bench.proof().holds


def test_another_amount_settles_nothing_and_is_a_case(
    bench: PayoutBench, sender: Actor, remittance: UUID
) -> None:
    dispute = _owe(bench, sender, remittance)
    with bench.work.transaction() as session:
        key = session.get_one(RemedyRefund, dispute).folio
    memory, folio = bench.simulator.world.memory, bench.folio(remittance)
    with memory.transaction() as provider:
        provider.execute(
            "INSERT INTO orders (agency, folio, digest, body, taken_at) VALUES"
            " ('payments.parts', ?, '', json_object('charge', ?, 'amount', 1), 0)",
            (key, folio),
        )
    for _ in range(2):
        bench.run_all()
    assert _state(bench, dispute) == RemedyState.OWED
    assert "funding_contradicts" in _watch(bench)
    assert bench.proof().holds


def test_nothing_that_is_owed_is_forgotten(
    bench: PayoutBench, sender: Actor, remittance: UUID
) -> None:
    dispute = _owe(bench, sender, remittance)
    later = bench.clock() + timedelta(minutes=1)
    with bench.work.transaction() as session:
        assert list_unattended_remedies(session, before=later, limit=9) == []
        session.execute(text("DELETE FROM outbox WHERE done_at IS NULL"))
        assert list_unattended_remedies(session, before=later, limit=9) == [dispute]


def test_on_its_last_day_a_person_is_called_until_it_is_given(
    bench: PayoutBench, sender: Actor, remittance: UUID
) -> None:
    dispute = _owe(bench, sender, remittance)
    bench.fault("payments", error_rate=1.0)
    bench.run_all()
    assert "remedy_due" not in _watch(bench)
    bench.clock.forward(days=3)
    assert _watch(bench)["remedy_due"]
    assert _watch(bench)["remedy_due"]
    bench.fault("payments")
    bench.finish()
    assert _state(bench, dispute) == RemedyState.GIVEN
    assert not _watch(bench)["remedy_due"]


def test_money_that_no_provider_took_is_left_to_a_person(
    bench: PayoutBench, sender: Actor, remittance: UUID, database: DatabaseUrls
) -> None:
    """As the version before the provider of payments has it."""
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("SELECT set_config('app.consulate', '*', true)")
        owner.execute("DELETE FROM charges")
    dispute = _owe(bench, sender, remittance)
    bench.finish()
    assert (_state(bench, dispute), _parts(bench)) == (RemedyState.OWED, [])
    bench.clock.forward(days=3)
    assert _watch(bench)["remedy_due"]


def test_a_claim_past_its_days_calls_the_duty_officer_once(
    bench: PayoutBench, sender: Actor, remittance: UUID
) -> None:
    dispute = _claim(bench, sender, remittance)
    bench.clock.forward(days=INVESTIGATE_DAYS)
    assert "dispute_overdue" not in _watch(bench)
    bench.clock.forward(days=1)
    for _ in range(2):
        assert _watch(bench)["dispute_overdue"]
    with bench.work.transaction() as session:
        [incident] = list_untold(session, now=bench.clock(), most=9)
        assert (incident.kind, incident.subject_id, incident.times) == (
            "dispute_overdue",
            dispute,
            1,
        )
        assert set(incident.detail) == {"folio", "until"}
    _decide(bench, dispute, None)
    assert not _watch(bench)["dispute_overdue"]
