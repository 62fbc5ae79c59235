"""What a working group may report: figures counted here, elections, what the groups handed in.

A choice names where its number comes from; `services.commission.counting` asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from services.appointments.rules import Status as AppointmentStatus
from services.commission.rules import OWN_GROUP, Source
from services.enrollments.rules import PersonStatus
from services.enrollments.rules import Status as EnrollmentStatus
from services.monitoring.queries import Reported, list_entries
from services.remittances.rules import Status as RemittanceStatus
from services.voting.rules import Status as CountStatus

Bilingual = Mapping[str, str]


@dataclass(frozen=True)
class Choice:
    """A line that a group may report. ``code`` stays the same from session to session; ``name`` is
    in both languages. ``of``: the indicator, the election or the series; ``status``: of which of
    its statuses."""

    code: str
    group: int
    source: Source
    name: Bilingual
    of: str
    status: str | None = None


@dataclass(frozen=True)
class AnnexChoice:
    """A table at the end: an indicator by one of its dimensions, or the elections so far."""

    code: str
    name: Bilingual
    indicator: str | None
    by: str


def _own(indicator: str, status: str | None, es: str, en: str) -> Choice:
    code = f"{indicator}-{status}" if status else indicator
    return Choice(code, OWN_GROUP, Source.INDICATOR, {"es": es, "en": en}, indicator, status)


# What Group 4 answers for, each with one number.
OWN = (
    _own("services", AppointmentStatus.COMPLETED, "Trámites entregados en citas",
         "Services given at appointments"),
    _own("people", AppointmentStatus.COMPLETED, "Personas atendidas en citas",
         "People served at appointments"),
    _own("appointments", AppointmentStatus.NO_SHOW, "Citas a las que nadie llegó",
         "Appointments to which nobody came"),
    _own("unmet_searches", None, "Búsquedas de cita sin lugar",
         "Searches for an appointment that found no place"),
    _own("enrollments", None, "Inscripciones solicitadas", "Enrollments requested"),
    _own("enrollments", EnrollmentStatus.ACTIVE, "Inscripciones aprobadas", "Enrollments approved"),
    _own("enrolled_people", PersonStatus.ENROLLED, "Personas inscritas en uno o más programas",
         "People enrolled in one or more programs"),
    _own("remittances", RemittanceStatus.PAID, "Envíos de dinero pagados", "Money transfers paid"),
    _own("votes", CountStatus.APPROVED, "Votos que las oficinas contaron",
         "Votes that the offices counted"),
)  # fmt: skip
# It may be reported too; before there is a list of voters there is nothing to say of it.
VOTERS = _own("registrations", CountStatus.APPROVED, "Personas registradas para votar",
              "People registered to vote")  # fmt: skip
# Those in which Mexicans abroad voted, each compared with the one before.
ELECTIONS = ("2006", "2012", "2018", "2024")

ANNEXES = {
    choice.code: choice
    for choice in (
        AnnexChoice(
            "services-by-office",
            {"es": "Trámites entregados, por oficina", "en": "Services given, by office"},
            "services",
            "consulate",
        ),
        AnnexChoice(
            "enrollments-by-program",
            {"es": "Inscripciones, por programa", "en": "Enrollments, by program"},
            "enrollments",
            "program",
        ),
        AnnexChoice(
            "enrollments-by-office",
            {"es": "Inscripciones, por oficina", "en": "Enrollments, by office"},
            "enrollments",
            "consulate",
        ),
        AnnexChoice(
            "votes",
            {"es": "Votos desde el extranjero, por elección", "en": "Votes abroad, by election"},
            None,
            "election",
        ),
    )
}


def list_choices(session: Session, group: int, number: int) -> Sequence[Choice]:
    """What a group may report at the session with that number, in the report's order: figures for
    that session, then those for a period alone."""
    own = [*OWN, VOTERS, *map(_election, reversed(ELECTIONS))] if group == OWN_GROUP else []
    handed_in = list_entries(session, group=group)
    entered = {row.code: _entry(row) for row in handed_in if row.session_number in (number, None)}
    return [*own, *entered.values()]


def default_codes(session: Session, group: int, number: int) -> Sequence[str]:
    """What is reported unless somebody chooses: all of a group; of ours what is counted here and
    the last election, not what others printed of the same."""
    choices = list_choices(session, group, number)
    if group != OWN_GROUP:
        return [each.code for each in choices]
    return [*(each.code for each in OWN), f"votes-{ELECTIONS[-1]}"]


def _election(year: str) -> Choice:
    name = {"es": f"Votos desde el extranjero en {year}", "en": f"Votes from abroad in {year}"}
    return Choice(f"votes-{year}", OWN_GROUP, Source.ELECTION, name, year)


def _entry(row: Reported) -> Choice:
    name = {"es": row.name_es, "en": row.name_en}
    return Choice(f"reported-{row.code}", row.group_number, Source.ENTRY, name, row.code)
