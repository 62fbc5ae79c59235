"""Holds: what the API answers."""

from __future__ import annotations

from consular.api.answer_fields import Answer, Flag, Id, Instant, Many, Number, Text, Texts


class HoldAnswer(Answer):
    """Places held for whoever asked until ``expires_at``. ``start`` and ``end`` carry the office's
    offset."""

    id = Id()
    consulate = Text(attribute="consulate_code")
    services = Texts()
    people = Number()
    start = Instant()
    end = Instant()
    expires_at = Instant()
    can_extend = Flag(says="Whether more time can be asked for: once")


class HoldList(Answer):
    """One at most."""

    items = Many(HoldAnswer)
