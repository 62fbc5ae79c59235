"""For how long the rate of an order is promised: nothing is sent at a rate of last week.

The term (`rate_promise` of the dated rules) begins when the sender has paid, or where word of that
came late, when their time to pay was over. While a person decides about a name it stands still.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy.orm import Session

from services.remittances.models import Charge, Remittance
from services.remittances.queries import list_history
from services.remittances.rules import FOR_A_PERSON, Tariff


def is_stale(session: Session, remittance: Remittance, rules: Tariff, *, now: datetime) -> bool:
    """Whether the rate of one that the sender has paid isn't promised any more."""
    if now < remittance.registered_at + rules.promise:
        return False
    charge = session.get(Charge, remittance.id)
    paid_at = remittance.funded_at or now
    since = min(paid_at, charge.expires_at) if charge else paid_at
    until = since + rules.promise
    return now >= until and now >= until + _held(session, remittance)


def _held(session: Session, remittance: Remittance) -> timedelta:
    """For how long a person had to decide."""
    steps = list_history(session, remittance.id)
    return sum(
        (after.at - held.at for held, after in pairwise(steps) if held.status in FOR_A_PERSON),
        timedelta(),
    )
