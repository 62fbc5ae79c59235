"""Programs of enrollment: what the API answers."""

from __future__ import annotations

from consular.api.answer_fields import (
    Answer,
    CalendarDay,
    Flag,
    ListAnswer,
    Many,
    MoneyPair,
    Number,
    One,
    Table,
    Text,
    Texts,
    Word,
)
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.programs.schema import Unit


class RequirementAnswer(Answer):
    """A program that comes first; ``met_by``: the field of ``data`` that stands for it."""

    program = Word(PROGRAMS)
    met_by = Text(allow_none=True)


class DocumentAnswer(Answer):
    """A document to have at hand."""

    code = Text()
    name = Text()


class TermAnswer(Answer):
    """How long the agency may take, and the article that says so."""

    length = Number()
    unit = Word(Unit)
    source = Text()


class ReferralAnswer(Answer):
    """What looks like the program and isn't asked for here: how and where."""

    heading = Text()
    steps = Texts()
    link = Text()


class TariffAnswer(Answer):
    """What ``/estimate`` takes as ``data``, as JSON Schema; ``why`` says how far it can be relied
    on."""

    exact = Flag()
    why = Text()
    data = Table()
    example = Table()


class ProgramAnswer(Answer):
    """A program: what its ``data`` takes, as JSON Schema, with an example; ``requires`` are the
    programs that come first; ``consents`` the permissions that a request must come with."""

    program = Word(PROGRAMS, attribute="code")
    name = Text()
    summary = Text()
    agency = Text()
    available = Flag(attribute="open")
    requires = Texts(Word(PROGRAMS))
    requirements = Many(RequirementAnswer)
    consents = Texts()
    needs_email = Flag()
    gives = Texts()
    who = Texts()
    cost = Text()
    steps = Texts()
    documents = Many(DocumentAnswer)
    term = One(TermAnswer)
    legal = Text()
    referral = One(ReferralAnswer, allow_none=True)
    tariff = One(TariffAnswer, allow_none=True)
    data = Table()
    example = Table()


class ProgramList(ListAnswer):
    """All programs."""

    items = Many(ProgramAnswer)


class PartAnswer(Answer):
    """A part of the sum, and the article or table that it rests on."""

    code = Text()
    name = Text()
    amount = One(MoneyPair)
    legal = Text()


class EstimateAnswer(Answer):
    """What there is to pay: exactly the sum of its parts. ``valid_from``: since when the newest
    table behind it holds."""

    program = Word(PROGRAMS)
    exact = Flag()
    why = Text()
    on = CalendarDay()
    valid_from = CalendarDay()
    total = One(MoneyPair)
    parts = Many(PartAnswer)
    notes = Texts()
    sources = Texts()
