"""The book of recipients over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, current_app

from consular.api.contract import endpoint, run_once
from consular.api.v1.recipients.answers import (
    RecipientCheckAnswer,
    SavedRecipientAnswer,
    SavedRecipientList,
)
from consular.auth import CITIZEN, account, now, vault
from consular.db import transaction
from consular.input.remittances import BookEntrySchema, RecipientCheckSchema
from consular.recipient_checks import ask_about, check_recipient
from services.remittances.recipients import (
    BookEntry,
    Saved,
    add_recipient,
    change_recipient,
    get_recipient,
    list_recipients,
    remove_recipient,
)

api = Blueprint("recipients", __name__, url_prefix="/api/v1/recipients")


@endpoint(
    api, "GET", "", operation="listRecipients", who=CITIZEN, answer=SavedRecipientList(), errors={}
)
def list_saved() -> dict[str, Any]:
    """List the people whom one saved to send money to."""
    with transaction() as session:
        saved = list_recipients(session, account(), vault())
    return SavedRecipientList.render(items=[_shown(each) for each in saved])


@endpoint(
    api,
    "POST",
    "",
    operation="addRecipient",
    who=CITIZEN,
    body=BookEntrySchema(),
    answer=SavedRecipientAnswer(),
    status=201,
    errors={409: ("too_many_recipients",), 422: ("house_account",)},
)
def add_saved(command: BookEntry) -> dict[str, Any]:
    """Save somebody to send money to; fifty at most."""
    return run_once(
        lambda session: _shown(
            add_recipient(
                session,
                account(),
                command,
                now=now(),
                vault=vault(),
                house_accounts=current_app.config["HOUSE_ACCOUNTS"],
            )
        ),
        status=201,
    )


@endpoint(
    api,
    "PATCH",
    "/<uuid:recipient_id>",
    operation="changeRecipient",
    who=CITIZEN,
    body=BookEntrySchema(),
    answer=SavedRecipientAnswer(),
    errors={422: ("house_account",)},
)
def change_saved(recipient_id: UUID, command: BookEntry) -> dict[str, Any]:
    """Replace what was saved of somebody; what was sent to them stays as it was."""
    with transaction() as session:
        return _shown(
            change_recipient(
                session,
                account(),
                recipient_id,
                command,
                vault=vault(),
                house_accounts=current_app.config["HOUSE_ACCOUNTS"],
            )
        )


@endpoint(
    api,
    "DELETE",
    "/<uuid:recipient_id>",
    operation="removeRecipient",
    who=CITIZEN,
    answer=SavedRecipientAnswer(),
    errors={},
)
def remove_saved(recipient_id: UUID) -> dict[str, Any]:
    """Forget somebody; what was sent to them stays. Answers what was saved."""
    with transaction() as session:
        saved = get_recipient(session, account(), recipient_id, vault())
        remove_recipient(session, account(), recipient_id)
        return _shown(saved)


@endpoint(
    api,
    "POST",
    "/check",
    operation="checkRecipient",
    who=CITIZEN,
    body=RecipientCheckSchema(),
    answer=RecipientCheckAnswer(),
    errors={
        404: ("not_found",),
        422: ("house_account",),
        429: ("too_many_requests",),
        503: ("tariff_unavailable",),
    },
)
def check_before_paying(command: dict[str, Any]) -> dict[str, Any]:
    """Tell what to know of a recipient before paying.

    The agency is asked whose the account is: call again while that is pending.
    """
    ask_about(command["quote"], command["recipient"])
    return RecipientCheckAnswer.render(check_recipient(command["quote"], command["recipient"]))


def _shown(saved: Saved) -> dict[str, Any]:
    return SavedRecipientAnswer.render(saved.entry, id=saved.id)
