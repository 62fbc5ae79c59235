"""Figures from facts: exact, and the same when asked again as of the same moment.

A figure is a sum over lines of double-entry counting, so it is a state ("so many are active"),
whatever the order in which its lines were written. It counts the lines that were recorded up to a
moment before which nothing can be recorded any more (`services.facts.settling`), so that it is the
same whenever it is asked again, and wherever: nothing is written for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.appointments.rules import Status as AppointmentStatus
from services.appointments.rules import Unmet
from services.enrollments.rules import Status as EnrollmentStatus
from services.facts.settling import is_settled, is_to_come, settle
from services.kernel.errors import Invalid, NotFound, Unavailable
from services.remittances.rules import Status as RemittanceStatus
from services.voting.rules import Status as CountStatus


class Dimension(StrEnum):
    """By what a figure may be split. By status it always is.

    ``program`` is whichever of their own dimensions the facts of an indicator have: the service of
    an appointment, the program of an enrollment, the payout of a remittance, the mode of a vote.
    """

    PROGRAM = "program"
    CONSULATE = "consulate"
    DAY = "day"
    STATUS = "status"


class Measure(StrEnum):
    """Which number of a fact is added up: how many subjects, people or services it is about."""

    QUANTITY = "quantity"
    PEOPLE = "people"
    SERVICES = "services"


class Unit(StrEnum):
    """The unit of an indicator's value."""

    APPOINTMENTS = "appointments"
    PEOPLE = "people"
    SERVICES = "services"
    ENROLLMENTS = "enrollments"
    REMITTANCES = "remittances"
    VOTES = "votes"
    SEARCHES = "searches"


class FactDimension(StrEnum):
    """Columns of facts that tell what they are counted by; each kind of fact has its own."""

    SERVICE = "service_code"
    PROGRAM = "program_code"
    PAYOUT = "payout"
    VOTE_MODE = "vote_mode"


@dataclass(frozen=True)
class Indicator:
    """What is counted: ``measure`` of facts of ``kind``. ``counts`` says what one is, in words.

    ``program`` is the dimension of those facts that is asked for as ``program``; ``statuses`` are
    the ones they may have, in the order in which a subject goes through them.
    """

    code: str
    kind: str
    program: FactDimension
    statuses: tuple[StrEnum, ...]
    unit: Unit
    name_es: str
    name_en: str
    counts_es: str
    counts_en: str
    measure: Measure = Measure.QUANTITY


# To add an indicator, record facts of a new kind and add it here.
INDICATORS: dict[str, Indicator] = {
    i.code: i
    for i in (
        Indicator(
            "appointments",
            "appointment",
            FactDimension.SERVICE,
            tuple(AppointmentStatus),
            Unit.APPOINTMENTS,
            "Citas por estado",
            "Appointments by status",
            "Citas: cada una cuenta una vez, en el primer trámite que incluye,"
            " sean cuantas sean sus personas y trámites.",
            "Appointments: each counts once, under its first service,"
            " whatever its people and services.",
        ),
        Indicator(
            "people",
            "appointment",
            FactDimension.SERVICE,
            tuple(AppointmentStatus),
            Unit.PEOPLE,
            "Personas en citas, por estado",
            "People in appointments, by status",
            "Personas: cada quien cuenta una vez por cita, en el primer trámite que esta incluye.",
            "People: each person counts once per appointment, under its first service.",
            Measure.PEOPLE,
        ),
        Indicator(
            "services",
            "appointment",
            FactDimension.SERVICE,
            tuple(AppointmentStatus),
            Unit.SERVICES,
            "Trámites en citas, por estado",
            "Services in appointments, by status",
            "Trámites: cada trámite de cada persona cuenta uno.",
            "Services: each service of each person counts one.",
            Measure.SERVICES,
        ),
        Indicator(
            "unmet_searches",
            "unmet_search",
            FactDimension.SERVICE,
            tuple(Unmet),
            Unit.SEARCHES,
            "Búsquedas de cita sin lugar",
            "Searches for an appointment that found no place",
            "Búsquedas: las de una misma persona o dirección de red por el mismo trámite y oficina"
            " cuentan una por hora. La oficina es la que pidieron o la más cercana.",
            "Searches: those of one person or network address for the same service and office count"
            " once an hour. The office is the one asked for, or the nearest.",
        ),
        Indicator(
            "enrollments",
            "enrollment",
            FactDimension.PROGRAM,
            tuple(EnrollmentStatus),
            Unit.ENROLLMENTS,
            "Inscripciones por estado",
            "Enrollments by status",
            "Inscripciones: cada solicitud de una persona a un programa cuenta una.",
            "Enrollments: each request of a person to a program counts one.",
        ),
        Indicator(
            "remittances",
            "remittance",
            FactDimension.PAYOUT,
            tuple(RemittanceStatus),
            Unit.REMITTANCES,
            "Envíos por estado",
            "Transfers by status",
            "Envíos: cada uno cuenta uno, sea cual sea su monto.",
            "Transfers: each counts one, whatever its amount.",
        ),
        Indicator(
            "votes",
            "vote_count.votes",
            FactDimension.VOTE_MODE,
            tuple(CountStatus),
            Unit.VOTES,
            "Votos capturados",
            "Votes reported",
            "Votos: los que cada oficina puso en sus reportes.",
            "Votes: as many as each office put into its reports.",
        ),
        Indicator(
            "registrations",
            "vote_count.registered",
            FactDimension.VOTE_MODE,
            tuple(CountStatus),
            Unit.PEOPLE,
            "Personas registradas para votar",
            "People registered to vote",
            "Personas: las que cada oficina puso en sus reportes de registro.",
            "People: as many as each office put into its reports of registrations.",
        ),
    )
}


@dataclass(frozen=True)
class AskIndicator:
    """Days are the subjects' own days at their offices, both included."""

    code: str
    by: tuple[Dimension, ...] = ()
    first: date | None = None
    last: date | None = None
    as_of: datetime | None = None
    program: str | None = None
    consulate: str | None = None
    compare: bool = False


@dataclass(frozen=True)
class Figures:
    """``rows``: the dimensions that were asked for, ``status`` and ``value``."""

    indicator: Indicator
    as_of: datetime
    rows: Sequence[dict[str, Any]]


_FIGURES = """
SELECT {columns}, sum({measure})::bigint AS value
FROM facts
WHERE kind = :kind
  AND (CAST(:first AS date) IS NULL OR day >= :first)
  AND (CAST(:last AS date) IS NULL OR day <= :last)
  AND (CAST(:program AS text) IS NULL OR {program} = :program)
  AND (CAST(:consulate AS text) IS NULL OR consulate_code = :consulate)
  AND recorded_at <= :as_of
GROUP BY {groups} HAVING sum({measure}) <> 0
ORDER BY {groups}
"""


def figures(session: Session, command: AskIndicator) -> Figures:
    """Count. Raises NotFound for an unknown indicator, Invalid ``in_the_future``, Unavailable for a
    moment that isn't settled here yet."""
    indicator = INDICATORS.get(command.code)
    if indicator is None:
        raise NotFound()
    as_of = _moment(session, command.as_of)
    rows = _rows(session, command, indicator, as_of)
    if command.compare and command.first and command.last:
        days = command.last - command.first + timedelta(days=1)
        before = replace(command, first=command.first - days, last=command.last - days)
        rows = _compared(rows, _rows(session, before, indicator, as_of))
    return Figures(indicator, as_of, rows)


def _compared(rows: list[dict[str, Any]], before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each row with the value of the same row in the period before: 0 where there is none."""
    earlier = {_key(row): row["value"] for row in before}
    now = {_key(row) for row in rows}
    gone = [{**row, "value": 0} for row in before if _key(row) not in now]
    return [{**row, "compared": earlier.get(_key(row), 0)} for row in rows + gone]


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(value for name, value in row.items() if name != "value")


def _rows(
    session: Session,
    command: AskIndicator,
    indicator: Indicator,
    as_of: datetime,
) -> list[dict[str, Any]]:
    rows = session.execute(
        text(_statement(command.by, indicator)),
        {
            "kind": indicator.kind,
            "first": command.first,
            "last": command.last,
            "program": command.program,
            "consulate": command.consulate,
            "as_of": as_of,
        },
    )
    return [dict(row._mapping) for row in rows]


def _moment(session: Session, as_of: datetime | None) -> datetime:
    if as_of is None:
        return settle(session)
    if is_to_come(session, as_of):
        raise Invalid("in_the_future", field="as_of")
    if not is_settled(session, as_of):
        raise Unavailable(retry_after=2)
    return as_of


def _statement(by: tuple[Dimension, ...], indicator: Indicator) -> str:
    columns = {
        Dimension.PROGRAM: indicator.program.value,
        Dimension.CONSULATE: "consulate_code",
        Dimension.DAY: "day",
        Dimension.STATUS: "status",
    }
    split = [d for d in by if d is not Dimension.STATUS] + [Dimension.STATUS]
    return _FIGURES.format(
        columns=", ".join(f"{columns[dimension]} AS {dimension}" for dimension in split),
        groups=", ".join(columns[dimension] for dimension in split),
        program=indicator.program.value,
        measure=indicator.measure,
    )
