"""Why an agency says no has words and a next step, and what it asks for has a place."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

import pytest

from integrations.contracts import Remedy
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.remedies import NEXT_STEPS, find_remedy
from services.enrollments.rules import Status, applicant_fields
from services.enrollments.words import DOCUMENTS, REASONS

RUNNING = sorted({program.agency for program in PROGRAMS.values()})


def _reasons(agency: str) -> Iterator[str]:
    """Of a request that was taken in, or that wasn't for a reason that is about the applicant."""
    codes = import_module(f"integrations.{agency}.codes")
    yield from codes.REASONS.values()
    for code, remedy in codes.REMEDIES.items():
        if remedy is not Remedy.OURS:
            yield code


@pytest.mark.parametrize("agency", RUNNING)
def test_each_reason_of_an_agency_has_a_next_step(agency: str) -> None:
    assert set(_reasons(agency)) - set(NEXT_STEPS) == set()


@pytest.mark.parametrize("agency", RUNNING)
def test_each_reason_of_an_agency_has_words(agency: str) -> None:
    ours = {*REASONS}
    for program in PROGRAMS.values():
        if program.agency == agency:
            ours |= set(program.reasons)
    assert set(_reasons(agency)) - {"other"} - ours == set()


@pytest.mark.parametrize("program", sorted(PROGRAMS))
def test_each_no_of_a_program_says_what_to_do_next(program: str) -> None:
    for reason in PROGRAMS[program].reasons:
        remedy = find_remedy(PROGRAMS[program], Status.REJECTED, reason)
        assert remedy is not None
        assert remedy.next_step == NEXT_STEPS[reason]


@pytest.mark.parametrize("agency", RUNNING)
def test_whatever_an_agency_asks_for_has_a_place(agency: str) -> None:
    """A field of the applicant or of its programs, or a document by the name it has everywhere."""
    programs = [program for program in PROGRAMS.values() if program.agency == agency]
    known = {field.name for program in programs for field in program.fields} | set(DOCUMENTS)
    for program in PROGRAMS.values():
        known |= {each.code for each in program.form.documents} if program.form else set()
    asked = set(import_module(f"integrations.{agency}.codes").REQUESTED.values())
    assert {name for name in asked if not applicant_fields([name])} - known == set()
