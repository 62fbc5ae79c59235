"""Holds: what the API answers."""

from __future__ import annotations

from consular.api import answer_fields as fields


class HoldAnswer(fields.Answer):
    """Places held for whoever asked until ``expires_at``. ``start`` and ``end`` carry the office's
    offset."""

    id = fields.Id()
    consulate = fields.Text(attribute="consulate_code")
    services = fields.Texts()
    people = fields.Number()
    start = fields.Instant()
    end = fields.Instant()
    expires_at = fields.Instant()
    can_extend = fields.Flag(says="Whether more time can be asked for: once")


class HoldList(fields.Answer):
    """One at most."""

    items = fields.Many(HoldAnswer)
