"""Why an enrollment ended, or can't be paid any more, and what can be done about it, in the
reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from consular.auth import now
from consular.i18n import date_long, translated, words
from services.enrollments.models import Enrollment
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.programs.schema import Appeal, Program
from services.enrollments.queries import is_payment_lapsed
from services.enrollments.remedies import find_remedy
from services.enrollments.rules import PAYMENT_LAPSED, Status
from services.enrollments.terms import home_day
from services.enrollments.words import REASONS
from services.kernel.working_days import add_working_days


@dataclass(frozen=True)
class AppealWords:
    """``until`` is the last day to appeal, where it is known."""

    name: str
    how: str
    until: date | None
    source: str


@dataclass(frozen=True)
class RemedyWords:
    """``reason`` is empty where the agency gave none that we know."""

    reason: str
    next_step: str
    appeal: AppealWords | None


def remedy_in_words(session: Session, enrollment: Enrollment) -> RemedyWords | None:
    """None where it didn't end with a no, nor waits for a payment whose last day has passed and
    that no transfer makes."""
    program, reason = PROGRAMS[enrollment.program], enrollment.reason_code
    if is_payment_lapsed(session, enrollment, home_day(now())):
        reason = PAYMENT_LAPSED
    remedy = find_remedy(program, Status(enrollment.status), reason)
    if remedy is None:
        return None
    return RemedyWords(
        reason_in_words(program, reason),
        translated(remedy.next_step),
        _appeal(remedy.appeal, home_day(enrollment.changed_at)) if remedy.appeal else None,
    )


def status_in_words(status: str, *, paid: bool) -> str:
    """Its status; of one that waits for a payment which a transfer makes, that."""
    if paid and status == Status.PAYMENT_PENDING:
        return str(_("Pago en curso"))
    return words("enrollments.status", status)


def reason_in_words(program: Program, code: str | None) -> str:
    """Our own words, or the program's for its agency's code; empty for one that has none."""
    if code is not None and code in REASONS:
        return words("enrollments.reason", code)
    known = program.reasons.get(code or "")
    return translated(known) if known else ""


def step_in_words(program: Program, step: Any) -> str:
    """Why an enrollment came to a step of its history, or until when its cover goes on by it."""
    if step.covered_to:
        return str(
            _("Sigue lo que cubre: ahora, hasta el %(day)s.", day=date_long(step.covered_to))
        )
    return reason_in_words(program, step.reason_code)


def _appeal(appeal: Appeal, told_on: date) -> AppealWords:
    days = appeal.working_days
    until = add_working_days(told_on, days) if days else None
    return AppealWords(translated(appeal.name), translated(appeal.how), until, appeal.source)
