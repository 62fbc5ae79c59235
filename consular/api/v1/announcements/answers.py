"""Announcements: what the API answers."""

from __future__ import annotations

from consular.api.answer_fields import Answer, Instant, ListAnswer, Many, Text, Word
from services.announcements.rules import Kind


class AnnouncementAnswer(Answer):
    """What pages show now; without ``consulate`` all of them do."""

    kind = Word(Kind)
    text_es = Text()
    text_en = Text()
    consulate = Text(allow_none=True)
    begins_at = Instant()
    ends_at = Instant(allow_none=True, says="Null: until it is withdrawn")


class AnnouncementList(ListAnswer):
    """All that are shown now."""

    items = Many(AnnouncementAnswer)
