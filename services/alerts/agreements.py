"""Remind those who keep the Commission's agreements of days that are near or have passed.

Analysts keep them. Each is reminded once that a day is near and once that it has passed; a day that
a session moved is another day. What is told on one day is one message.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.alerts.models import AgreementReminder
from services.alerts.rules import ZONE, reminder_of
from services.commission.queries import Followed, list_open_agreements
from services.kernel.audit import Role
from services.kernel.ids import new_id
from services.outbox.delivery import enqueue
from services.staff.accounts import find_active
from services.staff.models import StaffAccount

TOPIC = "alerts.agreements"


@cache
def _rules() -> tuple[tuple[date, int], ...]:
    text = files("services.alerts").joinpath("data", "agreements.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return tuple(sorted((date.fromisoformat(r["from_day"]), int(r["days_before"])) for r in rows))


def days_ahead(today: date) -> int:
    """How many days before, by the rule in force; the first one for earlier days."""
    in_force = [days for begins, days in _rules() if begins <= today]
    return in_force[-1] if in_force else _rules()[0][1]


def remind(session: Session, *, now: datetime) -> int:
    """Write to every keeper who has something new to be told; returns how many messages."""
    today = now.astimezone(ZONE).date()
    due = [
        (each.agreement.id, each.due_on, kind)
        for each in list_open_agreements(session)
        if (kind := reminder_of(each.due_on, today, days_ahead(today)))
    ]
    return sum(_remind(session, keeper, due, now) for keeper in _keepers(session)) if due else 0


def _keepers(session: Session) -> Sequence[UUID]:
    wanted = (
        StaffAccount.role == Role.ANALYST,
        StaffAccount.email.is_not(None),
        StaffAccount.ended_at.is_(None),
    )
    return session.scalars(select(StaffAccount.id).where(*wanted)).all()


def _remind(
    session: Session, keeper: UUID, due: Sequence[tuple[UUID, date, str]], now: datetime
) -> bool:
    mail = new_id()
    rows = [
        {"agreement_id": agreement, "due_on": day, "kind": kind, "staff_id": keeper,
         "mail": mail, "at": now}
        for agreement, day, kind in due
    ]  # fmt: skip
    statement = insert(AgreementReminder).values(rows).on_conflict_do_nothing()
    new = session.scalars(statement.returning(AgreementReminder.agreement_id)).first()
    if new is not None:
        enqueue(session, TOPIC, mail)
    return new is not None


def find_reminder(session: Session, mail: UUID) -> tuple[Sequence[Followed], str] | None:
    """(the agreements of a message that are still open on that day, the reader's address); None
    where there are none, or nobody to tell."""
    rows = session.scalars(select(AgreementReminder).where(AgreementReminder.mail == mail)).all()
    member = find_active(session, rows[0].staff_id) if rows else None
    named = {(row.agreement_id, row.due_on) for row in rows}
    due = [
        each for each in list_open_agreements(session) if (each.agreement.id, each.due_on) in named
    ]
    if not due or member is None or not member.email or member.role != Role.ANALYST:
        return None
    return due, member.email
