"""Enrollments: what the API answers."""

from __future__ import annotations

from consular.api.answer_fields import (
    Answer,
    Flag,
    Id,
    Instant,
    ListAnswer,
    Many,
    Table,
    Text,
    Texts,
    Word,
)
from consular.input.enrollments import PROGRAMS
from services.enrollments.rules import Action, Status


class StepAnswer(Answer):
    """One step of the history."""

    status = Word(Status)
    at = Instant()
    reason = Text(attribute="reason_code", allow_none=True)


class EnrollmentAnswer(Answer):
    """``actions``: what may be done now; ``result`` once the agency decided: ``rfc``."""

    id = Id()
    folio = Text()
    program = Word(PROGRAMS)
    status = Word(Status)
    consulate = Text(attribute="consulate_code", allow_none=True)
    reason = Text(attribute="reason_code", allow_none=True)
    actions = Texts(Word(Action), required=False)
    history = Many(StepAnswer, required=False)
    result = Table(allow_none=True, required=False)


class EnrollmentList(ListAnswer):
    """A page, the newest first."""

    items = Many(EnrollmentAnswer)


class ProgramAnswer(Answer):
    """A program and what its ``data`` takes, as JSON Schema."""

    program = Word(PROGRAMS)
    agency = Text()
    available = Flag(attribute="open")
    data = Table()


class ProgramList(ListAnswer):
    """All programs."""

    items = Many(ProgramAnswer)
