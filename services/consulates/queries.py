"""Read offices, services, fees and closed days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from services.consulates.models import (
    Consulate,
    NonWorkingDay,
    Service,
    ServiceFee,
    ServiceRequirement,
    State,
)
from services.consulates.rules import HOME_COUNTRY, great_circle_km, round_pesos
from services.kernel.collation import alphabetical
from services.kernel.money import Money
from services.kernel.tables import get_row


@dataclass(frozen=True)
class Fee:
    """What a service costs. ``is_latest_known``: no amount of the asked year is known, so this
    is that of the latest year before it, ``year``."""

    money: Money
    year: int
    is_latest_known: bool


class Nearby(NamedTuple):
    """An office and how far it is, in km, from where somebody asked."""

    consulate: Consulate
    km: float


@dataclass(frozen=True)
class Closure:
    """Why an office is closed on a day; two countries' reasons are joined."""

    name_es: str
    name_en: str


def list_consulates(session: Session, *, include_assumed: bool = True) -> Sequence[Consulate]:
    """Every office: those known to attend the public first, then by country and city.

    ``include_assumed=False`` leaves out embassies' sections and offices that no text confirms.
    """
    statement = select(Consulate)
    if not include_assumed:
        statement = statement.where(~Consulate.assumed)
    return sorted(
        session.scalars(statement),
        key=lambda c: (c.assumed, c.country, alphabetical(c.city), c.code),
    )


def get_consulate(session: Session, code: str) -> Consulate:
    """The office. Raises `NotFound`."""
    office = get_row(session, Consulate, code, field="consulate")
    # A session forgets rows that nobody holds, and an office is asked for again and again.
    session.info.setdefault("offices", set()).add(office)
    return office


def is_alone(session: Session, office: Consulate) -> bool:
    """Whether there is no other office in its country."""
    there = select(func.count()).select_from(Consulate).where(Consulate.country == office.country)
    return session.scalar(there) == 1


def near(
    session: Session,
    latitude: float,
    longitude: float,
    *,
    limit: int = 10,
    include_assumed: bool = True,
) -> list[Nearby]:
    """The nearest offices by great-circle distance, nearest first."""
    here = (latitude, longitude)
    offices = (
        Nearby(office, great_circle_km(here, (float(office.latitude), float(office.longitude))))
        for office in list_consulates(session, include_assumed=include_assumed)
    )
    return sorted(offices, key=lambda nearby: nearby.km)[:limit]


def list_states(session: Session) -> Sequence[State]:
    """The states of Mexico by name, and birth abroad."""
    return sorted(session.scalars(select(State)), key=lambda state: alphabetical(state.name_es))


def list_services(session: Session, *, bookable_only: bool = False) -> Sequence[Service]:
    """List the services by category and name; read once in a transaction."""
    if "services" not in session.info:
        rows = session.scalars(select(Service))
        session.info["services"] = sorted(rows, key=lambda s: (s.category, alphabetical(s.name_es)))
    services: list[Service] = session.info["services"]
    return [row for row in services if row.bookable or not bookable_only]


def service_names(session: Session, codes: Sequence[str], language: str) -> str:
    """The names of services in a language, with commas between. Raises `NotFound`."""
    services = (get_service(session, code) for code in codes)
    return ", ".join(row.name_en if language == "en" else row.name_es for row in services)


def get_service(session: Session, code: str) -> Service:
    """The service. Raises `NotFound`."""
    return get_row(session, Service, code, field="service")


def list_requirements(
    session: Session, services: Iterable[str] | None = None
) -> dict[str, list[ServiceRequirement]]:
    """What to bring, by service and in order; of all services unless some are named.

    A service that nothing is known of is missing from the answer.
    """
    statement = select(ServiceRequirement).order_by(
        ServiceRequirement.service_code, ServiceRequirement.position
    )
    if services is not None:
        statement = statement.where(ServiceRequirement.service_code.in_(list(services)))
    requirements: dict[str, list[ServiceRequirement]] = defaultdict(list)
    for row in session.scalars(statement):
        requirements[row.service_code].append(row)
    return dict(requirements)


def fees_on(session: Session, day: date, currency: str = "USD") -> dict[str, Fee]:
    """Service -> fee in force on ``day``. Offices abroad charge USD; MXN comes rounded by law.

    A service without any amount up to that year is missing from the answer; whether it is free
    is `Service.free`'s to say.
    """
    rows = session.scalars(
        select(ServiceFee)
        .where(ServiceFee.currency == currency, ServiceFee.year <= day.year)
        .ext(distinct_on(ServiceFee.service_code))
        .order_by(ServiceFee.service_code, ServiceFee.year.desc())
    )
    return {
        row.service_code: Fee(
            round_pesos(Money(row.amount_minor, row.currency)), row.year, row.year < day.year
        )
        for row in rows
    }


def fee_of(session: Session, services: Sequence[str], day: date, people: int) -> Money | None:
    """What so many pay for all of the services together on a day; None when nothing is known to be
    paid."""
    fees = fees_on(session, day)
    known = [fees[code].money for code in services if code in fees] * people
    return sum(known[1:], known[0]) if known else None


def closed_days(session: Session, consulate: str, first: date, last: date) -> dict[date, Closure]:
    """Days from ``first`` to ``last``, both included, on which the office is closed.

    Mexico's federal days and the host country's. Of host countries only the United States is
    known for now: elsewhere the answer has Mexico's days only. Weekends are not listed, for some
    offices attend on Saturdays.
    """
    country = select(Consulate.country).where(Consulate.code == consulate).scalar_subquery()
    rows = session.scalars(
        select(NonWorkingDay)
        .where(
            (NonWorkingDay.country == HOME_COUNTRY) | (NonWorkingDay.country == country),
            NonWorkingDay.day.between(first, last),
        )
        .order_by(NonWorkingDay.day, NonWorkingDay.country)
    )
    by_day: dict[date, list[NonWorkingDay]] = defaultdict(list)
    for row in rows:
        by_day[row.day].append(row)
    return {day: _closure(reasons) for day, reasons in by_day.items()}


def _closure(reasons: Sequence[NonWorkingDay]) -> Closure:
    return Closure(
        name_es=" / ".join(dict.fromkeys(reason.name_es for reason in reasons)),
        name_en=" / ".join(dict.fromkeys(reason.name_en for reason in reasons)),
    )
