"""How the office does, for its supervisor: planned and booked, served, waiting, unmet demand; and
what one more desk would change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import render_template, request
from flask_babel import format_datetime
from flask_babel import gettext as _
from marshmallow import Schema, validate

from consular.auth import actor, allow, now
from consular.db import transaction
from consular.i18n import date_long, date_short, words
from consular.input.fields import Code, Day, NumberInQuery
from consular.pages.desk.agenda import today_at
from consular.pages.desk.blueprint import pages
from consular.pages.desk.calendar import month_of
from consular.pages.desk.planned import SUPERVISOR
from consular.pages.forms import Errors, check
from consular.pages.portal.names import bookable_services, office, service_names
from services.appointments.figures import (
    Tally,
    Wait,
    list_served,
    list_waits,
    list_ways,
    middle_and_most,
    tally,
)
from services.appointments.planned_days import PlannedDay, list_planned_days
from services.appointments.rules import ENDS, Status
from services.appointments.unmet import list_unmet
from services.appointments.what_if import WEEKS, list_plans, work_out

DAYS_SHOWN = 28
MOST_DAYS = 370
_SHOWN = (*ENDS, Status.CANCELLED)
_MONDAY = date(2026, 1, 5)


class SpanQuery(Schema):
    """The first and the last day of the figures."""

    first = Day(load_default=None, data_key="from")
    last = Day(load_default=None, data_key="to")


class WhatIfQuery(Schema):
    """One more desk: on which weekday (Monday is 0), and for which service; for all without one."""

    weekday = NumberInQuery(load_default=None, validate=validate.Range(0, 6))
    service = Code(load_default=None)


@pages.get("/figures")
@allow(SUPERVISOR)
def figures() -> str:
    """Show the office's figures of some days."""
    with transaction() as session:
        place = office(session, actor().consulate or "")
        first, last = _span(today_at(place))
        span: dict[str, Any] = {"consulate": place["code"], "first": first, "last": last}
        served = list_served(session, zone=place["time_zone"], **span)
        waits = list_waits(session, zone=place["time_zone"], **span)
        walked, at_window = list_ways(session, **span)
        names = service_names(session)
        days = [day for day in list_planned_days(session, **span) if day.sessions]
        return render_template(
            "desk/figures.html",
            consulate=place,
            first=first,
            last=last,
            month=month_of(last),
            days=days,
            day_rows=[[date_long(day.day), day.planned, day.taken] for day in days],
            day_bars=[_bar(day) for day in days],
            numbered=[
                {"text": words("appointments.counted", status), "number": True} for status in _SHOWN
            ],
            by_service=_lines(tally(served, lambda each: names.get(each.service, each.service))),
            by_hour=_lines(tally(served, lambda each: _hour(each.hour))),
            by_desk=_lines(tally(served, lambda each: each.desk or _("Sin ventanilla"))),
            waits=_waits(waits, lambda wait: wait.minutes),
            unmet=[
                [names.get(each.service, each.service), _hour(each.hour), each.searches]
                for each in list_unmet(session, **span)
            ],
            waits_late=_waits(waits, lambda wait: wait.minutes_late),
            ways=[
                [name, len(minutes), *(middle_and_most(minutes) or ())]
                for name, minutes in (
                    (_("Camino a la ventanilla"), walked),
                    (_("Atención en la ventanilla"), at_window),
                )
                if minutes
            ],
        )


@pages.get("/what-if")
@allow(SUPERVISOR)
def what_if() -> str:
    """Show what one more desk on a weekday would do to the earliest times."""
    errors: Errors = {}
    values = {name: request.args[name] for name in ("weekday", "service") if request.args.get(name)}
    query = check(WhatIfQuery(), values, errors) or {"weekday": None, "service": None}
    with transaction() as session:
        place = office(session, actor().consulate or "")
        names, zone = service_names(session), ZoneInfo(place["time_zone"])
        effects = []
        if query["weekday"] is not None:
            plans = list_plans(session, consulate=place["code"], now=now())
            services = frozenset([query["service"]] if query["service"] else [])
            effects = work_out(
                plans, weekday=query["weekday"], zone=zone, services=services, now=now()
            )
        return render_template(
            "desk/what_if.html",
            consulate=place,
            weeks=WEEKS,
            weekdays=[{"value": day, "label": _weekday(day)} for day in range(7)],
            services=[
                {"value": each["code"], "label": each["name"]}
                for each in bookable_services(session)
            ],
            effects=[
                {
                    "service": names.get(each.service, each.service),
                    "before": each.before,
                    "after": each.after,
                }
                for each in effects
            ],
            asked=query["weekday"] is not None,
            form=values,
            errors=errors,
        )


def _span(today: date) -> tuple[date, date]:
    """What was asked for, or the last four weeks."""
    values = {name: request.args[name] for name in ("from", "to") if request.args.get(name)}
    query = check(SpanQuery(), values, {}) or {"first": None, "last": None}
    last: date = query["last"] or today
    first: date = query["first"] or last - timedelta(days=DAYS_SHOWN - 1)
    return min(max(first, last - timedelta(days=MOST_DAYS)), last), last


def _lines(tallies: Sequence[Tally]) -> list[list[Any]]:
    return [
        [each.key, each.expected, *(each.by_status[status] for status in _SHOWN)]
        for each in tallies
    ]


def _bar(day: PlannedDay) -> dict[str, Any]:
    text = f"{day.taken} / {day.planned}"
    return {"label": date_short(day.day), "value": day.taken, "text": text}


def _waits(waits: Sequence[Wait], minutes: Callable[[Wait], float]) -> list[list[Any]]:
    """By the hour and of the whole day: how many waited, half of them and nine of ten for how
    long."""
    hours = sorted({wait.hour for wait in waits})
    groups = [(_hour(hour), [w for w in waits if w.hour == hour]) for hour in hours]
    whole = [(_("Todo el día"), list(waits))] if waits else []
    return [
        [name, len(group), *(middle_and_most([minutes(w) for w in group]) or ())]
        for name, group in groups + whole
    ]


def _hour(hour: int) -> str:
    return f"{hour:02d}:00"


def _weekday(day: int) -> str:
    return str(format_datetime(_MONDAY + timedelta(days=day), "EEEE"))
