"""What waits for treasury: suspense with its cases, and remittances without an answer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template
from sqlalchemy.orm import Session

from consular.auth import actor, allow
from consular.db import database_now, transaction
from consular.i18n import MEXICO_CITY
from consular.pages.incidents.presenters import line as case_line
from consular.pages.operations.presenters import minutes
from consular.pages.treasury.blueprint import LINES, READERS, pages
from services.kernel import audit
from services.kernel.money import Money
from services.remittances.parts import list_orders
from services.treasury.queries import (
    Unanswered,
    count_waiting,
    list_overdue,
    list_unanswered,
    read_suspense,
)


@pages.get("/suspense")
@allow(READERS)
def suspense() -> str:
    """Show what stands in suspense, by the ledger and by its cases, which are equal; each read of
    the remittances that they are about is audited."""
    with transaction() as session:
        now = database_now(session)
        standing = read_suspense(session)
        sent = standing.remittances
        _audit(session, list(sent.values()), now)
        orders = list_orders(session, sent.values())
        cases = [
            {
                **case_line(session, case, now=now),
                "ended": case.resolved_at is not None,
                "remittance": _named(sent.get(case.subject_id), orders),
            }
            for case in standing.cases
        ]
    return render_template(
        "treasury/suspense.html",
        ledger=Money(abs(standing.ledger_minor), "MXN"),
        by_cases=Money(abs(standing.cases_minor), "MXN"),
        owed=standing.ledger_minor < 0,
        agrees=standing.ledger_minor == standing.cases_minor,
        difference=Money(abs(standing.ledger_minor - standing.cases_minor), "MXN"),
        cases=cases,
        zone=MEXICO_CITY,
    )


@pages.get("/unknown")
@allow(READERS)
def unknown() -> str:
    """Show remittances without an answer and those past the promised time; each read is audited."""
    with transaction() as session:
        now = database_now(session)
        unanswered = list_unanswered(session, limit=LINES)
        overdue = list_overdue(session, now=now, limit=LINES)
        counts = count_waiting(session, now=now)
        _audit(session, [*(each.remittance for each in unanswered), *overdue], now)
        orders = list_orders(session, [*(each.remittance for each in unanswered), *overdue])
        shown = {
            "unanswered": [_unanswered(each, orders, now) for each in unanswered],
            "overdue": [_remittance(each, orders, each.changed_at, now) for each in overdue],
        }
    return render_template(
        "treasury/unknown.html", **shown, counts=counts, zone=MEXICO_CITY, at=now
    )


def _named(remittance: Any, orders: dict[UUID, str]) -> dict[str, Any]:
    """How a remittance is named; nothing where there is none."""
    if remittance is None:
        return {}
    return {
        "folio": remittance.folio,
        "order": orders.get(remittance.id),
        "status": remittance.status,
    }


def _audit(session: Session, remittances: list[Any], now: Any) -> None:
    subjects = {row.id: audit.Subject.of("remittance", row) for row in remittances}
    audit.record(session, *subjects.values(), action="remittance.list", now=now, actor=actor())


def _unanswered(each: Unanswered, orders: dict[UUID, str], now: Any) -> dict[str, Any]:
    return {
        **_remittance(each.remittance, orders, each.remittance.changed_at, now),
        "attempts": each.attempts,
        "last_sent_at": each.last_sent_at,
    }


def _remittance(remittance: Any, orders: dict[UUID, str], since: Any, now: Any) -> dict[str, Any]:
    due = remittance.answer_due_at
    return {
        **_named(remittance, orders),
        "pesos": remittance.total_to_recipient,
        "since": since,
        "minutes": minutes(since, now),
        "due": due,
        "late": due is not None and due < now,
    }
