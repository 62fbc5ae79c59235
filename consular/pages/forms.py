"""Read submitted forms: values and errors."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, is_dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Response, request, url_for
from flask_babel import lazy_gettext as _
from markupsafe import Markup
from marshmallow import Schema

from consular.auth import vault
from consular.clock import reader_clock
from consular.errors import FieldsInvalid, problem_of
from consular.i18n import translated
from consular.input.loading import load_fields
from consular.input.paging import cursor
from services.enrollments.programs.registry import PROGRAMS
from services.kernel.errors import DomainError
from services.kernel.money import plain_amount

Errors = dict[str, list[str]]
T = TypeVar("T")
# Country codes that are offered; any other is written before the number.
PHONE_COUNTRIES = ("1", "52")
DATE_PARTS = ("day", "month", "year")
UNCLEAR_AMOUNT = _("No estamos seguros de qué monto es. Escríbelo con números, así: 1000.50")


# Of every form, and none of anybody's answers; a one-time code is for its own request only.
OURS = frozenset({"csrf_token", "form_key", "d", "language", "code", "again"})


def submitted() -> dict[str, str]:
    """The form's answers, without the fields that are ours."""
    return {name: value for name, value in request.form.items() if name not in OURS}


def date_of(form: dict[str, str], name: str) -> str | None:
    """``YYYY-MM-DD`` from three fields; None when all are empty. Oddities are kept for the
    schema to refuse in words."""
    day, month, year = (form.get(f"{name}-{part}", "").strip() for part in DATE_PARTS)
    if not (day or month or year):
        return form.get(name) or None
    return f"{year.zfill(4)}-{month.zfill(2)}-{day.zfill(2)}"


def money_of(form: dict[str, str], name: str, currency: str) -> dict[str, str] | None:
    """The amount that was typed, as the API takes it; None when there is none.

    Raises FieldsInvalid under ``name`` for one that could mean another.
    """
    written = form.get(name, "").strip()
    if not written:
        return None
    try:
        return {"amount": plain_amount(written, currency), "currency": currency}
    except ValueError:
        raise FieldsInvalid({name: [str(UNCLEAR_AMOUNT)]}) from None


def pick(form: Mapping[str, str], *names: str) -> dict[str, str]:
    """Return those of the fields that were filled in, in a form or an address."""
    return {name: form[name] for name in names if form.get(name, "").strip()}


def phone_of(form: dict[str, str], name: str = "phone") -> dict[str, str]:
    """The number that was typed with the country that was chosen beside it; one that is written
    with its own country code is left as it is."""
    number, country = form.get(name, "").strip(), form.get(f"{name}_country", "")
    if not number:
        return {}
    if country in PHONE_COUNTRIES and not number.startswith(("+", "00", "011")):
        return {name: f"+{country} {number}"}
    return {name: number}


def hash_of(what: Any) -> bytes:
    """A hash of everything in a command, also what its ``repr`` keeps to itself."""
    parts = asdict(what) if is_dataclass(what) and not isinstance(what, type) else what
    return vault().request_hash(json.dumps(parts, default=str, sort_keys=True).encode())


def check(schema: Schema, values: dict[str, Any], errors: Errors) -> Any:
    """Load the values by the schema; on failure return None and add to ``errors``."""
    try:
        return load_fields(schema, values)
    except FieldsInvalid as invalid:
        errors |= invalid.errors
        return None


def check_filters(schema: Schema, values: dict[str, Any], errors: Errors) -> Any:
    """`check`; filters that can't be read are none."""
    return check(schema, values, errors) or load_fields(schema, {})


def next_page(endpoint: str, filters: Mapping[str, str], after: Any) -> str | None:
    """The address of the list's next page, with the same filters; None at the end."""
    following: dict[str, Any] = {**filters, "next": cursor(after)}
    return url_for(endpoint, **following) if after else None


def read_or_refuse(form: dict[str, str], read: Callable[[dict[str, str], Errors], T | None]) -> T:
    """Return what ``read`` makes of the form. Raises FieldsInvalid with what is wrong with it."""
    errors: Errors = {}
    values = read(form, errors)
    if values is None:
        raise FieldsInvalid(errors)
    return values


def read_fields(schema: Schema, values: dict[str, Any], errors: Errors | None) -> Any:
    """`check` with a list of errors; without one it raises FieldsInvalid."""
    return load_fields(schema, values) if errors is None else check(schema, values, errors)


# Where what stands in the way can be looked at: the refusal's parameter, the page and the words.
_LINKS = {
    "already_booked": ("appointment", "portal.appointment", _("Ver la cita")),
    "already_enrolled": ("enrollment", "portal.enrollment", _("ver solicitud")),
}


def form_errors(error: DomainError) -> Errors:
    """A refusal as an entry of the page's error summary, with a link to what stands in the way
    where that is the reader's own."""
    clock = reader_clock()
    problem = problem_of(error, (clock.zone, clock.place))
    if problem.errors:
        return problem.errors
    repeats = problem.detail.startswith(problem.title)
    message = problem.detail if repeats else f"{problem.title}. {problem.detail}"
    name, page, words = _LINKS.get(error.code, ("", "", ""))
    if name not in error.params:
        return {"form": [message]}
    if error.code == "already_enrolled":
        program = translated(PROGRAMS[str(error.params["program"])].short)
        message = str(_("Ya pediste tu %(program)s:", program=program))
    link = Markup('<a href="{}">{}</a>').format(url_for(page, id=error.params[name]), words)
    return {"form": [Markup("{} {}").format(message, link)]}


def go(address: str) -> Response:
    """Redirect with 303 See Other, so that a reload repeats nothing."""
    return Response(status=303, headers={"Location": address})


def local(address: str | None, default: str) -> str:
    """An address of ours to go back to; anything that leads elsewhere becomes the default."""
    parts = urlsplit(address or "")
    plain = address and address.isprintable() and "\\" not in address
    if not plain or parts.scheme or parts.netloc or not parts.path.startswith("/"):
        return default
    return address if address and not address.startswith("//") else default
