"""Hours that repeat: a form with plain choices, a preview of its days, a page of each series."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, render_template, request, url_for
from sqlalchemy.orm import Session

from consular.auth import actor, allow, now
from consular.db import transaction
from consular.i18n import in_language
from consular.input.sessions import SeriesForm
from consular.pages.desk.agenda import today_at
from consular.pages.desk.blueprint import pages
from consular.pages.desk.capacity_forms import (
    asks_for_more,
    choices,
    form_field_errors,
    kept_in_words,
    rule_in_words,
    series_values,
)
from consular.pages.desk.planned import SUPERVISOR
from consular.pages.desk.trying import try_or_return
from consular.pages.drafts import answers, draft, finish, keep_draft
from consular.pages.forms import Errors, go, read_fields
from consular.pages.portal.names import office, service_names
from services.appointments import recurring
from services.appointments.hours import Place, Span, breaks_from_json
from services.appointments.planned_days import list_sessions_of
from services.appointments.planning import DeskPlan, desks_from_json
from services.appointments.previewing import Preview, preview_series, without_clashes

BLANK = {"slot_minutes": "15", "every": "week", "groups": "1"}


@pages.get("/series")
@allow(SUPERVISOR)
def series_list() -> str:
    """List the hours that repeat."""
    with transaction() as session:
        place = office(session, actor().consulate or "")
        rows = recurring.list_series(session, consulate=place["code"]).items
        names = service_names(session)
        return render_template(
            "desk/series_list.html",
            consulate=place,
            items=[_shown(row, names, place) for row in rows],
            errors={},
        )


@pages.get("/series/new")
@allow(SUPERVISOR)
def series_new() -> str:
    """Show the form of hours that repeat."""
    with transaction() as session:
        place = office(session, actor().consulate or "")
        tomorrow = today_at(place) + timedelta(days=1)
        form = {**BLANK, "first_day": tomorrow.isoformat(), "place_zone": place["time_zone"]}
        form |= draft().form
        return render_template(
            "desk/series_new.html",
            consulate=place,
            form=form,
            errors=form_field_errors(draft().errors(_read), form),
            **choices(session, form, place["time_zone"]),
        )


@pages.post("/series/new")
@allow(SUPERVISOR)
def series_new_send() -> Response:
    """Go on to the preview, or add a group of desks to the form."""
    form = answers()
    if asks_for_more(form):
        return go(url_for("desk.series_new", d=keep_draft(form)) + "#groups")
    _read(form, None)
    return go(url_for("desk.series_check", d=keep_draft(form)))


@pages.get("/series/new/check")
@allow(SUPERVISOR)
def series_check() -> str | Response:
    """Show which days the series would open, what is closed and what clashes."""
    preview = try_or_return(_try, url_for("desk.series_new"))
    if isinstance(preview, Response):
        return preview
    return render_template(
        "desk/series_check.html", horizon=recurring.HORIZON.days, errors=draft().errors(), **preview
    )


@pages.post("/series/new/check")
@allow(SUPERVISOR)
def series_create() -> Response:
    """Open the days of the preview, and those that follow as they come near."""
    command = _read(answers(), None)
    with transaction() as session:
        preview = preview_series(session, command, now=now())
        command = without_clashes(command, preview)
        row = recurring.create_series(session, command, now=now(), actor=actor())
        address = url_for("desk.series", id=row.id, opened=len(preview.days))
    return finish(address)


@pages.get("/series/<uuid:id>")
@allow(SUPERVISOR)
def series(id: UUID) -> str:
    """Show one series and the days of it to come."""
    with transaction() as session:
        row = recurring.get_series(session, id, actor())
        place = office(session, actor().consulate or "")
        coming = recurring.coming_days(session, row, now=now())
        return render_template(
            "desk/series.html",
            consulate=place,
            item=_shown(row, service_names(session), place),
            days=list_sessions_of(session, row.id, first=today_at(place)),
            left_out=[(day, in_language(holiday, "name")) for day, holiday in coming.left_out],
            just_opened=request.args.get("opened"),
            just_changed="changed" in request.args,
            errors={},
        )


def _read(form: dict[str, str], errors: Errors | None) -> Any:
    values = series_values(form, actor().consulate or "")
    read = read_fields(SeriesForm(), values, errors)
    return read["command"] if read else None


def _try(session: Session) -> dict[str, Any]:
    command: recurring.CreateSeries = _read(draft().form, None)
    place = office(session, command.consulate)
    preview = preview_series(session, command, now=now())
    kept: list[str] = []
    if preview.days or not preview.clashes:
        # Whatever else it may be refused for shows now.
        row = recurring.create_series(
            session, without_clashes(command, preview), now=now(), actor=actor()
        )
        kept = kept_in_words(row, service_names(session))
    names = service_names(session)
    return {
        "consulate": place,
        "item": {
            **_described(command, command.desks, command.breaks, command.place, names, place),
            "kept": kept,
        },
        **_preview_shown(preview, ZoneInfo(place["time_zone"])),
    }


def _preview_shown(preview: Preview, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "days": preview.days,
        "holidays": [(day, in_language(holiday, "name")) for day, holiday in preview.holidays],
        "closed": [(day, closure.reason) for day, closure in preview.closed],
        "clashes": [
            {
                "day": clash.day,
                "desk": clash.desk,
                "session": clash.session,
                "opens": datetime.combine(clash.day, clash.opens, zone),
                "closes": datetime.combine(clash.day, clash.closes, zone),
            }
            for clash in preview.clashes
        ],
    }


def _shown(row: Any, names: dict[str, str], place: dict[str, Any]) -> dict[str, Any]:
    desks, breaks = desks_from_json(row.desks), breaks_from_json(row.breaks)
    shown = _described(row, desks, breaks, recurring.place_of(row), names, place)
    return {"id": row.id, **shown, "kept": kept_in_words(row, names)}


def _described(
    thing: Any,
    desks: tuple[DeskPlan, ...],
    breaks: tuple[Span, ...],
    where: Place | None,
    names: dict[str, str],
    place: dict[str, Any],
) -> dict[str, Any]:
    """A series, or the command that makes it, in words."""
    zone = ZoneInfo(place["time_zone"])
    return {
        "rule": rule_in_words(thing.rrule),
        "slot_minutes": thing.slot_minutes,
        "place": where,
        "desks": desks_in_words(desks, names),
        "opens": datetime.combine(thing.first_day, thing.opens, zone),
        "closes": datetime.combine(thing.first_day, thing.closes, zone),
        "breaks": [
            tuple(datetime.combine(thing.first_day, each, zone) for each in span) for span in breaks
        ],
    }


def desks_in_words(desks: tuple[DeskPlan, ...], names: dict[str, str]) -> list[str]:
    """«A: Pasaporte, Matrícula» of each."""
    return [
        f"{desk.name}: {', '.join(names.get(code, code) for code in desk.services)}"
        for desk in desks
    ]
