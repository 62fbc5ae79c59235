"""The supervisor's calendar: each day of a month with its sessions, closures and bookings."""

from __future__ import annotations

from calendar import Calendar
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import render_template, request, url_for
from marshmallow import Schema

from consular.auth import actor, allow
from consular.db import transaction
from consular.i18n import in_language, month_of_year, weekday_names, words
from consular.input.fields import Day
from consular.pages.desk.agenda import today_at
from consular.pages.desk.blueprint import pages
from consular.pages.desk.planned import SUPERVISOR, show_session
from consular.pages.forms import Errors, check
from consular.pages.portal.names import office
from services.appointments.closing_days import impact_of
from services.appointments.planned_days import PlannedDay, list_orphans, list_planned_days

_SOURCE = "appointments.closure_source"


class DayQuery(Schema):
    """Which day, or the first of which month; today without one."""

    day = Day(load_default=None)


@pages.get("/calendar")
@allow(SUPERVISOR)
def calendar() -> str:
    """Show a month, day by day."""
    with transaction() as session:
        place = office(session, actor().consulate or "")
        today = today_at(place)
        wanted = _asked(f"{request.args.get('month')}-01") or today
        first, last = _ends_of_month(wanted)
        days = list_planned_days(session, consulate=place["code"], first=first, last=last)
        return render_template(
            "desk/calendar.html",
            consulate=place,
            month=month_of_year(first),
            weekdays=[name for _number, name in weekday_names()],
            weeks=_weeks(first, [_shown_day(day, place, today) for day in days]),
            first=first,
            last=last,
            planned=sum(day.planned for day in days),
            taken=sum(day.taken for day in days),
            orphans=sum(day.orphans for day in days),
            previous=_month_address(first - timedelta(days=1)),
            next=_month_address(last + timedelta(days=1)),
            errors={},
        )


@pages.get("/calendar/day")
@allow(SUPERVISOR)
def calendar_day() -> str:
    """Show one day: its sessions, closures, and the bookings that have no place."""
    with transaction() as session:
        place = office(session, actor().consulate or "")
        today = today_at(place)
        day = _asked(request.args.get("day", "")) or today
        (planned,) = list_planned_days(session, consulate=place["code"], first=day, last=day)
        orphans = list_orphans(session, consulate=place["code"], day=day)
        return render_template(
            "desk/calendar_day.html",
            consulate=place,
            item=_shown_day(planned, place, today),
            may_plan=day >= today,
            orphans=orphans,
            untold=impact_of(session, [each.id for each in orphans]).without_contact,
            calendar=_month_address(day),
            errors={},
        )


def month_of(day: date) -> str:
    """The month of a day as addresses have it."""
    return f"{day:%Y-%m}"


def _month_address(day: date) -> str:
    return url_for("desk.calendar", month=month_of(day))


def _asked(written: str) -> date | None:
    """A day of the address; None where it isn't one."""
    errors: Errors = {}
    query = check(DayQuery(), {"day": written}, errors)
    day: date | None = query["day"] if query else None
    return day


def _ends_of_month(day: date) -> tuple[date, date]:
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _weeks(first: date, days: Sequence[dict[str, Any]]) -> list[list[dict[str, Any] | None]]:
    """Rows of seven, Monday first; None where the day is of another month."""
    by_day = {each["day"]: each for each in days}
    rows = Calendar().monthdatescalendar(first.year, first.month)
    return [[by_day.get(day) for day in week] for week in rows]


def _shown_day(planned: PlannedDay, place: dict[str, Any], today: date) -> dict[str, Any]:
    zone = ZoneInfo(place["time_zone"])
    return {
        "day": planned.day,
        "is_today": planned.day == today,
        "sessions": [show_session(each, zone) for each in planned.sessions],
        "closures": _closures(planned, zone),
        "planned": planned.planned,
        "taken": planned.taken,
        "orphans": planned.orphans,
    }


def _closures(planned: PlannedDay, zone: ZoneInfo) -> list[dict[str, Any]]:
    """Why the office is closed that day: holidays, and what was decided."""
    holidays = [planned.holiday] if planned.holiday else []
    shown = [
        {"reason": in_language(each, "name"), "source": words(_SOURCE, "holiday")}
        for each in holidays
    ]
    return shown + [
        {
            "id": each.id,
            "reason": each.reason,
            "source": words(_SOURCE, each.source),
            "network": each.consulate_code is None,
            "begins": each.begins and datetime.combine(planned.day, each.begins, zone),
            "ends": each.ends and datetime.combine(planned.day, each.ends, zone),
        }
        for each in planned.closures
    ]
