"""The end of a visit at the desk: what was given, what it costs, and what was charged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from flask import Response, render_template, request, url_for
from sqlalchemy.orm import Session

from consular.auth import DESK, actor, allow, now, vault
from consular.db import transaction
from consular.errors import FieldsInvalid
from consular.i18n import money, words
from consular.input.appointments import CompleteSchema
from consular.input.fields import MISSING
from consular.pages.desk import presenters
from consular.pages.desk.appointment import chosen_person, person_of, same_row
from consular.pages.desk.blueprint import pages
from consular.pages.desk.fee_presenters import present_line
from consular.pages.drafts import draft, drop, finish, keep_draft
from consular.pages.forms import (
    Errors,
    form_errors,
    go,
    local,
    money_of,
    pick,
    read_fields,
    submitted,
)
from consular.pages.portal.names import bookable_services, service_names
from services.appointments.completing import Served, complete, record_more, services_to_render
from services.appointments.queries import get_appointment, list_party
from services.appointments.returning import day_at_desk, today_at_office
from services.appointments.rules import Status
from services.cashier.recording import Priced, price_services
from services.cashier.rules import Act, Case, Kind, Means, cases_for
from services.consulates.queries import fees_on
from services.kernel.errors import DomainError, Invalid
from services.kernel.money import Money

Form = dict[str, str]
# A field of the form for each field of what is sent.
_FIELDS = {"fee": "fee_amount", "cases": "case"}


@dataclass(frozen=True)
class Sum:
    """What a visit costs, with its parts. ``total``: none when some amount isn't known;
    ``certain``: the amounts are those of the year itself."""

    priced: Sequence[Priced]
    total: Money | None
    certain: bool

    @property
    def free(self) -> bool:
        """Nothing is to be paid by the list itself."""
        return self.total == Money(0, "USD") and not any(p.price.lines for p in self.priced)


@pages.get("/appointments/<uuid:id>/complete", endpoint="complete")
@allow(DESK)
def complete_form(id: UUID) -> str:
    """Show the completion form, with the fee of the day and what may change it."""
    return _ask(id, draft().form, _by_field(draft().errors(_read)))


@pages.post("/appointments/<uuid:id>/complete")
@allow(DESK)
def complete_save(id: UUID) -> Response:
    """Complete an appointment: the services given and the fee charged."""
    form = submitted()
    if form.get("work_out"):
        kept = keep_draft({name: form[name] for name in form if name != "fee_amount"})
        return go(url_for("desk.complete", id=id, d=kept))
    served, only = _read(form, None), chosen_person()
    with transaction() as session:
        _check_sum(session, id, served, only)
        appointment = complete(
            session, id, served, now=now(), actor=actor(), vault=vault(), only=only
        )
        day = day_at_desk(session, appointment)
    drop()
    back = local(form.get("back"), url_for("desk.today", day=day.isoformat()))
    return go(same_row(back, id, only or 1) if "stay" in form else back)


@pages.get("/appointments/<uuid:id>/services", endpoint="more_services")
@allow(DESK)
def more_form(id: UUID) -> str:
    """Ask which other service somebody who was served already was given; then show its form."""
    form = {**pick(dict(request.args), "service", "person"), **draft().form}
    if form.get("service"):
        return _ask(id, form, _by_field(draft().errors(_read)), more=True)
    with transaction() as session:
        appointment = get_appointment(session, id)
        return render_template(
            "desk/more_service.html",
            appointment=presenters.agenda(session, [appointment])[0],
            more=_more(session, appointment),
            form=form,
            errors={"service": [str(MISSING)]} if "service" in request.args or draft().form else {},
        )


@pages.post("/appointments/<uuid:id>/services")
@allow(DESK)
def more_save(id: UUID) -> Response:
    """Record another service for somebody who was served already."""
    form = submitted()
    if not form.get("service"):
        raise FieldsInvalid({"service": [str(MISSING)]})
    served, only = _read(form, None), _number(form)
    if form.get("work_out"):
        kept = keep_draft({name: form[name] for name in form if name != "fee_amount"})
        return go(url_for("desk.more_services", id=id, d=kept))
    with transaction() as session:
        _check_sum(session, id, served, only)
        record_more(session, id, served, only=only, now=now(), actor=actor(), vault=vault())
    return finish(url_for("desk.appointment", id=id))


def _number(form: Form) -> int:
    """Whom of the party the form is about."""
    number = form.get("person", "")
    return int(number) if number.isascii() and number.isdigit() else 1


def _read(form: Form, errors: Errors | None) -> Any:
    try:
        fee = money_of(form, "fee_amount", form.get("fee_currency", "USD"))
    except FieldsInvalid as unclear:
        if errors is None:
            raise
        errors |= unclear.errors
        return None
    return read_fields(CompleteSchema(), {**_choices(form), "fee": fee}, errors)


def _choices(form: Form) -> dict[str, Any]:
    """All of the form but the fee."""
    ground = form.get("ground", "").strip() or None
    return {
        "document_number": form.get("document_number", "").strip() or None,
        "act": form.get("act") or None,
        **pick(form, "service"),
        "payment": form.get("payment") or Means.NOT_TOLD.value,
        "reason": form.get("reason", "").strip() or None,
        "cases": [
            {"code": form[name], "ground": ground}
            for name in ("case", "surcharge")
            if form.get(name)
        ],
    }


def _check_sum(session: Session, id: UUID, served: Served, only: int | None = None) -> None:
    """Raises Invalid where the fee is missing, or is another than list and cases give and nobody
    says why."""
    expected = _work_out(session, id, served, only)
    if served.fee is None and not expected.free:
        raise Invalid("fee_not_told", field="fee")
    if expected.total not in (None, served.fee or expected.total) and not served.reason:
        raise Invalid("fee_differs", field="fee", expected=money(expected.total))


def _work_out(session: Session, id: UUID, served: Served, only: int | None = None) -> Sum:
    """Raises Invalid as `services.cashier.rules.price` does."""
    appointment = get_appointment(session, id)
    day = today_at_office(session, appointment, now())
    numbers = [only] if only else None
    rendered = services_to_render(session, appointment, served, now=now(), numbers=numbers)
    currency = served.fee.currency if served.fee else "USD"
    priced = price_services(session, rendered, day=day, currency=currency)
    totals = [each.price.total for each in priced]
    known = [total for total in totals if total is not None]
    fees = fees_on(session, day, currency)
    return Sum(
        priced,
        sum(known[1:], known[0]) if len(known) == len(totals) else None,
        not any(fees[each.service].is_latest_known for each in rendered if each.service in fees),
    )


def _ask(id: UUID, form: Form, errors: Errors, *, more: bool = False) -> str:
    with transaction() as session:
        appointment = get_appointment(session, id)
        only = _number(form) if more else person_of(form or request.args)
        served, refused = _chosen(session, id, form, only)
        expected = _work_out(session, id, served, only)
        amount = expected.total.amount if expected.total and expected.certain else ""
        return render_template(
            "desk/complete.html",
            appointment=presenters.agenda(session, [appointment])[0],
            form={"fee_amount": amount, "fee_currency": "USD", "payment": "cash", **form},
            more=_more(session, appointment) if more else None,
            fee=expected,
            parts=_parts(session, expected),
            cases=_cases(expected, today_at_office(session, appointment, now())),
            acts=[{"value": act.value, "label": words("cashier.act", act)} for act in Act],
            means=[
                {"value": each.value, "label": words("cashier.means", each)}
                for each in Means
                if each is not Means.NOT_TOLD
            ],
            onward=local((form or request.args).get("back"), url_for("desk.appointment", id=id)),
            stay="stay" in (form or request.args),
            n=only,
            errors={**_by_field(refused), **errors},
        )


def _chosen(session: Session, id: UUID, form: Form, only: int | None) -> tuple[Served, Errors]:
    """What the form says, with the cases as far as they go together, and what doesn't."""
    errors: Errors = {}
    served = _read(form, errors) if form else Served()
    if served is None:
        served = Served(fee=None)
    try:
        _work_out(session, id, served, only)
    except DomainError as refused:
        return replace(served, cases=()), form_errors(refused)
    return served, {}


def _more(session: Session, appointment: Any) -> dict[str, Any]:
    """Whom and what another service may be recorded for."""
    return {
        "people": [
            {"value": each.n, "label": presenters.name_shown(each.person)}
            for each in list_party(session, [appointment.id])[appointment.id]
            if each.status == Status.COMPLETED
        ],
        "services": [
            {"value": row["code"], "label": row["name"]} for row in bookable_services(session)
        ],
    }


def _parts(session: Session, expected: Sum) -> list[dict[str, str]]:
    """Of what the sum consists, where it isn't one price alone."""
    names = service_names(session)
    rows = []
    for each in expected.priced:
        if each.price.listed:
            name = names.get(each.service.service, each.service.service)
            rows.append({"label": name, "amount": money(each.price.listed)})
            currency = each.price.listed.currency
            lines = (present_line(line, currency) for line in each.price.lines)
            rows += [{"label": line["text"], "amount": line["amount"]} for line in lines]
    return rows if len(rows) > 1 else []


def _cases(expected: Sum, day: date) -> dict[str, list[dict[str, str]]]:
    """What the law allows to choose for this visit: what makes it cheaper, and what dearer."""
    cases: dict[str, Case] = {}
    for each in expected.priced:
        if each.price.listed and each.price.listed.minor:
            born = each.service.person.birth_date
            cases |= {c.code: c for c in cases_for(each.service.service, day, born=born)}
    return {
        "cheaper": [_case(c) for c in cases.values() if c.kind is not Kind.SURCHARGE],
        "dearer": [_case(c) for c in cases.values() if c.kind is Kind.SURCHARGE],
    }


def _case(case: Case) -> dict[str, str]:
    sign = "+" if case.kind is Kind.SURCHARGE else "−"
    label = f"{words('cashier.case', case.code)}: {sign}{case.percent} % ({case.article})"
    return {"value": case.code, "label": label}


def _by_field(errors: Errors) -> Errors:
    """Errors by the form's own fields."""
    by_field: Errors = {}
    for name, messages in errors.items():
        first = name.partition(".")[0]
        by_field.setdefault(_FIELDS.get(first, first), []).extend(messages)
    return {field: list(dict.fromkeys(messages)) for field, messages in by_field.items()}
