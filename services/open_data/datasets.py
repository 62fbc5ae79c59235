"""The data sets that are published: what each counts, and the words of its page and columns.

To add one, add it here: an indicator whose facts no other data set counts, so that nothing is found
by subtracting one from the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.appointments.rules import Status as AppointmentStatus
from services.enrollments.rules import Status as EnrollmentStatus

LICENSE = "CC-BY-4.0"
LICENSE_URL = "https://creativecommons.org/licenses/by/4.0/deed.es"


@dataclass(frozen=True)
class Dataset:
    """``statuses`` of an indicator, added up by month, office and program from ``since`` on."""

    code: str
    indicator: str
    statuses: frozenset[str]
    since: date
    title_es: str
    title_en: str
    about_es: str
    about_en: str


DATASETS: dict[str, Dataset] = {
    each.code: each
    for each in (
        Dataset(
            "appointments-attended",
            "appointments",
            frozenset({AppointmentStatus.COMPLETED.value}),
            date(2026, 1, 1),
            "Citas atendidas",
            "Appointments attended",
            "Citas que se atendieron en las oficinas consulares, por mes, oficina y trámite. Cada"
            " cita cuenta una vez, en el mes de su día y en el primer trámite que incluye.",
            "Appointments attended at the consular offices, by month, office and service. Each"
            " counts once, in the month of its day and under its first service.",
        ),
        Dataset(
            "enrollment-requests",
            "enrollments",
            frozenset(status.value for status in EnrollmentStatus),
            date(2026, 1, 1),
            "Solicitudes de inscripción",
            "Enrollment requests",
            "Solicitudes de inscripción a programas de México, por mes, oficina y programa. Cada"
            " solicitud cuenta una vez, en el mes en que se pidió, sea cual sea su estado.",
            "Requests to enroll in Mexican programs, by month, office and program. Each request"
            " counts once, in the month in which it was made, whatever its status.",
        ),
    )
}


@dataclass(frozen=True)
class Column:
    """A column of the files, and what it means."""

    code: str
    type: str
    means_es: str
    means_en: str


COLUMNS = (
    Column("period", "gYearMonth", "Mes, como 2026-07.", "Month, as 2026-07."),
    Column(
        "level", "string",
        "Qué suma el renglón: world (todas las oficinas), country (las de un país) u office.",
        "What the row adds up: world (all offices), country (those of one) or office.",
    ),
    Column(
        "country", "string",
        "País de la oficina (ISO 3166-1); none sin oficina.",
        "Country of the office (ISO 3166-1); none without an office.",
    ),
    Column(
        "consulate", "string",
        "Clave de la oficina; none sin oficina.",
        "Code of the office; none without an office.",
    ),
    Column(
        "category", "string",
        "Clave del trámite o programa; all es la suma de todos.",
        "Code of the service or program; all is the sum of all.",
    ),
    Column(
        "value", "integer",
        "Cuántas. Vacío cuando no se dice. Un renglón que no está es un cero.",
        "How many. Empty where it isn't told. A row that isn't there is a zero.",
    ),
    Column(
        "suppressed", "boolean",
        "true cuando el número no se dice, por pequeño o porque con él se sabría otro pequeño.",
        "true where the number isn't told: it is small, or another small one would follow from it.",
    ),
)  # fmt: skip
