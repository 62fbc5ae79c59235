"""Notes on charts: an analyst says what happened, and it stands on chart, table and list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import Response, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from consular.auth import ANALYSTS, MONITORS, actor, allow
from consular.db import database_now, transaction
from consular.i18n import city_in_language, date_short
from consular.input.notes import NoteSchema
from consular.pages.drafts import answers, draft, drop
from consular.pages.forms import Errors, go, pick, read_fields
from consular.pages.monitoring.blueprint import Question, days_in_words, pages, read_question
from consular.pages.portal.names import offices
from consular.pages.posting import reopen
from services.consulates.queries import get_consulate
from services.monitoring.key_figures import MONTHS
from services.monitoring.noting import add_note, list_notes, remove_note
from services.staff.accounts import find_name

FIELDS = ("what", "first_day", "last_day", "consulate")


@dataclass(frozen=True)
class Pinned:
    """A note by the number that it has on a page; ``office``: its code, empty for all of them."""

    mark: str
    id: UUID
    text: str
    first: date
    last: date
    office: str
    where: str
    who: str

    @property
    def days(self) -> str:
        """Its days in words."""
        if self.first == self.last:
            return date_short(self.first)
        return days_in_words(self.first, self.last)


def pinned_notes(session: Session, question: Question) -> list[Pinned]:
    """The notes of a page, numbered: of its days, and of the twelve months of its trends."""
    last = question.period.last
    first = min(question.period.first, last.replace(day=1) - timedelta(days=31 * (MONTHS - 1)))
    notes = list_notes(
        session,
        first=first,
        last=last,
        as_of=question.period.as_of,
        consulate=question.consulate,
    )
    return [
        Pinned(
            str(number),
            note.id,
            note.text,
            note.first_day,
            note.last_day,
            note.consulate_code or "",
            _where(session, note.consulate_code),
            find_name(session, note.added_by) or "",
        )
        for number, note in enumerate(notes, 1)
    ]


def marks_of_offices(notes: Sequence[Pinned]) -> dict[str, str]:
    """The numbers of the notes about each office alone."""
    marks: dict[str, list[str]] = {}
    for note in notes:
        if note.office:
            marks.setdefault(note.office, []).append(note.mark)
    return {office: ", ".join(numbers) for office, numbers in marks.items()}


@pages.get("/notes")
@allow(MONITORS)
def notes() -> str:
    """List the notes of the asked days, with the form that pins one."""
    errors: Errors = draft().errors(_read)
    with transaction() as session:
        question = read_question(session, errors)
        return render_template(
            "monitoring/notes.html",
            notes=pinned_notes(session, question) if question else [],
            may_write=actor().role in ANALYSTS,
            question=question,
            consulates=offices(session, every=True),
            form=draft().form or {"consulate": question.consulate if question else ""},
            errors=errors,
        )


@pages.post("/notes")
@allow(ANALYSTS)
def note_add() -> Response:
    """Pin a note."""
    command = _read(answers(), None)
    with transaction() as session:
        if command.consulate:
            get_consulate(session, command.consulate)
        add_note(session, command, now=database_now(session), actor=actor())
    drop()
    day = command.first.isoformat()
    return go(url_for("monitoring.notes", **{"from": day, "to": command.last.isoformat()}))


@pages.post("/notes/<uuid:id>/remove")
@allow(ANALYSTS)
def note_remove(id: UUID) -> Response:
    """Take a note away; as of a moment before it is still there."""
    with transaction() as session:
        remove_note(session, id, now=database_now(session), actor=actor())
    return go(url_for("monitoring.notes"))


reopen(pages, ["/notes/<uuid:id>/remove"], "monitoring.notes", ANALYSTS)


def _read(form: dict[str, str], errors: Errors | None) -> Any:
    return read_fields(NoteSchema(), pick(form, *FIELDS), errors)


def _where(session: Session, office: str | None) -> str:
    return city_in_language(get_consulate(session, office)) if office else _("Todas las oficinas")
