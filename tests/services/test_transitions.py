"""One state machine: whatever moves are tried, in whatever order, only those of the table happen,
and each one is in the history, the audit, and the figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.appointments import lifecycle as appointments
from services.appointments.models import Appointment, Member
from services.appointments.rules import TRANSITIONS
from services.citizens.people import PersonData, make_person
from services.enrollments import lifecycle as enrollments
from services.enrollments.models import Enrollment
from services.enrollments.queries import list_history as enrollment_history
from services.enrollments.requesting import request_enrollment
from services.facts.recording import Counted, record_party
from services.kernel.audit import SYSTEM, Actor, AuditEntry, Role
from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.errors import WrongState
from services.kernel.ids import FolioKind, new_folio, new_id
from services.kernel.transitions import Lifecycle
from services.remittances import lifecycle as remittances
from services.remittances.models import Remittance
from services.remittances.queries import list_history as remittance_history
from services.voting import lifecycle as voting
from services.voting.models import VoteCount
from tests.factories.consulates import add_consulate
from tests.factories.enrollments import make_account, make_request
from tests.factories.remittances import VAULT, make_remittance, make_sender, prepare_reference
from tests.servers import DatabaseUrls
from tests.services.conftest import sums_by_status

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
OFFICE = "villanueva"
EXAMPLES = 25
ANA = PersonData("Ana", "Demo", None, date(1990, 5, 12))


def _remittance(session: Session) -> Remittance:
    prepare_reference(session)
    return make_remittance(session, make_sender(session), send=20_00)


def _enrollment(session: Session) -> Enrollment:
    actor = Actor(Role.CITIZEN, make_account(session))
    return request_enrollment(session, make_request(), now=NOW, actor=actor, vault=VAULT)


def _appointment(session: Session) -> Appointment:
    appointment = Appointment(
        id=new_id(),
        folio=new_folio(FolioKind.APPOINTMENT),
        consulate_code=OFFICE,
        services=["PAS10"],
        day=NOW.date(),
        starts_at=NOW,
        ends_at=NOW + timedelta(minutes=15),
        status="booked",
        language="es",
        created_at=NOW,
        changed_at=NOW,
    )
    session.add(appointment)
    session.flush()
    someone = make_person(ANA, account=None, consulate=OFFICE, now=NOW, vault=VAULT)
    session.add(someone)
    session.flush()
    session.add(
        Member(
            appointment_id=appointment.id,
            n=1,
            person_id=someone.id,
            folio=appointment.folio,
            status=appointment.status,
            changed_at=NOW,
        )
    )
    session.flush()
    counted = Counted("appointment", appointment.id, appointment.day, OFFICE)
    record_party(
        session,
        counted,
        appointment.status,
        appointment.services,
        subjects=1,
        people={None: 1},
        now=NOW,
    )
    return appointment


def _count(session: Session) -> VoteCount:
    count = VoteCount(
        id=new_id(),
        election="2027",
        metric="votes",
        dimension="consulate",
        key=OFFICE,
        consulate_code=OFFICE,
        day=NOW.date(),
        value=Decimal(12),
        unit="count",
        status="reported",
        source="acta",
        reported_by=new_id(),
        revision=1,
    )
    session.add(count)
    session.flush()
    return count


class WhoComesAlone:
    """An appointment moves with its people: here with the one person who comes."""

    model = Appointment
    table = TRANSITIONS

    def move(
        self, session: Session, thing: Appointment, after: Any, *, now: datetime, actor: Actor
    ) -> None:
        members = appointments.list_members(session, thing)
        action = f"appointment.{after}"
        appointments.move_members(
            session, thing, members, after, now=now, actor=actor, action=action
        )
        assert [m.status for m in appointments.list_members(session, thing)] == [thing.status]


@dataclass(frozen=True)
class Case:
    """A slice's machine, how to make a thing, and the columns that the database asks for.

    ``earlier``: how many statuses it came to before. ``not_from``: (before, after) of steps for
    which the database asks more than the status.
    """

    lifecycle: Lifecycle[Any, Any] | WhoComesAlone
    make: Callable[[Session], Any]
    columns: dict[str, dict[str, Any]] = field(default_factory=dict)
    history: Callable[..., Any] | None = None
    earlier: int = 0
    not_from: frozenset[tuple[str, str]] = frozenset()


CASES = {
    "remittance": Case(
        remittances.LIFECYCLE,
        _remittance,
        {"paid": {"paid_at": NOW}},
        remittance_history,
        earlier=1,
        not_from=frozenset({("cancelling", "funded")}),
    ),
    "enrollment": Case(enrollments.LIFECYCLE, _enrollment, {}, enrollment_history),
    "appointment": Case(WhoComesAlone(), _appointment),
    "vote_count": Case(
        voting.LIFECYCLE,
        _count,
        {
            "approved": {"approved_by": new_id()},
            "rejected": {"rejected_by": new_id(), "reason": "otra acta"},
        },
    ),
}
each_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@pytest.fixture
def office(session: Session) -> Session:
    add_consulate(session, OFFICE)
    session.flush()
    return session


@each_case
@given(data=st.data())
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_only_moves_of_the_table_happen_and_each_is_written_down(
    office: Session, case: Case, data: st.DataObject
) -> None:
    with office.begin_nested() as walk:
        thing = case.make(office)
        path, first = [thing.status], sums_by_status(office, thing.id)
        for number in range(data.draw(st.integers(1, 6), label="moves")):
            follow = case.lifecycle.table[path[-1]]
            # Walks that end at their first refusal show little.
            wanted = data.draw(
                st.sampled_from([*sorted(follow), *case.lifecycle.table]).filter(
                    lambda to, at=path[-1]: (at, to) not in case.not_from
                ),
                label="to",
            )
            now, allowed = NOW + timedelta(minutes=number), wanted in follow
            assert _try(office, case, thing, wanted, now) is allowed
            path += [wanted.value] if allowed else []
            assert thing.status == _stored(office, case, thing) == path[-1]
        assert _audited(office, thing) == len(path) - 1 + case.earlier + _entries_at_first(case)
        assert sums_by_status(office, thing.id) == dict(
            zip(path[-1:], first.values(), strict=False)
        )
        if case.history:
            history = [event.status for event in case.history(office, thing.id)]
            assert history[case.earlier :] == path
        walk.rollback()


@each_case
def test_the_database_knows_no_other_status(office: Session, case: Case) -> None:
    thing = case.make(office)
    table = case.lifecycle.model.__table__
    with pytest.raises(IntegrityError):
        office.execute(update(table).where(table.c.id == thing.id).values(status="thinking"))


@each_case
def test_every_status_has_its_line_in_the_table(case: Case) -> None:
    statuses = type(next(iter(case.lifecycle.table)))
    assert set(case.lifecycle.table) == set(statuses)


def test_who_read_before_another_moved_it_moves_nothing(database: DatabaseUrls) -> None:
    db = Database(database.app_url, pool_size=2)
    with db.transaction(NETWORK_SCOPE) as session:
        enrollment = _enrollment(session).id
    machine = enrollments.LIFECYCLE
    with db.transaction(NETWORK_SCOPE) as late:
        read = late.get_one(Enrollment, enrollment)
        with db.transaction(NETWORK_SCOPE) as early:
            locked = machine.lock(early, enrollment)
            machine.move(early, locked, enrollments.Status.WITHDRAWN, now=NOW, actor=SYSTEM)
        with pytest.raises(WrongState) as refused:
            machine.move(late, read, enrollments.Status.SENT_TO_AGENCY, now=NOW, actor=SYSTEM)
        late.rollback()
    assert refused.value.params == {"state": "received"}
    with db.transaction(NETWORK_SCOPE) as session:
        assert session.get_one(Enrollment, enrollment).status == "withdrawn"
        assert len(enrollment_history(session, enrollment)) == 2
    db.dispose()


def _try(session: Session, case: Case, thing: Any, wanted: Any, now: datetime) -> bool:
    columns = case.columns.get(wanted, {})
    try:
        case.lifecycle.move(session, thing, wanted, now=now, actor=SYSTEM, **columns)
    except WrongState:
        return False
    if hasattr(thing, "changed_at"):
        assert thing.changed_at == now
    return True


def _stored(session: Session, case: Case, thing: Any) -> str:
    model = case.lifecycle.model
    status: str = session.scalars(
        select(model.__table__.c.status).where(model.__table__.c.id == thing.id)
    ).one()
    return status


def _audited(session: Session, thing: Any) -> int:
    entries = select(func.count()).where(AuditEntry.subject_id == thing.id)
    return session.execute(entries).scalar_one()


def _entries_at_first(case: Case) -> int:
    """Whoever makes one by its use case is audited too."""
    return 1 if case.history else 0
