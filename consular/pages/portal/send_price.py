"""What a transfer costs: told to anybody, in both directions on one screen, and held for whoever is
signed in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from flask import Response, g, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import Schema
from sqlalchemy.orm import Session

from consular.auth import ANYONE, account, actor, allow, vault
from consular.clock import reader_clock
from consular.db import database_now, transaction
from consular.errors import FieldsInvalid
from consular.i18n import date_long, pesos
from consular.input.fields import MISSING, Identifier
from consular.input.remittances import QuoteSchema
from consular.pages.drafts import answers, draft, draft_id, keep_draft
from consular.pages.forms import Errors, check, form_errors, go, money_of, pick, read_or_refuse
from consular.pages.portal.blueprint import pages
from consular.pages.portal.names import program_name
from consular.pages.portal.terms import terms
from consular.prices import price, shares_shown
from services.citizens.people import full_name
from services.enrollments.queries import get_applicant, get_enrollment
from services.kernel.errors import DomainError, NotFound
from services.kernel.money import Money
from services.processes import dues
from services.remittances.limits import Left, left_to_send, refuse_beyond
from services.remittances.quoting import RequestQuote, get_quote
from services.remittances.rules import day_in_mexico
from services.remittances.tariffs import tariff

# The amounts of the form: dollars that are sent, or pesos that arrive.
WAYS = {"send": "USD", "receive": "MXN"}
# What most choose, to begin with; both are asked.
USUAL = {"funding": "bank_account", "payout": "account"}


class QuoteId(Schema):
    """The quote that a page is about."""

    quote = Identifier(required=True)


@pages.get("/enviar")
@allow(ANYONE)
def send() -> Any:
    """Show the calculator; with ``quote``, that quote, and with a priced draft its price now."""
    chosen = check(QuoteId(), pick(request.args.to_dict(), "quote"), {})
    quoted = quote_context(chosen["quote"]) if chosen else None
    form = {**USUAL, **(_amounts_of(quoted) if quoted else {}), **draft().form}
    errors = draft().errors(_read_amounts)
    offer = quoted or (None if errors or "priced" not in form else _price_now(form, errors))
    with transaction() as session:
        return render_template(
            "portal/send_quote.html",
            form=form,
            errors=errors,
            quote=quoted,
            offer=offer,
            onward=_onward(form, quoted),
            left=_left(session),
            dues_choices=_dues_choices(session, form),
            terms=terms(session),
            clock=reader_clock(),
        )


@pages.get("/enviar/precio")
@allow(ANYONE)
def send_price_now() -> str:
    """Part of the page, for its script: the price of what is being typed. Nothing is kept."""
    form, errors = request.args.to_dict(), cast(Errors, {})
    offer = _price_now(form, errors)
    with transaction() as session:
        return render_template(
            "portal/_price.html",
            offer=offer,
            errors=errors,
            left=_left(session),
            terms=terms(session),
        )


@pages.post("/enviar")
@allow(ANYONE)
def send_price() -> Response:
    """Price a transfer, and lock its rate for whoever is signed in. ``renew`` prices an earlier
    quote again; with it or ``go`` the next page is shown at once."""
    form = answers()
    chosen = check(QuoteId(), pick(form, "quote"), {})
    if "renew" in request.form and chosen:
        form |= _amounts_of(quote_context(chosen["quote"]))
    priced = _price_or_refuse(form)
    form |= {"priced": "yes", "way": way_of(form) or "send", **_amounts_of(priced)}
    if not _is_citizen():
        return go(url_for("portal.send", d=keep_draft(form)))
    form["quote"] = str(priced["id"])
    if "renew" in request.form or "go" in request.form:
        return go(url_for("portal.send_check", d=keep_draft(form)))
    return go(url_for("portal.send", quote=form["quote"], d=keep_draft(form)))


def quote_context(id: UUID) -> dict[str, Any]:
    """A quote of the reader's as pages show it. Raises NotFound."""
    with transaction() as session:
        quoted = get_quote(session, id)
        if quoted is None or quoted.account_id != account():
            raise NotFound()
        return _context(session, quoted)


def _context(session: Session, quoted: Any) -> dict[str, Any]:
    return {
        "id": quoted.id,
        "expires_at": quoted.expires_at,
        "expired": quoted.expires_at <= database_now(session),
        "payout": quoted.payout,
        "funding": quoted.funding,
        "terms": terms(session),
        "cost": quoted.cost and quoted.cost.as_dict(),
        "reference_rate": quoted.reference_rate,
        "reference_day": quoted.rate_valid_on,
        "tax_if_cash": quoted.tax_if_cash,
        "agency_rebate": quoted.agency_rebate,
        "shown_send": _written(quoted.transfer_amount),
        "shown_receive": _written(_to_person(quoted)),
        "to_person": _to_person(quoted).as_dict(),
        "enrollment": quoted.dues_enrollment_id,
        "dues_for": _dues_for(session, quoted.dues_enrollment_id),
        "dues_until": quoted.dues_due_on,
        **{**price(quoted), "other_fees": None, "date_available": quoted.date_available},
        "parts": shares_shown(quoted.shares),
    }


def _to_person(quoted: Any) -> Money:
    """What of it goes to the recipient."""
    shares = quoted.shares
    to_person: Money = shares[0].total_to_recipient if shares else quoted.total_to_recipient
    return to_person


def _dues_for(session: Session, enrollment_id: UUID | None) -> str:
    """Whose dues of which program it pays; nothing where it pays none."""
    if enrollment_id is None:
        return ""
    enrollment = get_enrollment(session, enrollment_id)
    return _whose(program_name(enrollment.program), get_applicant(session, enrollment))


def _whose(program: str, person: Any) -> str:
    return str(_("%(program)s, de %(name)s", program=program, name=full_name(person)))


def _dues_choices(session: Session, form: dict[str, str]) -> list[dict[str, Any]]:
    """Payments that enrollments wait for, to be made with this transfer; none for most."""
    if not _is_citizen():
        return []
    payable = dues.list_payable(session, now=database_now(session), actor=actor(), vault=vault())
    if not payable:
        form.pop("enrollment", None)
        return []
    nothing = {"value": "", "label": _("No")}
    form.setdefault("enrollment", "")
    return [nothing, *(_dues_choice(each) for each in payable)]


def _dues_choice(payable: dues.Payable) -> dict[str, Any]:
    whose = _whose(program_name(payable.enrollment.program), payable.line)
    return {
        "value": str(payable.enrollment.id),
        "label": _("Sí: %(whose)s", whose=whose),
        "hint": _(
            "%(amount)s, hasta el %(day)s. Se paga al IMSS.",
            amount=pesos(payable.dues.amount.as_dict()),
            day=date_long(payable.dues.due_on),
        ),
    }


def _written(money: Money) -> str:
    """As the form's fields show it, and as they are read."""
    return f"{Decimal(money.amount):,.2f}"


def _price_or_refuse(form: dict[str, str]) -> dict[str, Any]:
    """Raises FieldsInvalid, or what pricing raises, by the form's fields."""
    command = read_or_refuse(form, _read_amounts)
    try:
        with transaction() as session:
            return _context(session, _priced(session, command, lock=_is_citizen()))
    except DomainError as refused:
        _name_field(refused)
        raise


def _price_now(form: dict[str, str], errors: Errors) -> dict[str, Any] | None:
    """The price of what the form says; None with the reasons in ``errors``."""
    command = _read_amounts(form, errors)
    if command is None:
        return None
    try:
        with transaction() as session:
            return _context(session, _priced(session, command, lock=False))
    except DomainError as refused:
        _name_field(refused)
        errors |= form_errors(refused)
        return None


def _name_field(refused: DomainError) -> None:
    """By the form's name of it."""
    if refused.field in WAYS:
        refused.field = f"{refused.field}_amount"


def _priced(session: Session, command: RequestQuote, *, lock: bool) -> Any:
    """A quote, or a price that nobody holds. Raises as `quote`, and `LimitExceeded`: sooner than
    the order would."""
    now = database_now(session)
    left = _left(session)
    if lock:
        priced = dues.quote(session, command, now=now, actor=actor(), vault=vault())
    else:
        reader = actor() if left else None
        priced = dues.price(session, command, now=now, actor=reader, vault=vault())
    if left:
        refuse_beyond(left, priced.send_minor, "send" if command.send else "receive")
    return priced


def _is_citizen() -> bool:
    return g.actor is not None and bool(g.actor.is_citizen)


def _left(session: Session) -> Left | None:
    """What the reader may still send; None for somebody who isn't signed in as a citizen."""
    if not _is_citizen():
        return None
    now = database_now(session)
    return left_to_send(session, account(), tariff(session, day_in_mexico(now)), now=now)


def _read_amounts(form: dict[str, str], errors: Errors) -> RequestQuote | None:
    way = way_of(form)
    if way is None:
        errors["receive_amount"] = [_("Escribe una sola cantidad y borra la otra.")]
        return None
    values: dict[str, Any] = pick(form, "funding", "payout", "enrollment")
    field, unclear, faults = f"{way}_amount", cast(Errors, {}), cast(Errors, {})
    amount = _amount(form, field, WAYS[way], unclear)
    if amount:
        values[way] = amount
    command: RequestQuote | None = check(QuoteSchema(), values, faults)
    others = {name: faults[name] for name in faults if name not in WAYS}
    wrong = unclear.get(field) or faults.get(way)
    errors |= {**({field: wrong} if wrong else {}), **others}
    return None if errors else command


def way_of(form: dict[str, str]) -> str | None:
    """Which amount the reader means, ``send`` or ``receive``: the one that they wrote, where the
    other is empty or still stands as it was shown. None when they wrote both."""
    filled = [way for way in WAYS if form.get(f"{way}_amount", "").strip()]
    if len(filled) < 2:
        return filled[0] if filled else "send"
    written = [way for way in WAYS if form[f"{way}_amount"] != form.get(f"shown_{way}")]
    if len(written) == 1:
        return written[0]
    way = form.get("way", "")
    return None if written else (way if way in WAYS else "send")


def _amount(
    form: dict[str, str], field: str, currency: str, unclear: Errors
) -> dict[str, str] | None:
    """The typed amount as the API takes it; None with the reason in ``unclear``."""
    try:
        amount = money_of(form, field, currency)
    except FieldsInvalid as invalid:
        unclear |= invalid.errors
        return None
    if amount is None:
        unclear[field] = [str(MISSING)]
    return amount


def _amounts_of(priced: dict[str, Any]) -> dict[str, str]:
    """A price as the form that asked for it, with both amounts as they are shown."""
    sent, received = priced["shown_send"], priced["shown_receive"]
    return {
        "send_amount": sent,
        "receive_amount": received,
        "shown_send": sent,
        "shown_receive": received,
        "funding": priced["funding"],
        "payout": priced["payout"],
        "enrollment": str(priced["enrollment"] or ""),
    }


def _onward(form: dict[str, str], quoted: dict[str, Any] | None) -> str:
    """Where a price leads: to the sign-in, or to what is still to be told of this transfer."""
    if not _is_citizen():
        return url_for("portal.login", next=url_for("portal.send", d=draft_id() or None))
    if quoted and form.get("quote") == str(quoted["id"]):
        return url_for("portal.send_check", quote=quoted["id"], d=draft_id())
    return url_for("portal.send_recipient", quote=quoted["id"]) if quoted else ""
