"""How compliance decides about a held remittance."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, post_load

from consular.input.fields import Choice, Text
from services.remittances.rules import HoldDecision

DECISIONS = tuple(decision.value for decision in HoldDecision)


class DecideHoldSchema(Schema):
    """Whether it goes on, and why."""

    decision = Choice(DECISIONS, required=True)
    reason = Text(most=1000, required=True)

    @post_load
    def _of_type(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        return {**data, "decision": HoldDecision(data["decision"])}
