"""Pure rules: until when something is to be done, by the law on administrative procedure (LFPA).

Days are those of Mexico City, and a term ends when its last day ends there.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.enrollments.programs.schema import Term, Unit
from services.enrollments.rules import HOME_ZONE
from services.kernel.working_days import add_months, add_working_days, working_day_from

# The least that an applicant has to give what was asked for (LFPA 17-A).
ANSWER_WORKING_DAYS = 5
# So many working days before its end, whoever has to act is reminded.
ANSWER_REMINDER = 2
PAYMENT_REMINDER = 3
COVER_REMINDER = 10
# So long before a cover ends, what follows it may be paid: a line's last day is weeks before that.
RENEWAL = timedelta(days=45)
AGENCY_REMINDER = 10


def home_day(moment: datetime) -> date:
    """The day in Mexico City."""
    return moment.astimezone(ZoneInfo(HOME_ZONE)).date()


def answer_until(asked_on: date, agency: date | None) -> date:
    """The last day to answer: the agency's, or the law's where that is later or it names none."""
    least = add_working_days(asked_on, ANSWER_WORKING_DAYS)
    return max(least, agency or least)


def resolve_until(filed_on: date, term: Term) -> date:
    """The last day for the agency to decide what was filed with it that day (LFPA 17, 17-B)."""
    if term.unit is Unit.MONTHS:
        return add_months(filed_on, term.length)
    return add_working_days(filed_on, term.length)


def resumed(resolve_by: date, *, stopped_on: date, resumed_on: date) -> date:
    """The agency's last day after its clock stood still, from the working day after the one to the
    working day after the other (LFPA 17-A)."""
    stood_still = add_working_days(resumed_on, 1) - add_working_days(stopped_on, 1)
    return working_day_from(resolve_by + max(stood_still, timedelta()))


def asked_in_time(asked_on: date, *, sent_on: date, resolve_by: date) -> bool:
    """Whether the agency asked within the first third of its term: what it asks for later, it can't
    throw the request out for (LFPA 17-A)."""
    return asked_on <= sent_on + (resolve_by - sent_on) / 3
