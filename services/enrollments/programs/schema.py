"""What a program of enrollment is made of: words, the form that it asks for, what it gives.

Pages and API are built from these alone: the form and its checks, the answer's `result`, the
OpenAPI document. See docs/add-a-program.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from services.enrollments.rules import CONSENT, SENSITIVE_CONSENT
from services.enrollments.tariffs.tables import ended
from services.kernel.money import Money
from services.kernel.questionnaires import Bilingual, Choice, Field, Kind, Question, When

__all__ = ["Bilingual", "Choice", "Field", "Kind", "Question", "When"]


@dataclass(frozen=True)
class Step:
    """A page of the form under a heading of its own; ``code`` stands in the page's address."""

    code: str
    heading: Bilingual
    fields: tuple[Field, ...]

    def is_asked(self, answers: Mapping[str, Any]) -> bool:
        """Whether any of its fields may be asked for, given the answers of the pages before."""
        own = {field.name for field in self.fields}
        return any(
            field.is_asked(answers) or (field.when is not None and field.when.field in own)
            for field in self.fields
        )


class Sourced(NamedTuple):
    """A statement, and the law or official page that it rests on (`programs.laws`)."""

    text: Bilingual
    source: str


class Document(NamedTuple):
    """What the applicant needs to have at hand, and the law or official page that asks for it.
    ``file``: what a photo or PDF of it should look like, where one can be sent."""

    code: str
    label: Bilingual
    source: str
    file: Bilingual | None = None


@dataclass(frozen=True)
class Form:
    """What the program asks for besides name, birth date, CURP and how to reach the applicant.

    ``privacy`` says who sees it, ``consent`` is the permission to pass it to the agency,
    ``sensitive`` the express one that data on health and the like need besides (LGPDPPSO 7, 15).
    ``needs_email``: the agency answers by e-mail.
    """

    heading: Bilingual
    introduction: Bilingual
    privacy: Bilingual
    consent: Bilingual
    curp_hint: Bilingual
    documents: tuple[Document, ...] = ()
    steps: tuple[Step, ...] = ()
    sensitive: Bilingual | None = None
    needs_email: bool = False

    @property
    def fields(self) -> tuple[Field, ...]:
        """Those of all steps."""
        return tuple(field for step in self.steps for field in step.fields)

    @property
    def consents(self) -> tuple[str, ...]:
        """Codes of the permissions that a request must come with."""
        return (CONSENT, SENSITIVE_CONSENT) if self.sensitive else (CONSENT,)


class Result(NamedTuple):
    """What the agency gives once the enrollment is active: text or a date (ISO 8601)."""

    name: str
    label: Bilingual
    kind: Kind = Kind.TEXT


class Unit(StrEnum):
    """The unit in which a term is counted."""

    WORKING_DAYS = "working_days"
    MONTHS = "months"


class Term(NamedTuple):
    """How long the agency may take, and the article that says so."""

    length: int
    unit: Unit
    source: str


# Where no rule of the program says otherwise; silence then means no (LFPA 17).
BY_DEFAULT = Term(3, Unit.MONTHS, "LFPA 17")


class Appeal(NamedTuple):
    """How to appeal against a no: the appeal's name, how it is made, within how many working days
    (None where no text was found that says so), and the articles."""

    name: Bilingual
    how: Bilingual
    working_days: int | None
    source: str


# Against whatever ends a procedure, unless the agency's own law has its own appeal.
REVIEW = Appeal(
    Bilingual("Recurso de revisión", "Review (recurso de revisión)"),
    Bilingual(
        "Por escrito, ante la misma dependencia que decidió. Tu consulado te puede orientar.",
        "In writing, to the same agency that decided. Your consulate can guide you.",
    ),
    15,
    "LFPA 83, 85, 86",
)


class Referral(NamedTuple):
    """What looks like the program and isn't asked for here: how to do it, and where."""

    heading: Bilingual
    steps: tuple[Bilingual, ...]
    link: str


@dataclass(frozen=True)
class Guide:
    """The program in plain words, for whoever wonders whether to ask for it.

    ``gives``: what one has in the end; ``who``: who can ask; ``cost`` in words; ``next_steps``:
    what happens after the request, in order; ``legal``: the articles that it rests on.
    """

    gives: tuple[Bilingual, ...]
    who: tuple[Sourced, ...]
    cost: Sourced
    next_steps: tuple[Bilingual, ...]
    legal: str
    referral: Referral | None = None


class Part(NamedTuple):
    """A part of what is to be paid, and the article or table that it rests on."""

    code: str
    name: Bilingual
    amount: Money
    legal: str


@dataclass(frozen=True)
class Estimate:
    """What there is to pay: exactly the sum of its parts. ``valid_from``: since when the newest
    table behind it holds; ``notes``: what was assumed."""

    parts: tuple[Part, ...]
    valid_from: date
    sources: tuple[str, ...]
    notes: tuple[Bilingual, ...] = ()

    @property
    def total(self) -> Money:
        """The sum of the parts."""
        first, *rest = (part.amount for part in self.parts)
        return sum(rest, first)


@dataclass(frozen=True)
class Tariff:
    """What the program costs. ``fields`` is what its calculator asks for, ``work_out`` makes of the
    answers what is to be paid on a day. ``table``: the published one that it follows to the peso;
    none for an estimate. ``why`` says how far the sum can be relied on, ``what`` names it.
    ``of_request``: the calculator's answers, from a request's data, where they tell."""

    table: str | None
    what: Bilingual
    why: Bilingual
    fields: tuple[Field, ...]
    work_out: Callable[[Mapping[str, Any], date], Estimate]
    of_request: Callable[[Mapping[str, Any], date], Mapping[str, Any]] | None = None

    def ended(self, on: date) -> date | None:
        """The last day of the published table, where it is past and none is known since. Raises
        TariffUnknown."""
        return ended(self.table, on) if self.table else None

    def is_exact(self, on: date) -> bool:
        """Whether the sum is that of a published table in force. Raises TariffUnknown."""
        return self.table is not None and self.ended(on) is None


@dataclass(frozen=True, eq=False)
class Program:
    """A program. ``agency`` is the code in `integrations.registry` of whoever runs it.

    ``short`` is its name within a sentence, ``summary`` what stands under it in a list.
    ``requires`` are programs that come first, each with its source. ``reasons`` are the agency's
    codes for a refusal, in words. While ``announced`` nobody can enter it through us yet.
    """

    code: str
    agency: str
    short: Bilingual
    name: Bilingual
    summary: Bilingual
    form: Form
    guide: Guide
    term: Term = BY_DEFAULT
    questions: tuple[Question, ...] = ()
    tariff: Tariff | None = None
    requires: Mapping[str, str] = field(default_factory=dict)
    results: tuple[Result, ...] = ()
    reasons: Mapping[str, Bilingual] = field(default_factory=dict)
    appeal: Appeal = REVIEW
    announced: bool = False
    paid_by_transfer: bool = False

    @property
    def open(self) -> bool:
        """Whether people can ask for it."""
        return not self.announced

    @property
    def fields(self) -> tuple[Field, ...]:
        """What its form asks for."""
        return self.form.fields

    @property
    def sources(self) -> tuple[str, ...]:
        """What its requirements, documents, cost and term rest on."""
        return (
            self.guide.legal,
            self.guide.cost.source,
            self.term.source,
            *self.requires.values(),
            *(statement.source for statement in self.guide.who),
            *(document.source for document in self.form.documents),
        )
