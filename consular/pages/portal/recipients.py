"""The people whom a person sends money to, kept so that their data needn't be written again."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from typing import Any
from uuid import UUID

from flask import Response, current_app, render_template, url_for
from flask_babel import gettext as _

from consular.auth import CITIZEN, account, allow, now, vault
from consular.db import transaction
from consular.input.remittances import BookEntrySchema
from consular.pages.drafts import answers, draft, finish
from consular.pages.forms import Errors, check, pick, read_or_refuse
from consular.pages.portal.blueprint import pages
from consular.pages.portal.send_place import state_choices
from consular.pages.posting import reopen
from services.citizens.people import full_name
from services.remittances import recipients
from services.remittances.errors import TooManyRecipients
from services.remittances.recipients import BookEntry, Saved

FIELDS = (
    "given_names", "first_surname", "second_surname", "clabe", "card", "phone", "state",
    "municipality", "nickname",
)  # fmt: skip


@pages.get("/destinatarios")
@allow(CITIZEN)
def saved_recipients() -> str:
    """List them."""
    return render_template(
        "portal/recipients.html",
        people=list_saved(),
        most=recipients.MOST_RECIPIENTS,
        errors=draft().errors(),
    )


@pages.get("/destinatarios/nuevo")
@allow(CITIZEN)
def recipient_new() -> str:
    """Ask for somebody's data."""
    return _form({}, None)


@pages.post("/destinatarios/nuevo")
@allow(CITIZEN)
def recipient_add() -> Response:
    """Save somebody."""
    entry = read_or_refuse(answers(), _read_entry)
    with transaction() as session:
        recipients.add_recipient(
            session, account(), entry, now=now(), vault=vault(), house_accounts=_house_accounts()
        )
    return _done()


@pages.get("/destinatarios/<uuid:id>")
@allow(CITIZEN)
def recipient_edit(id: UUID) -> str:
    """Show what was saved of somebody, to change it."""
    return _form(saved_form(id), id)


@pages.post("/destinatarios/<uuid:id>")
@allow(CITIZEN)
def recipient_change(id: UUID) -> Response:
    """Replace what was saved."""
    entry = read_or_refuse(answers(), _read_entry)
    with transaction() as session:
        recipients.change_recipient(
            session, account(), id, entry, vault=vault(), house_accounts=_house_accounts()
        )
    return _done()


reopen(pages, ["/destinatarios/<uuid:id>/quitar"], "portal.saved_recipients", CITIZEN)


@pages.post("/destinatarios/<uuid:id>/quitar")
@allow(CITIZEN)
def recipient_remove(id: UUID) -> Response:
    """Forget somebody."""
    with transaction() as session:
        recipients.remove_recipient(session, account(), id)
    return _done()


def list_saved() -> list[dict[str, Any]]:
    """The book as pages list it: names, and of accounts the last digits."""
    with transaction() as session:
        saved = recipients.list_recipients(session, account(), vault())
    return [_listed(each) for each in saved]


def saved_form(id: UUID) -> dict[str, str]:
    """An entry as forms hold it. Raises NotFound."""
    with transaction() as session:
        return as_form(recipients.get_recipient(session, account(), id, vault()).entry)


def as_form(entry: BookEntry) -> dict[str, str]:
    """A recipient as forms hold them."""
    return {name: getattr(entry, name) or "" for name in FIELDS}


def read_sure(form: dict[str, str], errors: Errors) -> bool | None:
    """Whether the sender says that they are sure of the recipient."""
    if form.get("sure") == "yes":
        return True
    errors["sure"] = [str(_("Confirma que conoces a esta persona, o revisa sus datos."))]
    return None


def remember(form: dict[str, str]) -> None:
    """Save the recipient of a form, unless they are there or the book is full."""
    entry = _read_entry(form, {})
    if entry is None:
        return
    with suppress(TooManyRecipients), transaction() as session:
        recipients.remember_recipient(
            session, account(), entry, now=now(), vault=vault(), house_accounts=_house_accounts()
        )


def _house_accounts() -> Collection[str]:
    accounts: Collection[str] = current_app.config["HOUSE_ACCOUNTS"]
    return accounts


def _listed(saved: Saved) -> dict[str, Any]:
    entry = saved.entry
    name = full_name(entry)
    return {
        "id": saved.id,
        "name": f"{entry.nickname} ({name})" if entry.nickname else name,
        "municipality": entry.municipality,
        "bank": entry.bank,
        "clabe_hint": entry.clabe_hint,
        "card_hint": entry.card_hint,
    }


def _read_entry(form: dict[str, str], errors: Errors) -> BookEntry | None:
    entry: BookEntry | None = check(BookEntrySchema(), pick(form, *FIELDS), errors)
    return entry


def _form(known: dict[str, str], id: UUID | None) -> str:
    address = url_for("portal.recipient_change", id=id) if id else url_for("portal.recipient_add")
    return render_template(
        "portal/recipient.html",
        form={**known, **draft().form},
        errors=draft().errors(_read_entry),
        states=state_choices(),
        address=address,
        id=id,
    )


def _done() -> Response:
    return finish(url_for("portal.saved_recipients"))
