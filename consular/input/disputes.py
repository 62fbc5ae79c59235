"""Disputes: what a sender may claim, and how staff may end it."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _
from marshmallow import Schema, ValidationError, post_load, validates_schema

from consular.i18n import current_language
from consular.input.fields import MISSING, Choice, MoneyField, Text
from consular.input.paging import PageQuery
from services.disputes.queries import State
from services.disputes.rules import Kind, Remedy
from services.kernel.money import Money

KINDS = tuple(kind.value for kind in Kind)
STATES = tuple(state.value for state in State)
NO_ERROR = "no_error"
ENDINGS = (*(remedy.value for remedy in Remedy), NO_ERROR)
MOST = 1000


class DisputeSchema(Schema):
    """What went wrong with a remittance, and what happened in one's own words."""

    example: ClassVar[dict[str, Any]] = {
        "kind": "not_received",
        "description": "My mother went to the branch twice; they say that nothing is there.",
    }

    kind = Choice(KINDS, required=True)
    description = Text(most=MOST, load_default=None, allow_none=True)

    @post_load
    def _of_type(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        return {
            "kind": Kind(data["kind"]),
            "words": data["description"],
            "language": current_language(),
        }


class EndDisputeSchema(Schema):
    """How a dispute ends, and what is told to the sender."""

    remedy = Choice(ENDINGS, required=True)
    amount = MoneyField(load_default=None, allow_none=True)
    explanation = Text(most=MOST, required=True)

    @validates_schema
    def _whole(self, data: dict[str, Any], **_kwargs: Any) -> None:
        amount: Money | None = data.get("amount")
        if data.get("remedy") == Remedy.AMOUNT and amount is None:
            raise ValidationError([MISSING], "amount")
        if amount is not None and amount.currency != "USD":
            raise ValidationError([_("Lo que se devuelve va en dólares (USD).")], "amount")

    @post_load
    def _of_type(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        amount: Money | None = data["amount"]
        return {
            "remedy": None if data["remedy"] == NO_ERROR else Remedy(data["remedy"]),
            "explanation": data["explanation"],
            "amount_minor": amount.minor if amount else None,
        }


class DisputeQuery(PageQuery):
    """Those about which something is to be done, or the others."""

    state = Choice(STATES, load_default=State.OPEN.value)
