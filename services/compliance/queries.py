"""What compliance keeps records of: who sent the rule's sum on one day, in whatever accounts.

Needs the scope of the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.remittances.rules import NOT_COUNTED
from services.remittances.tariffs import record_from


@dataclass(frozen=True)
class DaySum:
    """What one person sent on a day: ``accounts`` are theirs, ``minor`` is in cents."""

    day: date
    accounts: Sequence[UUID]
    sender: str
    remittances: Sequence[UUID]
    folios: Sequence[str]
    minor: int


# As limits count: by name and birth date, unless they were told apart from another of that name.
_DAY_SUMS = text(
    """
    SELECT r.day, array_agg(DISTINCT r.account_id) AS accounts,
        min(r.sender_name) AS sender, array_agg(r.id ORDER BY r.folio) AS remittances,
        array_agg(r.folio ORDER BY r.folio) AS folios, sum(r.send_minor)::bigint AS minor
    FROM remittances r JOIN people p ON p.account_id = r.account_id AND p.holder
    WHERE r.day BETWEEN :first AND :last AND r.status <> ALL (:not_counted)
    GROUP BY r.day, own_name_key(p.name_index, p.curp_index, p.account_id)
    HAVING sum(r.send_minor) >= :least
    ORDER BY r.day DESC, min(r.folio)
    """
)


def list_day_sums(session: Session, first: date, last: date) -> list[DaySum]:
    """Those of these days, both included, that reach the sum in force on the last one, the newest
    day first. Raises `TariffUnavailable`."""
    values = {
        "first": first,
        "last": last,
        "least": record_from(session, last),
        "not_counted": sorted(NOT_COUNTED),
    }
    return [DaySum(*row) for row in session.execute(_DAY_SUMS, values)]
