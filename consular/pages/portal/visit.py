"""A visit as the booking's form says it: which office, what for and when."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import request
from flask_babel import gettext as _
from marshmallow import Schema, validate
from sqlalchemy.orm import Session

from consular.i18n import in_language
from consular.input.appointments import MOST_SERVICES
from consular.input.catalogue import Codes, party_size
from consular.input.fields import ClockTime, Code, Day, Moment
from consular.pages.forms import Errors, check, pick
from consular.pages.portal.names import office
from consular.pages.portal.needs import Needs, at_place, read_needs
from services.appointments.durations import expected_minutes
from services.consulates.queries import get_service, list_requirements
from services.kernel.money import Money

# What follows the first service, with commas.
FURTHER = "further"
SLOT = ("consulate", "service", FURTHER, "start")


class _Visit(Schema):
    consulate = Code(required=True)
    service = Code(required=True)
    further = Codes(load_default=tuple, validate=validate.Length(0, MOST_SERVICES - 1))


class _Place(_Visit):
    party = party_size()
    around = ClockTime(load_default=None)
    from_ = Day(data_key="from", load_default=None)


class _Slot(_Visit):
    start = Moment(required=True)


def asked_form(form: dict[str, str]) -> dict[str, str]:
    """The form with what the address says in its place."""
    asked = request.args.to_dict()
    if "several" in asked:
        asked[FURTHER] = ",".join(request.args.getlist(FURTHER))
    return {**form, **asked}


def read_place(form: dict[str, str], errors: Errors) -> dict[str, Any] | None:
    """Office, ``services`` in their order, party and day, or None with what is wrong."""
    names = ("consulate", "service", FURTHER, "party", "from", "around")
    return _with_services(check(_Place(), pick(form, *names), errors), form)


def read_slot(form: dict[str, str], errors: Errors) -> dict[str, Any] | None:
    """Office, ``services`` in their order and start, or None with what is wrong."""
    return _with_services(check(_Slot(), pick(form, *SLOT), errors), form)


def _with_services(read: Any, form: dict[str, str]) -> dict[str, Any] | None:
    if read is None:
        return None
    services = tuple(dict.fromkeys((read["service"], *read[FURTHER])))
    return {**read, "services": services, "needs": read_needs(form)}


def shown_visit(
    session: Session,
    consulate: str,
    services: tuple[str, ...],
    needs: Needs,
    start: datetime | None = None,
) -> dict[str, Any]:
    """``consulate``, or the mobile one that was chosen or that the ``start`` leads to, ``service``,
    whose name says all of them in their order, and what the party ``needs``, as fields and in
    words."""
    rows = [get_service(session, code) for code in services]
    names = [in_language(row, "name") for row in rows]
    return {
        "consulate": at_place(session, office(session, consulate), needs.place, services[0], start),
        "needs": needs.fields,
        "needs_words": needs.words,
        "service": {
            "code": services[0],
            FURTHER: ",".join(services[1:]) or None,
            "name": _(", y después ").join(names),
            "who": next(filter(None, (in_language(row, "who") for row in rows)), ""),
        },
    }


def shown_before(
    session: Session,
    consulate: str,
    services: tuple[str, ...],
    start: datetime,
    fees: dict[str, Any],
    people: int,
) -> dict[str, Any]:
    """What to know before booking: what to bring, how long it takes each, and what all pay."""
    needs = list_requirements(session, services)
    texts = (in_language(row, "text") for code in services for row in needs.get(code, ()))
    known = [fees[code].money for code in services if code in fees] * people
    return {
        "requirements": list(dict.fromkeys(texts)),
        "minutes": expected_minutes(session, consulate, start, services),
        "fee": total(known),
    }


def near(start: datetime, zone: str) -> dict[str, str]:
    """The day of a time and its hour, to look for others around it."""
    local = start.astimezone(ZoneInfo(zone))
    return {"from": local.date().isoformat(), "around": f"{local:%H:%M}"}


def total(amounts: list[Money]) -> Money | None:
    """Their sum, or None where there is nothing to pay."""
    return sum(amounts[1:], amounts[0]) if amounts else None
