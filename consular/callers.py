"""Rate-limit keys and budgets of callers, by account and by network address."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from flask import current_app, request

from consular.auth import actor, vault
from services.appointments.booking import Hand
from services.citizens.limits import Budget

# Whoever has one address of IPv6 has all of its network.
_NETWORK_BITS = 64


def address_index(kind: str) -> bytes:
    """Keyed hash of the caller's network address, for one kind of limit."""
    return vault().blind_index(f"{kind}.address", _network(request.remote_addr or ""))


def guess_budgets() -> tuple[Budget, ...]:
    """What is left to the caller, when a citizen, to name people whom another account speaks for:
    one budget for appointments and enrollments, by account and by address."""
    asking = actor()
    if not asking.is_citizen:
        return ()
    account = vault().blind_index("guess.account", str(asking.account_id))
    return (
        Budget(account, current_app.config["GUESSES_PER_ACCOUNT"]),
        Budget(address_index("guess"), current_app.config["GUESSES_PER_ADDRESS"]),
    )


def enrollment_budgets() -> tuple[Budget, ...]:
    """Budgets of a citizen's requests for enrollments."""
    asking = actor()
    if not asking.is_citizen:
        return ()
    account = vault().blind_index("enrollments.account", str(asking.account_id))
    return (Budget(account, current_app.config["ENROLLMENTS_PER_ACCOUNT"]),)


def hold_budgets() -> tuple[Budget, ...]:
    """Budgets of a citizen's holds: each keeps places from others for a while."""
    asking = actor()
    if not asking.is_citizen:
        return ()
    account = vault().blind_index("holds.account", str(asking.account_id))
    return (Budget(account, current_app.config["HOLDS_PER_ACCOUNT"]),)


def upload_budgets() -> tuple[Budget, ...]:
    """Budgets of a citizen's uploads: reading a file takes a core for a second."""
    asking = actor()
    if not asking.is_citizen:
        return ()
    account = vault().blind_index("uploads.account", str(asking.account_id))
    return (Budget(account, current_app.config["UPLOADS_PER_ACCOUNT"]),)


def booking_hand() -> Hand:
    """Keys by which bookings of this caller are limited."""
    return Hand(current_app.config["BOOKING_LIMITS"], address_index("booking"), guess_budgets())


@lru_cache(maxsize=256)
def _network(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(int(parsed) >> (128 - _NETWORK_BITS))
    return str(parsed)
