"""Answer a rule's question now: the figure, what it is compared with, and whether it is so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from services.alerts import rules
from services.alerts.rules import Condition, Level, Span, Watch
from services.monitoring.dimensions import Dimension
from services.monitoring.figures import AskIndicator, figures, newest_election, require_moment
from services.monitoring.indicators import INDICATORS
from services.monitoring.service_levels import ServiceLevels, service_levels
from services.monitoring.targets import count_achieved, list_targets


@dataclass(frozen=True)
class Reading:
    """``first`` to ``last``: the days it is about, or twice the day of a look at now. ``against``:
    what the value is compared with, None where there is no target; then ``holds`` is None too."""

    first: date
    last: date
    as_of: datetime
    value: int
    against: Decimal | None
    holds: bool | None


def read(session: Session, watch: Watch, *, now: datetime) -> Reading:
    """Ask as of the latest moment. Raises Unavailable where the moment isn't settled yet."""
    first, last = rules.last_days(watch.span, now)
    if watch.is_level:
        as_of, value = now, _level(session, watch, now)
    else:
        as_of = require_moment(session, None)
        watch = of_one_election(session, watch, first, last, as_of)
        value = _count_in(session, watch, first, last, as_of)
    against = _against(session, watch, first, last, as_of)
    holds = None
    if against is not None:
        holds = rules.holds(watch.condition, watch.limit, value, against)
    return Reading(first, last, as_of, value, against, holds)


def asked_days(watch: Watch, first: date, last: date) -> tuple[date | None, date | None]:
    """The days that the question is about: of what is looked at as of now all of them, or, against
    the target of a year, those of this one; of a stock all until the last."""
    if watch.span is Span.NOW and watch.condition is Condition.BELOW_TARGET:
        return INDICATORS[watch.indicator].days(first.replace(month=1, day=1), last)
    if watch.span is Span.NOW:
        return None, None
    return INDICATORS[watch.indicator].days(first, last)


def of_one_election(
    session: Session, watch: Watch, first: date, last: date, as_of: datetime
) -> Watch:
    """The question narrowed to the election whose stock it is about, if it is about one: what it is
    compared with is to be of the same."""
    if watch.is_level:
        return watch
    begin, end = asked_days(watch, first, last)
    ask = AskIndicator(watch.indicator, first=begin, last=end)
    return replace(watch, election=newest_election(session, ask, as_of))


def _count_in(session: Session, watch: Watch, first: date, last: date, as_of: datetime) -> int:
    begin, end = asked_days(watch, first, last)
    ask = AskIndicator(watch.indicator, first=begin, last=end, as_of=as_of, only=watch.only)
    counted = figures(session, ask)
    if Dimension.STATUS in watch.only:
        return sum(row["value"] for row in counted.rows)
    return count_achieved(counted)


def _against(
    session: Session, watch: Watch, first: date, last: date, as_of: datetime
) -> Decimal | None:
    if watch.condition is Condition.CHANGED:
        days = rules.days_before(watch.span, first)
        return Decimal(_count_in(session, watch, *days, as_of))
    if watch.condition is Condition.CHANGED_FROM_YEAR:
        days = rules.days_of_year_before(watch.span, first, last)
        return Decimal(_count_in(session, watch, *days, as_of))
    if watch.condition is Condition.BELOW_TARGET:
        return _target(session, watch, first, as_of)
    return watch.limit


def _target(session: Session, watch: Watch, first: date, as_of: datetime) -> Decimal | None:
    """The target in force of the month, or this year's share of its own: that of the office, where
    the rule names one."""
    period = f"{first:%Y}" if watch.span is Span.NOW else f"{first:%Y-%m}"
    wanted = (period, watch.program, watch.consulate)
    for target in list_targets(session, watch.indicator, as_of):
        if (target.period, target.program, target.consulate_code) == wanted:
            whole = target.value
            return rules.share_of_year(whole, first) if watch.span is Span.NOW else whole
    return None


def _level(session: Session, watch: Watch, now: datetime) -> int:
    levels: ServiceLevels = service_levels(session, now=now, consulate=watch.consulate)
    if watch.indicator == Level.WAITING:
        return sum(each.waiting for each in levels.visits)
    requests = [each for each in levels.requests if watch.program in (None, each.program)]
    name = {Level.OPEN: "open", Level.LATE: "late", Level.UNCONFIRMED: "unconfirmed"}
    return sum(getattr(each, name[Level(watch.indicator)]) for each in requests)
