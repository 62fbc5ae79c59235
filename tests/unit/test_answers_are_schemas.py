"""An answer sends what its schema declares: all of it, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from uuid import UUID

import pytest

from consular.api import answer_fields as fields
from services.kernel.money import Money

ID = UUID("019aa000-0000-7000-8000-000000000000")

PRICE = Money(12345, "USD")


class Visit(fields.Answer):
    """Something with a field of each kind."""

    id = fields.Id()
    day = fields.CalendarDay()
    from_ = fields.Instant(data_key="from", attribute="starts_at")
    opens = fields.WallClock()
    price = fields.One(fields.MoneyPair, allow_none=True)
    status = fields.Word(("open", "closed"))
    tags = fields.Texts()
    km = fields.Decimals()
    count = fields.Figure()
    note = fields.Text(allow_none=True)
    seen = fields.Number(required=False)


class VisitList(fields.ListAnswer):
    """Several."""

    items = fields.Many(Visit)


@dataclass(frozen=True)
class _Visit:
    id: UUID = ID
    day: date = date(2026, 12, 7)
    starts_at: datetime = datetime(2026, 12, 7, 9, tzinfo=UTC)
    opens: time = time(9)
    price: Money | None = PRICE
    tags: tuple[str, ...] = ("a", "b")
    km: Decimal = Decimal("1.5")
    count: Decimal = Decimal(12)
    note: str | None = None
    secret: str = "never sent"
    seen: int = 7


AS_SENT = {
    "id": str(ID),
    "day": "2026-12-07",
    "from": "2026-12-07T09:00:00+00:00",
    "opens": "09:00",
    "price": {"amount": "123.45", "currency": "USD"},
    "status": "open",
    "tags": ["a", "b"],
    "km": 1.5,
    "count": 12,
    "note": None,
}


def test_each_declared_field_is_sent_as_json_and_no_other() -> None:
    assert Visit.render(_Visit(), status="open") == AS_SENT


def test_what_is_given_stands_before_the_things_own() -> None:
    assert Visit.render(_Visit(), status="open", price=None, note="n")["price"] is None


def test_a_required_field_that_is_missing_is_an_error() -> None:
    with pytest.raises(AttributeError, match="status"):
        Visit.render(_Visit())


def test_an_optional_field_is_sent_only_when_given() -> None:
    assert Visit.render(_Visit(), status="open", seen=3) == {**AS_SENT, "seen": 3}


def test_a_list_takes_things_and_answers_alike() -> None:
    rendered = Visit.render(_Visit(), status="open")
    assert VisitList.render(items=[rendered], next=None) == {"items": [AS_SENT], "next": None}
