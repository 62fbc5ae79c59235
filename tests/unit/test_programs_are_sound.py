"""The programs' data hold together: what is asked, when, and what an agency gives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from flask import Flask
from marshmallow import ValidationError

from consular.input.programs import load_data
from services.enrollments.programs import laws
from services.enrollments.programs.files import OTHER
from services.enrollments.programs.laws import LAWS, citations
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.programs.schema import Bilingual, Field, Kind, Program
from tests.architecture.test_routes_declare_access import app

__all__ = ["app"]

PAGES = [value for name, value in vars(laws).items() if name.endswith("_PAGE")]

EACH = pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
READING = pytest.mark.usefixtures("in_request")
PESOS = {"amount": "12000.00", "currency": "MXN"}
IMSS: dict[str, Any] = {
    "state": "JC", "municipality": "Tlaquepaque", "occupation": "Albañil", "income": PESOS,
    "period": "monthly", "has_family": False,
}  # fmt: skip
ROSA = {"name": "Rosa Demo", "born": "2015-03-02", "kinship": "child"}
HEALTH: dict[str, Any] = {"state": "JC", "municipality": "Tlaquepaque"}


@pytest.fixture
def in_request(app: Flask) -> Iterator[None]:
    """Checks read the clock and the language of a request."""
    with app.test_request_context("/"):
        yield


def _refused(program: str, data: dict[str, Any]) -> dict[str, Any]:
    with pytest.raises(ValidationError) as refused:
        load_data(PROGRAMS[program], data)
    messages: Any = refused.value.messages_dict["data"]
    return dict(messages)


def _all_fields(fields: tuple[Field, ...]) -> Iterator[tuple[Field, ...]]:
    """Fields that are asked for together: those of the form, those of each group."""
    yield fields
    for field in fields:
        if field.kind is Kind.GROUP:
            yield from _all_fields(field.fields)


@EACH
def test_a_condition_names_an_earlier_field_and_one_of_its_answers(program: Program) -> None:
    for fields in _all_fields(program.fields):
        seen: dict[str, Field] = {}
        for field in fields:
            if field.when:
                before = seen[field.when.field]
                answers = {choice.value for choice in before.choices} or {True, False}
                assert field.when.answer in answers
            seen[field.name] = field
        assert len(seen) == len(fields)


@EACH
def test_what_comes_first_is_a_program_and_comes_first(program: Program) -> None:
    order = list(PROGRAMS)
    assert all(order.index(first) < order.index(program.code) for first in program.requires)
    meets = [field.meets for field in program.fields if field.meets]
    assert sorted(meets) == sorted(program.requires)


@EACH
def test_each_says_who_sees_the_data_what_is_needed_and_how_long_it_takes(
    program: Program,
) -> None:
    for text in (*program.form.privacy, *program.form.consent):
        assert re.search(rf"\b{program.agency}\b", text, re.IGNORECASE)
    assert program.form.documents
    assert program.results
    steps = [step.code for step in program.form.steps]
    assert len(set(steps)) == len(steps)


def _refuse_vague(source: str) -> None:
    """A law that we name and what it numbers, or an agency's own page."""
    for law, text in citations(source):
        if law:
            assert law in LAWS
            assert text[:1].isdigit(), source
        else:
            assert text in PAGES, source


@EACH
def test_each_requirement_document_and_term_has_its_source(program: Program) -> None:
    assert program.guide.who
    for statement in (*program.guide.who, program.guide.cost):
        _refuse_vague(statement.source)
    for document in (*program.form.documents, OTHER):
        _refuse_vague(document.source)
    for source in (*program.requires.values(), program.term.source, program.guide.legal):
        _refuse_vague(source)


def test_each_tariff_has_sources_for_its_parts_and_its_numbers() -> None:
    on = date(2026, 11, 26)
    asked: dict[str, dict[str, Any]] = {
        "imss": {"income": PESOS, "zone": "border", "risk": "high", "period": "monthly"},
        "imss_family_health": {"members": [{"age": 5}]},
        "infonavit": {"income": PESOS, "period": "monthly"},
    }
    assert list(asked) == [code for code, program in PROGRAMS.items() if program.tariff]
    for code, answers in asked.items():
        tariff = PROGRAMS[code].tariff
        assert tariff is not None
        estimate = tariff.work_out(answers, on)
        assert all(estimate.sources)
        for part in estimate.parts:
            _refuse_vague(part.legal)


def test_a_source_is_a_law_with_its_articles_or_a_page() -> None:
    assert citations("CFF 27; RMF 2026 2.4.10-XII, ficha 3/CFF") == [
        ("CFF", "27"),
        ("RMF 2026", "2.4.10-XII, ficha 3/CFF"),
    ]
    assert citations(PAGES[0]) == [("", PAGES[0])]
    for vague in ("", "LSS", "LSS article 13", "memory", "imss.example"):
        with pytest.raises(AssertionError):
            _refuse_vague(vague)


def _asked_of_both(program: Program) -> Iterator[Bilingual]:
    """What the form says to whoever fills it in: the person, or an officer for them."""
    for step in program.form.steps:
        yield step.heading
    for fields in _all_fields(program.fields):
        for field in fields:
            yield from (text for text in (field.label, field.hint) if text)
            yield from (choice.label for choice in field.choices)
    for document in (*program.form.documents, OTHER):
        yield from (text for text in (document.label, document.file) if text)


# An order to whoever holds the pen ("Escríbelo así") is right for both.
_WHOSE = re.compile(
    r"\b(tu|tus|tú|te|ti|mi|mis|yo|mí|tienes|ganas|trabajas|quieres|vas|pediste|puedes"
    r"|you|your|yours|my|mine|myself|me)\b",
    re.IGNORECASE,
)


@EACH
def test_a_form_names_things_without_saying_whose_they_are(program: Program) -> None:
    assert _WHOSE.search("Tu CURP")
    for text in _asked_of_both(program):
        for words in text:
            assert not _WHOSE.search(words), words


@READING
def test_family_is_asked_for_only_where_there_is_one() -> None:
    assert load_data(PROGRAMS["imss"], IMSS) == IMSS
    assert "family" in _refused("imss", {**IMSS, "family": [ROSA]})
    assert "family" in _refused("imss", {**IMSS, "has_family": True})
    whole = {**IMSS, "has_family": True, "family": [ROSA]}
    assert load_data(PROGRAMS["imss"], whole) == whole


@READING
def test_an_illness_is_named_only_by_whoever_has_it() -> None:
    well, ill = {**ROSA, "ill": False}, {**ROSA, "ill": True}
    assert load_data(PROGRAMS["imss_family_health"], {**HEALTH, "members": [well]})
    for member in (ill, {**well, "illness": "Asma"}):
        refused = _refused("imss_family_health", {**HEALTH, "members": [well, member]})
        assert list(refused["members"][1]) == ["illness"]
    named = {**HEALTH, "members": [{**ill, "illness": "Asma"}]}
    assert load_data(PROGRAMS["imss_family_health"], named) == named


@READING
@pytest.mark.parametrize(
    ("field", "written", "kept"),
    [
        ("nss", "12345678903", "12345678903"),
        ("nss", "12-34-56-7890-3", "12345678903"),
        ("nss", "39806201015", None),
        ("nss", "1234567890", None),
        ("rfc", "gode561231gr8", "GODE561231GR8"),
        ("rfc", "GODE-561231-GR8", "GODE561231GR8"),
        # About one real RFC in seventy has another check digit.
        ("rfc", "GODE561231GR9", "GODE561231GR9"),
        ("rfc", "MAB9307148T4", None),
        ("rfc", "GODE561231", None),
    ],
)
def test_a_number_is_read_as_people_write_it(field: str, written: str, kept: str | None) -> None:
    data = {**IMSS, field: written}
    if kept is None:
        assert list(_refused("imss", data)) == [field]
    else:
        assert load_data(PROGRAMS["imss"], data)[field] == kept


@READING
def test_answers_to_a_question_of_the_agency_need_not_be_whole() -> None:
    assert load_data(PROGRAMS["imss"], {"family": [ROSA]}, partial=True) == {"family": [ROSA]}
