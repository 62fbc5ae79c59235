"""What an account may still send today and this month, and how much of what it sent was taxed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from services.kernel.money import Money
from services.remittances.errors import LimitExceeded
from services.remittances.models import Remittance
from services.remittances.rules import (
    NOT_COUNTED,
    Funding,
    Payout,
    Tariff,
    day_in_mexico,
    next_day_begins,
    next_month_begins,
)

_SENT = func.sum(Remittance.send_minor)


@dataclass(frozen=True)
class Left:
    """What the limits leave, by days and months of Mexico City. Another account of the same person
    may have used some of it, which is told when ordering."""

    day: Money
    month: Money
    day_ends: datetime
    month_ends: datetime

    @property
    def most(self) -> Money:
        """The most that one more transfer may send now."""
        return min(self.day, self.month)


def left_to_send(session: Session, account: UUID, rules: Tariff, *, now: datetime) -> Left:
    """Tell what may still be sent. Nothing is locked: ordering decides."""
    today = day_in_mexico(now)
    sent = session.execute(
        select(
            func.coalesce(_SENT.filter(Remittance.day == today), 0).label("day"),
            func.coalesce(_SENT, 0).label("month"),
        ).where(*_this_month(account, now))
    ).one()
    return Left(
        day=Money(max(rules.per_day_minor - int(sent.day), 0), "USD"),
        month=Money(max(rules.per_month_minor - int(sent.month), 0), "USD"),
        day_ends=next_day_begins(today),
        month_ends=next_month_begins(today),
    )


def refuse_beyond(left: Left, send_minor: int, field: str | None = None) -> None:
    """Raise `LimitExceeded`, with what is left, for more than that."""
    for limit, available, frees_at in (
        ("month", left.month, left.month_ends),
        ("day", left.day, left.day_ends),
    ):
        if send_minor > available.minor:
            raise LimitExceeded(
                field=field, limit=limit, available=available.amount, frees_at=frees_at
            )


def taxed_to_card(session: Session, account: UUID, *, now: datetime) -> int:
    """Cents sent this month to the agency's card and paid with cash, for its rebate."""
    to_card = (Remittance.funding == Funding.CASH, Remittance.payout == Payout.CARD)
    sent = session.scalar(select(_SENT).where(*_this_month(account, now), *to_card))
    return int(sent or 0)


def _this_month(account: UUID, now: datetime) -> list[ColumnElement[bool]]:
    today = day_in_mexico(now)
    return [
        Remittance.account_id == account,
        Remittance.day.between(today.replace(day=1), today),
        Remittance.status.not_in(sorted(NOT_COUNTED)),
    ]
