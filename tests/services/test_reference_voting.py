"""Counts of the vote abroad: two people make one official, and what is published is everybody's."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

from services.consulates import loading as catalogue
from services.facts.models import Fact
from services.kernel.audit import Actor, AuditEntry, Role
from services.kernel.db import NETWORK_SCOPE, NO_SCOPE, Database, Scope
from services.kernel.errors import Conflict, Invalid, NotFound
from services.kernel.ids import new_id
from services.monitoring import published
from services.voting import loading
from services.voting.history import is_total_of_votes
from services.voting.models import VoteCount
from services.voting.queries import CountFilter, election, get_count, list_counts
from services.voting.reporting import ReportCount, TypeFigure, report_count
from services.voting.reporting import approve_count as type_figure
from services.voting.rules import Dimension, Metric, Mode, Status
from services.voting.sources import name_source
from tests.factories.consulates import reference_session, work_as
from tests.servers import DatabaseUrls

NOW = datetime(2027, 6, 6, 20, 0, tzinfo=UTC)
HERE = Scope(consulate="losangeles")
THERE = Scope(consulate="chicago")


def _officer(consulate: str = "losangeles", role: Role = Role.OFFICER) -> Actor:
    return Actor(role, account_id=new_id(), consulate=consulate)


def _report(value: int = 12, **changes: object) -> ReportCount:
    values: dict[str, object] = {
        "consulate": "losangeles",
        "election": "2027",
        "metric": Metric.VOTES,
        "mode": Mode.ELECTRONIC,
        "day": date(2027, 6, 6),
        "value": value,
        "source": "acta de la jornada",
    }
    return ReportCount(**(values | changes))  # type: ignore[arg-type]


def approve_count(
    session: Session, count: UUID, *, now: datetime, actor: Actor, value: int | None = None
) -> None:
    """Type the number that was reported, or another."""
    if value is None:
        value = int(session.scalars(select(VoteCount.value).where(VoteCount.id == count)).one())
    type_figure(session, TypeFigure(count, value), now=now, actor=actor)


def _approved_sum(session: Session) -> int | None:
    return session.scalar(
        select(func.sum(Fact.quantity)).where(
            Fact.kind == "vote_count.votes", Fact.status == "approved"
        )
    )


def _in_force(session: Session) -> list[Decimal]:
    try:
        return [row.value for row in election(session, "2027").approved]
    except NotFound:
        return []


@pytest.fixture
def session(shared_database: DatabaseUrls) -> Iterator[Session]:
    with reference_session(shared_database.app_url) as session:
        loading.load_reference(session)
        work_as(session, HERE)
        yield session


def test_a_count_is_official_once_another_person_approves_it(session: Session) -> None:
    reporter, approver = _officer(), _officer(role=Role.SUPERVISOR)
    count = report_count(session, _report(), now=NOW, actor=reporter)
    assert count.status == Status.REPORTED
    assert _in_force(session) == []
    approve_count(session, count.id, now=NOW, actor=approver)
    assert _in_force(session) == [Decimal(12)]
    assert (count.reported_by, count.approved_by) == (reporter.account_id, approver.account_id)


def test_whoever_reported_a_count_cannot_approve_it(session: Session) -> None:
    reporter = _officer()
    count = report_count(session, _report(), now=NOW, actor=reporter)
    with pytest.raises(Conflict) as refused:
        approve_count(session, count.id, now=NOW, actor=reporter)
    assert refused.value.code == "self_approval"


def test_the_database_itself_refuses_self_approval(session: Session) -> None:
    reporter = _officer()
    report_count(session, _report(), now=NOW, actor=reporter)
    with pytest.raises(IntegrityError, match="ck_vote_counts_self_approval"):
        session.execute(
            text(
                "UPDATE vote_counts SET status = 'approved', approved_by = :me, approved_at = now()"
            ),
            {"me": reporter.account_id},
        )


def test_a_correction_supersedes_and_both_stay(session: Session) -> None:
    first = report_count(session, _report(12), now=NOW, actor=_officer())
    approve_count(session, first.id, now=NOW, actor=_officer())
    second = report_count(session, _report(15), now=NOW, actor=_officer())
    assert _in_force(session) == [Decimal(12)]
    approve_count(session, second.id, now=NOW, actor=_officer())
    assert _in_force(session) == [Decimal(15)]
    session.expire_all()
    assert get_count(session, first.id).status == Status.SUPERSEDED


def test_facts_add_up_to_what_is_in_force(session: Session) -> None:
    for value in (12, 15, 0):
        count = report_count(session, _report(value), now=NOW, actor=_officer())
        approve_count(session, count.id, now=NOW, actor=_officer())
        assert (_approved_sum(session) or 0) == value
    waiting = select(func.count()).where(Fact.status == "reported")
    assert session.scalar(waiting) == 0


def test_counts_of_another_mode_or_day_stand_side_by_side(session: Session) -> None:
    total = {"mode": None, "value": 24}
    for changes in ({}, {"mode": Mode.POSTAL}, total, {"day": date(2027, 6, 5)}):
        count = report_count(session, _report(**changes), now=NOW, actor=_officer())
        approve_count(session, count.id, now=NOW, actor=_officer())
    assert len(_in_force(session)) == 4


def test_of_two_people_who_approve_at_once_one_does(database: DatabaseUrls) -> None:
    here = Database(database.app_url)
    with here.transaction(NETWORK_SCOPE) as session:
        catalogue.load_reference(session)
    with here.transaction(HERE) as session:
        report = report_count(session, _report(), now=NOW, actor=_officer()).id

    def approve(count: UUID) -> str:
        try:
            with here.transaction(HERE) as session:
                both_began.wait()
                approve_count(session, count, now=NOW, actor=_officer())
                session.execute(text("SELECT pg_sleep(0.2)"))
        except Conflict as refused:
            return refused.code
        return "approved"

    both_began = Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(approve, [report, report]))
    with here.transaction(HERE) as session:
        in_force = _in_force(session)
        assert _approved_sum(session) == in_force[0]
    here.dispose()
    assert outcomes == ["approved", "wrong_state"]
    assert len(in_force) == 1


def test_an_approved_count_is_not_approved_again(session: Session) -> None:
    count = report_count(session, _report(), now=NOW, actor=_officer())
    approve_count(session, count.id, now=NOW, actor=_officer())
    with pytest.raises(Conflict) as refused:
        approve_count(session, count.id, now=NOW, actor=_officer())
    assert refused.value.code == "wrong_state"


def test_reports_and_approvals_leave_a_trace(session: Session) -> None:
    count = report_count(session, _report(), now=NOW, actor=_officer())
    approve_count(session, count.id, now=NOW, actor=_officer())
    entries = session.scalars(
        select(AuditEntry.action).where(AuditEntry.subject_id == count.id).order_by(AuditEntry.id)
    )
    assert entries.all() == ["vote_count.reported", "vote_count.approved"]


def test_every_source_is_named_in_words_and_each_total_of_an_election_by_its_own(
    session: Session,
) -> None:
    published = session.scalars(
        select(VoteCount).where(VoteCount.status == "published", VoteCount.reported_by.is_(None))
    ).all()
    named = {(row.source, row.election): name_source(row.source, row.election) for row in published}
    assert [key for key, words in named.items() if words.name_es in key] == []
    totals = [row for row in published if is_total_of_votes(row)]
    assert len({name_source(row.source, row.election).name_es for row in totals}) == 4


def test_published_counts_are_visible_to_everybody(session: Session) -> None:
    for scope in (NO_SCOPE, HERE, THERE, Scope(account=new_id())):
        work_as(session, scope)
        totals = list_counts(session, CountFilter(metric="votes", dimension=Dimension.TOTAL)).items
        assert {(row.election, int(row.value)) for row in totals} == {
            ("2006", 32_621),
            ("2012", 40_714),
            ("2018", 98_470),
            ("2024", 184_326),
        }


def test_an_offices_reports_are_hidden_from_others(session: Session) -> None:
    count = report_count(session, _report(), now=NOW, actor=_officer()).id
    for scope in (THERE, NO_SCOPE):
        work_as(session, scope)
        with pytest.raises(NotFound):
            get_count(session, count)
        with pytest.raises(NotFound):
            approve_count(session, count, now=NOW, actor=_officer("chicago"), value=12)
    work_as(session, NETWORK_SCOPE)
    assert get_count(session, count).value == 12


def test_an_office_cannot_report_for_another(session: Session) -> None:
    with pytest.raises(NotFound):
        report_count(session, _report(consulate="chicago"), now=NOW, actor=_officer())


def test_an_unknown_office_is_not_found(session: Session) -> None:
    work_as(session, NETWORK_SCOPE)
    with pytest.raises(NotFound):
        report_count(
            session, _report(consulate="atlantis"), now=NOW, actor=Actor(Role.AGENT, new_id())
        )


def test_an_office_cannot_touch_or_add_published_figures(session: Session) -> None:
    changed = session.execute(text("UPDATE vote_counts SET value = 1 RETURNING id")).all()
    assert changed == []
    with pytest.raises(ProgrammingError, match="row-level security"):
        session.execute(
            text(
                "INSERT INTO vote_counts (id, metric, dimension, key, consulate_code, value,"
                " unit, status, source) VALUES (gen_random_uuid(), 'votes', 'consulate',"
                " 'losangeles', 'losangeles', 1, 'count', 'published', 'us')"
            )
        )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"value": -1}, "value"),
        ({"value": 10**12}, "value"),
        ({"election": "MMXXVII"}, "election"),
        ({"election": "२०२७"}, "election"),
        ({"source": "  "}, "source"),
    ],
)
def test_a_report_out_of_form_is_refused_with_its_field(
    session: Session, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        report_count(session, _report(**changes), now=NOW, actor=_officer())
    assert refused.value.field == field


def test_an_election_keeps_published_percentages_as_printed(session: Session) -> None:
    known = election(session, "2024")
    shares = {row.key: row.value for row in known.published if row.metric == "votes_share"}
    assert shares == {
        "electronic": Decimal("66.5"),
        "postal": Decimal("21.5"),
        "in_person": Decimal("12.0"),
    }
    assert all(row.unit == "percent" for row in known.published if row.metric == "votes_share")


def test_an_election_that_nothing_is_known_of_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        election(session, "1994")


def test_pages_give_every_count_once(session: Session) -> None:
    seen: list[UUID] = []
    after = None
    while True:
        page = list_counts(session, CountFilter(), after=after, limit=20)
        seen += [row.id for row in page.items]
        if page.next is None:
            break
        after = page.next
    assert len(seen) == len(set(seen)) == 75


def test_published_series_hold_the_commissions_figures(session: Session) -> None:
    published.load_reference(session)
    figures = {row.metric: row for row in published.list_published(session, programme="CIAIMM-3")}
    assert figures["nss_issued_at_migration_stations"].value == 41_548
    assert {row.source for row in figures.values()} == {"press note on the 11th session"}
    assert {row.period_es for row in figures.values()} == {"11.ª sesión"}
    pti = published.list_published(session, programme="IMSS-PTI", metric="enrolled_cumulative")
    assert [int(row.value) for row in pti][:3] == [4_913, 7_298, 13_169]
