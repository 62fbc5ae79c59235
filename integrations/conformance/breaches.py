"""What a check says when an agency breaks what was agreed, and the two checks that many make."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from integrations.errors import Refused

ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ23456789"


class Breach(Exception):
    """A check failed, and why."""


def new_key() -> str:
    """A key that nobody else uses, and that says what it is for."""
    return "PRUEBA" + "".join(secrets.choice(ALPHABET) for _ in range(12))


def expect_refusal(code: str, call: Callable[[], object]) -> None:
    """Make a call that has to be refused with that code of ours."""
    try:
        call()
    except Refused as refusal:
        if refusal.code != code:
            raise Breach(f"refused as {refusal.code}") from None
    else:
        raise Breach(f"taken in; {code} is agreed")


def expect_known(call: Callable[[], object], status: Callable[[], int]) -> None:
    """Repeat a call: 200 for what the agency has, where 201 would say that it is new."""
    call()
    if status() != 200:
        raise Breach(f"answered {status()} to a repeat as if it were new; 200 is agreed")
