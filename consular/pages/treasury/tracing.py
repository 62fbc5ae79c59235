"""What was posted about one remittance: which funding paid which payout."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from consular.auth import actor, allow
from consular.db import database_now, transaction
from consular.i18n import MEXICO_CITY
from consular.input.treasury import TraceQuery
from consular.pages.forms import Errors, check_filters, pick
from consular.pages.treasury.blueprint import READERS, pages
from services.kernel import audit
from services.kernel.money import Money
from services.remittances.queries import find_by_folio
from services.treasury.queries import Traced, trace


@pages.get("/trace")
@allow(READERS)
def trace_money() -> str:
    """Follow a remittance from its funding to its payout, with what was paid for together with it;
    each read is audited."""
    errors: Errors = {}
    asked = pick(request.args, "folio")
    query = check_filters(TraceQuery(), asked, errors)
    with transaction() as session:
        traced = _trace(session, query["folio"]) if query["folio"] else []
        if query["folio"] and not traced:
            errors["folio"] = [_("Ningún envío tiene ese folio. Revísalo en el recibo.")]
        parts = [_part(each, traced[0]) for each in traced]
    return render_template(
        "treasury/trace.html", parts=parts, zone=MEXICO_CITY, form=asked, errors=errors
    )


def _trace(session: Session, folio: str) -> list[Traced]:
    remittance = find_by_folio(session, folio)
    traced = trace(session, remittance) if remittance else []
    subjects = [audit.Subject.of("remittance", each.remittance) for each in traced]
    audit.record(
        session, *subjects, action="remittance.read", now=database_now(session), actor=actor()
    )
    return traced


def _part(traced: Traced, first: Traced) -> dict[str, Any]:
    sent = traced.remittance
    return {
        "folio": sent.folio,
        "order": first.remittance.folio if traced is not first else None,
        "status": sent.status,
        "funded": Money(traced.funded, "USD"),
        "given_back": Money(traced.given_back, "USD"),
        "delivered": Money(traced.delivered, "MXN"),
        "lines": [
            {
                "at": entry.at,
                "kind": entry.kind,
                "account": line.account,
                "debit": Money(line.amount, line.currency) if line.amount > 0 else None,
                "credit": Money(-line.amount, line.currency) if line.amount < 0 else None,
            }
            for entry in traced.entries
            for line in entry.lines
        ],
    }
