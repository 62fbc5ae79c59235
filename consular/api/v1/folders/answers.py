"""Plans, answers and consents of a person: what the API answers."""

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
from services.enrollments.planning import StepState
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.rules import Status
from services.folders.rules import ConsentKind, Purpose
from services.kernel.audit import Role


class PlanStepAnswer(Answer):
    """One program of a plan. ``waits_for`` are the programs before it that aren't done; ``given``:
    the person has its number already; ``prepared``: data and consents are there."""

    program = Word(PROGRAMS)
    state = Word(StepState)
    waits_for = Texts(Word(PROGRAMS))
    enrollment = Id(allow_none=True)
    status = Word(Status, allow_none=True)
    prepared = Flag()
    given = Flag()


class PlanAnswer(Answer):
    """A person's plan, its steps in order. ``next`` is the first program to ask for now."""

    id = Id()
    given_names = Text()
    first_surname = Text()
    second_surname = Text(allow_none=True)
    wanted = Texts(Word(PROGRAMS))
    starts_next = Flag()
    steps = Many(PlanStepAnswer)
    next = Word(PROGRAMS, allow_none=True)


class PlanList(ListAnswer):
    """One for each person whom the account named, the oldest first."""

    items = Many(PlanAnswer)


class ConsentAnswer(Answer):
    """One giving of consent: who gets which data, what for; by which words; who said so when."""

    id = Id()
    folder = Id(attribute="folder_id")
    program = Word(PROGRAMS)
    agency = Text()
    kind = Word(ConsentKind)
    purpose = Word(Purpose)
    data = Texts()
    text_version = Text()
    language = Word(("es", "en"))
    given_at = Instant()
    given_by = Word(Role, attribute="given_by_role")
    withdrawn_at = Instant(allow_none=True)
    withdrawn_by = Word(Role, attribute="withdrawn_by_role", allow_none=True)


class ConsentList(ListAnswer):
    """Consents, the newest first."""

    items = Many(ConsentAnswer)


class WithdrawnConsentAnswer(Answer):
    """``request``: what became of the request that went with it. ``at_agency``: the agency has what
    was sent before, which can't be called back."""

    program = Word(PROGRAMS)
    request = Word(Status, allow_none=True)
    at_agency = Flag()


class FolderAnswer(Answer):
    """What a person wants, consented to and told once: ``answers``, by program and its fields."""

    id = Id()
    answers = Table()
    plan = Many(PlanStepAnswer)
    consents = Many(ConsentAnswer)
