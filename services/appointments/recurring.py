"""A supervisor opens sessions that recur by a rule: their days are made ahead, up to a horizon."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from services.appointments.closures import lock_openings
from services.appointments.errors import NoDays, RuleNotUnderstood, SessionTooShort
from services.appointments.hours import (
    Hours,
    Place,
    Span,
    breaks_as_json,
    breaks_from_json,
    slot_times,
)
from services.appointments.models import OpeningSession, SessionSeries
from services.appointments.opening_history import described, record_change
from services.appointments.planning import (
    DeskPlan,
    OpenSession,
    bookable_codes,
    checked_constraints,
    desks_as_json,
    desks_from_json,
    open_sessions,
    place_columns,
)
from services.appointments.reserves import Reserve, reserves_as_json, reserves_from_json
from services.consulates.queries import Closure as Holiday
from services.consulates.queries import closed_days, get_consulate
from services.kernel import audit
from services.kernel.errors import NotFound
from services.kernel.ids import new_id
from services.kernel.tables import Page, fetch_page, get_row

# So far ahead of today its days have sessions.
HORIZON = timedelta(days=92)
_DAY = timedelta(days=1)
_LONGEST = 200
# Rules of days that come again within some months: the library would follow one without any day
# to the end of the calendar. No COUNT, which would make what is left depend on what was made.
_WEEKDAY = "(MO|TU|WE|TH|FR|SA|SU)"
_COMMON = r"(INTERVAL=[1-9]\d?|UNTIL=\d{8}|WKST=" + _WEEKDAY + ")"
_RULES = (
    rf"FREQ=(DAILY|WEEKLY)(;{_COMMON})*",
    rf"FREQ=DAILY(;(UNTIL=\d{{8}}|BYDAY={_WEEKDAY}(,{_WEEKDAY})*))*",
    rf"FREQ=WEEKLY(;({_COMMON}|BYDAY={_WEEKDAY}(,{_WEEKDAY})*))*",
    rf"FREQ=MONTHLY(;({_COMMON}|BYDAY=[+-]?[1-5]?{_WEEKDAY}(,[+-]?[1-5]?{_WEEKDAY})*))*",
    rf"FREQ=MONTHLY(;({_COMMON}|BYMONTHDAY=-?([1-9]|[12]\d|3[01])(,-?([1-9]|[12]\d|3[01]))*))*",
)


@dataclass(frozen=True)
class CreateSeries:
    """``rrule`` without DTSTART: that is ``first_day``. Hours as of `OpenSession`."""

    consulate: str
    rrule: str
    first_day: date
    opens: time
    closes: time
    slot_minutes: int
    desks: tuple[DeskPlan, ...]
    breaks: tuple[Span, ...] = ()
    place: Place | None = None
    exdates: tuple[date, ...] = ()
    reserves: tuple[Reserve, ...] = ()
    daily_maximums: Mapping[str, int] = field(default_factory=dict)
    reason: str | None = None

    @property
    def hours(self) -> Hours:
        """When it is open."""
        return Hours(self.opens, self.closes, self.slot_minutes, self.breaks)


@dataclass(frozen=True)
class Days:
    """The days that a rule gives, and those of them that drop out, with the holiday."""

    days: tuple[date, ...]
    left_out: tuple[tuple[date, Holiday], ...]


def create_series(
    session: Session, command: CreateSeries, *, now: datetime, actor: audit.Actor
) -> SessionSeries:
    """Keep the rule and open its sessions up to the horizon, at once.

    Raises NotFound for another's office, `RuleNotUnderstood`, `NoDays`, and as `open_session`
    about desks, services and breaks; `DeskTaken` where another session holds a desk.
    """
    if actor.role in audit.OFFICE_ROLES and actor.consulate != command.consulate:
        raise NotFound(field="consulate")
    lock_openings(session, command.consulate)
    checked_constraints(command, bookable_codes(session))
    _check_length(command)
    check_rule(command.rrule, command.first_day)
    series = SessionSeries(
        id=new_id(),
        consulate_code=command.consulate,
        rrule=command.rrule.strip().upper(),
        first_day=command.first_day,
        exdates=list(command.exdates),
        opens=command.opens,
        closes=command.closes,
        slot_minutes=command.slot_minutes,
        breaks=breaks_as_json(command.breaks),
        desks=desks_as_json(command.desks),
        reserves=reserves_as_json(command.reserves),
        daily_maximums=dict(command.daily_maximums),
        created_by=actor.account_id,
        created_at=now,
        **place_columns(command.place),
    )
    session.add(series)
    session.flush()
    if not make_days(session, series, now=now, actor=actor):
        raise NoDays(field="rrule")
    after = {**described(series, series.desks), "rrule": series.rrule}
    record_change(session, series, "open", now=now, actor=actor, reason=command.reason, after=after)
    return series


def _check_length(command: CreateSeries) -> None:
    if not slot_times(command.first_day, command.hours, ZoneInfo("UTC")):
        raise SessionTooShort(field="closes")


def check_rule(rule: str, first_day: date) -> None:
    """Raises `RuleNotUnderstood` unless it is an RRULE of days."""
    # The frequency may stand anywhere in it.
    parts = sorted(rule.strip().upper().split(";"), key=lambda part: not part.startswith("FREQ"))
    names = [part.partition("=")[0] for part in parts]
    plain = any(re.fullmatch(known, ";".join(parts)) for known in _RULES)
    if len(rule) > _LONGEST or len(set(names)) != len(names) or not plain:
        raise RuleNotUnderstood(field="rrule")
    try:
        rule_days(rule, first_day, first_day, first_day)
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise RuleNotUnderstood(field="rrule") from error


def rule_days(rule: str, first_day: date, start: date, last: date) -> list[date]:
    """The days of an RRULE that began on ``first_day`` from ``start`` to ``last``."""
    begins = datetime.combine(first_day, time())
    end = datetime.combine(last, time())
    parsed: Any = rrulestr(rule.strip().upper(), dtstart=begins)
    # Bounded, for a rule without any day would be followed to the end of the calendar.
    bounded = parsed.replace(until=min(end, parsed._until) if parsed._until else end)
    return [moment.date() for moment in bounded if moment.date() >= start]


def days_of_rule(
    session: Session,
    consulate: str,
    rule: str,
    first_day: date,
    *,
    start: date,
    last: date,
    without: Sequence[date],
) -> Days:
    """The days that a rule gives from ``start`` to ``last``, holidays apart."""
    if last < start:
        return Days((), ())
    holidays = closed_days(session, consulate, start, last)
    days = [day for day in rule_days(rule, first_day, start, last) if day not in without]
    return Days(
        tuple(day for day in days if day not in holidays),
        tuple((day, holidays[day]) for day in days if day in holidays),
    )


def make_days(
    session: Session, series: SessionSeries, *, now: datetime, actor: audit.Actor
) -> list[date]:
    """Open the sessions that are missing up to the horizon; returns their days.

    The caller holds `lock_openings`. Raises `DeskTaken`.
    """
    today = _today(session, series, now)
    missing = _missing_days(session, series, today)
    open_sessions(session, [_of_day(series, day) for day in missing], now=now, actor=actor)
    series.made_until = today + HORIZON
    session.flush()
    return missing


def _today(session: Session, series: SessionSeries, now: datetime) -> date:
    return today_of(session, series.consulate_code, now)


def today_of(session: Session, consulate: str, now: datetime) -> date:
    """The day that the office's wall calendar shows."""
    return now.astimezone(ZoneInfo(get_consulate(session, consulate).time_zone)).date()


def _missing_days(session: Session, series: SessionSeries, today: date) -> list[date]:
    planned = session.scalars(
        select(OpeningSession.day).where(
            OpeningSession.series_id == series.id, OpeningSession.day > today
        )
    ).all()
    days = days_of_rule(
        session, series.consulate_code, series.rrule, series.first_day,
        start=max(today, series.made_until or today) + _DAY,
        last=today + HORIZON,
        without=[*series.exdates, *planned],
    )  # fmt: skip
    return list(days.days)


def _of_day(series: SessionSeries, day: date) -> OpenSession:
    return OpenSession(
        consulate=series.consulate_code,
        date=day,
        opens=series.opens,
        closes=series.closes,
        slot_minutes=series.slot_minutes,
        desks=desks_from_json(series.desks),
        breaks=breaks_from_json(series.breaks),
        reserves=reserves_from_json(series.reserves),
        daily_maximums=series.daily_maximums,
        place=place_of(series),
        series=series.id,
    )


def place_of(thing: SessionSeries | OpeningSession) -> Place | None:
    """Its own place, or None at the office."""
    if thing.place_name is None or thing.place_address is None or thing.place_zone is None:
        return None
    return Place(thing.place_name, thing.place_address, thing.place_zone)


def list_missing(session: Session, series: UUID, *, now: datetime) -> list[date]:
    """The days of a series that came within the horizon since, and have no session yet."""
    row = session.get_one(SessionSeries, series)
    return _missing_days(session, row, _today(session, row, now))


def make_day(session: Session, series: UUID, day: date, *, now: datetime) -> None:
    """Open one of them. Raises `DeskTaken`: then `leave_out`."""
    row = session.get_one(SessionSeries, series)
    lock_openings(session, row.consulate_code)
    session.refresh(row)
    if day in _missing_days(session, row, _today(session, row, now)):
        open_sessions(session, [_of_day(row, day)], now=now, actor=audit.SYSTEM)


def leave_out(session: Session, series: UUID, day: date, desk: str, *, now: datetime) -> None:
    """Another session holds a desk on that day: the history says so."""
    left_out = {"day": day.isoformat(), "desk": desk}
    record_change(
        session, session.get_one(SessionSeries, series), "left_out",
        now=now, actor=audit.SYSTEM, reason="desk_taken", after=left_out,
    )  # fmt: skip


def note_made(session: Session, series: UUID, *, now: datetime) -> None:
    """The days up to the horizon have their sessions."""
    row = session.get_one(SessionSeries, series)
    row.made_until = _today(session, row, now) + HORIZON
    session.flush()


def list_behind(session: Session, *, now: datetime) -> Sequence[UUID]:
    """Series whose days haven't been made up to the horizon."""
    last = now.date() + HORIZON - _DAY
    return session.scalars(
        select(SessionSeries.id)
        .where(SessionSeries.made_until < last)
        .order_by(SessionSeries.made_until, SessionSeries.id)
    ).all()


def get_series(session: Session, series: UUID, actor: audit.Actor) -> SessionSeries:
    """A series of the actor's office. Raises NotFound."""
    row = get_row(session, SessionSeries, series)
    if row.consulate_code != actor.consulate:
        raise NotFound()
    return row


def list_series(
    session: Session,
    *,
    consulate: str,
    limit: int | None = None,
    after: tuple[datetime, UUID] | None = None,
) -> Page[SessionSeries, tuple[datetime, UUID]]:
    """Series of an office, the newest first; ``after`` is the last one of the page before."""
    query = (
        select(SessionSeries)
        .where(SessionSeries.consulate_code == consulate)
        .order_by(SessionSeries.created_at.desc(), SessionSeries.id.desc())
    )
    if after is not None:
        query = query.where(tuple_(SessionSeries.created_at, SessionSeries.id) < after)
    return fetch_page(session, query, limit=limit, place=lambda row: (row.created_at, row.id))


def coming_days(session: Session, series: SessionSeries, *, now: datetime) -> Days:
    """The days that have a session of the series, and those that drop out up to the horizon."""
    today = _today(session, series, now)
    days = session.scalars(
        select(OpeningSession.day)
        .where(
            OpeningSession.series_id == series.id,
            OpeningSession.day >= today,
            OpeningSession.cancelled_at.is_(None),
        )
        .order_by(OpeningSession.day)
    ).all()
    fitting = days_of_rule(
        session, series.consulate_code, series.rrule, series.first_day,
        start=today + _DAY, last=today + HORIZON, without=series.exdates,
    )  # fmt: skip
    return Days(tuple(days), fitting.left_out)
