"""Enrollments: what the API answers."""

from __future__ import annotations

from functools import cache
from typing import Any

import marshmallow

from consular.api import answer_fields as fields
from services.enrollments.programs.registry import PROGRAMS, open_programs
from services.enrollments.programs.schema import Kind, Program
from services.enrollments.rules import Action, By, Channel, ConsentGiven, Status
from services.enrollments.words import WARNINGS

WARNING_CODES = tuple(dict.fromkeys(name.partition(".")[0] for name in WARNINGS))


class StepAnswer(fields.Answer):
    """One step of the history; ``covered_to`` of one by which an active cover became longer."""

    status = fields.Word(Status)
    at = fields.Instant()
    reason = fields.Text(attribute="reason_code", allow_none=True)
    by = fields.Word(By, attribute="actor", allow_none=True)
    covered_to = fields.CalendarDay(allow_none=True)


class AppointmentDetailsAnswer(fields.Answer):
    """When the agency sees the applicant; ``link`` is that of a video call."""

    starts_at = fields.Instant()
    link = fields.Text(allow_none=True)


class PaymentAnswer(fields.Answer):
    """What the applicant pays to the agency, by which reference; ``due_on`` is the last day."""

    reference = fields.Text()
    amount = fields.One(fields.MoneyPair)
    due_on = fields.CalendarDay()


class AssistanceAnswer(fields.Answer):
    """Staff asked for it for the person: how they were reached, and how the person consented."""

    channel = fields.Word(Channel)
    consent = fields.Word(ConsentGiven)
    document = fields.Text(allow_none=True)
    asked_at = fields.Instant()


class AppealAnswer(fields.Answer):
    """An appeal and how it is made; ``until`` is its last day, null where no rule says so."""

    name = fields.Text()
    how = fields.Text()
    until = fields.CalendarDay(allow_none=True)
    source = fields.Text(says="Articles")


class RemedyAnswer(fields.Answer):
    """What can be done about a no, or a payment whose last day has passed, in the reader's
    language."""

    reason = fields.Text()
    next_step = fields.Text()
    appeal = fields.One(AppealAnswer, allow_none=True)


class WarningAnswer(fields.Answer):
    """What may be a mistake: an official identifier that doesn't follow from ``field``. The request
    was taken all the same."""

    code = fields.Word(WARNING_CODES)
    field = fields.Text()
    detail = fields.Text()


class ResultField(fields.Table):
    """What the program's agency gave; which program, the answer's ``program`` says."""

    def variants(self) -> list[marshmallow.Schema]:
        """The schemas that it may be, for the OpenAPI document."""
        return [_result(program) for program in open_programs()]


@cache
def _result(program: Program) -> marshmallow.Schema:
    result_fields: dict[str, marshmallow.fields.Field[Any]] = {
        each.name: (fields.CalendarDay if each.kind is Kind.DATE else fields.Text)(required=False)
        for each in program.results
    }
    answer = fields.Answer.from_dict(result_fields, name=f"{program.code.capitalize()}Result")
    answer.__doc__ = f"What {program.name.en} ends with."
    return answer()


class EnrollmentAnswer(fields.Answer):
    """``actions``: what may be done now; ``result`` once the agency decided.

    ``requested`` names fields and documents that the agency wants corrected until ``answer_by``;
    ``resolve_by`` is the last day for it to decide, ``pay_by`` the one to pay, after which
    ``payment`` is null. Each ends when the day ends in Mexico City. ``paid_by`` is the account's
    remittance that makes the payment, so that it isn't made twice; offices see none, and whether
    there is one (``paid_by_transfer``).
    """

    id = fields.Id()
    folio = fields.Text()
    program = fields.Word(PROGRAMS)
    status = fields.Word(Status)
    consulate = fields.Text(attribute="consulate_code", allow_none=True)
    reason = fields.Text(attribute="reason_code", allow_none=True)
    actions = fields.Texts(fields.Word(Action), required=False)
    requested = fields.Texts(required=False)
    answer_by = fields.CalendarDay(allow_none=True)
    resolve_by = fields.CalendarDay(allow_none=True)
    pay_by = fields.CalendarDay(allow_none=True)
    appointment = fields.One(AppointmentDetailsAnswer, allow_none=True, required=False)
    payment = fields.One(PaymentAnswer, allow_none=True, required=False)
    paid_by = fields.Id(allow_none=True, required=False)
    paid_by_transfer = fields.Flag(required=False)
    remedy = fields.One(RemedyAnswer, allow_none=True, required=False)
    history = fields.Many(StepAnswer, required=False)
    result = ResultField(allow_none=True, required=False)
    warnings = fields.Many(WarningAnswer, required=False)
    assistance = fields.One(AssistanceAnswer, allow_none=True, required=False)


class EnrollmentList(fields.ListAnswer):
    """A page, the newest first."""

    items = fields.Many(EnrollmentAnswer)
