"""Who changed opening hours, when and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from consular.auth import actor, allow
from consular.db import transaction
from consular.i18n import words
from consular.input.paging import Cursor, cursor
from consular.pages.desk.blueprint import pages
from consular.pages.desk.capacity_forms import rule_in_words
from consular.pages.desk.planned import SUPERVISOR
from consular.pages.forms import Errors, check
from consular.pages.portal.names import office
from services.appointments.opening_history import list_changes_of_office
from services.appointments.planned_days import find_days
from services.staff.accounts import find_name

LINES = 50


class HistoryQuery(Schema):
    """About which session, series or closure; all of the office's without one."""

    about = fields.UUID(load_default=None)
    next = Cursor(load_default=None)


@pages.get("/opening-history")
@allow(SUPERVISOR)
def opening_history() -> str:
    """List the changes of the office's opening hours, the latest first."""
    errors: Errors = {}
    values = {name: request.args[name] for name in ("about", "next") if request.args.get(name)}
    asked = check(HistoryQuery(), values, errors) or {"about": None, "next": None}
    with transaction() as session:
        place = office(session, actor().consulate or "")
        page = list_changes_of_office(
            session, place["code"], about=asked["about"], limit=LINES, after=asked["next"]
        )
        more = cursor(page.next)
        return render_template(
            "desk/opening_history.html",
            consulate=place,
            items=_shown(session, page.items),
            more=url_for(".opening_history", about=asked["about"], next=more) if more else None,
            about=asked["about"],
            errors={},
        )


def _shown(session: Session, rows: Sequence[Any]) -> list[dict[str, Any]]:
    days = find_days(session, [row.subject_id for row in rows])
    return [
        {
            "at": row.at,
            "what": words("appointments.opening_change", f"{row.subject_kind}.{row.action}"),
            "link": _link(row.subject_kind, row.subject_id),
            "days": days.get(row.subject_id, ()),
            "by": _name(session, row.actor_id),
            "reason": row.reason if row.action != "left_out" else None,
            "changes": _changes(row.before or {}, row.after or {}),
        }
        for row in rows
    ]


def _link(kind: str, id: UUID) -> str:
    return url_for(f"desk.{kind}", id=id)


def _name(session: Session, account: UUID | None) -> str:
    known = find_name(session, account) if account else None
    return known or str(_("El sistema"))


def _changes(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(what, before, after) of all that is another now."""
    labels = {
        "opens": _("Abre"),
        "closes": _("Cierra"),
        "breaks": _("Pausas"),
        "desks": _("Ventanillas"),
        "reserves": _("Lugares apartados"),
        "daily_maximums": _("Máximos al día"),
        "rrule": _("Días"),
        "day": _("Día"),
        "desk": _("Ventanilla"),
    }
    return [
        (str(label), _said(name, before.get(name)), _said(name, after.get(name)))
        for name, label in labels.items()
        if _said(name, before.get(name)) != _said(name, after.get(name))
    ]


def _said(name: str, value: Any) -> str:
    """A value as the history keeps it, in a line: desks by name and services, breaks as hours."""
    if name == "rrule" and value:
        return rule_in_words(value)
    if isinstance(value, dict):
        return "; ".join(f"{code}: {most}" for code, most in sorted(value.items()))
    if not isinstance(value, list):
        return str(value or "")
    return "; ".join(sorted(_line(each) for each in value))


def _line(each: Any) -> str:
    """A desk, a kept share or a break."""
    if not isinstance(each, dict):
        return "-".join(each)
    if "share" in each:
        return f"{words('appointments.share', each['share'])}: {each['places']}"
    return f"{each['name']}: {', '.join(sorted(each['services']))}"
