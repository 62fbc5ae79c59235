"""The day's cash: of each officer, counted and signed off; corrections that wait; and the day's
people as page and files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import Schema
from sqlalchemy.orm import Session

from consular.access_log import record_agenda
from consular.auth import DESK, actor, allow, now
from consular.db import transaction
from consular.errors import FieldsInvalid
from consular.i18n import folio, money, words
from consular.input.fields import MISSING, Day
from consular.pages.desk.agenda import today_at
from consular.pages.desk.blueprint import pages
from consular.pages.drafts import draft, finish
from consular.pages.forms import Errors, check, go, money_of, submitted
from consular.pages.portal.names import office, service_names
from consular.pages.posting import reopen
from consular.spreadsheets import Table, as_file, plain_columns
from services.appointments.day_report import PersonOfTheDay, list_people_of_day
from services.cashier import queries
from services.cashier.correcting import decide_correction
from services.cashier.counting import Counted, count_cash, list_expected, sign_cash_up
from services.cashier.rules import Means
from services.kernel.audit import Role
from services.kernel.money import CURRENCIES, Money
from services.staff.accounts import find_name

SUPERVISOR = frozenset({Role.SUPERVISOR})
Form = dict[str, str]


class DayQuery(Schema):
    """Which day; today at the office when none is told."""

    day = Day(load_default=None)


@pages.get("/cash")
@allow(DESK)
def cash() -> str:
    """List the day's cash-ups: an officer's own, or all for a supervisor, with what waits."""
    with transaction() as session:
        place, day = _place_and_day(session)
        mine = None if _supervises() else actor().account_id
        cash_ups = queries.list_cash_ups(session, consulate=place["code"], day=day, officer=mine)
        return render_template(
            "desk/cash.html",
            consulate=place,
            day=day,
            links=_links("desk.cash", day),
            cash_ups=[_line(session, row) for row in cash_ups],
            corrections=_waiting(session, place["code"]) if _supervises() else [],
            errors=draft().errors(also_under=True),
        )


@pages.get("/cash/<uuid:id>")
@allow(DESK)
def cash_up(id: UUID) -> str:
    """Show one cash-up: its receipts, what was charged, and what was counted."""
    with transaction() as session:
        row = queries.get_cash_up(session, id)
        expected = _expected(list_expected(session, id))
        return render_template(
            "desk/cash_up.html",
            consulate=office(session, row.consulate_code),
            cash_up=_line(session, row),
            own=row.officer_id == actor().account_id,
            supervises=_supervises(),
            receipts=[
                {"row": r, "total": Money(r.total_minor, r.currency)}
                for r in queries.list_receipts(session, id)
            ],
            differences=_differences(session, row),
            expected=expected,
            labels={e["name"]: e["label"] for e in expected}
            | {e["reason_name"]: e["reason_label"] for e in expected},
            counts=_counted(session, id),
            form=draft().form,
            errors=draft().errors(_read_counts, also_under=True),
        )


@pages.post("/cash/<uuid:id>/count")
@allow(DESK)
def cash_count(id: UUID) -> Response:
    """Close a cash-up with what was counted."""
    errors: Errors = {}
    counts = _read_counts(submitted(), errors)
    if errors:
        raise FieldsInvalid(errors)
    with transaction() as session:
        count_cash(session, id, counts, now=now(), actor=actor())
    return finish(url_for("desk.cash_up", id=id))


@pages.post("/cash/<uuid:id>/sign")
@allow(SUPERVISOR)
def cash_sign(id: UUID) -> Response:
    """Sign a cash-up off."""
    with transaction() as session:
        sign_cash_up(session, id, now=now(), actor=actor())
    return go(url_for("desk.cash_up", id=id))


reopen(pages, ["/cash/<uuid:id>/count", "/cash/<uuid:id>/sign"], "desk.cash_up", DESK)


@pages.post("/cash/corrections/<uuid:id>/approve", endpoint="correction_approve")
@pages.post("/cash/corrections/<uuid:id>/refuse", endpoint="correction_refuse")
@allow(SUPERVISOR)
def correction_decide(id: UUID) -> Response:
    """Approve a correction that another person asked for, or refuse it."""
    approve = request.endpoint == "desk.correction_approve"
    with transaction() as session:
        decide_correction(session, id, approve=approve, now=now(), actor=actor())
    return go(url_for("desk.cash"))


_DECISIONS = ["/cash/corrections/<uuid:id>/approve", "/cash/corrections/<uuid:id>/refuse"]
reopen(pages, _DECISIONS, "desk.cash", SUPERVISOR)


@pages.get("/day")
@allow(DESK)
def day_report() -> str:
    """Show everybody of the day, each once, with what became of it and what was charged."""
    with transaction() as session:
        place, day = _place_and_day(session)
        rows = _people(session, place, day)
        return render_template(
            "desk/day.html",
            consulate=place,
            day=day,
            links=_links("desk.day_report", day),
            head=_without_currency(_head()),
            rows=[_without_currency(_shown(row)) for row in rows],
            counted=Counter(row[4] for row in rows).most_common(),
        )


@pages.get("/day.csv")
@allow(DESK)
def day_csv() -> Response:
    """Return the day's people as CSV."""
    return _file("csv")


@pages.get("/day.xlsx")
@allow(DESK)
def day_xlsx() -> Response:
    """Return the day's people as a workbook."""
    return _file("xlsx")


def _file(form: str) -> Response:
    with transaction() as session:
        place, day = _place_and_day(session)
        rows = _people(session, place, day)
    name = f"{place['code']}-{day.isoformat()}"
    return as_file(Table(name, plain_columns(_head()), rows), form)


def _head() -> list[str]:
    return [
        str(words_)
        for words_ in (
            _("Folio"), _("Persona"), _("Hora"), _("Trámite"), _("Estado"), _("Ventanilla"),
            _("Cobrado"), _("Moneda"), _("Cómo pagó"), _("Recibo"),
        )
    ]  # fmt: skip


def _people(session: Session, place: dict[str, Any], day: date) -> list[list[Any]]:
    """A row for each person, as page and files have it."""
    people, appointments = list_people_of_day(session, consulate=place["code"], day=day)
    record_agenda(session, appointments)
    names, zone = service_names(session), ZoneInfo(place["time_zone"])
    return [_row(person, names, zone) for person in people]


def _row(person: PersonOfTheDay, names: dict[str, str], zone: ZoneInfo) -> list[Any]:
    charged = person.charged
    return [
        person.folio,
        person.number,
        person.start.astimezone(zone).replace(tzinfo=None),
        ", ".join(names.get(code, code) for code in person.services),
        words("appointments.status", person.status),
        person.desk,
        Decimal(charged.amount) if charged else None,
        charged.currency if charged else None,
        ", ".join(words("cashier.means", means) for means in person.means),
        ", ".join(str(number) for number in person.receipts),
    ]


def _shown(row: Sequence[Any]) -> list[str]:
    charged = money(row[6], row[7]) if row[6] is not None else ""
    cells = [folio(row[0]), row[1], f"{row[2]:%H:%M}", *row[3:6], charged, *row[7:]]
    return ["" if cell is None else str(cell) for cell in cells]


def _without_currency(cells: list[str]) -> list[str]:
    """On the page an amount has its currency beside it."""
    return [*cells[:7], *cells[8:]]


def _place_and_day(session: Session) -> tuple[dict[str, Any], date]:
    place = office(session, actor().consulate or "")
    values = {name: request.args[name] for name in ("day",) if request.args.get(name)}
    query = check(DayQuery(), values, {}) or {"day": None}
    return place, query["day"] or today_at(place)


def _links(page: str, day: date) -> dict[str, str]:
    step = timedelta(days=1)
    return {
        "previous": url_for(page, day=(day - step).isoformat()),
        "next": url_for(page, day=(day + step).isoformat()),
    }


def _supervises() -> bool:
    return actor().role is Role.SUPERVISOR


def _line(session: Session, row: Any) -> dict[str, Any]:
    sums: Counter[str] = Counter()
    for (_means, currency), minor in list_expected(session, row.id).items():
        sums[currency] += minor
    return {
        "id": row.id,
        "day": row.day,
        "number": row.number,
        "officer": find_name(session, row.officer_id) or "",
        "charged": [Money(minor, currency) for currency, minor in sorted(sums.items())],
        "state": "signed" if row.signed_at else "counted" if row.closed_at else "open",
    }


def _waiting(session: Session, consulate: str) -> list[dict[str, Any]]:
    names = service_names(session)
    return [
        {
            "id": correction.id,
            "appointment": row.appointment_id,
            "service": names.get(row.service_code, row.service_code),
            "charged": Money(row.charged_minor, row.currency),
            "reason": correction.reason,
            "by": find_name(session, correction.requested_by) or "",
            "own": correction.requested_by == actor().account_id,
        }
        for correction, row in queries.list_waiting_corrections(session, consulate)
    ]


def _differences(session: Session, row: Any) -> list[dict[str, Any]]:
    differences = queries.list_differences(
        session, consulate=row.consulate_code, day=row.day, officer=row.officer_id
    )
    names = service_names(session)
    return [
        {
            "appointment": rendered.appointment_id,
            "service": names.get(rendered.service_code, rendered.service_code),
            "amount": Money(line.minor, rendered.currency),
            "reason": line.ground,
        }
        for rendered, line in differences
    ]


def _expected(expected: dict[tuple[str, str], int]) -> list[dict[str, Any]]:
    """What to count: dollars in cash always, and whatever else was charged."""
    keys = sorted(expected.keys() | {(Means.CASH.value, "USD")})
    return [_to_count(*key, expected.get(key, 0)) for key in keys]


def _to_count(means: str, currency: str, minor: int) -> dict[str, Any]:
    label = f"{words('cashier.means', means)} ({currency})"
    return {
        "name": f"{means}_{currency}",
        "label": label,
        "money": Money(minor, currency),
        "reason_name": f"reason_{means}_{currency}",
        "reason_label": str(_("Por qué no coincide: %(means)s", means=label)),
    }


def _counted(session: Session, id: UUID) -> list[list[str]]:
    return [
        [
            f"{words('cashier.means', count.means)} ({count.currency})",
            money(Money(count.expected_minor, count.currency)),
            money(Money(count.counted_minor, count.currency)),
            money(Money(count.counted_minor - count.expected_minor, count.currency)),
            count.reason or "",
        ]
        for count in queries.list_counts(session, id)
    ]


def _read_counts(form: Form, errors: Errors) -> list[Counted]:
    """Of each means that the form has: what was counted, and why it differs."""
    counts = []
    for means, currency in product(Means, CURRENCIES):
        name = f"{means.value}_{currency}"
        if name not in form:
            continue
        try:
            amount = money_of(form, name, currency)
        except FieldsInvalid as unclear:
            errors |= unclear.errors
            continue
        if amount is None:
            errors[name] = [str(MISSING)]
            continue
        reason = form.get(f"reason_{name}", "").strip()[:300] or None
        counts.append(Counted(means, Money.parse(amount["amount"], currency), reason))
    return counts
