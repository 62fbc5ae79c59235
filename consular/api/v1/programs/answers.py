"""Programs of enrollment: what the API answers."""

from __future__ import annotations

from consular.api import answer_fields as fields
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.programs.schema import Unit


class RequirementAnswer(fields.Answer):
    """A program that comes first, and the law or official page that says so; ``met_by``: the field
    of ``data`` that stands for it."""

    program = fields.Word(PROGRAMS)
    met_by = fields.Text(allow_none=True)
    source = fields.Text()


class DocumentAnswer(fields.Answer):
    """A document to have at hand, and the law or official page that asks for it."""

    code = fields.Text()
    name = fields.Text()
    source = fields.Text()


class TermAnswer(fields.Answer):
    """How long the agency may take, and the article that says so."""

    length = fields.Number()
    unit = fields.Word(Unit)
    source = fields.Text()


class ReferralAnswer(fields.Answer):
    """What looks like the program and isn't asked for here: how and where."""

    heading = fields.Text()
    steps = fields.Texts()
    link = fields.Text()


class TariffAnswer(fields.Answer):
    """What ``/estimate`` takes as ``data``, as JSON Schema; ``exact``: by a published table that is
    in force today, ``ended_on`` the last day of one that is past; ``why`` says how far it can be
    relied on."""

    exact = fields.Flag()
    ended_on = fields.CalendarDay(allow_none=True)
    why = fields.Text()
    data = fields.Table()
    example = fields.Table()


class ProgramAnswer(fields.Answer):
    """A program: what its ``data`` takes, as JSON Schema, with an example; ``requires`` are the
    programs that come first; ``consents`` the permissions that a request must come with;
    ``who_sources`` what each of ``who`` rests on, in the same order."""

    program = fields.Word(PROGRAMS, attribute="code")
    name = fields.Text()
    summary = fields.Text()
    agency = fields.Text()
    available = fields.Flag(attribute="open")
    requires = fields.Texts(fields.Word(PROGRAMS))
    requirements = fields.Many(RequirementAnswer)
    consents = fields.Texts()
    needs_email = fields.Flag()
    gives = fields.Texts()
    who = fields.Texts()
    who_sources = fields.Texts()
    cost = fields.Text()
    cost_source = fields.Text()
    steps = fields.Texts()
    documents = fields.Many(DocumentAnswer)
    term = fields.One(TermAnswer)
    legal = fields.Text()
    referral = fields.One(ReferralAnswer, allow_none=True)
    tariff = fields.One(TariffAnswer, allow_none=True)
    data = fields.Table()
    example = fields.Table()


class ProgramList(fields.ListAnswer):
    """All programs."""

    items = fields.Many(ProgramAnswer)


class PartAnswer(fields.Answer):
    """A part of the sum, and the article or table that it rests on."""

    code = fields.Text()
    name = fields.Text()
    amount = fields.One(fields.MoneyPair)
    legal = fields.Text()


class EstimateAnswer(fields.Answer):
    """What there is to pay: exactly the sum of its parts. ``valid_from``: since when the newest
    table behind it holds; ``exact``: by a published table in force, ``ended_on`` the last day of
    one that was past on that day."""

    program = fields.Word(PROGRAMS)
    exact = fields.Flag()
    ended_on = fields.CalendarDay(allow_none=True)
    why = fields.Text()
    on = fields.CalendarDay()
    valid_from = fields.CalendarDay()
    total = fields.One(fields.MoneyPair)
    parts = fields.Many(PartAnswer)
    notes = fields.Texts()
    sources = fields.Texts()
