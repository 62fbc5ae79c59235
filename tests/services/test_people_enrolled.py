"""Whoever has one or more active enrollments is one person enrolled: whatever they asked for,
through whichever accounts, in any order, and also once they were erased."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from consular import migrations
from services.alerts.making import check_watch
from services.alerts.rules import Condition, Covers, Every, Span, Watch
from services.alerts.scheduling import ScheduleReport, schedule_report
from services.enrollments.progress import AgencyStatus
from services.enrollments.requesting import request_enrollment
from services.enrollments.rules import Status
from services.kernel.audit import Actor, Role
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.errors import Invalid
from services.kernel.ids import FolioKind, new_folio, new_id
from services.monitoring.dimensions import Dimension
from services.monitoring.figures import AskIndicator, figures
from services.monitoring.targets import SetTarget, set_target
from tests.factories.enrollments import agency_says, make_account, make_request
from tests.factories.remittances import VAULT
from tests.servers import Addresses, DatabaseUrls

# Rows of people, with the CURP of each: the first two are one person with two accounts.
CURPS = (b"one", b"one", b"two", b"three")
# What a request tells of its person: origin, sex, and the age that somebody has by then.
WHO = (("OC", "M", "18-29"), ("OC", "M", "30-44"), ("ZS", "H", "18-29"))
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)

_PERSON = text(
    "INSERT INTO people (id, given_names, first_surname, name_index, curp_index, birth_date,"
    " created_at) VALUES (:id, 'Ana', 'Demo', '\\\\x01', :curp, '1990-05-12', :at)"
)
_ENROLLMENT = text(
    "INSERT INTO enrollments (id, folio, program, person_id, status, data_sealed, consents,"
    " consented_at, language, day, created_at, changed_at) VALUES (:id, :folio, 'rfc', :person,"
    " 'received', '', '{transfer_to_agency}', :at, 'es', '2026-03-01', :at, :at)"
)
_STEP = text("UPDATE enrollments SET status = :status, changed_at = :at WHERE id = :id")
_ERASE = text(
    "UPDATE people SET given_names = '', first_surname = '', second_surname = NULL,"
    " name_index = '', birth_date = NULL, curp_index = NULL, erased_at = :at WHERE id = :id"
)
_FACT = text(
    "INSERT INTO facts (kind, subject_id, status, day, quantity, occurred_at, program_code,"
    " state_of_origin, sex, age_band) VALUES ('enrollment', :id, 'received', '2026-03-01', 1, :at,"
    " 'rfc', :origin, :sex, :age)"
)
_CORRECT = text("UPDATE enrollments SET person_id = :person WHERE id = :id")
_COUNTED = text("SELECT coalesce(sum(quantity), 0) FROM facts WHERE kind = 'enrolled_person'")
_BY_WHO = text(
    "SELECT state_of_origin, sex, age_band, sum(quantity) FROM facts"
    " WHERE kind = 'enrolled_person' GROUP BY 1, 2, 3 HAVING sum(quantity) <> 0"
)


def _count(session: Session, id: UUID, who: tuple[str, str, str]) -> None:
    """The line that an enrollment has from its request on."""
    origin, sex, age = who
    session.execute(_FACT, {"id": id, "at": AT, "origin": origin, "sex": sex, "age": age})


@dataclass
class People:
    """What is there, beside what has to be: ``groups`` are active enrollments of one person each,
    ``of_key`` says whose group a CURP's next one joins, ``came_as`` who somebody was when they
    came, by the first of their group."""

    session: Session
    rows: list[UUID] = field(default_factory=list)
    erased: set[int] = field(default_factory=set)
    enrollments: list[tuple[UUID, int, str]] = field(default_factory=list)
    groups: list[set[UUID]] = field(default_factory=list)
    of_key: dict[bytes, set[UUID]] = field(default_factory=dict)
    came_as: dict[int, tuple[str, str, str]] = field(default_factory=dict)

    def start(self) -> None:
        for curp in CURPS:
            self.rows.append(new_id())
            self.session.execute(_PERSON, {"id": self.rows[-1], "curp": curp, "at": AT})

    def ask(self, person: int) -> None:
        id, folio = new_id(), new_folio(FolioKind.ENROLLMENT)
        values = {"id": id, "folio": folio, "person": self.rows[person], "at": AT}
        self.session.execute(_ENROLLMENT, values)
        _count(self.session, id, self.who(len(self.enrollments)))
        self.enrollments.append((id, person, "received"))

    def who(self, number: int) -> tuple[str, str, str]:
        return WHO[number % len(WHO)]

    def move(self, number: int, *statuses: str) -> None:
        id, person, _ = self.enrollments[number]
        for status in statuses:
            self.session.execute(_STEP, {"id": id, "status": status, "at": AT})
        self.enrollments[number] = (id, person, statuses[-1])

    def approve(self, number: int) -> None:
        id, person, status = self.enrollments[number]
        if status != "received":
            return
        self.move(number, "sent_to_agency", "active")
        group: set[UUID] = set()
        if person not in self.erased:
            group = self.of_key.setdefault(CURPS[person], group)
        if not any(group is each for each in self.groups):
            self.groups.append(group)
        if not group:
            [place] = [n for n, each in enumerate(self.groups) if each is group]
            self.came_as[place] = self.who(number)
        group.add(id)

    def end(self, number: int) -> None:
        id, _, status = self.enrollments[number]
        if status == "active":
            self.move(number, "ended")
            for group in self.groups:
                group.discard(id)

    def erase(self, person: int) -> None:
        if person in self.erased:
            return
        self.erased.add(person)
        self.session.execute(_ERASE, {"id": self.rows[person], "at": AT})
        known = {CURPS[row] for row in range(len(CURPS)) if row not in self.erased}
        if CURPS[person] not in known:
            self.of_key.pop(CURPS[person], None)

    def correct(self, number: int) -> None:
        """A correction of what was asked for names somebody anew, here with another CURP."""
        id, person, status = self.enrollments[number]
        if status == "received":
            other = (person + 1) % len(CURPS)
            self.session.execute(_CORRECT, {"id": id, "person": self.rows[other]})
            self.enrollments[number] = (id, other, status)

    def wanted(self) -> Counter[tuple[str, str, str]]:
        return Counter(self.came_as[place] for place, group in enumerate(self.groups) if group)

    def counted(self) -> Counter[tuple[str, str, str]]:
        return Counter({(a, b, c): int(n) for a, b, c, n in self.session.execute(_BY_WHO)})


numbers = st.integers(min_value=0, max_value=7)
steps = st.one_of(
    st.tuples(st.just("ask"), st.integers(min_value=0, max_value=len(CURPS) - 1)),
    st.tuples(st.just("approve"), numbers),
    st.tuples(st.just("approve"), numbers),
    st.tuples(st.just("end"), numbers),
    st.tuples(st.just("erase"), st.integers(min_value=0, max_value=len(CURPS) - 1)),
    st.tuples(st.just("correct"), numbers),
)


@given(steps=st.lists(steps, max_size=30))
@example(steps=[("approve", 0), ("erase", 1), ("ask", 0), ("approve", 2), ("end", 0)])
@example(steps=[("approve", 0), ("approve", 1), ("erase", 0), ("end", 1), ("erase", 1), ("end", 0)])
@example(steps=[("approve", 0), ("ask", 0), ("approve", 2), ("end", 0), ("erase", 0), ("end", 2)])
@example(
    steps=[("approve", 0), ("correct", 1), ("correct", 1), ("approve", 1), ("end", 0), ("end", 1)]
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_after_every_step_as_many_are_counted_as_there_are_and_by_who_they_are(
    session: Session, steps: list[tuple[str, int]]
) -> None:
    with _taken_back(session) as people:
        for name, number in [("ask", 0), ("ask", 1), *steps]:
            if name in ("ask", "erase") or number < len(people.enrollments):
                getattr(people, name)(number)
            assert people.counted() == people.wanted(), name
            assert session.scalar(_COUNTED) == people.wanted().total(), name


@contextmanager
def _taken_back(session: Session) -> Iterator[People]:
    point = session.begin_nested()
    people = People(session)
    people.start()
    try:
        yield people
    finally:
        point.rollback()


def _figure(database: Database, **ask: object) -> list[dict[str, object]]:
    with database.transaction(NETWORK_SCOPE) as session:
        return [dict(row) for row in figures(session, AskIndicator("enrolled_people", **ask)).rows]  # type: ignore[arg-type]


def test_somebody_with_two_programs_is_one_until_the_last_one_ends(database: DatabaseUrls) -> None:
    work = Database(database.worker_url, pool_size=2)
    person, other = make_request(), make_request()
    ids = []
    with work.transaction(NETWORK_SCOPE) as session:
        actor = Actor(Role.CITIZEN, make_account(session))
        now = system_clock()
        ids.append(request_enrollment(session, person, now=now, actor=actor, vault=VAULT).id)
        ids.append(request_enrollment(session, other, now=now, actor=actor, vault=VAULT).id)
    before = _moment(work)
    for id in ids:
        agency_says(work, VAULT, id, AgencyStatus(Status.ACTIVE, {"rfc": "HEQG800101AB1"}))
    assert _figure(work) == [{"status": "enrolled", "value": 2}]
    assert _figure(work, as_of=before) == []
    curps = [each.applicant.curp for each in (person, other)]
    assert _by(work, Dimension.ORIGIN) == Counter(curp[11:13] for curp in curps)
    assert _by(work, Dimension.SEX) == Counter(curp[10] for curp in curps)
    assert _by(work, Dimension.AGE).total() == 2
    agency_says(work, VAULT, ids[0], AgencyStatus(Status.ENDED))
    assert _figure(work) == [{"status": "enrolled", "value": 1}]
    assert _by(work, Dimension.SEX) == Counter([curps[1][10]])
    work.dispose()


def _by(database: Database, dimension: Dimension) -> Counter[str]:
    rows = _figure(database, by=(dimension,))
    return Counter({str(row[dimension]): int(str(row["value"])) for row in rows if row["value"]})


def _moment(database: Database) -> datetime:
    with database.transaction(NETWORK_SCOPE) as session:
        return session.execute(text("SELECT clock_timestamp()")).scalar_one()  # type: ignore[no-any-return]


def test_by_program_it_is_no_number_of_people(session: Session) -> None:
    now, analyst = system_clock(), Actor(Role.ANALYST, new_id())
    target = SetTarget("enrolled_people", "2026", 100, "Programa de trabajo", program="rfc")
    watch = Watch("enrolled_people", Span.NOW, Condition.ABOVE, Decimal(1), program="rfc")
    report = ScheduleReport("enrolled_people", "program", Covers.DAY, Every.DAY, 8, (), "es")
    for call in (
        lambda: figures(session, AskIndicator("enrolled_people", by=(Dimension.PROGRAM,))),
        lambda: set_target(session, target, now=now, actor=analyst),
        lambda: check_watch(session, watch, analyst),
        lambda: schedule_report(session, report, now=now, actor=analyst),
    ):
        with pytest.raises(Invalid) as refused:
            call()
        assert refused.value.code == "dimension_not_held"


@pytest.fixture
def old(servers: Addresses) -> Iterator[DatabaseUrls]:
    """As it was before anybody counted people."""
    with servers.fresh_database("template0") as urls:
        migrations.upgrade(urls.owner_url, "0137")
        yield urls


CAME = (b"one", b"two", b"three", b"four", b"five")


def _lived(
    session: Session, person: UUID, *steps: tuple[int, str], who: tuple[str, str, str] = WHO[0]
) -> None:
    """An enrollment with its history: on which day of March it came to which status."""
    id = new_id()
    values = {"id": id, "folio": new_folio(FolioKind.ENROLLMENT), "person": person, "at": AT}
    session.execute(_ENROLLMENT, values)
    _count(session, id, who)
    for position, (day, status) in enumerate([(1, "received"), (1, "sent_to_agency"), *steps], 1):
        at = AT + timedelta(days=day - 1)
        if status != "received":
            session.execute(_STEP, {"id": id, "status": status, "at": at})
        session.execute(
            text(
                "INSERT INTO enrollment_events (enrollment_id, position, status, at)"
                " VALUES (:id, :position, :status, :at)"
            ),
            {"id": id, "position": position, "status": status, "at": at},
        )


def test_who_was_enrolled_before_is_counted_since_then(old: DatabaseUrls) -> None:
    first = Database(old.app_url, pool_size=2)
    with first.transaction(NETWORK_SCOPE) as session:
        people = {curp: new_id() for curp in CAME}
        for curp, id in people.items():
            session.execute(_PERSON, {"id": id, "curp": curp, "at": AT})
        _lived(session, people[b"one"], (2, "active"), (6, "ended"))
        _lived(session, people[b"one"], (4, "active"), who=WHO[1])
        _lived(session, people[b"two"], (3, "active"), (5, "ended"), who=WHO[2])
        _lived(session, people[b"two"], (8, "active"), who=WHO[2])
        _lived(session, people[b"four"], (3, "active"), (5, "ended"))
        _lived(session, people[b"five"], (3, "active"), (7, "ended"), who=WHO[1])
        _lived(session, people[b"three"], (2, "rejected"))
    first.dispose()
    migrations.upgrade(old.owner_url)
    work = Database(old.app_url, pool_size=2)

    def on(day: int, **only: str) -> int:
        which = {Dimension(name): value for name, value in only.items()}
        rows = _figure(work, last=date(2026, 3, day), only=which)
        return sum(int(str(row["value"])) for row in rows)

    days = (1, 2, 3, 4, 5, 6, 7, 8, 31)
    assert [on(day) for day in days] == [0, 1, 4, 4, 2, 2, 1, 2, 2]
    assert [on(day, sex="M") for day in days] == [0, 1, 3, 3, 2, 2, 1, 1, 1]
    assert [on(day, state_of_origin="ZS") for day in days] == [0, 0, 1, 1, 0, 0, 0, 1, 1]
    assert [on(day, age_band="18-29") for day in days] == [0, 1, 3, 3, 1, 1, 1, 2, 2]
    assert [on(day, age_band="30-44") for day in days] == [0, 0, 1, 1, 1, 1, 0, 0, 0]
    with psycopg.connect(old.owner_url) as owner:
        rows = owner.execute("SELECT enrollments FROM enrolled_people").fetchall()
        assert rows == [(1,), (1,)]
    with work.transaction(NETWORK_SCOPE) as session:
        session.execute(text("UPDATE enrollments SET status = 'ended' WHERE status = 'active'"))
        assert session.scalar(_COUNTED) == 0
        assert session.execute(_BY_WHO).all() == []
    with psycopg.connect(old.owner_url) as owner:
        assert owner.execute("SELECT count(*) FROM enrolled_people").fetchone() == (0,)
    work.dispose()
