"""Plans, answers and consents of a person: what the API answers."""

from __future__ import annotations

from consular.api import answer_fields as fields
from services.enrollments.planning import StepState
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.rules import Status
from services.folders.rules import ConsentKind, Purpose
from services.kernel.audit import Role


class PlanStepAnswer(fields.Answer):
    """One program of a plan. ``waits_for`` are the programs before it that aren't done; ``given``:
    the person has its number already; ``prepared``: data and consents are there."""

    program = fields.Word(PROGRAMS)
    state = fields.Word(StepState)
    waits_for = fields.Texts(fields.Word(PROGRAMS))
    enrollment = fields.Id(allow_none=True)
    status = fields.Word(Status, allow_none=True)
    prepared = fields.Flag()
    given = fields.Flag()


class PlanAnswer(fields.Answer):
    """A person's plan, its steps in order. ``next`` is the first program to ask for now."""

    id = fields.Id()
    given_names = fields.Text()
    first_surname = fields.Text()
    second_surname = fields.Text(allow_none=True)
    wanted = fields.Texts(fields.Word(PROGRAMS))
    starts_next = fields.Flag()
    steps = fields.Many(PlanStepAnswer)
    next = fields.Word(PROGRAMS, allow_none=True)


class PlanList(fields.ListAnswer):
    """One for each person whom the account named, the oldest first."""

    items = fields.Many(PlanAnswer)


class ConsentAnswer(fields.Answer):
    """One giving of consent: who gets which data, what for; by which words; who said so when."""

    id = fields.Id()
    folder = fields.Id(attribute="folder_id")
    program = fields.Word(PROGRAMS)
    agency = fields.Text()
    kind = fields.Word(ConsentKind)
    purpose = fields.Word(Purpose)
    data = fields.Texts()
    text_version = fields.Text()
    language = fields.Word(("es", "en"))
    given_at = fields.Instant()
    given_by = fields.Word(Role, attribute="given_by_role")
    withdrawn_at = fields.Instant(allow_none=True)
    withdrawn_by = fields.Word(Role, attribute="withdrawn_by_role", allow_none=True)


class ConsentList(fields.ListAnswer):
    """Consents, the newest first."""

    items = fields.Many(ConsentAnswer)


class WithdrawnConsentAnswer(fields.Answer):
    """``request``: what became of the request that went with it. ``at_agency``: the agency has what
    was sent before, which can't be called back."""

    program = fields.Word(PROGRAMS)
    request = fields.Word(Status, allow_none=True)
    at_agency = fields.Flag()


class FolderAnswer(fields.Answer):
    """What a person wants, consented to and told once: ``answers``, by program and its fields."""

    id = fields.Id()
    answers = fields.Table()
    plan = fields.Many(PlanStepAnswer)
    consents = fields.Many(ConsentAnswer)
