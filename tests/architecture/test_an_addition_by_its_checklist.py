"""An agency, its program, a page, an indicator and a status, added to a copy of the tree by what
docs/ ask for (`tests/architecture/adding.py`), are all there.

The copy is another directory, which other processes run, so that nothing can be replaced in them: a
place besides the documented ones where one of them had to be listed would be missing there.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from filecmp import cmp
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.architecture.adding import BESIDES, FOLDER, TOUCHED, copy_with_additions
from tests.architecture.source import ROOT
from tests.factories.enrollments import applicant_body
from tests.factories.instance import Instance, running_instance
from tests.factories.remittances import make_clabe

# Tests of all agencies, programs, pages, statuses and database functions, and the agency's own.
TESTS = (
    "tests/architecture/test_agencies.py",
    "tests/architecture/test_database_functions.py",
    "tests/architecture/test_migrations.py",
    "tests/architecture/test_routes_declare_access.py",
    "tests/architecture/test_statuses.py",
    "tests/architecture/test_statuses_have_words.py",
    "tests/integrations/test_contracts_are_as_written.py",
    "tests/integrations/test_fonart.py",
    "tests/unit/test_programs_are_sound.py",
)
CHOSEN = (
    "fonart or artisan or declares_who or test_statuses.py or remittances.st or in_the_catalogue"
    " or installed_again or numbered"
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree with all additions."""
    copy = tmp_path_factory.mktemp("copy")
    copy_with_additions(copy)
    return copy


@pytest.fixture(scope="module")
def run(copy: Path) -> Iterator[subprocess.Popen[str]]:
    """The tests of the copy; they run while the instance starts."""
    with subprocess.Popen(
        [sys.executable, "-m", "pytest", "-q", "-k", CHOSEN, *TESTS],
        cwd=copy, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as run:  # fmt: skip
        yield run
        run.kill()


@pytest.fixture(scope="module")
def instance(copy: Path, run: subprocess.Popen[str]) -> Iterator[Instance]:
    """What `consular up` starts of the copy."""
    with running_instance(copy) as instance:
        yield instance


@pytest.fixture(scope="module")
def citizen(instance: Instance) -> httpx.Client:
    """A person's program; closed with the instance."""
    return instance.api("citizen")


@pytest.fixture(scope="module")
def order(citizen: httpx.Client) -> str:
    """The id of a remittance that was ordered as soon as there was a rate."""
    wanted = {
        "send": {"amount": "100.00", "currency": "USD"},
        "funding": "bank_account",
        "payout": "account",
    }
    deadline = time.monotonic() + 60
    while (quoted := citizen.post("/quotes", json=wanted)).status_code != 201:
        assert time.monotonic() < deadline, quoted.text
        time.sleep(0.5)
    recipient = {"given_names": "Rosa", "first_surname": "Demo", "clabe": make_clabe()}
    ordered = citizen.post(
        "/remittances",
        json={"quote": quoted.json()["id"], "recipient": recipient},
        headers={"Idempotency-Key": "an order"},
    )
    assert ordered.status_code == 202, ordered.text
    return str(ordered.json()["id"])


def test_only_the_documented_files_are_touched(copy: Path) -> None:
    files = {
        file.relative_to(copy).as_posix()
        for file in copy.rglob("*")
        if file.is_file() and not {"__pycache__", ".pytest_cache"} & {*file.parts}
    }
    changed = {
        name
        for name in files
        if not (ROOT / name).exists() or not cmp(ROOT / name, copy / name, shallow=False)
    }
    said = set().union(*TOUCHED.values(), *BESIDES.values())
    assert {name for name in changed ^ said if not name.startswith(FOLDER)} == set()


@pytest.mark.parametrize("row", TOUCHED)
def test_a_row_says_how_many_files_are_touched(row: str) -> None:
    table = (ROOT / "docs" / "adding.md").read_text(encoding="utf-8")
    [(count, besides)] = re.findall(rf"^\| {row} \| (\d+)([^|]*)", table, re.MULTILINE)
    assert (len(TOUCHED[row]), bool(BESIDES.get(row))) == (int(count), "English" in besides)


@pytest.mark.slow
def test_the_doctor_knocks_at_it_and_it_is_conformant(instance: Instance) -> None:
    assert re.search(r"ok +Agency FONART: .*/fonart answers", instance.consular("doctor"))
    token = instance.value("CONSULAR_FONART_TOKEN")
    said = instance.consular(
        "conformance", f"{instance.simulator}/fonart", "--agency", "fonart", "--secret", token
    )
    assert "BREACH" not in said
    assert "Grade A" in said


@pytest.mark.slow
def test_its_program_has_a_guide_a_check_of_who_can_and_a_form(
    instance: Instance, citizen: httpx.Client
) -> None:
    for address, said in (
        ("/inscripciones", "Credencial de artesano"),
        ("/inscripciones/artisan", "Quien hace artesanía."),
        ("/inscripciones/artisan/puedo", "CURP"),
    ):
        _page_says(instance, address, said)
    items = citizen.get("/programs").json()["items"]
    [artisan] = [item for item in items if item["program"] == "artisan"]
    assert set(artisan["data"]["properties"]) == {"craft"}


@pytest.mark.slow
def test_a_request_waits_while_it_is_away_and_ends_with_its_number(
    instance: Instance, citizen: httpx.Client
) -> None:
    faults = f"{instance.simulator}/_simulator/faults/fonart"
    httpx.put(faults, json={"unavailable_rate": 1}).raise_for_status()
    assert "fonart" in httpx.get(f"{instance.simulator}/_simulator/").text
    body = {
        "program": "artisan",
        "applicant": applicant_body(),
        "data": {"craft": "Alfarería"},
        "consents": ["transfer_to_agency"],
    }
    asked = citizen.post("/enrollments", json=body)
    assert asked.status_code == 202, asked.text
    path = f"/enrollments/{asked.json()['id']}"
    time.sleep(1.5)
    assert citizen.get(path).json()["status"] in ("received", "sent_to_agency")
    httpx.delete(faults).raise_for_status()
    deadline = time.monotonic() + 60
    while (found := citizen.get(path).json())["status"] != "active":
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
    assert re.fullmatch(r"A\d{8}", found["result"]["credential"])
    effects = f"{instance.simulator}/_simulator/effects"
    items = httpx.get(effects, params={"agency": "fonart"}).json()["items"]
    assert {item["effects"] for item in items} == {1}


@pytest.mark.slow
def test_the_page_is_served_in_both_languages(instance: Instance) -> None:
    _page_says(instance, "/artesania", "<h1>Oficios de artesanía</h1>")
    _page_says(instance, "/artesania?lang=en", "<h1>Crafts</h1>")


@pytest.mark.slow
def test_what_happens_is_counted_by_the_indicator(
    instance: Instance, citizen: httpx.Client, order: str
) -> None:
    analyst = instance.api("analyst")
    address = "/monitoring/indicators/claimed_errors"
    assert analyst.get(address).json()["rows"] == []
    claimed = citizen.post(f"/remittances/{order}/disputes", json={"kind": "not_received"})
    assert claimed.status_code == 201, claimed.text
    counted = analyst.get(address, params={"by": "status"}).json()
    assert [(row["status"], row["value"]) for row in counted["rows"]] == [("received", 1)]
    with httpx.Client(follow_redirects=True) as browser:
        sign_in = browser.get(f"{instance.url}/login/personal")
        browser.post(sign_in.url, data={"persona": "demo-analyst"}).raise_for_status()
        page = browser.get(f"{instance.url}/monitoring/indicators/claimed_errors?lang=en").text
    assert "<h1>Transfers with a claimed error</h1>" in page


@pytest.mark.slow
def test_the_status_is_of_the_contract_and_the_database_takes_its_steps_alone(
    instance: Instance, citizen: httpx.Client
) -> None:
    listed = citizen.get("/remittances", params={"status": "verifying"})
    assert (listed.status_code, listed.json()["items"]) == (200, [])
    document = httpx.get(f"{instance.url}/api/openapi.json").json()
    asked = document["paths"]["/api/v1/remittances"]["get"]["parameters"]
    [statuses] = [each["schema"]["enum"] for each in asked if each["name"] == "status"]
    assert "verifying" in statuses
    allowed = (
        "SELECT remittance_step_allowed('funded', 'verifying'),"
        " remittance_step_allowed('verifying', 'screening'),"
        " remittance_step_allowed('registered', 'verifying'),"
        " (SELECT pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conname = 'ck_remittances_status')"
    )
    with psycopg.connect(instance.value("DATABASE_OWNER_URL")) as database:
        row = database.execute(allowed).fetchone()
    assert row is not None
    assert row[:3] == (True, True, False)
    assert "'verifying'" in row[3]


def test_tests_of_the_copy_take_all_of_it_up(run: subprocess.Popen[str]) -> None:
    said, _ = run.communicate(timeout=300)
    assert run.returncode == 0, said


def _page_says(instance: Instance, address: str, said: str) -> None:
    page = httpx.get(f"{instance.url}{address}", follow_redirects=True)
    assert (page.status_code, said in page.text) == (200, True), address
