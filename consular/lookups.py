"""Look-ups without signing in are limited by who asks and by what is asked for."""

from __future__ import annotations

from datetime import timedelta

from flask import current_app

from consular.auth import now, vault
from consular.callers import address_index
from consular.db import transaction
from services.citizens.limits import Budget, Rate, spend
from services.kernel.db import NETWORK_SCOPE
from services.kernel.ids import parse_folio
from services.remittances.queries import Collection, lookup

WINDOW = timedelta(minutes=15)


def count_lookup(kind: str, folio: str) -> None:
    """Count one look-up of this caller and one of the folio, before anything is compared.

    Raises TooManyAttempts.
    """
    rate = Rate(current_app.config["LOOKUPS"], WINDOW)
    index = vault().blind_index(f"attempt.{kind}.folio", folio)
    subjects = (address_index(f"attempt.{kind}"), index)
    with transaction(NETWORK_SCOPE) as session:
        spend(session, [Budget(subject, rate) for subject in subjects], now=now())


def count_file() -> None:
    """Count one file that this caller has compared. Raises TooManyAttempts."""
    rate = Rate(current_app.config["LOOKUPS"], WINDOW)
    with transaction(NETWORK_SCOPE) as session:
        spend(session, [Budget(address_index("attempt.file"), rate)], now=now())


def find_for_recipient(folio: str, first_surname: str) -> Collection:
    """Find a remittance by folio and recipient; counts the try against the limits first.

    Raises NotFound in the same way for every mismatch, TooManyAttempts.
    """
    count_lookup("lookup", parse_folio(folio) or folio.upper())
    with transaction(NETWORK_SCOPE) as session:
        return lookup(session, folio, first_surname)
