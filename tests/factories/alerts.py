"""Figures and rules that watch them, for tests."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.alerts.making import MakeAlert, make_alert
from services.alerts.rules import Condition, Span, Watch
from services.kernel.audit import SYSTEM, Actor, Role
from services.kernel.clock import system_clock
from services.kernel.ids import new_id
from services.staff.accounts import MakeStaffAccount, make_account

_FACT = text(
    "INSERT INTO facts (kind, subject_id, consulate_code, service_code, status, day, quantity,"
    " people, services, occurred_at, recorded_at) VALUES ('appointment', gen_random_uuid(),"
    " :office, 'PAS10', :status, :day, :count, :count, :count, clock_timestamp(),"
    " clock_timestamp())"
)


def write_appointments(
    session: Session, day: date, count: int, *, office: str = "villanueva",
    status: str = "no_show",
) -> None:  # fmt: skip
    """So many appointments of that day at the office came to the status."""
    session.execute(_FACT, {"day": day, "count": count, "office": office, "status": status})


def add_analyst(session: Session, email: str | None, *, role: str = "analyst") -> UUID:
    """Somebody of staff whom a rule may tell."""
    command = MakeStaffAccount(f"{role}-{new_id()}", "Ana Lista", role, None, email)
    return make_account(session, command, now=system_clock(), actor=SYSTEM).id


def watch_no_shows(limit: int = 5, *, span: Span = Span.DAY) -> Watch:
    """More than so many appointments to which nobody came, at Villanueva."""
    return Watch(
        "appointments", span, Condition.ABOVE, Decimal(limit), "villanueva", status="no_show"
    )


def add_alert(session: Session, watch: Watch, *emails: str, language: str = "es") -> UUID:
    """A rule that tells them."""
    actor = Actor(Role.ANALYST, UUID(int=7))
    command = MakeAlert(watch, "Faltan más que antes.", emails, language)
    return make_alert(session, command, now=system_clock(), actor=actor).id


def noon(day: date) -> datetime:
    """Of that day in Mexico City."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo("America/Mexico_City"))
