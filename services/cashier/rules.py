"""What is charged for a service: the price of the list, less or plus what the law says for a case.

Pure. The amounts of a year come from `services.consulates.queries.fees_on`; the cases below stand
in the Ley Federal de Derechos (LFD), text with its last reform DOF 19-12-2024. A share is always
one of the price of the list: who pays half pays the whole surcharge of an emergency.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from services.consulates.rules import round_pesos
from services.kernel.errors import Invalid
from services.kernel.money import Money, percent_half_up


class Kind(StrEnum):
    """What a line does to the price of the list. A difference is what was charged besides all
    rules: its ground, or that there is none, is looked at when the day's cash is counted."""

    DISCOUNT = "discount"
    EXEMPTION = "exemption"
    SURCHARGE = "surcharge"
    DIFFERENCE = "difference"


# Where a document's number is sealed.
DOCUMENT_PLACE = "services_rendered.document"


class Means(StrEnum):
    """How somebody paid; an API client may leave it out."""

    CASH = "cash"
    CARD = "card"
    MONEY_ORDER = "money_order"
    TRANSFER = "transfer"
    NOT_TOLD = "not_told"


class Act(StrEnum):
    """What was done within a service."""

    FIRST_ISSUE = "first_issue"
    RENEWAL = "renewal"
    REPLACEMENT = "replacement"
    REGISTRATION = "registration"
    COPY = "copy"
    ADVICE = "advice"
    COLLECTION = "collection"


@dataclass(frozen=True)
class Case:
    """Somebody pays ``percent`` of the price less, or more, for one of ``services``. ``from_age``:
    full years, by the birth date of the document."""

    code: str
    kind: Kind
    percent: int
    article: str
    services: frozenset[str]
    from_age: int | None = None
    first_year: int = 2023

    def applies(self, service: str, day: date) -> bool:
        """Whether the law has this case for the service on that day."""
        return day.year >= self.first_year and service in self.services


_ORDINARY = frozenset({"PAS1", "PAS3", "PAS6", "PAS10"})
_UP_TO_SIX_YEARS = _ORDINARY - {"PAS10"}
# Services of LFD 22 and 23, of which art. 24 speaks; passports have an article of their own.
_CONSULAR = frozenset({
    "RCM", "LEG", "VISO", "VISL", "MAT", "PSI", "ACT", "CPP", "MEM", "MEE",
    "RDH", "POF", "POM", "TES", "SUB", "PPT", "COT",
})  # fmt: skip
# ``first_year`` is the first of the amounts that are known; each paragraph is older than that.
CASES = (
    Case("elderly", Kind.DISCOUNT, 50, "LFD 20", _ORDINARY, from_age=60),
    Case("disability", Kind.DISCOUNT, 50, "LFD 20", _ORDINARY),
    Case("farm_worker", Kind.DISCOUNT, 50, "LFD 20", _UP_TO_SIX_YEARS),
    Case("will_of_mexican", Kind.DISCOUNT, 50, "LFD 23", frozenset({"TES"})),
    Case("emergency_passport", Kind.SURCHARGE, 30, "LFD 20", _ORDINARY),
    Case("criminal_matter", Kind.EXEMPTION, 100, "LFD 24-I-a", frozenset({"LEG"})),
    Case("federal_agency", Kind.EXEMPTION, 100, "LFD 24-I-b", frozenset({"LEG"})),
    Case("foreign_student", Kind.EXEMPTION, 100, "LFD 24-I-c", frozenset({"LEG"})),
    Case("indigent_repatriation", Kind.EXEMPTION, 100, "LFD 24-II", _CONSULAR),
    Case("pensioner", Kind.EXEMPTION, 100, "LFD 24-III", _CONSULAR),
    Case("first_birth_copy", Kind.EXEMPTION, 100, "LFD 24-IV", frozenset({"ACT"})),
    Case("death_protection_copy", Kind.EXEMPTION, 100, "LFD 24-IV", frozenset({"ACT"})),
    Case("foreign_service_move", Kind.EXEMPTION, 100, "LFD 24-VI", frozenset({"MEM"})),
    Case("repatriated_move", Kind.EXEMPTION, 100, "LFD 24-VII", frozenset({"MEM"})),
    Case("comparison_for_document", Kind.EXEMPTION, 100, "LFD 24-VIII", frozenset({"COT"})),
    Case("humanitarian_visa", Kind.EXEMPTION, 100, "LFD 22-III", frozenset({"VISO", "VISL"})),
)
BY_CODE: Mapping[str, Case] = {case.code: case for case in CASES}
DIFFERENCE = "difference"


@dataclass(frozen=True)
class Choice:
    """A case that an officer chose, and on what ground: what proves it."""

    code: str
    ground: str | None = None


@dataclass(frozen=True)
class Line:
    """One part of a price, in minor units: negative is less to pay."""

    kind: Kind
    code: str
    minor: int
    article: str | None = None
    ground: str | None = None


@dataclass(frozen=True)
class Price:
    """The price of the list (None when no amount is known) and what changes it."""

    listed: Money | None
    lines: tuple[Line, ...] = ()

    @property
    def total(self) -> Money | None:
        """What is to be paid."""
        if self.listed is None:
            return None
        changed = self.listed.minor + sum(line.minor for line in self.lines)
        return Money(changed, self.listed.currency)


def cases_for(service: str, day: date, *, born: date | None = None) -> list[Case]:
    """The cases that may be chosen for a service; those by age only for who has it, or may."""
    return [
        case for case in CASES if case.applies(service, day) and not _too_young(case, born, day)
    ]


def price(
    listed: Money | None,
    choices: Sequence[Choice],
    *,
    service: str,
    day: date,
    born: date | None = None,
) -> Price:
    """The price with its parts.

    Raises Invalid: "case_unknown", "case_not_for_service", "case_too_young", "cases_exclude" for
    more than one that makes it cheaper, "ground_required", "price_unknown" for a share of none.
    """
    if listed is None and choices:
        raise Invalid("price_unknown", field="cases")
    chosen = [(_case(choice, service, day, born), choice) for choice in choices]
    cheaper = [case for case, _choice in chosen if case.kind is not Kind.SURCHARGE]
    exempt = any(case.kind is Kind.EXEMPTION for case in cheaper)
    twice = len({case.code for case, _choice in chosen}) < len(chosen)
    if len(cheaper) > 1 or twice or (exempt and len(chosen) > 1):
        raise Invalid("cases_exclude", field="cases")
    if listed is None:
        return Price(None)
    return Price(listed, tuple(_line(listed, case, choice) for case, choice in chosen))


def charge(price: Price, charged: Money | None, reason: str | None) -> tuple[Line, ...]:
    """The lines of a price with that of the difference to what was charged, when there is one.

    What was charged is in the currency of the price; nothing told counts as nothing charged.
    """
    expected = price.total
    if expected is None:
        return price.lines
    minor = (charged.minor if charged else 0) - expected.minor
    if minor == 0:
        return price.lines
    return (*price.lines, Line(Kind.DIFFERENCE, DIFFERENCE, minor, ground=reason))


def age_on(born: date, day: date) -> int:
    """Full years on a day."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _case(choice: Choice, service: str, day: date, born: date | None) -> Case:
    case = BY_CODE.get(choice.code)
    if case is None:
        raise Invalid("case_unknown", field="cases")
    if not case.applies(service, day):
        raise Invalid("case_not_for_service", field="cases")
    if _too_young(case, born, day):
        raise Invalid("case_too_young", field="cases", age=case.from_age)
    # An age is proved by the birth date; without one, it is a ground like any other.
    if not (choice.ground or "").strip() and (case.from_age is None or born is None):
        raise Invalid("ground_required", field="ground")
    return case


def _too_young(case: Case, born: date | None, day: date) -> bool:
    return case.from_age is not None and born is not None and age_on(born, day) < case.from_age


def _line(listed: Money, case: Case, choice: Choice) -> Line:
    share = Money(percent_half_up(listed.minor, Decimal(case.percent)), listed.currency)
    minor = round_pesos(share).minor
    signed = minor if case.kind is Kind.SURCHARGE else -minor
    return Line(case.kind, case.code, signed, case.article, choice.ground)
