"""Whether payouts go out, whether the books agree, and what each account holds."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from sqlalchemy.orm import Session

from consular.agencies import payout_agency
from consular.auth import allow
from consular.db import database_now, transaction
from consular.i18n import MEXICO_CITY
from consular.input.treasury import BooksQuery
from consular.pages.forms import Errors, check_filters, pick
from consular.pages.operations import presenters
from consular.pages.treasury.blueprint import READERS, pages
from services.agencies.queries import list_agencies
from services.disputes.queries import count_open
from services.kernel.money import CURRENCIES, Money
from services.ledger.second_book import read_agreement
from services.operations.queries import count_parked
from services.remittances.books import find_stop
from services.treasury.queries import AccountState, Books, count_waiting, read_books, read_suspense


@pages.get("/")
@allow(READERS)
def overview() -> str:
    """Show balances now, or as of a moment; whether payouts go out, and what waits for a person."""
    errors: Errors = {}
    asked = pick(request.args, "balances_at")
    query = check_filters(BooksQuery(), asked, errors)
    with transaction() as session:
        now = database_now(session)
        books = read_books(session, query["balances_at"])
        shown = {
            "state": _state(session, now),
            "waiting": _waiting(session, now),
        }
    return render_template(
        "treasury/overview.html",
        **shown,
        currencies=[_currency(books, currency) for currency in CURRENCIES],
        as_of=query["balances_at"],
        form=asked,
        at=now,
        zone=MEXICO_CITY,
        errors=errors,
    )


def _state(session: Session, now: Any) -> dict[str, Any]:
    """Whether payouts go out, and the second book's word."""
    [agency] = list_agencies(session, [payout_agency()])
    stop = find_stop(session)
    return {
        "stopped_by": url_for("incidents_pages.incident", id=stop) if stop else None,
        "stopped": stop is not None,
        "agreement": read_agreement(session),
        "agency": presenters.agency(session, agency, now),
    }


def _waiting(session: Session, now: Any) -> dict[str, Any]:
    """How much of what waits for a person, of each kind."""
    suspense, counts = read_suspense(session), count_waiting(session, now=now)
    return {
        "suspense": Money(abs(suspense.ledger_minor), "MXN"),
        "cases": len(suspense.cases),
        "agrees": suspense.ledger_minor == suspense.cases_minor,
        "unknown": counts.unknown,
        "overdue": counts.overdue,
        "parked": count_parked(session),
        "disputes": count_open(session),
    }


def _currency(books: Books, currency: str) -> dict[str, Any]:
    """The accounts of a currency, debits and credits apart, and their sums."""
    accounts = [each for each in books.accounts if each.currency == currency]
    debit = sum(max(each.posted, 0) for each in accounts)
    credit = sum(max(-each.posted, 0) for each in accounts)
    return {
        "currency": currency,
        "accounts": [_account(each) for each in accounts],
        "debit": Money(debit, currency),
        "credit": Money(credit, currency),
        "difference": Money(debit - credit, currency),
        "whole": debit == credit,
    }


def _account(account: AccountState) -> dict[str, Any]:
    posted, held = account.posted, account.held
    return {
        "code": account.code,
        "kind": account.kind.value,
        "debit": Money(posted, account.currency) if posted > 0 else None,
        "credit": Money(-posted, account.currency) if posted < 0 else None,
        "held": Money(abs(held), account.currency) if held else None,
    }
