"""Enrollments: what the API answers."""

from __future__ import annotations

from functools import cache
from typing import Any

from marshmallow import Schema, fields

from consular.api.answer_fields import (
    Answer,
    CalendarDay,
    Id,
    Instant,
    ListAnswer,
    Many,
    MoneyPair,
    One,
    Table,
    Text,
    Texts,
    Word,
)
from services.enrollments.programs.registry import PROGRAMS, open_programs
from services.enrollments.programs.schema import Kind, Program
from services.enrollments.rules import Action, By, Channel, ConsentGiven, Status
from services.enrollments.words import WARNINGS

WARNING_CODES = tuple(dict.fromkeys(name.partition(".")[0] for name in WARNINGS))


class StepAnswer(Answer):
    """One step of the history."""

    status = Word(Status)
    at = Instant()
    reason = Text(attribute="reason_code", allow_none=True)
    by = Word(By, attribute="actor", allow_none=True)


class AppointmentDetailsAnswer(Answer):
    """When the agency sees the applicant; ``link`` is that of a video call."""

    starts_at = Instant()
    link = Text(allow_none=True)


class PaymentAnswer(Answer):
    """What the applicant pays to the agency, by which reference; ``due_on`` is the last day."""

    reference = Text()
    amount = One(MoneyPair)
    due_on = CalendarDay()


class AssistanceAnswer(Answer):
    """Staff asked for it for the person: how they were reached, and how the person consented."""

    channel = Word(Channel)
    consent = Word(ConsentGiven)
    document = Text(allow_none=True)
    asked_at = Instant()


class AppealAnswer(Answer):
    """An appeal and how it is made; ``until`` is its last day, null where no rule says so."""

    name = Text()
    how = Text()
    until = CalendarDay(allow_none=True)
    source = Text(says="Articles")


class RemedyAnswer(Answer):
    """What can be done about a no, in the reader's language."""

    reason = Text()
    next_step = Text()
    appeal = One(AppealAnswer, allow_none=True)


class WarningAnswer(Answer):
    """What may be a mistake: an official identifier that doesn't follow from ``field``. The request
    was taken all the same."""

    code = Word(WARNING_CODES)
    field = Text()
    detail = Text()


class ResultField(Table):
    """What the program's agency gave; which program, the answer's ``program`` says."""

    def variants(self) -> list[Schema]:
        """The schemas that it may be, for the OpenAPI document."""
        return [_result(program) for program in open_programs()]


@cache
def _result(program: Program) -> Schema:
    result_fields: dict[str, fields.Field[Any]] = {
        each.name: (CalendarDay if each.kind is Kind.DATE else Text)(required=False)
        for each in program.results
    }
    answer = Answer.from_dict(result_fields, name=f"{program.code.capitalize()}Result")
    answer.__doc__ = f"What {program.name.en} ends with."
    return answer()


class EnrollmentAnswer(Answer):
    """``actions``: what may be done now; ``result`` once the agency decided.

    ``requested`` names fields and documents that the agency wants corrected until ``answer_by``;
    ``resolve_by`` is the last day for it to decide. Both end when the day ends in Mexico City.
    """

    id = Id()
    folio = Text()
    program = Word(PROGRAMS)
    status = Word(Status)
    consulate = Text(attribute="consulate_code", allow_none=True)
    reason = Text(attribute="reason_code", allow_none=True)
    actions = Texts(Word(Action), required=False)
    requested = Texts(required=False)
    answer_by = CalendarDay(allow_none=True)
    resolve_by = CalendarDay(allow_none=True)
    appointment = One(AppointmentDetailsAnswer, allow_none=True, required=False)
    payment = One(PaymentAnswer, allow_none=True, required=False)
    remedy = One(RemedyAnswer, allow_none=True, required=False)
    history = Many(StepAnswer, required=False)
    result = ResultField(allow_none=True, required=False)
    warnings = Many(WarningAnswer, required=False)
    assistance = One(AssistanceAnswer, allow_none=True, required=False)


class EnrollmentList(ListAnswer):
    """A page, the newest first."""

    items = Many(EnrollmentAnswer)
