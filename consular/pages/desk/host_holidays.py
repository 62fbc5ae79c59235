"""Holidays of the host country: proposed to the supervisor, and closed on through the file of
closures, whose impact is shown first."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask import Response, render_template, request, url_for
from sqlalchemy.orm import Session

from consular.auth import allow
from consular.db import transaction
from consular.i18n import current_language
from consular.pages.desk.agenda import today_at
from consular.pages.desk.blueprint import pages
from consular.pages.desk.closures import CLOSERS, COLUMNS, TRY, own_place
from consular.pages.drafts import keep_draft
from consular.pages.forms import go, submitted
from consular.pages.portal.names import office, offices
from services.appointments.closures import closed_hours
from services.appointments.hours import ALL_DAY
from services.appointments.rules import ClosureSource
from services.consulates.host_holidays import HostHoliday, host_holidays
from services.consulates.queries import get_consulate

AHEAD = timedelta(days=365)
_MARK = "day_"


@pages.get("/closures/holidays")
@allow(CLOSERS)
def proposed_holidays() -> str:
    """List the host country's holidays of the next year, and which of them are closed already."""
    with transaction() as session:
        place = own_place(session)
        code = place["code"] if place else request.args.get("consulate", "")
        there = office(session, code) if code else None
        return render_template(
            "desk/closures_holidays.html",
            place=place,
            there=there,
            offices=[] if place else offices(session, every=True),
            days=_proposed(session, there) if there else [],
        )


@pages.post("/closures/holidays")
@allow(CLOSERS)
def proposed_holidays_send() -> Response:
    """Go on to the file of closures with the chosen days."""
    form = submitted()
    with transaction() as session:
        place = own_place(session)
        there = place or office(session, form.get("consulate", ""))
        chosen = [
            each["holiday"]
            for each in _proposed(session, there)
            if f"{_MARK}{each['holiday'].day}" in form
        ]
    if not chosen:
        return go(url_for("desk.proposed_holidays", consulate=None if place else there["code"]))
    file = _as_file(there["code"], chosen)
    return go(url_for("desk.closures_import", d=keep_draft({"file": file}, at=TRY)))


def _proposed(session: Session, there: dict[str, Any]) -> list[dict[str, Any]]:
    first = today_at(there)
    last = first + AHEAD
    consulate = get_consulate(session, there["code"])
    closed = closed_hours(session, consulate.code, first, last)
    return [
        {"holiday": each, "closed": ALL_DAY in closed.get(each.day, [])}
        for each in host_holidays(
            consulate.country, consulate.region, first, last, current_language()
        )
    ]


def _as_file(code: str, chosen: Sequence[HostHoliday]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for each in chosen:
        said = {"consulate": code, "first_day": each.day, "reason": each.name}
        writer.writerow({**said, "source": ClosureSource.HOLIDAY.value})
    return text.getvalue()
