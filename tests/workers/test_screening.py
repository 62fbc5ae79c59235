"""Names are compared with dated lists before an order is sent; a person decides about them."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import delete, select

from services.incidents.alarming import list_untold
from services.incidents.models import Incident
from services.kernel.audit import Actor, AuditEntry, Role
from services.kernel.errors import Invalid, WrongState
from services.kernel.ids import new_id
from services.outbox.delivery import enqueue
from services.remittances.holding import describe_hold, list_holds, read_hold, refuse, release
from services.remittances.listing import BadScreeningList, load_list
from services.remittances.models import Remittance, ScreeningEntry, ScreeningList
from services.remittances.rules import Payout, Status
from services.remittances.screening import name_words, screen_again
from tests.factories.payouts import PayoutBench
from tests.factories.remittances import make_remittance, make_sender

COMPLIANCE = Actor(Role.COMPLIANCE, new_id())
# As `make_recipient` calls them, with the demonstration list's words.
LISTED = "Señalada"


def _order(bench: PayoutBench, surname: str = "Ibarra") -> UUID:
    with bench.work.transaction() as session:
        return make_remittance(
            session, make_sender(session), surname=surname, payout=Payout.BRANCH, send=10_00,
            now=bench.clock(), paid=False,
        ).id  # fmt: skip


def _load(bench: PayoutBench, *lines: str) -> None:
    with bench.work.transaction() as session:
        load_list(
            session, ["reference,name,birth_date", *lines], name="test", now=bench.clock(),
            published_on=date(2026, 11, 1), source="invented",
        )  # fmt: skip


@pytest.fixture
def held(bench: PayoutBench) -> UUID:
    """An order for somebody whose name is like a listed one."""
    remittance = _order(bench, LISTED)
    bench.run_all()
    assert bench.status(remittance) is Status.HELD
    return remittance


def test_a_likeness_is_held_with_a_deadline_and_shown_to_a_person(
    bench: PayoutBench, held: UUID
) -> None:
    with bench.work.transaction() as session:
        [row] = list_holds(session, limit=10).items
        hold = describe_hold(session, row)
        assert (hold.id, hold.hits) == (held, 1)
        # Two business days after a Tuesday, with Thanksgiving between.
        assert hold.due is not None
        assert hold.due.isoformat() == "2026-11-28T05:00:00+00:00"
        detail = read_hold(session, held, now=bench.clock(), actor=COMPLIANCE)
        assert [(hit.party, hit.reference) for hit in detail.hits] == [("recipient", "DEMO-2")]
        actions = session.scalars(select(AuditEntry.action).where(AuditEntry.subject_id == held))
        assert "remittance.read_hold" in actions.all()
    bench.finish()
    assert (bench.ending(held), bench.charged(held)) == ((Status.HELD, 0), 1)


def test_past_its_deadline_the_duty_officer_is_called_and_it_waits_on_for_a_person(
    bench: PayoutBench, held: UUID
) -> None:
    with bench.work.transaction() as session:
        due = session.get_one(Remittance, held).answer_due_at
    assert due is not None

    def watch() -> dict[str, bool]:
        """What was opened, and whether it still is."""
        with bench.work.transaction() as session:
            item = enqueue(session, "incidents.watch", new_id())
        bench.run(item)
        with bench.work.transaction() as session:
            rows = session.scalars(select(Incident)).all()
            return {row.kind: row.resolved_at is None for row in rows}

    bench.clock.at = due
    assert watch() == {}
    bench.clock.forward(seconds=1)
    for _ in range(2):
        assert watch() == {"answer_overdue": True}
    with bench.work.transaction() as session:
        [told] = list_untold(session, now=bench.clock(), most=9)
        assert (told.subject_id, told.times) == (held, 1)
        assert [row.id for row in list_holds(session, limit=10).items] == [held]
    assert bench.status(held) is Status.HELD
    with bench.work.transaction() as session:
        refuse(session, held, "es la misma persona", now=bench.clock(), actor=COMPLIANCE)
    bench.finish()
    assert bench.ending(held) == (Status.REFUNDED, 0)
    assert watch() == {"answer_overdue": False}


def test_released_it_goes_on_and_isnt_asked_about_again(bench: PayoutBench, held: UUID) -> None:
    with bench.work.transaction() as session:
        release(session, held, "otra fecha de nacimiento", now=bench.clock(), actor=COMPLIANCE)
    bench.run_all()
    assert bench.status(held) is Status.AVAILABLE
    assert bench.history(held)[2:] == ["held", "screening", "submitted", "available"]
    with pytest.raises(WrongState), bench.work.transaction() as session:
        release(session, held, "otra vez", now=bench.clock(), actor=COMPLIANCE)


def test_refused_the_money_goes_back(bench: PayoutBench, held: UUID) -> None:
    with pytest.raises(Invalid), bench.work.transaction() as session:
        refuse(session, held, " ", now=bench.clock(), actor=COMPLIANCE)
    with bench.work.transaction() as session:
        refuse(session, held, "es la misma persona", now=bench.clock(), actor=COMPLIANCE)
    bench.finish()
    assert (bench.ending(held), bench.charged(held)) == ((Status.REFUNDED, 0), 0)


def test_without_a_list_everybody_waits(bench: PayoutBench) -> None:
    with bench.work.transaction() as session:
        session.execute(delete(ScreeningEntry))
        lists = session.scalars(select(ScreeningList)).all()
        for each in lists:
            each.replaced_at = bench.clock()
    remittance = _order(bench)
    bench.run_all()
    assert bench.status(remittance) is Status.SCREENING
    _load(bench, "T-1,Nadie Alguien,")
    with bench.work.transaction() as session:
        enqueue(session, "remittances.payout", remittance)
    bench.run_all()
    assert bench.status(remittance) is Status.AVAILABLE


def test_a_new_list_is_compared_with_what_the_agency_has(bench: PayoutBench) -> None:
    remittance = _order(bench)
    bench.run_all()
    bench.clock.forward(days=1)
    _load(bench, "T-1,Hermelinda Ibarra,")
    with bench.work.transaction() as session:
        item = enqueue(session, "remittances.screen", new_id())
    bench.run(item)
    with bench.work.transaction() as session:
        assert session.scalars(select(Incident.kind)).all() == ["name_listed"]
        refuse(session, remittance, "es la misma", now=bench.clock(), actor=COMPLIANCE)
    bench.finish()
    assert bench.ending(remittance) == (Status.REFUNDED, 0)


def test_a_corrected_name_is_compared_again(bench: PayoutBench, held: UUID) -> None:
    with bench.work.transaction() as session:
        release(session, held, "otra persona", now=bench.clock(), actor=COMPLIANCE)
    bench.run_all()
    with bench.work.transaction() as session:
        again = screen_again(session, held, now=bench.clock(), corrected=True)
        assert again is not None
        assert again.hits == 1
        assert session.get_one(Remittance, held).status == Status.AVAILABLE


@pytest.mark.parametrize(
    ("listed", "hits"),
    [
        ("T-1,IBARRA  Hermelínda,", 1),
        ("T-1,Hermelinda de la Ibarra y Zepeda,", 1),
        ("T-1,Hermelinda Ibarra Otro,", 0),
        ("T-1,Hermelinda Zepeda,1990-01-01", 1),
        ("T-1,Marisol Quiroga,1900-01-01", 0),
    ],
)
def test_names_are_compared_word_by_word(bench: PayoutBench, listed: str, hits: int) -> None:
    _load(bench, listed)
    remittance = _order(bench)
    bench.run_all()
    assert (bench.status(remittance) is Status.HELD) is bool(hits)


@pytest.mark.parametrize("line", ["T-1,Una,", ",Dos Palabras,", "T-1,Dos Palabras,ayer"])
def test_a_list_with_a_line_that_cannot_be_used_changes_nothing(
    bench: PayoutBench, line: str
) -> None:
    with pytest.raises(BadScreeningList, match="line 2"):
        _load(bench, line)


def test_particles_accents_and_order_say_nothing() -> None:
    assert name_words("José de la Luz", "Núñez") == name_words("NUNEZ", "Luz Jose")
