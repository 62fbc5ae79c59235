"""Pure rules: which days a rule looks at, when its condition holds, and when a report is due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from services.kernel.errors import Invalid
from services.monitoring.dimensions import Dimension
from services.monitoring.indicators import INDICATORS
from services.monitoring.key_figures import year_before

# The Secretary's clocks.
ZONE = ZoneInfo("America/Mexico_City")
# Days are the offices' own: so long after midnight in Mexico City, yesterday is over at every one.
OVER_EVERYWHERE = timedelta(hours=6)
WEEK = timedelta(days=7)
ONE_DAY = timedelta(days=1)
DECEMBER = 12


class Span(StrEnum):
    """Which days are looked at: the last whole day, week (from Monday) or month; or how it is now,
    whatever the day it counts on."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    NOW = "now"


class Condition(StrEnum):
    """What is worth a message. The two that compare are in percent, up or down."""

    ABOVE = "above"
    BELOW = "below"
    CHANGED = "changed"
    CHANGED_FROM_YEAR = "changed_from_year"
    BELOW_TARGET = "below_target"


class State(StrEnum):
    """What was told of a rule: its condition came to hold, or holds no longer."""

    RAISED = "raised"
    CLEARED = "cleared"


class Level(StrEnum):
    """What of the service levels may be watched besides the indicators: how it is now."""

    OPEN = "open_requests"
    LATE = "late_requests"
    UNCONFIRMED = "unconfirmed_requests"
    WAITING = "people_waiting"


class Covers(StrEnum):
    """Which days a report is about: the last whole day, week or month, or the year so far."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class Every(StrEnum):
    """When a report is due: every day, on Mondays, on the first of the month."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Reminder(StrEnum):
    """Of what an agreement's keepers are reminded: its day is near, or has passed."""

    SOON = "soon"
    OVERDUE = "overdue"


COMPARES = frozenset({Condition.CHANGED, Condition.CHANGED_FROM_YEAR})
# A target is of a month, or of the year so far.
_TARGETS = frozenset({Span.MONTH, Span.NOW})
_OF_LEVELS = frozenset({Condition.ABOVE, Condition.BELOW})


@dataclass(frozen=True)
class Watch:
    """A question and the condition for which it is asked. ``limit``: a number or a percentage;
    without one the condition is about a target. ``election`` is known once it is asked."""

    indicator: str
    span: Span
    condition: Condition
    limit: Decimal | None = None
    consulate: str | None = None
    country: str | None = None
    program: str | None = None
    status: str | None = None
    election: str | None = None

    @property
    def only(self) -> Mapping[Dimension, str]:
        """What the figure is narrowed to."""
        election = {Dimension.ELECTION: self.election} if self.election else {}
        named = narrowed(self.consulate, self.country, self.program, self.status)
        return {**named, **election}

    @property
    def is_level(self) -> bool:
        """Whether it is about a service level rather than an indicator."""
        return self.indicator in frozenset(Level)


def narrowed(
    consulate: str | None, country: str | None, program: str | None, status: str | None
) -> Mapping[Dimension, str]:
    """Those that are given, by dimension."""
    values = {
        Dimension.CONSULATE: consulate,
        Dimension.COUNTRY: country,
        Dimension.PROGRAM: program,
        Dimension.STATUS: status,
    }
    return {dimension: value for dimension, value in values.items() if value}


def find_fault(watch: Watch) -> Invalid | None:
    """The refusal where the parts of a rule don't go together."""
    if watch.is_level:
        return _find_fault_of_level(watch)
    if watch.indicator not in INDICATORS:
        return Invalid("alert_unknown_indicator", field="indicator")
    if watch.status and watch.status not in INDICATORS[watch.indicator].statuses:
        return Invalid("alert_unknown_status", field="status")
    if watch.condition in COMPARES and watch.span is Span.NOW:
        return Invalid("alert_needs_days", field="span")
    if watch.condition is Condition.BELOW_TARGET:
        return _find_fault_of_target(watch)
    return None if watch.limit is not None else Invalid("alert_needs_limit", field="amount")


def _find_fault_of_level(watch: Watch) -> Invalid | None:
    if watch.span is not Span.NOW:
        return Invalid("alert_only_now", field="span")
    if watch.condition not in _OF_LEVELS:
        return Invalid("alert_only_numbers", field="condition")
    if watch.country or watch.status:
        return Invalid("alert_not_split", field="status" if watch.status else "country")
    if watch.program and watch.indicator == Level.WAITING:
        return Invalid("alert_not_split", field="program")
    return None if watch.limit is not None else Invalid("alert_needs_limit", field="amount")


def _find_fault_of_target(watch: Watch) -> Invalid | None:
    if watch.span not in _TARGETS:
        return Invalid("alert_target_span", field="span")
    if watch.country or watch.status:
        return Invalid("alert_target_whole", field="condition")
    if watch.consulate and not INDICATORS[watch.indicator].has_offices:
        return Invalid("alert_target_offices", field="consulate")
    return None


def last_days(span: Span, now: datetime) -> tuple[date, date]:
    """The last whole day, week or month that is over at every office; for now, the day itself."""
    if span is Span.NOW:
        today = now.astimezone(ZONE).date()
        return today, today
    today = (now.astimezone(ZONE) - OVER_EVERYWHERE).date()
    if span is Span.DAY:
        return today - ONE_DAY, today - ONE_DAY
    if span is Span.WEEK:
        monday = today - timedelta(days=today.weekday())
        return monday - WEEK, monday - ONE_DAY
    last = today.replace(day=1) - ONE_DAY
    return last.replace(day=1), last


def covered_days(covers: Covers, at: datetime) -> tuple[date, date]:
    """The days of a report that is due at this moment; of a year all until yesterday, which on the
    first of January is the year before."""
    if covers is not Covers.YEAR:
        return last_days(Span(covers.value), at)
    _first, yesterday = last_days(Span.DAY, at)
    return yesterday.replace(month=1, day=1), yesterday


def last_due(every: Every, hour: int, now: datetime, zone: ZoneInfo = ZONE) -> date:
    """The last day on which a report was due, at that hour on the clocks of the zone."""
    day = _on_or_before(every, now.astimezone(zone).date())
    return day if due_at(day, hour, zone) <= now else _on_or_before(every, day - ONE_DAY)


def due_at(day: date, hour: int, zone: ZoneInfo = ZONE) -> datetime:
    """The moment. Clocks that are set forward over the hour show the next one, and of an hour that
    they show twice it is the first."""
    return datetime.combine(day, time(hour), zone).astimezone(UTC)


def _on_or_before(every: Every, day: date) -> date:
    if every is Every.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if every is Every.MONTH else day


def reminder_of(due_on: date, today: date, days: int) -> Reminder | None:
    """Of what to remind today, so many days before."""
    if due_on < today:
        return Reminder.OVERDUE
    return Reminder.SOON if due_on <= today + timedelta(days=days) else None


def days_before(span: Span, first: date) -> tuple[date, date]:
    """The period of the same kind just before the one that begins on ``first``."""
    last = first - ONE_DAY
    if span is Span.MONTH:
        return last.replace(day=1), last
    return (first - WEEK if span is Span.WEEK else last), last


def days_of_year_before(span: Span, first: date, last: date) -> tuple[date, date]:
    """The same month or day of the year before; of a week, the one with the same weekdays."""
    if span is Span.WEEK:
        return first - 52 * WEEK, last - 52 * WEEK
    if span is Span.DAY:
        return year_before(first), year_before(last)
    begin = year_before(first)
    return begin, month_after(begin) - ONE_DAY


def month_after(first: date) -> date:
    """The first day of the month after."""
    if first.month == DECEMBER:
        return date(first.year + 1, 1, 1)
    return first.replace(month=first.month + 1)


def share_of_year(target: Decimal, today: date) -> Decimal:
    """What of a year's target would be reached by now if every day brought the same."""
    days = (date(today.year + 1, 1, 1) - date(today.year, 1, 1)).days
    return target * today.timetuple().tm_yday / days


def holds(condition: Condition, limit: Decimal | None, value: int, against: Decimal) -> bool:
    """Whether the condition holds. ``against`` is what the value is compared with: the limit, the
    value of before, or the target. After nothing, anything is more than any percentage."""
    if condition is Condition.ABOVE:
        return value > against
    if condition in COMPARES:
        return abs(value - against) * 100 > (limit or 0) * against if against else value > 0
    return value < against
