"""A charge in the provider's words, and its answers in ours. No card number passes here: the sender
types it on the provider's own page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from integrations.answers import OptionalFields
from integrations.contracts import ChargeOrder, ChargeState, PartState
from integrations.payments.codes import METHODS, PARTS, REASONS, STATUSES

_KEY = re.compile(r"[A-Z0-9]{1,29}")
_PATH = re.compile(r"[A-Za-z0-9/_-]{1,200}")


def key_of(folio: str) -> str:
    """The folio as the provider's key. ValueError when it is not one of ours."""
    if not _KEY.fullmatch(folio):
        raise ValueError("folio does not fit the key")
    return folio


def amount_of(minor: int) -> str:
    """Dollars with two decimals. ValueError for an amount that is not positive."""
    if minor <= 0:
        raise ValueError("amount must be positive")
    return f"{minor // 100}.{minor % 100:02d}"


def charge_body(order: ChargeOrder) -> dict[str, Any]:
    """The body of a charge."""
    return {
        "key": key_of(order.folio),
        "amount": amount_of(order.amount_minor),
        "currency": "USD",
        "method": METHODS[order.method],
        "expires_at": order.expires_at.isoformat(),
    }


def charge_state(folio: str, pages: str, body: Mapping[str, Any]) -> ChargeState:
    """The state in the answer. ValueError or KeyError when unreadable or about another folio.

    ``pages`` is where the provider's pages are: a sender is sent to no other place.
    Folio, status and whether it was given back decide. Of the rest, what can't be used is dropped.
    """
    if body["key"] != folio:
        raise ValueError("an answer about another charge")
    word = body["status"]
    refunded = body["refunded"]
    if not isinstance(refunded, bool):
        raise ValueError("refunded is yes or no")
    optional = OptionalFields(body)
    return ChargeState(
        folio=folio,
        status=STATUSES[word],
        reason_code=REASONS.get(word),
        amount_minor=optional.minor_units("amount"),
        currency=optional.text("currency"),
        provider_reference=optional.text("reference"),
        pay_address=_address(pages, optional),
        pay_reference=optional.text("pay_code"),
        refunded=refunded,
        refunds=_refunds(body),
        dropped=tuple(optional.dropped),
    )


def part_state(key: str, body: Mapping[str, Any]) -> PartState:
    """The state of a part in the answer. ValueError or KeyError when unreadable or about another
    part."""
    if body["key"] != key:
        raise ValueError("an answer about another part")
    optional = OptionalFields(body)
    return PartState(
        key=key,
        status=PARTS[body["status"]],
        amount_minor=optional.minor_units("amount"),
        currency=optional.text("currency"),
        dropped=tuple(optional.dropped),
    )


def _refunds(body: Mapping[str, Any]) -> frozenset[str]:
    """The keys of the parts that were given back: they decide, so that none is dropped."""
    keys = body.get("refunds") or []
    if not isinstance(keys, list):
        raise ValueError("refunds is a list of keys")
    return frozenset(key_of(key) for key in keys if isinstance(key, str))


def _address(pages: str, optional: OptionalFields) -> str | None:
    path = optional.text("pay_path")
    if path is None:
        return None
    if not _PATH.fullmatch(path):
        optional.dropped.append("pay_path")
        return None
    return f"{pages.rstrip('/')}/{path.lstrip('/')}"
