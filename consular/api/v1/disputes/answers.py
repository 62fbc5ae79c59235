"""Disputes: what the API answers."""

from __future__ import annotations

from consular.api.answer_fields import (
    Answer,
    CalendarDay,
    Id,
    Instant,
    ListAnswer,
    Many,
    MoneyPair,
    One,
    Text,
    Word,
)
from services.disputes.rules import Kind, Remedy, Status


class DisputeAnswer(Answer):
    """An error that was claimed. ``refunded`` is what was given back for it; ``explanation`` is
    what was found, once it is decided."""

    id = Id()
    folio = Text()
    kind = Word(Kind)
    status = Word(Status)
    description = Text(allow_none=True)
    claimed_at = Instant()
    investigate_by = CalendarDay()
    decided_at = Instant(allow_none=True)
    remedy = Word(Remedy, allow_none=True)
    refunded = One(MoneyPair, allow_none=True)
    explanation = Text(allow_none=True)


class DisputeList(ListAnswer):
    """The newest first."""

    items = Many(DisputeAnswer)
