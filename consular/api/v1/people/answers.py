"""People who are written twice: what the API answers."""

from __future__ import annotations

from consular.api import answer_fields as fields
from services.appointments.words import RESEMBLANCES


class MergeAnswer(fields.Answer):
    """``people``: rows that are ``person`` by the ``document`` that was seen; null once undone."""

    id = fields.Id()
    person = fields.Id()
    people = fields.Texts(fields.Id())
    document = fields.Text()
    merged_at = fields.Instant()
    unmerged_at = fields.Instant(allow_none=True)


class NearAnswer(fields.Answer):
    """Somebody of the same office who may be the same person, and why."""

    person = fields.Id()
    given_names = fields.Text()
    first_surname = fields.Text()
    second_surname = fields.Text(allow_none=True)
    birth_date = fields.CalendarDay(allow_none=True)
    reason = fields.Word(RESEMBLANCES)


class DuplicatesAnswer(fields.Answer):
    """The ``person`` of an appointment, the ``merges`` that stand, and who looks like them."""

    person = fields.Id()
    merges = fields.Many(MergeAnswer)
    near = fields.Many(NearAnswer)
