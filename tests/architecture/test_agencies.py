"""An agency is one record, and comes with words, a simulator and a test of its contract."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from integrations.registry import AGENCIES, Agency
from tests.architecture.source import ROOT

INTEGRATIONS = ROOT / "integrations"
EACH = pytest.mark.parametrize("agency", AGENCIES.values(), ids=AGENCIES)


def folder(agency: Agency) -> str:
    return agency.client.__module__.split(".")[1]


def test_every_adapter_belongs_to_a_registered_agency() -> None:
    adapters = {path.parent.name for path in INTEGRATIONS.glob("*/README.md")} - {"simulator"}
    assert adapters == {folder(agency) for agency in AGENCIES.values()}


@EACH
def test_an_agency_has_a_page_of_words(agency: Agency) -> None:
    text = (INTEGRATIONS / folder(agency) / "README.md").read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert len(text.split()) > 60


@EACH
def test_an_agency_is_played_by_the_simulator(agency: Agency) -> None:
    assert (INTEGRATIONS / "simulator" / f"{agency.code}.py").is_file()
    assert agency.client.agency == agency.code


@EACH
def test_an_agency_is_met_in_the_tests(agency: Agency) -> None:
    tests = [file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("*.py")]
    assert any(f"integrations.{folder(agency)}" in text for text in tests)


# Where a code may stand besides the registry: the agencies' folders and simulators, what a
# program's data name, and the contract's examples.
FOLDERS = "|".join(sorted({folder(agency) for agency in AGENCIES.values()}))
OWN = re.compile(rf"integrations/({FOLDERS}|simulator)/|registry\.py$")
NAMED = re.compile(r"services/enrollments/programs/\w+\.py|consular/api/examples\.py")
# Codes that are other words too, and what they are then.
OTHER_WORDS = {
    "infonavit": "a program",
    "ine": "a service of the catalog",
    "notices": "a field of forms, and a queue",
    "llavemx": "how an account was signed in to, as it is stored",
}


@pytest.mark.parametrize("code", sorted(set(AGENCIES) - set(OTHER_WORDS)))
def test_an_agency_is_listed_once(code: str) -> None:
    def names_it(file: Path) -> bool:
        return f'"{code}"' in file.read_text(encoding="utf-8")

    files = (
        file
        for top in ("consular", "services", "integrations", "workers")
        for file in (ROOT / top).rglob("*.py")
    )
    listed = {file.relative_to(ROOT).as_posix() for file in files if names_it(file)}
    assert [path for path in listed if not (OWN.search(path) or NAMED.fullmatch(path))] == []
