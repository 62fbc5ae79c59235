"""Send money at a price of `send_price`: recipient, check, order, follow, cancel; and the look-up
for who receives it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Response, current_app, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import Schema
from sqlalchemy.orm import Session

from consular.auth import ANYONE, CITIZEN, account, actor, allow, now, vault
from consular.clock import reader_clock
from consular.commands import offering_correction, order_remittance, run_idempotent
from consular.credit import proof_rows
from consular.db import database_now, transaction
from consular.i18n import MEXICO_CITY, words
from consular.input.fields import FOLIO_FORM, MISSING, Identifier
from consular.input.me import ProfileSchema
from consular.input.remittances import LookupSchema, RemittanceSchema
from consular.lookups import find_for_recipient
from consular.pages.drafts import answers, draft, draft_id, finish, keep_draft
from consular.pages.forms import (
    Errors,
    check,
    date_of,
    form_errors,
    go,
    local,
    phone_of,
    pick,
    read_or_refuse,
)
from consular.pages.portal.blueprint import pages
from consular.pages.portal.disputes import claims
from consular.pages.portal.form_prefill import prefilled_with_contact
from consular.pages.portal.recipients import as_form, list_saved, read_sure, remember, saved_form
from consular.pages.portal.send_place import chosen_place, place_in_words, place_missing
from consular.pages.portal.send_price import QuoteId, quote_context
from consular.pages.portal.terms import terms
from consular.pages.posting import reopen, submission_key
from consular.prices import price
from consular.printing.remittances import destination, funding_words
from consular.recipient_checks import ask_about, check_recipient
from services.citizens.accounts import find_holder, set_profile
from services.citizens.errors import TooManyAttempts
from services.citizens.people import PersonData, full_name
from services.kernel.errors import DomainError, NotFound
from services.kernel.identifiers import find_bank
from services.kernel.ids import parse_folio
from services.kernel.money import Money
from services.remittances.cancelling import cancel, list_actions
from services.remittances.correcting import list_corrections
from services.remittances.credit import CreditKind, CreditProof
from services.remittances.errors import HouseAccount
from services.remittances.house_accounts import refuse_house_account
from services.remittances.ordering import OrderRemittance
from services.remittances.parts import list_parts
from services.remittances.payees import account_of, last_digits, masked_card
from services.remittances.queries import Collection, get_charge, get_remittance, list_history
from services.remittances.receipts import kinds_of
from services.remittances.recipients import recipient_of
from services.remittances.rules import (
    FINAL,
    FOR_A_PERSON,
    FOR_PEOPLE,
    GOES_BACK,
    GOING_WELL,
    NOT_COMING,
    UNDECIDED,
    UNPAID,
    Action,
    Payout,
    Status,
)
from services.remittances.telling import list_told, wants_no_messages
from services.remittances.words import REASONS

REFRESH_SECONDS = 5
# Where a draft of the look-up is complete: one that only changes its language asks nothing.
ASKED = "/cobrar?"
NAMES = ("given_names", "first_surname", "second_surname")
# What the recipient's number is called, by how they get the money; cash needs none.
NUMBERS = {"account": "clabe", "card": "card"}


@pages.get("/enviar/destinatario")
@allow(CITIZEN)
def send_recipient() -> Any:
    """Show the recipient form."""
    form = {**draft().form, **request.args.to_dict()}
    chosen = check(QuoteId(), pick(form, "quote"), {})
    if chosen is None:
        return go(url_for("portal.send", d=draft_id() or None))
    with transaction() as session:
        holder = find_holder(session, account())
    if holder is None or holder.birth_date is None:
        here = url_for("portal.send_recipient", quote=chosen["quote"], d=draft_id() or None)
        return go(url_for("portal.profile", next=here))
    return render_template(
        "portal/send_recipient.html",
        purposes=[{"value": p, "label": words("remittances.purpose", p)} for p in FOR_PEOPLE],
        quote=quote_context(chosen["quote"]),
        clock=reader_clock(),
        people=list_saved(),
        form=form,
        errors=draft().errors(_command),
    )


@pages.post("/enviar/destinatario")
@allow(CITIZEN)
def send_recipient_save() -> Response:
    """Keep the recipient in the draft and go on; ``saved`` is one of the book, of whom something
    may be missing for this way of payout."""
    form = answers()
    saved = _saved_choice(form)
    if saved is not None:
        form |= saved_form(saved)
        if _command(form, {}) is None:
            return go(url_for("portal.send_recipient", d=keep_draft(form)))
    command = read_or_refuse(form, _command)
    # Said of another recipient.
    form.pop("sure", None)
    with suppress(TooManyAttempts):
        ask_about(command.quote_id, command.recipient)
    return go(url_for("portal.send_check", d=keep_draft(form)))


@pages.get("/enviar/revisar")
@allow(CITIZEN)
def send_check() -> Any:
    """Show the order to check before paying."""
    form = draft().form
    command = _command(form, {})
    if command is None:
        return go(url_for("portal.send_recipient", d=draft_id() or None))
    if place_missing(form, quote_context(command.quote_id)["payout"]):
        return go(url_for("portal.send_municipality", d=draft_id() or None))
    return _ask_check(form, command, draft().errors(read_sure))


@pages.post("/enviar/revisar")
@allow(CITIZEN)
def send_confirm() -> Response:
    """Order the remittance; the form's key makes a second press the same order."""
    form = answers()
    command = _command(form, {})
    if command is None:
        return go(url_for("portal.send_recipient", d=keep_draft(form)))
    if place_missing(form, quote_context(command.quote_id)["payout"]):
        return go(url_for("portal.send_municipality", d=keep_draft(form)))
    if check_recipient(command.quote_id, command.recipient).wants_tick:
        command = replace(command, confirmed=read_or_refuse(form, read_sure))
    remittance_id = _order_once(command)
    if form.get("save") == "yes":
        used = _number_wanted(form)
        remember({name: form[name] for name in form if name not in {*NUMBERS.values()} - {used}})
    return finish(url_for("portal.remittance", id=remittance_id, nuevo=1))


@pages.get("/envios/<uuid:id>")
@allow(CITIZEN)
def remittance(id: UUID) -> str:
    """Show one remittance and its status."""
    return _show(id, draft().errors(also_under=True))


reopen(
    pages,
    ["/envios/<uuid:id>/cancelar", "/envios/<uuid:id>/repetir"],
    "portal.remittance",
    CITIZEN,
)


@pages.post("/envios/<uuid:id>/cancelar")
@allow(CITIZEN)
def remittance_cancel(id: UUID) -> Response:
    """Cancel a remittance; everything is refunded."""
    with transaction() as session:
        cancel(session, id, now=database_now(session), actor=actor())
    return go(url_for("portal.remittance", id=id))


@pages.post("/envios/<uuid:id>/repetir")
@allow(CITIZEN)
def remittance_repeat(id: UUID) -> Response:
    """Begin another transfer with the answers of an earlier one; its price is asked for anew."""
    with transaction() as session:
        row = get_remittance(session, id, account=account())
        form = {
            **as_form(recipient_of(row, vault())),
            "send_amount": row.transfer_amount.amount,
            "way": "send",
            "funding": row.funding,
            "payout": row.payout,
            "purpose": row.purpose,
        }
    return go(url_for("portal.send", d=keep_draft(form)))


@pages.get("/cobrar")
@allow(ANYONE)
def lookup() -> str:
    """Show the recipient's look-up, without signing in; each try with a folio is counted."""
    form, errors, collection = draft().form, draft().errors(_read_lookup), None
    query = _read_lookup(form, {}) if draft().at == ASKED else None
    if query is not None:
        try:
            collection = find_for_recipient(**query)
        except NotFound:
            if parse_folio(query["folio"]):
                errors["form"] = [
                    _(
                        "No encontramos un envío con ese folio y ese apellido. Escribe solo tu"
                        " primer apellido, como lo puso quien te lo envió; si sigue sin salir,"
                        " pregúntale el folio otra vez."
                    )
                ]
            else:
                errors["folio"] = [str(FOLIO_FORM)]
        except DomainError as refused:
            errors = form_errors(refused)
    return render_template(
        "portal/lookup.html",
        form=form,
        errors=errors,
        remittance=_collection(collection) if collection else None,
        zone=MEXICO_CITY,
    )


@pages.post("/cobrar")
@allow(ANYONE)
def lookup_ask() -> Response:
    """Look up a remittance by POST, to keep folio and surname out of the address."""
    form = answers()
    read_or_refuse(form, _read_lookup)
    return go(url_for("portal.lookup", d=keep_draft(form, at=ASKED)))


def _read_lookup(form: dict[str, str], errors: Errors) -> dict[str, str] | None:
    query: dict[str, str] | None = check(
        LookupSchema(), pick(form, "folio", "first_surname"), errors
    )
    return query


@pages.get("/mis-datos")
@allow(CITIZEN)
def profile() -> str:
    """Show the form of the account holder's names."""
    return render_template(
        "portal/profile.html",
        form={**prefilled_with_contact(), "next": request.args.get("next", ""), **draft().form},
        errors=draft().errors(_read_profile),
    )


@pages.post("/mis-datos")
@allow(CITIZEN)
def profile_save() -> Response:
    """Save the account holder's names."""
    form = answers()
    data = read_or_refuse(form, _read_profile)
    with offering_correction(data), transaction() as session:
        set_profile(session, account(), data, now=now(), vault=vault())
    return finish(local(form.get("next"), url_for("portal.dashboard", guardado=1)))


def _read_profile(form: dict[str, str], errors: Errors) -> PersonData | None:
    born = date_of(form, "birth_date")
    values: dict[str, Any] = {**pick(form, *NAMES, "curp", "email"), **phone_of(form)}
    data: PersonData | None = check(
        ProfileSchema(), {**values, **({"birth_date": born} if born else {})}, errors
    )
    return data


class _SavedId(Schema):
    saved = Identifier(required=True)


def _saved_choice(form: dict[str, str]) -> UUID | None:
    """The entry of the book that was chosen; no answer of the form's own."""
    chosen = check(_SavedId(), {"saved": form.pop("saved", None)}, {})
    return chosen["saved"] if chosen else None


def _command(form: dict[str, str], errors: Errors) -> OrderRemittance | None:
    number = _number_wanted(form)
    command: OrderRemittance | None = check(
        RemittanceSchema(),
        {
            **pick(form, "quote", "purpose"),
            # One that was written for another way of payout isn't asked for.
            "recipient": pick(form, *NAMES, *filter(None, [number]), "phone"),
            "collect": pick(form, "place") or None,
        },
        errors,
    )
    if command is not None:
        errors |= _house_account(command)
    for name in list(errors):
        if name.startswith("recipient."):
            errors[name.removeprefix("recipient.")] = errors.pop(name)
    if number and not pick(form, number):
        errors[number] = [str(MISSING)]
    return None if errors else command


def _house_account(command: OrderRemittance) -> Errors:
    """Told where the number is written, not at the end."""
    try:
        refuse_house_account(
            current_app.config["HOUSE_ACCOUNTS"], command.recipient.clabe, command.recipient.card
        )
    except HouseAccount as refused:
        return form_errors(refused)
    return {}


def _number_wanted(form: dict[str, str]) -> str | None:
    """Told with whatever else is wrong, not after everything was checked."""
    chosen = check(QuoteId(), pick(form, "quote"), {})
    return NUMBERS.get(quote_context(chosen["quote"])["payout"]) if chosen else None


def _order_once(command: OrderRemittance) -> str:
    def do(session: Session) -> dict[str, str]:
        return {"id": str(order_remittance(session, command).first.id)}

    return str(run_idempotent(submission_key(command), do, status=202)["id"])


def _price(row: Any) -> dict[str, Any]:
    return {**price(row), "other_fees": None, "date_available": row.date_available}


def _ask_check(form: dict[str, str], command: OrderRemittance, errors: Errors) -> str:
    quoted = quote_context(command.quote_id)
    # Somebody saved may have both: shown is where it goes.
    number = account_of(command.recipient, Payout(quoted["payout"])) or ""
    card = number if number == command.recipient.card else ""
    return render_template(
        "portal/send_check.html",
        quote=quoted,
        clock=reader_clock(),
        recipient_name=full_name(command.recipient),
        destination=destination(quoted["payout"], last_digits(number) or ""),
        place=chosen_place(form) if quoted["payout"] == "branch" else "",
        bank=str(_("Finabien")) if card else _bank_words(number),
        check=check_recipient(command.quote_id, command.recipient),
        clabe="" if card else _in_threes(number),
        card=masked_card(number) if card else "",
        funding_words=funding_words(quoted["funding"]),
        purpose=command.purpose,
        form=form,
        errors=errors,
    )


def _in_threes(digits: str) -> str:
    """Digits in groups that can be compared with a paper."""
    return " ".join(digits[i : i + 3] for i in range(0, len(digits), 3))


def _bank_words(clabe: str) -> str:
    """The bank of an account; nothing where none is paid to."""
    if not clabe:
        return ""
    return find_bank(clabe) or str(_("No conocemos este banco: revisa la CLABE."))


def _show(id: UUID, errors: Errors) -> str:
    with transaction() as session:
        remittance = get_remittance(session, id, account=account())
        name = remittance.recipient_name
        today = database_now(session)
        numbers = terms(session)
        claimed = claims(session, remittance, today)
        actions = list_actions(session, remittance, now=today)
        corrections = list_corrections(session, id)
        told = _told(session, id)
        stopped = wants_no_messages(session, remittance, vault())
        payment = _payment(session, remittance) if remittance.status in UNPAID else None
        ordered = _order(remittance, list_parts(session, id))
        collect = _collect(remittance, remittance.place)
        history = _history(session, id)
        receipts = kinds_of(remittance)
    status = Status(remittance.status)
    return render_template(
        "portal/remittance.html",
        remittance={
            "id": remittance.id,
            "folio": remittance.folio,
            "status": remittance.status,
            "recipient_name": name,
            "destination": destination(remittance.payout, remittance.account_hint or ""),
            "cancel_until": remittance.cancel_until,
            "can_cancel": Action.CANCEL in actions,
            "can_correct": Action.CORRECT_NAME in actions,
            "correction": corrections[-1].state if corrections else None,
            "over": status in FINAL,
            # The provider hasn't said yet that the sender has something left to do.
            "going_well": status in GOING_WELL or (status in UNPAID and payment is None),
            "given_back": status in GOES_BACK,
            "held": status in FOR_A_PERSON,
            "funded": remittance.funded_at is not None,
            "taken_back": remittance.returned_minor > 0,
            "refunded": Money(remittance.refunded_minor, "USD"),
            "refunded_rest": 0 < remittance.refunded_minor < remittance.total_minor,
            "reason": remittance.reason_code if remittance.reason_code in REASONS else None,
            "payment": payment,
            **ordered,
            "window_over": today > remittance.cancel_until,
            "seconds_left": int((remittance.cancel_until - today).total_seconds()),
            "answer_by": remittance.answer_due_at,
            "history": history,
            "collect": collect,
            "credit": _credit(remittance.credit),
            **_price(remittance),
        },
        claims=claimed,
        clock=reader_clock(),
        terms=numbers,
        told=told,
        stopped=stopped,
        receipts=receipts,
        just_sent="nuevo" in request.args,
        refresh_seconds=None if status in FINAL else REFRESH_SECONDS,
        errors=errors,
    )


def _history(session: Session, remittance: UUID) -> list[dict[str, Any]]:
    """What happened so far, in words."""
    return [
        {"status": step.status, "at": step.at, "what": words("remittances.step", step.status)}
        for step in list_history(session, remittance)
    ]


def _told(session: Session, remittance: UUID) -> list[dict[str, Any]]:
    """What the recipient was told, and whether it arrived."""
    return [
        {"channel": each.channel, "state": each.state, "at": each.outcome_at or each.created_at}
        for each in list_told(session, remittance)
    ]


def _credit(proof: CreditProof | None) -> dict[str, Any] | None:
    """The proof that it arrived, as `_credit.html` shows it."""
    if proof is None:
        return None
    return {"rows": proof_rows(proof), "by_transfer": proof.kind is CreditKind.SPEI}


def _order(remittance: Any, parts: Sequence[Any]) -> dict[str, Any]:
    """The order that it is a part of, or all of."""
    return {
        "dues": remittance.enrollment_id is not None,
        "order_parts": [_part(part) for part in parts] if len(parts) > 1 else [],
        "order_total": Money(sum(part.total_minor for part in parts), "USD").as_dict(),
    }


def _part(part: Any) -> dict[str, Any]:
    """A part of an order, as its list shows it."""
    return {
        "id": part.id,
        "folio": part.folio,
        "status": part.status,
        "dues": part.enrollment_id is not None,
        "name": part.recipient_name,
        "total_to_recipient": part.total_to_recipient.as_dict(),
    }


def _payment(session: Session, remittance: Any) -> dict[str, Any] | None:
    """Where, with what and until when the sender pays all of the order; None until the provider has
    said it."""
    charge = get_charge(session, remittance.id)
    if charge.pay_address is None and charge.pay_reference is None:
        return None
    return {
        "address": charge.pay_address,
        "reference": charge.pay_reference,
        "until": charge.expires_at,
        "total": Money(charge.amount_minor or remittance.total_minor, "USD").as_dict(),
    }


def _collection(collection: Collection) -> dict[str, Any]:
    return {
        "folio": collection.folio,
        "status": collection.status.value,
        "not_coming": collection.status in NOT_COMING,
        "undecided": collection.status in UNDECIDED,
        "payout": collection.payout.value,
        "date_available": collection.date_available,
        "total_to_recipient": collection.pesos,
        "collect": _collect(collection, collection.place),
        "answer_by": collection.answer_by,
    }


def _collect(of: Any, place: Any) -> dict[str, Any] | None:
    """Where cash waits: the branch that was chosen, or else as the agency calls it."""
    where = place_in_words(place) if place else of.branch
    if not where:
        return None
    return {
        "where": where,
        "bring": _("El folio y una identificación oficial vigente."),
        "until": of.collect_until,
    }
