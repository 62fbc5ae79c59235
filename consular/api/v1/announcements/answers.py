"""Announcements: what the API answers."""

from __future__ import annotations

from consular.api import answer_fields as fields
from services.announcements.rules import Kind


class AnnouncementAnswer(fields.Answer):
    """What pages show now; without ``consulate`` all of them do."""

    kind = fields.Word(Kind)
    text_es = fields.Text()
    text_en = fields.Text()
    consulate = fields.Text(allow_none=True)
    begins_at = fields.Instant()
    ends_at = fields.Instant(allow_none=True, says="Null: until it is withdrawn")


class AnnouncementList(fields.ListAnswer):
    """All that are shown now."""

    items = fields.Many(AnnouncementAnswer)
