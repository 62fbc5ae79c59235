"""Whoever sent the sum of the rule on one day: the list that the law wants records of."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import render_template, request
from sqlalchemy.orm import Session

from consular.auth import actor, allow
from consular.db import database_now, transaction
from consular.input.paging import PeriodQuery
from consular.pages.compliance.blueprint import READERS, pages
from consular.pages.forms import Errors, check_filters, pick
from services.compliance.queries import DaySum, list_day_sums
from services.kernel import audit
from services.kernel.money import Money
from services.remittances.rules import day_in_mexico
from services.remittances.tariffs import record_from

DAYS = timedelta(days=30)


@pages.get("/reports")
@allow(READERS)
def reports() -> str:
    """List them by day; each remittance that is shown is audited."""
    errors: Errors = {}
    asked = pick(request.args, "from", "to")
    query = check_filters(PeriodQuery(), asked, errors)
    with transaction() as session:
        now = database_now(session)
        last = query["to"] or day_in_mexico(now)
        first = query["from_"] or last - DAYS
        sums = list_day_sums(session, first, last)
        _audit(session, sums, now)
        least = Money(record_from(session, last), "USD")
    return render_template(
        "compliance/reports.html",
        sums=[_line(each) for each in sums],
        least=least,
        form={"from": first.isoformat(), "to": last.isoformat(), **asked},
        errors=errors,
    )


def _audit(session: Session, sums: list[DaySum], now: Any) -> None:
    subjects = [
        audit.Subject("remittance", remittance, each.accounts[0])
        for each in sums
        for remittance in each.remittances
    ]
    audit.record(session, *subjects, action="remittance.list", now=now, actor=actor())


def _line(each: DaySum) -> dict[str, Any]:
    return {
        "day": each.day,
        "sender": each.sender,
        "folios": each.folios,
        "accounts": len(each.accounts),
        "amount": Money(each.minor, "USD"),
    }
