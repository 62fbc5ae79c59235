"""What is asked of a person, whatever for: the fields of a form, and questions before it.

Pages and API are built from these: a field's check, its place in the OpenAPI document, its words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple


class Bilingual(NamedTuple):
    """A text for people, in both languages."""

    es: str
    en: str

    def read_in(self, language: str) -> str:
        """The text for who reads ``language``: Spanish but for readers of English."""
        return self.en if language == "en" else self.es


class Kind(StrEnum):
    """How something is asked for.

    ``date`` is of our days, ``birth_date`` of any living person's. ``group``: the same fields once
    for each of several things, such as members of a family.
    """

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    BIRTH_DATE = "birth_date"
    MONEY = "money"
    CHOICE = "choice"
    YES_NO = "yes_no"
    CURP = "curp"
    RFC = "rfc"
    NSS = "nss"
    GROUP = "group"


class Choice(NamedTuple):
    """One of the answers to choose from."""

    value: str
    label: Bilingual


class When(NamedTuple):
    """A field is asked for only where an earlier one of the same form, or member of a group, has
    that answer: a choice's value, True or False."""

    field: str
    answer: str | bool


@dataclass(frozen=True)
class Field:
    """A question of a form and how it is answered.

    ``most``: characters of a text, the largest number, the members of a group. ``choices`` are
    those of a choice, ``fields`` those of each member of a group, ``currency`` that of money.
    ``meets``: the required program whose outcome this is, for whoever has it already.
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
    when: When | None = None
    meets: str | None = None

    def asks_the_same(self, other: Field) -> bool:
        """Whether an answer to one answers the other, whatever the words around it."""
        return (self.name, self.kind, self.most, self.currency) == (
            other.name,
            other.kind,
            other.most,
            other.currency,
        ) and (self.choices, self.fields) == (other.choices, other.fields)

    def is_asked(self, answers: Mapping[str, Any]) -> bool:
        """Whether the field is asked for, given the answers before it."""
        return self.when is None or answers.get(self.when.field) == self.when.answer


class Question(NamedTuple):
    """Something to be answered with yes or no by whoever wonders whether they can.

    Whoever answers ``advised_on`` is told ``advice``, and it ``ends`` there, or goes on. What may
    help: another ``program``, other ``services``, an appointment at an ``office``, or the
    guide's referral.
    """

    text: Bilingual
    advised_on: bool
    advice: Bilingual
    hint: Bilingual | None = None
    ends: bool = True
    program: str | None = None
    office: bool = False
    referred: bool = False
    services: tuple[str, ...] = ()
