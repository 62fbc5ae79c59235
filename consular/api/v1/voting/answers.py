"""Vote counts: what the API answers."""

from __future__ import annotations

from consular.api.answer_fields import (
    Answer,
    CalendarDay,
    Figure,
    Id,
    Instant,
    ListAnswer,
    Many,
    Number,
    Text,
    Texts,
    Word,
)
from services.voting.rules import Odd, Status


class CountAnswer(Answer):
    """A count with its source and state. ``value`` is null for who may not see it yet;
    ``second_value`` is what another person typed that differs; ``warnings`` are what is odd about
    the number, which ``note`` explains. ``published_version`` says in which place it was published
    among the election's."""

    id = Id()
    election = Text(allow_none=True)
    metric = Text()
    mode = Text(allow_none=True)
    dimension = Text()
    key = Text(allow_none=True)
    consulate = Text(attribute="consulate_code", allow_none=True)
    date = CalendarDay(attribute="day", allow_none=True)
    value = Figure(allow_none=True)
    second_value = Figure(allow_none=True)
    unit = Text()
    status = Word(Status)
    revision = Number(allow_none=True)
    note = Text(allow_none=True)
    warnings = Texts(Word(Odd))
    reason = Text(allow_none=True)
    source = Text()
    published_version = Number(allow_none=True)
    published_at = Instant(allow_none=True)


class RevisionAnswer(CountAnswer):
    """A report of a cell by its number, with who and when: a name is null for staff of elsewhere.
    `rejected_*` and `approved_*` are null until then."""

    reported_by = Text(allow_none=True)
    reported_at = Instant(attribute="created_at")
    approved_by = Text(allow_none=True)
    approved_at = Instant(allow_none=True)
    rejected_by = Text(allow_none=True)
    rejected_at = Instant(allow_none=True)


class RevisionList(ListAnswer):
    """All of a cell, the newest first."""

    items = Many(RevisionAnswer)


class CountList(ListAnswer):
    """A page of counts."""

    items = Many(CountAnswer)


class ElectionAnswer(Answer):
    """Published by others, and approved counts of our offices; the two don't add up. ``version``
    grows with every approval or correction: until then the answer is the same."""

    year = Text()
    version = Number()
    published = Many(CountAnswer)
    approved = Many(CountAnswer)
