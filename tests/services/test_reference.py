"""The reference data loads as often as one likes, is whole, and is there for everybody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from zoneinfo import available_timezones

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from services.consulates import loading, queries
from services.consulates.models import Consulate, NonWorkingDay, Service, ServiceRequirement, State
from services.kernel.db import NO_SCOPE, Base
from services.kernel.errors import NotFound
from services.monitoring import published
from services.voting import loading as voting
from tests.factories.consulates import add_consulate, reference_session, work_as
from tests.factories.pace import takes_less
from tests.servers import DatabaseUrls

TABLES = (
    "consulates",
    "services",
    "service_requirements",
    "fees",
    "states",
    "non_working_days",
    "vote_counts",
    "published_series",
    "published_revisions",
    "group_indicators",
    "group_entries",
)


@pytest.fixture
def session(shared_database: DatabaseUrls) -> Iterator[Session]:
    with reference_session(shared_database.app_url) as session:
        yield session


def _load_all(session: Session) -> dict[str, int]:
    return (
        loading.load_reference(session)
        | voting.load_reference(session)
        | published.load_reference(session)
    )


def _contents(session: Session) -> dict[str, list[str]]:
    return {
        table: sorted(
            session.scalars(text(f"SELECT row_to_json(t)::text FROM {table} t")).all()  # noqa: S608
        )
        for table in TABLES
    }


def test_loading_twice_leaves_the_same_rows(session: Session) -> None:
    counts = _load_all(session)
    once = _contents(session)
    assert _load_all(session) == counts
    assert _contents(session) == once
    counts["published_revisions"] = counts["published_series"]
    assert {table: len(rows) for table, rows in once.items()} == counts


def test_loading_takes_less_than_a_second(session: Session) -> None:
    assert takes_less(lambda: _load_all(session), 1)


def test_loading_repairs_a_row_but_keeps_the_configured_minutes(session: Session) -> None:
    session.execute(update(Consulate).values(city="?"))
    session.execute(update(Service).values(name_es="?", minutes=20))
    loading.load_reference(session)
    session.expire_all()
    assert queries.get_consulate(session, "losangeles").city == "Los Angeles"
    service = queries.get_service(session, "PAS10")
    assert (service.name_es, service.minutes) == ("Pasaporte ordinario 10 años", 20)


def test_what_to_bring_is_replaced_as_a_whole(session: Session) -> None:
    session.add(
        ServiceRequirement(
            service_code="PAS10", position=99, text_es="?", text_en="?", source="old"
        )
    )
    session.flush()
    loading.load_reference(session)
    positions = [row.position for row in queries.list_requirements(session, ["PAS10"])["PAS10"]]
    assert positions == list(range(1, len(positions) + 1))


def test_every_row_names_its_source(session: Session) -> None:
    _load_all(session)
    tables = {name: Base.metadata.tables[name] for name in TABLES}
    unsourced = {
        name: session.scalar(
            select(func.count()).select_from(table).where(func.trim(table.c.source) == "")
        )
        for name, table in tables.items()
    }
    assert set(unsourced.values()) == {0}


def test_every_office_has_a_zone_of_the_zone_database(session: Session) -> None:
    offices = queries.list_consulates(session)
    assert len(offices) == 154
    assert {office.time_zone for office in offices} <= available_timezones()
    zones = {office.code: office.time_zone for office in offices}
    # Three that are easily got wrong: no daylight saving, Mountain and Central time in Texas.
    assert zones["phoenix"] == "America/Phoenix"
    assert zones["elpaso"] == "America/Denver"
    assert zones["presidio"] == "America/Chicago"


@pytest.mark.parametrize("zone", ["Marte/Olympus", "../etc/passwd", "", None])
def test_an_unknown_zone_is_refused_and_the_office_named(zone: str | None) -> None:
    with pytest.raises(ValueError, match="villanueva"):
        loading.checked_zone("villanueva", zone)  # type: ignore[arg-type]


def test_a_bad_row_is_refused_with_its_file_and_line() -> None:
    def refuse(row: object) -> dict[str, object]:
        raise ValueError("no such zone")

    with pytest.raises(loading.BadReferenceData, match=r"consulates\.csv, line 2: no such zone"):
        loading.read_rows("services.consulates", "consulates.csv", refuse)


def test_kinds_and_presence_are_the_words_of_the_rules(session: Session) -> None:
    kinds = {"consulado", "consulado_general", "seccion_consular", "unknown"}
    assert {office.kind for office in queries.list_consulates(session)} == kinds
    presences = {service.personal_presence for service in queries.list_services(session)}
    assert presences == {"in_person", "video", "not_needed"}


def test_only_enrollments_ask_for_a_curp(session: Session) -> None:
    asking = {row.code for row in queries.list_services(session) if row.curp_required}
    assert asking == {"IMSS", "RFC"}


def test_the_services_people_book_most_say_what_to_bring(session: Session) -> None:
    most = {"PAS1", "PAS3", "PAS6", "PAS10", "MAT", "INE", "ACT", "RCN", "OP7", "POF"}
    requirements = queries.list_requirements(session, most)
    assert set(requirements) == most
    assert all(len(rows) >= 3 for rows in requirements.values())


def test_offices_that_no_text_confirms_are_marked_and_can_be_left_out(session: Session) -> None:
    confirmed = queries.list_consulates(session, include_assumed=False)
    assert len(confirmed) == 71
    assert not any(office.code.startswith("embamex-") for office in confirmed)


def test_votes_were_cast_in_person_at_twenty_three_sites(session: Session) -> None:
    sites = [office for office in queries.list_consulates(session) if office.in_person_vote]
    assert len(sites) == 23


def test_anybody_reads_offices_without_an_account(session: Session) -> None:
    work_as(session, NO_SCOPE)
    assert queries.get_consulate(session, "losangeles").time_zone == "America/Los_Angeles"


def test_an_unknown_office_or_service_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        queries.get_consulate(session, "atlantis")
    with pytest.raises(NotFound):
        queries.get_service(session, "XXX")


def test_the_nearest_office_comes_first(session: Session) -> None:
    add_consulate(session, "lejana", latitude=-34, longitude=151)
    nearest = queries.near(session, 34.05, -118.24, limit=3)
    assert nearest[0].consulate.code == "losangeles"
    assert [near.km for near in nearest] == sorted(near.km for near in nearest)
    assert queries.near(session, -34, 151, limit=1)[0].consulate.code == "lejana"


def test_an_office_closes_on_mexican_and_host_country_days(session: Session) -> None:
    november = (date(2026, 11, 1), date(2026, 11, 30))
    assert set(queries.closed_days(session, "losangeles", *november)) == {
        date(2026, 11, 11),
        date(2026, 11, 20),
        date(2026, 11, 26),
    }
    assert set(queries.closed_days(session, "toronto", *november)) == {date(2026, 11, 20)}


def test_a_day_of_both_countries_is_named_once(session: Session) -> None:
    christmas = date(2026, 12, 25)
    closed = queries.closed_days(session, "losangeles", christmas, christmas)
    assert closed == {christmas: queries.Closure("Navidad", "Christmas Day")}
    labour = queries.closed_days(session, "losangeles", date(2025, 9, 1), date(2025, 9, 1))
    assert labour[date(2025, 9, 1)].name_en == "Presidential Report / Labor Day"


def test_weekends_and_closed_days_are_no_working_days(session: Session) -> None:
    def works(office: str, day: date) -> bool:
        return day.weekday() < 5 and not queries.closed_days(session, office, day, day)

    assert works("losangeles", date(2026, 11, 12))
    assert not works("losangeles", date(2026, 11, 11))
    assert not works("losangeles", date(2026, 11, 14))
    assert works("toronto", date(2026, 11, 11))


def test_closed_days_reach_from_2025_to_2030(session: Session) -> None:
    years = session.scalars(select(func.extract("year", NonWorkingDay.day)).distinct()).all()
    assert sorted(int(year) for year in years) == list(range(2025, 2031))


def test_birth_abroad_is_a_code_without_a_state(session: Session) -> None:
    states = session.scalars(select(State).order_by(State.inegi_code.nulls_last())).all()
    assert len(states) == 33
    assert (states[0].curp_code, states[0].inegi_code) == ("AS", "01")
    assert (states[-1].curp_code, states[-1].inegi_code) == ("NE", None)
