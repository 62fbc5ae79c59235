"""Indicators: what is counted, of which facts, in which unit and words, and by whose day.

To add an indicator, record facts of a new kind and add it here (docs/add-an-indicator.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.appointments.rules import Status as AppointmentStatus
from services.appointments.rules import Unmet
from services.enrollments.rules import PersonStatus
from services.enrollments.rules import Status as EnrollmentStatus
from services.monitoring.dimensions import PERSONAL, Dimension
from services.remittances.rules import Status as RemittanceStatus
from services.voting.rules import FACT_KIND, Metric
from services.voting.rules import Status as CountStatus


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
    CREDENTIALS = "credentials"


class Flow(StrEnum):
    """Whether figures of periods one after another add up: what happened in each does, how many
    there are at the end of each doesn't."""

    FLOW = "flow"
    STOCK = "stock"


class Subject(StrEnum):
    """What one is: a person, each once, or a request or act, of which a person may have several."""

    PEOPLE = "people"
    REQUESTS = "requests"


class DayZone(StrEnum):
    """Whose civil day a figure belongs to."""

    OFFICE = "office"
    MEXICO_CITY = "America/Mexico_City"


@dataclass(frozen=True)
class Series:
    """A published series: what `services.monitoring.published` keeps under these names."""

    programme: str
    metric: str


@dataclass(frozen=True, kw_only=True)
class Indicator:
    """What is counted: ``measure`` of facts of ``kind``.

    ``statuses`` are those that they may have, in the order in which a subject goes through them;
    ``achieved`` those that count towards a target. ``by``: what it may be split by besides office,
    country, day and status. ``group`` is the Commission's working group that reports it;
    ``published`` what others published of the same, ``rivals`` figures of one thing that differ.

    In words, in both languages: ``name``, ``counts`` (what one is), ``day`` (which civil day it
    belongs to, on the clock of ``zone``), ``program`` and ``source`` (who keeps it); ``words`` is
    the table with those of its statuses.
    """

    code: str
    kind: str
    by: tuple[Dimension, ...]
    statuses: tuple[StrEnum, ...]
    achieved: frozenset[StrEnum]
    unit: Unit
    subject: Subject
    zone: DayZone
    words: str
    name_es: str
    name_en: str
    counts_es: str
    counts_en: str
    day_es: str
    day_en: str
    program_es: str
    program_en: str
    source_es: str = "Este sistema: se cuenta cada paso al registrarse, en la misma operación."
    source_en: str = "This system: each step is counted as it is recorded, in one transaction."
    measure: Measure = Measure.QUANTITY
    flow: Flow = Flow.FLOW
    group: int = 4
    published: tuple[Series, ...] = ()
    rivals: tuple[Series, ...] = ()

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """Everything that it may be split by and narrowed to, in order."""
        own = {*self.by, *_OF_ALL}
        return tuple(dimension for dimension in Dimension if dimension in own)

    def days(self, first: date | None, last: date | None) -> tuple[date | None, date | None]:
        """Which days add up to the figure of these: of a stock all until the last."""
        return (None if self.flow is Flow.STOCK else first), last

    @property
    def has_offices(self) -> bool:
        """Whether its facts are those of offices, on whose days they count."""
        return self.zone is DayZone.OFFICE

    @property
    def is_of_one_election(self) -> bool:
        """Whether it is a stock that every election has anew: those of two are no number of
        anything."""
        return self.flow is Flow.STOCK and Dimension.ELECTION in self.by


_OF_ALL = (Dimension.CONSULATE, Dimension.COUNTRY, Dimension.DAY, Dimension.STATUS)
_REPORTS_ES = "Los reportes de las oficinas, que dos personas capturan por separado."
_REPORTS_EN = "The offices' reports, which two people type apart."
_SERVICES_ES, _SERVICES_EN = "Servicios consulares", "Consular services"
_VOTE_ES, _VOTE_EN = "Voto desde el extranjero", "Vote from abroad"


def _visits(code: str, unit: Unit, measure: Measure, subject: Subject, **words: str) -> Indicator:
    """One that counts the facts of appointments, each by another measure. An appointment has no
    age; its people have, and so has whom a service is for."""
    ages = () if measure is Measure.QUANTITY else (Dimension.AGE,)
    return Indicator(
        code=code,
        kind="appointment",
        by=(Dimension.PROGRAM, *ages),
        statuses=tuple(AppointmentStatus),
        achieved=frozenset({AppointmentStatus.COMPLETED}),
        unit=unit,
        subject=subject,
        zone=DayZone.OFFICE,
        words="appointments.counted",
        measure=measure,
        name_es=words["name_es"],
        name_en=words["name_en"],
        counts_es=words["counts_es"],
        counts_en=words["counts_en"],
        day_es="Cuentan en el día de la cita, en la oficina donde es.",
        day_en="They count on the day of the appointment, at the office where it is.",
        program_es=_SERVICES_ES,
        program_en=_SERVICES_EN,
    )


_CARDS = (
    (Metric.CREDENTIALS_REQUESTED, "pedidas", "requested"),
    (Metric.CREDENTIALS_ISSUED, "emitidas", "issued"),
    (Metric.CREDENTIALS_DELIVERED, "entregadas", "delivered"),
    (Metric.CREDENTIALS_ACTIVATED, "activadas", "activated"),
)


def _reported(
    code: str,
    metric: Metric,
    *,
    flow: Flow = Flow.FLOW,
    unit: Unit = Unit.PEOPLE,
    subject: Subject = Subject.PEOPLE,
    published: tuple[Series, ...] = (),
    rivals: tuple[Series, ...] = (),
    **words: str,
) -> Indicator:
    """One that offices report for an election: what is approved of a metric."""
    return Indicator(
        code=code,
        kind=f"{FACT_KIND}.{metric}",
        by=(Dimension.PROGRAM, Dimension.MODE, Dimension.ELECTION),
        statuses=tuple(CountStatus),
        achieved=frozenset({CountStatus.APPROVED}),
        unit=unit,
        subject=subject,
        zone=DayZone.OFFICE,
        words="voting.counted",
        flow=flow,
        published=published,
        rivals=rivals,
        name_es=words["name_es"],
        name_en=words["name_en"],
        counts_es=words["counts_es"],
        counts_en=words["counts_en"],
        day_es="Cuentan en el día que la oficina puso en su reporte.",
        day_en="They count on the day that the office put into its report.",
        program_es=_VOTE_ES,
        program_en=_VOTE_EN,
        source_es=_REPORTS_ES,
        source_en=_REPORTS_EN,
    )


_ALL = (
    _visits(
        "appointments",
        Unit.APPOINTMENTS,
        Measure.QUANTITY,
        Subject.REQUESTS,
        name_es="Citas por estado",
        name_en="Appointments by status",
        counts_es=(
            "Citas: cada una cuenta una vez, en el primer trámite que incluye,"
            " sean cuantas sean sus personas y trámites."
        ),
        counts_en=(
            "Appointments: each counts once, under its first service,"
            " whatever its people and services."
        ),
    ),
    _visits(
        "people",
        Unit.PEOPLE,
        Measure.PEOPLE,
        Subject.PEOPLE,
        name_es="Personas en citas, por estado",
        name_en="People in appointments, by status",
        counts_es=(
            "Personas: cada quien cuenta una vez por cita, en el primer trámite que esta incluye."
        ),
        counts_en="People: each person counts once per appointment, under its first service.",
    ),
    _visits(
        "services",
        Unit.SERVICES,
        Measure.SERVICES,
        Subject.REQUESTS,
        name_es="Trámites en citas, por estado",
        name_en="Services in appointments, by status",
        counts_es="Trámites: cada trámite de cada persona cuenta uno.",
        counts_en="Services: each service of each person counts one.",
    ),
    Indicator(
        code="unmet_searches",
        kind="unmet_search",
        by=(Dimension.PROGRAM,),
        statuses=tuple(Unmet),
        achieved=frozenset(Unmet),
        unit=Unit.SEARCHES,
        subject=Subject.REQUESTS,
        zone=DayZone.OFFICE,
        words="appointments.unmet",
        name_es="Búsquedas de cita sin lugar",
        name_en="Searches for an appointment that found no place",
        counts_es=(
            "Búsquedas: las de una misma persona o dirección de red por el mismo trámite y oficina"
            " cuentan una por hora. La oficina es la que pidieron o la más cercana."
        ),
        counts_en=(
            "Searches: those of one person or network address for the same service and office count"
            " once an hour. The office is the one asked for, or the nearest."
        ),
        day_es="Cada búsqueda cuenta en el día en que se hizo, en la oficina para la que cuenta.",
        day_en="Each search counts on the day it was made, at the office it counts for.",
        program_es=_SERVICES_ES,
        program_en=_SERVICES_EN,
    ),
    Indicator(
        code="enrollments",
        kind="enrollment",
        by=(Dimension.PROGRAM, *sorted(PERSONAL)),
        statuses=tuple(EnrollmentStatus),
        achieved=frozenset({EnrollmentStatus.ACTIVE}),
        unit=Unit.ENROLLMENTS,
        subject=Subject.REQUESTS,
        zone=DayZone.OFFICE,
        words="enrollments.status",
        name_es="Inscripciones por estado",
        name_en="Enrollments by status",
        counts_es="Inscripciones: cada solicitud de una persona a un programa cuenta una.",
        counts_en="Enrollments: each request of a person to a program counts one.",
        day_es=(
            "Cada inscripción cuenta en el día en que se pidió, en su oficina; sin oficina, en la"
            " Ciudad de México. Su estado es el que tiene en el corte."
        ),
        day_en=(
            "Each enrollment counts on the day of its request, at its office; without an office, in"
            " Mexico City. Its status is the one it has at the cutoff."
        ),
        program_es="Inscripción al RFC, al IMSS y al Infonavit",
        program_en="Enrollment in the RFC, IMSS and Infonavit",
        published=(
            Series("IMSS-PTI", "enrolled_cumulative"),
            Series("INFONAVIT", "contributing_voluntarily"),
            Series("RFC", "enrolled_cumulative"),
        ),
    ),
    Indicator(
        code="enrolled_people",
        kind="enrolled_person",
        by=tuple(sorted(PERSONAL)),
        statuses=tuple(PersonStatus),
        achieved=frozenset(PersonStatus),
        unit=Unit.PEOPLE,
        subject=Subject.PEOPLE,
        flow=Flow.STOCK,
        zone=DayZone.OFFICE,
        words="enrollments.person",
        name_es="Personas inscritas",
        name_en="People enrolled",
        counts_es=(
            "Personas: quien tiene una o más inscripciones aprobadas cuenta una, sean cuales sean"
            " sus programas."
        ),
        counts_en=(
            "People: whoever has one or more approved enrollments counts one, whatever their"
            " programs."
        ),
        day_es=(
            "Cada persona cuenta desde el día en que se aprobó su primera inscripción hasta que"
            " termina la última, en la oficina de la primera; sin oficina, en la Ciudad de México."
        ),
        day_en=(
            "Each person counts from the day when their first enrollment is approved until the last"
            " one ends, at the first one's office; without an office, in Mexico City."
        ),
        program_es="Inscripción al RFC, al IMSS y al Infonavit",
        program_en="Enrollment in the RFC, IMSS and Infonavit",
    ),
    Indicator(
        code="remittances",
        kind="remittance",
        by=(Dimension.PROGRAM, Dimension.MODE),
        statuses=tuple(RemittanceStatus),
        achieved=frozenset({RemittanceStatus.PAID}),
        unit=Unit.REMITTANCES,
        subject=Subject.REQUESTS,
        zone=DayZone.MEXICO_CITY,
        words="remittances.status",
        name_es="Envíos por estado",
        name_en="Transfers by status",
        counts_es="Envíos: cada uno cuenta uno, sea cual sea su monto.",
        counts_en="Transfers: each counts one, whatever its amount.",
        day_es="Cada envío cuenta en el día en que se pidió, en la Ciudad de México.",
        day_en="Each transfer counts on the day of its order, in Mexico City.",
        program_es="Envíos por Finabien",
        program_en="Transfers through Finabien",
        published=(Series("FINABIEN", "users"), Series("FINABIEN", "cards_delivered")),
    ),
    _reported(
        "votes",
        Metric.VOTES,
        unit=Unit.VOTES,
        name_es="Votos capturados",
        name_en="Votes reported",
        counts_es="Votos: los que cada oficina puso en sus reportes.",
        counts_en="Votes: as many as each office put into its reports.",
        published=(Series("CIAIMM-4", "votes_2024"), Series("CIAIMM-4", "votes_2018")),
        rivals=(Series("INE", "votes_abroad_2024"),),
    ),
    _reported(
        "late_votes",
        Metric.LATE_VOTES,
        unit=Unit.VOTES,
        name_es="Votos que llegaron tarde",
        name_en="Votes that came late",
        counts_es="Votos que llegaron después del plazo: no se abren, y no están entre los votos.",
        counts_en="Votes that came after the deadline: not opened, and not among the votes.",
    ),
    _reported(
        "registrations",
        Metric.REGISTERED,
        flow=Flow.STOCK,
        name_es="Personas registradas para votar",
        name_en="People registered to vote",
        counts_es="Personas: las que cada oficina puso en sus reportes de registro.",
        counts_en="People: as many as each office put into its reports of registrations.",
        rivals=(
            Series("INE", "voters_abroad_2024"),
            Series("INE", "registration_requests_2024"),
        ),
    ),
    *(
        _reported(
            metric.value,
            metric,
            flow=Flow.STOCK,
            subject=Subject.REQUESTS,
            unit=Unit.CREDENTIALS,
            name_es=f"Credenciales para votar {es}",
            name_en=f"Voter cards {en}",
            counts_es=f"Credenciales {es}: las que cada oficina puso en sus reportes.",
            counts_en=f"Cards {en}: as many as each office put into its reports.",
        )
        for metric, es, en in _CARDS
    ),
)
INDICATORS: dict[str, Indicator] = {indicator.code: indicator for indicator in _ALL}
