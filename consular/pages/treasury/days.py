"""A day's totals, and every line of the ledger of that day as a file."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, render_template, request
from flask_babel import gettext as _

from consular.auth import actor, allow
from consular.db import database_now, transaction
from consular.i18n import MEXICO_CITY, words
from consular.input.loading import load_fields
from consular.input.treasury import DayQuery
from consular.pages.forms import Errors, check_filters, pick
from consular.pages.treasury.blueprint import READERS, pages
from consular.spreadsheets import Column, Table, as_file
from services.kernel import audit
from services.kernel.money import Money, format_minor
from services.remittances.rules import day_in_mexico
from services.treasury.queries import Line, Total, open_lines, read_totals


@pages.get("/day")
@allow(READERS)
def day() -> str:
    """Show what a day came to."""
    errors: Errors = {}
    asked = pick(request.args, "day")
    query = check_filters(DayQuery(), asked, errors)
    with transaction() as session:
        today = day_in_mexico(database_now(session))
        wanted = query["day"] or today
        read = read_totals(session, wanted)
    ordered = next(each for each in read if each.measure.code == "orders")
    return render_template(
        "treasury/day.html",
        day=wanted,
        over=wanted < today,
        totals=[_total(each) for each in read],
        ordered=ordered.orders,
        parts=ordered.entries,
        form={"day": wanted.isoformat(), **asked},
        errors=errors,
    )


@pages.get("/day/lines.<code:form>")
@allow(READERS)
def day_lines(form: str) -> Response:
    """Send every line of the ledger of a day as a file; who took it is audited."""
    query = load_fields(DayQuery(), pick(request.args, "day"))
    with transaction() as session:
        now = database_now(session)
        wanted = query["day"] or day_in_mexico(now)
        subject = audit.Subject("ledger_day", None)
        audit.record(session, subject, action="ledger.export", now=now, actor=actor())
        with open_lines(session, wanted) as (count, lines):
            name = f"ledger-{wanted.isoformat()}-{count}-rows"
            table = Table(name, _columns(), map(_cells, lines), count, _about(wanted))
            return as_file(table, form)


def _total(total: Total) -> dict[str, Any]:
    measure = total.measure
    return {
        "code": measure.code,
        "entries": total.entries,
        "amount": Money(abs(total.minor), measure.currency),
        "negative": total.minor < 0,
    }


def _columns() -> list[Column]:
    return [
        Column("at", str(_("Momento (hora de la Ciudad de México)"))),
        Column("entry", str(_("Movimiento"))),
        Column("line", str(_("Renglón del movimiento"))),
        Column("kind", str(_("Qué fue (clave)"))),
        Column("kind_name", str(_("Qué fue"))),
        Column("state", str(_("Asiento"))),
        Column("layer", str(_("Saldo o apartado"))),
        Column("folio", str(_("Folio del envío"))),
        Column("order", str(_("Folio con el que se cobró"))),
        Column("account", str(_("Cuenta (clave)"))),
        Column("account_name", str(_("Cuenta"))),
        Column("currency", str(_("Moneda"))),
        Column("amount", str(_("Monto: cargo positivo, abono negativo"))),
    ]


def _cells(line: Line) -> list[Any]:
    return [
        line.at.astimezone(ZoneInfo(MEXICO_CITY)).replace(microsecond=0),
        line.entry_id,
        line.line,
        line.kind,
        words("treasury.entry", line.kind),
        line.state,
        line.layer,
        line.folio,
        line.order,
        line.account_code,
        words("treasury.account", line.account_code),
        line.currency,
        Decimal(format_minor(line.amount)),
    ]


def _about(day: date) -> list[tuple[Column, Any]]:
    return [
        (Column("day", str(_("Día (Ciudad de México)"))), day),
        (Column("source", str(_("Fuente"))), str(_("Consular: libro de los envíos"))),
    ]
