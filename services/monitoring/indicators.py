"""Indicators: what is counted, of which facts, in which unit and words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from services.appointments.rules import Status as AppointmentStatus
from services.appointments.rules import Unmet
from services.enrollments.rules import Status as EnrollmentStatus
from services.remittances.rules import Status as RemittanceStatus
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
