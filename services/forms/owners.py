"""Whose forms they are: an account, or a browser in which nobody is signed in."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.kernel.crypto import Vault


def account_owner(account: UUID, vault: Vault) -> str:
    """The owner's key of whoever signs in to ``account``."""
    return vault.blind_index("form.account", str(account)).hex()


def browser_owner(secret: str, vault: Vault) -> str:
    """The owner's key of the browser that holds the cookie ``secret``."""
    return vault.blind_index("form.browser", secret).hex()


def see_as(session: Session, owners: Sequence[str]) -> None:
    """Let row security show the forms of these owners for the rest of the transaction."""
    session.execute(
        text("SELECT set_config('app.form_owners', :owners, true)"), {"owners": ",".join(owners)}
    )
