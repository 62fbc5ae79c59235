"""Appointments as the desk's pages show them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session

from consular.auth import now
from consular.i18n import date_short, folio, in_language, time_at, words
from consular.pages.desk.fee_presenters import presented_services
from consular.pages.portal.names import service_names
from services.appointments.agenda import AgendaLine
from services.appointments.closing import NOT_CLOSED
from services.appointments.completing import find_document_number
from services.appointments.naming import is_nameless, may_correct
from services.appointments.queries import (
    count_coming,
    list_attendees,
    list_history,
    list_party,
    list_resemblances,
)
from services.appointments.queueing import find_visit, is_on_the_way
from services.appointments.returning import LATE_ARRIVAL, list_member_passes, list_passes
from services.appointments.rules import AT_THE_OFFICE, LIVE, UNDO_WITHIN, Status, Step, leading
from services.appointments.steps import list_actions, list_member_actions
from services.appointments.visiting import last_step
from services.citizens.people import full_name, open_person
from services.consulates.queries import list_requirements
from services.kernel.crypto import Vault
from services.kernel.name_checks import Named

SHOWN_OF_DOCUMENT = 3
_MOVED = lazy_gettext("Cambió de día, de hora o de oficina")


def agenda(session: Session, appointments: Sequence[Any]) -> list[dict[str, Any]]:
    """Lines of the agenda: names come from one query, whatever the length of the day."""
    people = list_attendees(session, [a.id for a in appointments])
    names = service_names(session)
    until = list_passes(session, appointments, now=now())
    actions = list_actions(session, appointments, now=now())
    resembling = list_resemblances(session, [a.id for a in appointments])
    return [
        {
            "id": a.id,
            "folio": a.folio,
            "start": a.starts_at,
            "people": [name_shown(p) for p in people[a.id]],
            "service_name": ", ".join(names.get(code, code) for code in a.services),
            "status": a.status,
            "desk": a.desk,
            "actions": [step.value for step in leading(a.status, actions[a.id])],
            "return_until": until.get(a.id),
            "resembles": resembling.get(a.id, []),
            "came_late": LATE_ARRIVAL in (a.outcome or {}),
        }
        for a in appointments
    ]


class Row(NamedTuple):
    """A line of the list, in words; ``key`` names it on the page. Templates find a name of an
    object at the first try, of a dictionary at the second: with hundreds of lines that is felt."""

    key: str
    id: UUID
    n: int
    time: str
    who: str
    folio: str
    service: str
    status: str
    state: str
    desk: str | None
    notes: list[str]


@dataclass
class AgendaLines:
    """Lines of the agenda's list: hundreds on a page, so each time, service and status is put into
    words once."""

    zone: str
    services: Mapping[str, str]
    _words: dict[Any, str] = field(default_factory=dict)

    def rows(self, lines: Sequence[AgendaLine], *, dated: bool = False) -> list[Row]:
        """As the template takes them; ``dated``: of other days than the page's."""
        return [self._row(line, dated) for line in lines]

    def _row(self, line: AgendaLine, dated: bool) -> Row:
        return Row(
            key=f"{line.id}-{line.n}",
            id=line.id,
            n=line.n,
            time=self._once(("time", line.starts_at, dated), self._time, line.starts_at, dated),
            who=name_shown(line, walk_in=line.walk_in),
            folio=folio(line.folio),
            service=self._once(tuple(line.services), self._service, line.services),
            status=line.status,
            state=self._once(line.status, words, "appointments.status", line.status),
            desk=line.desk,
            notes=self._notes(line),
        )

    def _once(self, key: Any, say: Callable[..., str], *of: Any) -> str:
        if key not in self._words:
            self._words[key] = say(*of)
        return self._words[key]

    def _time(self, start: datetime, dated: bool) -> str:
        clock = time_at(start, self.zone)
        return f"{date_short(start, self.zone)} {clock}" if dated else clock

    def _service(self, codes: Sequence[str]) -> str:
        return ", ".join(self.services.get(code, code) for code in codes)

    def _notes(self, line: AgendaLine) -> list[str]:
        notes = [words("appointments.resemblance", reason) for reason in line.resembles]
        if line.walk_in:
            notes.append(str(_("Sin cita")))
        if line.people > 1:
            notes.append(str(_("Grupo de %(people)s", people=line.people)))
        if line.priority:
            notes.append(str(_("Prioridad")))
        if line.parked_at and line.status == Status.CHECKED_IN:
            notes.append(str(_("En pausa")))
        if line.for_desk and line.status == Status.CHECKED_IN:
            notes.append(str(_("Para la ventanilla %(desk)s", desk=line.for_desk)))
        if line.came_late:
            notes.append(str(_("Llegó tarde; conserva su lugar")))
        if line.return_until and line.status == Status.NOT_SERVED:
            until = date_short(line.return_until)
            notes.append(str(_("Puede volver hasta el %(day)s", day=until)))
        return notes


def opened(session: Session, appointment: Any, vault: Vault) -> dict[str, Any]:
    """One appointment with contact and CURP in the clear: for its own page only, which is an
    entry of the audit. The document number stays closed but for its end."""
    party = list_party(session, [appointment.id])[appointment.id]
    people = [each.person for each in party]
    known = [open_person(person, vault) for person in people]
    may = list_member_actions(session, [appointment], now=now())
    return {
        **agenda(session, [appointment])[0],
        "attendees": [
            {
                "id": each.person.id,
                "n": each.n,
                "folio": each.folio,
                "name": name_shown(person, walk_in=appointment.walk_in),
                "nameless": is_nameless(appointment, each.person),
                "may_rename": may_correct(appointment, each.person),
                "birth_date": person.birth_date,
                "curp": person.curp,
                "status": each.status,
                "may_leave": count_coming(party) > 1 and Step.CANCEL in may[appointment.id, each.n],
                "may_be_not_served": Step.NOT_SERVED in may[appointment.id, each.n],
                **_outcome(each.outcome),
            }
            for each, person in zip(party, known, strict=True)
        ],
        "coming": count_coming(party),
        "over": appointment.status not in LIVE,
        "contact": {"email": known[0].email, "phone": known[0].phone},
        "document_number": _end_of_document(session, appointment, people, vault),
        "given": presented_services(session, appointment.id),
        "requirements": _requirements(session, appointment),
        "actions": [
            step.value for step in list_actions(session, [appointment], now=now())[appointment.id]
        ],
        "history": [
            {"status": step.status, "at": step.at, "what": _MOVED if step.moved else None}
            for step in list_history(session, appointment.id)
        ],
    }


def name_shown(person: Named, *, walk_in: bool = False) -> str:
    """Return the person's name, or why there is none."""
    return full_name(person) or str(_("Sin nombre") if walk_in else _("Datos suprimidos"))


def person(session: Session, appointment: Any, n: int) -> dict[str, Any] | None:
    """One person of an appointment, as the agenda shows them beside its list; None when it has no
    such person. Who comes along is named."""
    party = list_party(session, [appointment.id])[appointment.id]
    chosen = next((each for each in party if each.n == n), None)
    if chosen is None:
        return None
    actions = list_member_actions(session, [appointment], now=now())[appointment.id, n]
    until = list_member_passes(session, [appointment], now=now()).get((appointment.id, n))
    names = service_names(session)
    visit = find_visit(session, appointment.id, n) if chosen.status in AT_THE_OFFICE else None
    return {
        "id": appointment.id,
        "n": n,
        "folio": chosen.folio,
        "start": appointment.starts_at,
        "walk_in": appointment.walk_in,
        "people": [name_shown(chosen.person, walk_in=appointment.walk_in)],
        "others": [
            name_shown(each.person)
            for each in party
            if each.n != n and each.status != Status.CANCELLED
        ],
        "service_name": ", ".join(names.get(code, code) for code in appointment.services),
        "status": chosen.status,
        "desk": chosen.desk,
        "actions": [step.value for step in leading(chosen.status, actions)],
        "may_be_wrong": Step.WRONG_PERSON in actions,
        "return_until": until,
        "resembles": list_resemblances(session, [appointment.id]).get(appointment.id, []),
        "came_late": LATE_ARRIVAL in (chosen.outcome or {}),
        "visit": visit,
        "may_come": is_on_the_way(visit, chosen.status),
        "undo": _may_undo(session, appointment),
    }


def _may_undo(session: Session, appointment: Any) -> bool:
    """Each step changes the appointment: one that stands as it is for longer has none to undo."""
    since = now() - UNDO_WITHIN
    return appointment.changed_at > since and bool(last_step(session, appointment.id, since=since))


def _end_of_document(
    session: Session, appointment: Any, people: Sequence[Any], vault: Vault
) -> str | None:
    """Enough to compare with the paper in hand, too little to copy."""
    number = find_document_number(session, appointment, people, vault)
    if number is None or len(number) <= 2 * SHOWN_OF_DOCUMENT:
        return str(_("Registrado")) if number else None
    return str(_("Termina en %(end)s", end=number[-SHOWN_OF_DOCUMENT:]))


def _requirements(session: Session, appointment: Any) -> list[str]:
    needs = list_requirements(session, appointment.services)
    texts = (
        in_language(row, "text") for code in appointment.services for row in needs.get(code, [])
    )
    return list(dict.fromkeys(texts))


def _outcome(noted: dict[str, Any] | None) -> dict[str, Any]:
    outcome = noted or {}
    return {
        "reason": _("La oficina cerró ese día sin terminarla.")
        if outcome.get("reason") == NOT_CLOSED
        else outcome.get("reason"),
        "bring": outcome.get("bring") or [],
    }
