"""What a quote or a remittance costs, as the contract names it: 12 CFR 1005.31(b)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

AMOUNTS = (
    "transfer_amount",
    "transfer_fees",
    "transfer_taxes",
    "total",
    "other_fees",
    "total_to_recipient",
)


def shares_shown(shares: Sequence[Any]) -> list[dict[str, Any]]:
    """What each part of an order takes and brings, the recipient's first; none where it has one."""
    return [
        {name: getattr(share, name).as_dict() for name in ("total", "total_to_recipient")}
        for share in shares
    ]


def price(row: Any) -> dict[str, Any]:
    """A quote's or remittance's amounts as the contract names them."""
    return {
        **{name: getattr(row, name).as_dict() for name in AMOUNTS},
        "exchange_rate": row.exchange_rate,
        "date_available": row.date_available.isoformat(),
    }
