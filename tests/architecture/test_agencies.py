"""An agency comes with what is known of it in words, a simulator, and a test of its contract."""

from __future__ import annotations

import pytest

from tests.architecture.source import ROOT

INTEGRATIONS = ROOT / "integrations"
AGENCIES = sorted(
    folder.name
    for folder in INTEGRATIONS.iterdir()
    if (folder / "__init__.py").exists() and folder.name != "simulator"
)
# Agency -> modules of integrations/simulator that play it, where the name differs.
PLAYED_BY = {"identity": ("llavemx", "oidc"), "rates": ("banxico",)}


def test_agencies_are_found() -> None:
    assert {"finabien", "sat", "identity", "rates", "notices"} <= set(AGENCIES)


@pytest.mark.parametrize("agency", AGENCIES)
def test_an_agency_has_a_page_of_words(agency: str) -> None:
    text = (INTEGRATIONS / agency / "README.md").read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert len(text.split()) > 60


@pytest.mark.parametrize("agency", AGENCIES)
def test_an_agency_is_played_by_the_simulator(agency: str) -> None:
    for name in PLAYED_BY.get(agency, (agency,)):
        assert (INTEGRATIONS / "simulator" / f"{name}.py").is_file()


@pytest.mark.parametrize("agency", AGENCIES)
def test_an_agency_is_met_in_the_tests(agency: str) -> None:
    tests = [file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("*.py")]
    assert any(f"integrations.{agency}" in text for text in tests)
