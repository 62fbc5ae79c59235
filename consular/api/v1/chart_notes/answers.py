"""Notes on charts: what the API answers."""

from __future__ import annotations

from consular.api.answer_fields import Answer, CalendarDay, Id, Instant, ListAnswer, Many, Text


class NoteAnswer(Answer):
    """What happened on some days at an office, or at all of them."""

    id = Id()
    what = Text(attribute="text")
    first_day = CalendarDay()
    last_day = CalendarDay()
    consulate = Text(attribute="consulate_code", allow_none=True, says="Null: all offices")
    added_at = Instant()
    added_by = Text(allow_none=True)


class NoteList(ListAnswer):
    """The notes that touch the days, by their first one."""

    items = Many(NoteAnswer)
