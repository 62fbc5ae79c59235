"""The agencies that workers call, as the web knows them: by their codes."""

from __future__ import annotations

from typing import cast

from flask import current_app

from services.kernel.errors import NotFound


def agency_codes() -> tuple[str, ...]:
    """The codes of those that workers call, in the registry's order."""
    return cast("tuple[str, ...]", current_app.extensions["consular.agencies"])


def known_agency(code: str) -> str:
    """The code, when it is one of ours. Raises NotFound."""
    if code not in agency_codes():
        raise NotFound()
    return code


def payout_agency() -> str:
    """The code of the agency that pays remittances out."""
    return cast(str, current_app.extensions["consular.payout_agency"])
