"""Announcements: post one on every page or on those of an office, and take it off again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, url_for
from sqlalchemy.orm import Session

from consular.announcements import read_again
from consular.auth import actor, allow, now
from consular.db import transaction
from consular.i18n import MEXICO_CITY, in_language, words
from consular.input.announcements import AnnouncementForm
from consular.pages.drafts import answers, draft, finish
from consular.pages.forms import Errors, go, pick, read_fields
from consular.pages.portal.names import office, offices
from consular.pages.posting import reopen
from services.announcements.posting import post, withdraw
from services.announcements.queries import list_posted
from services.announcements.rules import Kind, is_shown
from services.kernel.audit import Role
from services.staff.accounts import find_name

pages = Blueprint("announcement_pages", __name__, url_prefix="/announcements")
POSTERS = frozenset({Role.SUPERVISOR, Role.ADMIN})
FIELDS = ("kind", "text_es", "text_en", "consulate", "from", "until")
MOST = 50


@pages.get("/")
@allow(POSTERS)
def announcements() -> str:
    """List what is announced, with a button that takes it off, and what was."""
    with transaction() as session:
        zone, cities = _zone(session), {p["code"]: p["city"] for p in offices(session, every=True)}
        shown = [_shown(session, row, cities) for row in list_posted(session, limit=MOST)]
    return render_template(
        "announcements/list.html",
        current=[row for row in shown if row["state"] != "over"],
        over=[row for row in shown if row["state"] == "over"],
        zone=zone,
        errors=draft().errors(also_under=True),
    )


@pages.get("/new")
@allow(POSTERS)
def announcement_new() -> str:
    """Ask what to announce, in both languages, and where."""
    with transaction() as session:
        place = office(session, actor().consulate or "") if actor().consulate else None
        places = offices(session, every=True)
    return render_template(
        "announcements/new.html",
        kinds=[{"value": kind.value, "label": words("announcements.kind", kind)} for kind in Kind],
        consulate=place,
        consulates=[{"value": p["code"], "label": f"{p['city']} — {p['name']}"} for p in places],
        form=draft().form,
        errors=draft().errors(_read),
    )


@pages.post("/new")
@allow(POSTERS)
def announcement_post() -> Response:
    """Put it on the pages."""
    command = _read(answers(), None)
    with transaction() as session:
        post(session, command, now=now(), actor=actor())
    read_again()
    return finish(url_for("announcement_pages.announcements"))


@pages.post("/<uuid:id>/withdraw")
@allow(POSTERS)
def announcement_withdraw(id: UUID) -> Response:
    """Take it off the pages."""
    with transaction() as session:
        withdraw(session, id, now=now(), actor=actor())
    read_again()
    return go(url_for("announcement_pages.announcements"))


reopen(pages, ["/<uuid:id>/withdraw"], "announcement_pages.announcements", POSTERS)


def _zone(session: Session) -> str:
    """The clock by which times are typed and told: the office's, or the Secretary's."""
    mine = actor().consulate
    return str(office(session, mine)["time_zone"]) if mine else MEXICO_CITY


def _read(form: dict[str, str], errors: Errors | None) -> Any:
    with transaction() as session:
        zone = _zone(session)
    return read_fields(AnnouncementForm(zone), pick(form, *FIELDS), errors)


def _shown(session: Session, row: Any, cities: dict[str, str]) -> dict[str, Any]:
    moment = now()
    over = row.withdrawn_at or (row.ends_at if row.ends_at and row.ends_at <= moment else None)
    return {
        "id": row.id,
        "kind": words("announcements.kind", row.kind),
        "text": in_language(row, "text"),
        "where": cities.get(row.consulate_code or ""),
        "begins_at": row.begins_at,
        "ends_at": row.ends_at,
        "posted_at": row.posted_at,
        "posted_by": find_name(session, row.posted_by) or "",
        "withdrawn_at": row.withdrawn_at,
        "withdrawn_by": find_name(session, row.withdrawn_by) if row.withdrawn_by else None,
        "state": "over" if over else "shown" if is_shown(row, moment) else "to_come",
    }
