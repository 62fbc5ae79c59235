"""What a program of enrollment is made of: words, the form that it asks for, what it gives.

Pages and API are built from these alone: the form and its checks, the answer's `result`, the
OpenAPI document. See docs/add-a-program.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Bilingual(NamedTuple):
    """A text for people, in both languages."""

    es: str
    en: str


class Kind(StrEnum):
    """How something is asked for.

    ``group``: the same fields once for each of several things, such as members of a family.
    """

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    MONEY = "money"
    CHOICE = "choice"
    YES_NO = "yes_no"
    GROUP = "group"


class Choice(NamedTuple):
    """One of the answers to choose from."""

    value: str
    label: Bilingual


@dataclass(frozen=True)
class Field:
    """One thing that is asked for.

    ``most``: characters of a text, the largest number, the members of a group. ``choices`` are
    those of a choice, ``fields`` those of each member of a group, ``currency`` that of money.
    """

    name: str
    kind: Kind
    label: Bilingual
    hint: Bilingual | None = None
    required: bool = True
    most: int = 200
    choices: tuple[Choice, ...] = ()
    fields: tuple[Field, ...] = ()
    currency: str = "MXN"


@dataclass(frozen=True)
class Step:
    """A part of the form under a heading of its own."""

    heading: Bilingual
    fields: tuple[Field, ...]


class Document(NamedTuple):
    """What the applicant needs to have at hand."""

    code: str
    label: Bilingual


@dataclass(frozen=True)
class Form:
    """What the program asks for besides name, birth date, CURP and how to reach the applicant.

    ``privacy`` says who sees it, ``consent`` is the permission to pass it to the agency.
    """

    heading: Bilingual
    introduction: Bilingual
    privacy: Bilingual
    consent: Bilingual
    curp_hint: Bilingual
    documents: tuple[Document, ...] = ()
    steps: tuple[Step, ...] = ()

    @property
    def fields(self) -> tuple[Field, ...]:
        """Those of all steps."""
        return tuple(asked for step in self.steps for asked in step.fields)


class Result(NamedTuple):
    """What the agency gives once the enrollment is active: text or a date (ISO 8601)."""

    name: str
    label: Bilingual
    kind: Kind = Kind.TEXT


@dataclass(frozen=True, eq=False)
class Program:
    """A program. ``agency`` is the code in `integrations.registry` of whoever runs it.

    ``short`` is its name within a sentence, ``summary`` what stands under it in a list.
    ``requires`` are programs that come first. ``reasons`` are the agency's codes for a refusal,
    in words. Without a ``form`` nobody can enter it through us yet.
    """

    code: str
    agency: str
    short: str
    name: Bilingual
    summary: Bilingual | None = None
    form: Form | None = None
    requires: tuple[str, ...] = ()
    results: tuple[Result, ...] = ()
    reasons: Mapping[str, Bilingual] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        """Whether people can ask for it."""
        return self.form is not None

    @property
    def fields(self) -> tuple[Field, ...]:
        """What its form asks for."""
        return self.form.fields if self.form else ()
