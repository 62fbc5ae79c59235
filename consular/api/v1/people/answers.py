"""People who are written twice: what the API answers."""

from __future__ import annotations

from consular.api.answer_fields import Answer, CalendarDay, Id, Instant, Many, Text, Texts, Word
from services.appointments.words import RESEMBLANCES


class MergeAnswer(Answer):
    """``people``: rows that are ``person`` by the ``document`` that was seen; null once undone."""

    id = Id()
    person = Id()
    people = Texts(Id())
    document = Text()
    merged_at = Instant()
    unmerged_at = Instant(allow_none=True)


class NearAnswer(Answer):
    """Somebody of the same office who may be the same person, and why."""

    person = Id()
    given_names = Text()
    first_surname = Text()
    second_surname = Text(allow_none=True)
    birth_date = CalendarDay(allow_none=True)
    reason = Word(RESEMBLANCES)


class DuplicatesAnswer(Answer):
    """The ``person`` of an appointment, the ``merges`` that stand, and who looks like them."""

    person = Id()
    merges = Many(MergeAnswer)
    near = Many(NearAnswer)
