"""Notes on charts: what the API answers."""

from __future__ import annotations

from consular.api import answer_fields as fields


class NoteAnswer(fields.Answer):
    """What happened on some days at an office, or at all of them."""

    id = fields.Id()
    what = fields.Text(attribute="text")
    first_day = fields.CalendarDay()
    last_day = fields.CalendarDay()
    consulate = fields.Text(attribute="consulate_code", allow_none=True, says="Null: all offices")
    added_at = fields.Instant()
    added_by = fields.Text(allow_none=True)


class NoteList(fields.ListAnswer):
    """The notes that touch the days, by their first one."""

    items = fields.Many(NoteAnswer)
