"""A program's form on a page: what was typed, as the API takes it.

A field's name is its path in the API with dashes: ``data-family-0-birth_date``, and of a date the
parts after it. Of a group, members of which nothing was filled in are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from consular.errors import FieldsInvalid
from consular.i18n import translated
from consular.pages.forms import DATE_PARTS, Errors, date_of, money_of
from services.enrollments.programs.schema import Field, Kind

PREFIX = "data"
Form = dict[str, str]


def data_of(fields: Sequence[Field], form: Form, prefix: str = PREFIX) -> dict[str, Any]:
    """The answers by the fields' names, where something was typed and is asked for: what answers
    before it made needless is left out."""
    values: dict[str, Any] = {}
    for each in fields:
        value = _READ[each.kind](form, f"{prefix}-{each.name}", each)
        if value is not None and each.is_asked(values):
            values[each.name] = value
    return values


def form_of(fields: Sequence[Field], data: Mapping[str, Any], prefix: str = PREFIX) -> Form:
    """The answers as `data_of` reads them."""
    form: Form = {}
    for each in fields:
        if each.name in data:
            form |= _written(each, f"{prefix}-{each.name}", data[each.name])
    return form


def _written(field: Field, name: str, value: Any) -> Form:
    match field.kind:
        case Kind.DATE | Kind.BIRTH_DATE:
            return dict(
                zip((f"{name}-{p}" for p in DATE_PARTS[::-1]), value.split("-"), strict=True)
            )
        case Kind.MONEY:
            return {name: value["amount"]}
        case Kind.YES_NO:
            return {name: "yes" if value else "no"}
        case Kind.GROUP:
            members = [form_of(field.fields, m, f"{name}-{n}") for n, m in enumerate(value)]
            return {key: text for member in members for key, text in member.items()}
    return {name: str(value)}


def labels_of(fields: Sequence[Field], prefix: str = PREFIX) -> Iterator[tuple[str, str]]:
    """(name on the page, label) of each field, for the list of what is wrong."""
    for each in fields:
        name = f"{prefix}-{each.name}"
        yield name, translated(each.label)
        for member in range(each.most if each.kind is Kind.GROUP else 0):
            yield from labels_of(each.fields, f"{name}-{member}")


def by_page_name(errors: Errors) -> Errors:
    """Errors of the API's paths by the names on the page."""
    return {
        path.removeprefix("applicant.").replace(".", "-"): messages
        for path, messages in errors.items()
    }


def _text(form: Form, name: str, _asked: Field) -> str | None:
    return form.get(name, "").strip() or None


def _number(form: Form, name: str, field: Field) -> int | str | None:
    """What isn't a number is left for the schema to refuse."""
    written = _text(form, name, field)
    return int(written) if written and written.isascii() and written.isdigit() else written


def _money(form: Form, name: str, field: Field) -> Any:
    try:
        return money_of(form, name, field.currency)
    except FieldsInvalid:
        return {"amount": form[name].strip(), "currency": field.currency}


def _yes_no(form: Form, name: str, _asked: Field) -> bool | None:
    return {"yes": True, "no": False}.get(form.get(name, ""))


def _group(form: Form, name: str, field: Field) -> list[dict[str, Any]] | None:
    members = (data_of(field.fields, form, f"{name}-{member}") for member in range(field.most))
    return [member for member in members if member] or None


_READ: Mapping[Kind, Callable[[Form, str, Field], Any]] = {
    Kind.TEXT: _text,
    Kind.NUMBER: _number,
    Kind.DATE: lambda form, name, _asked: date_of(form, name),
    Kind.BIRTH_DATE: lambda form, name, _asked: date_of(form, name),
    Kind.MONEY: _money,
    Kind.CHOICE: _text,
    Kind.YES_NO: _yes_no,
    Kind.CURP: _text,
    Kind.RFC: _text,
    Kind.NSS: _text,
    Kind.GROUP: _group,
}
