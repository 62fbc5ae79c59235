"""Whom no message reached: the office tells them, by telephone or on paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Response, render_template, url_for
from sqlalchemy.orm import Session

from consular.access_log import record_list
from consular.auth import DESK, actor, allow, now
from consular.db import transaction
from consular.messages import kind_shown
from consular.pages.desk import presenters
from consular.pages.desk.blueprint import pages
from consular.pages.forms import go
from consular.pages.portal.names import office
from consular.pages.posting import reopen
from services.appointments.queries import appointments_of_people, find_appointments
from services.messages.delivering import mark_told
from services.messages.queries import list_untold


@pages.get("/messages")
@allow(DESK)
def messages() -> str:
    """List the messages that couldn't be delivered, the oldest first."""
    with transaction() as session:
        place = office(session, actor().consulate or "")
        rows = list_untold(session, place["code"], now=now())
        return render_template("desk/messages.html", consulate=place, items=_shown(session, rows))


reopen(pages, ["/messages/<uuid:id>/told"], "desk.messages", DESK)


@pages.post("/messages/<uuid:id>/told")
@allow(DESK)
def message_told(id: UUID) -> Response:
    """Note that staff told the person."""
    with transaction() as session:
        mark_told(session, id, now=now(), actor=actor())
    return go(url_for("desk.messages"))


def _shown(session: Session, rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Of appointments, and of people who come to one, those that are still to come; others lead to
    their own page."""
    about = appointments_of_people(session, [row.ref for row in rows])
    refs = {row.ref: about.get(row.ref, row.ref) for row in rows}
    appointments = [
        each for each in find_appointments(session, list(refs.values())) if each.ends_at > now()
    ]
    record_list(session, "appointment", appointments)
    lines = {line["id"]: line for line in presenters.agenda(session, appointments)}
    return [
        {
            "id": row.id,
            "ref": refs[row.ref],
            "kind": kind_shown(row.kind),
            "since": row.created_at,
            "appointment": lines.get(refs[row.ref]),
            "document": row.topic.startswith("collection."),
        }
        for row in rows
        if refs[row.ref] in lines or row.topic.startswith(("enrollments.", "collection."))
    ]
