"""An agency and its program, added to a copy of the tree by what docs/ ask for, are all there.

The copy is another directory, which other processes run, so that nothing can be replaced in them: a
place besides the documented ones where an agency had to be listed would be missing there.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from filecmp import cmp
from pathlib import Path

import httpx
import pytest

from tests.architecture.source import ROOT
from tests.factories.enrollments import applicant_body
from tests.factories.instance import Instance, running_instance

ADDITIONS = Path(__file__).parent / "additions"
FOLDER = "integrations/fonart/"
# Line before -> line that is added after it.
AGENCY_LINES = {
    "integrations/registry.py": {
        "from integrations.finabien.client import FinabienClient": (
            "from integrations.fonart.client import FonartClient"
        ),
        '        Agency("imss", "IMSS", Purpose.ENROLLMENT, ImssClient),': (
            '        Agency("fonart", "FONART", Purpose.ENROLLMENT, FonartClient),'
        ),
    },
}
PROGRAM_LINES = {
    "services/enrollments/programs/registry.py": {
        "from __future__ import annotations": (
            "from services.enrollments.programs.artisan import ARTISAN"
        ),
    },
}
SETTINGS = {"`_IMSS_URL`,": "`_FONART_URL`,", "`_IMSS_TOKEN`,": "`_FONART_TOKEN`,"}
AGENCY = {
    "integrations/registry.py",
    "integrations/simulator/fonart.py",
    "tests/integrations/test_fonart.py",
    "deploy/README.md",
}
PROGRAM = {
    "services/enrollments/programs/artisan.py",
    "services/enrollments/programs/registry.py",
    f"{FOLDER}wire.py",
}


def _tracked() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def _compiled(file: Path) -> Iterator[Path]:
    """What Python keeps of a module: good for a copy of the same time and size too."""
    if file.suffix == ".py":
        yield from (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc")


def _put_after(file: Path, lines: dict[str, str], between: str) -> None:
    text = file.read_text(encoding="utf-8")
    for before, added in lines.items():
        assert text.count(before) == 1, before
        text = text.replace(before, f"{before}{between}{added}")
    file.write_text(text, encoding="utf-8")


def _add_to(copy: Path) -> None:
    shutil.copytree(
        ADDITIONS, copy, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
    )
    for name, lines in {**AGENCY_LINES, **PROGRAM_LINES}.items():
        _put_after(copy / name, lines, "\n")
    _put_after(
        copy / "services/enrollments/programs/registry.py", {"for program in (": "ARTISAN,"}, ""
    )
    _put_after(copy / "deploy" / "README.md", SETTINGS, " ")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree with an agency and its program; what was compiled before needn't be again."""
    copy = tmp_path_factory.mktemp("copy")
    for name in _tracked():
        if not (ROOT / name).is_relative_to(ADDITIONS):
            for file in (ROOT / name, *_compiled(ROOT / name)):
                to = copy / file.relative_to(ROOT)
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file, to)
    _add_to(copy)
    return copy


@pytest.fixture(scope="module")
def instance(copy: Path) -> Iterator[Instance]:
    """What `consular up` starts of the copy."""
    with running_instance(copy) as instance:
        yield instance


def _documented(row: str) -> int:
    """How many files the table of docs/adding.md says that an addition touches."""
    table = (ROOT / "docs" / "adding.md").read_text(encoding="utf-8")
    [count] = re.findall(rf"^\| {row} \| (\d+)", table, re.MULTILINE)
    return int(count)


def test_only_the_documented_files_are_touched(copy: Path) -> None:
    files = {
        file.relative_to(copy).as_posix()
        for file in copy.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    changed = {
        name
        for name in files
        if not (ROOT / name).exists() or not cmp(ROOT / name, copy / name, shallow=False)
    }
    own = {name for name in changed if name.startswith(FOLDER)}
    assert changed - own == AGENCY | PROGRAM - own
    assert len(AGENCY) <= _documented("an agency")
    assert len(PROGRAM) <= _documented("a program of enrollment")


def test_tests_of_all_agencies_and_programs_take_it_up(copy: Path) -> None:
    files = [
        "tests/architecture/test_agencies.py",
        "tests/integrations/test_fonart.py",
        "tests/integrations/test_contracts_are_as_written.py",
        "tests/unit/test_programs_are_sound.py",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-k", "fonart or artisan", *files],
        cwd=copy, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


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
def test_its_program_has_a_guide_a_check_of_who_can_and_a_form(instance: Instance) -> None:
    for address, said in (
        ("/inscripciones", "Credencial de artesano"),
        ("/inscripciones/artisan", "Quien hace artesanía."),
        ("/inscripciones/artisan/puedo", "CURP"),
    ):
        page = httpx.get(f"{instance.url}{address}")
        assert (page.status_code, said in page.text) == (200, True), address
    items = instance.api("citizen").get("/programs").json()["items"]
    [artisan] = [item for item in items if item["program"] == "artisan"]
    assert set(artisan["data"]["properties"]) == {"craft"}


@pytest.mark.slow
def test_a_request_waits_while_it_is_away_and_ends_with_its_number(instance: Instance) -> None:
    faults = f"{instance.simulator}/_simulator/faults/fonart"
    httpx.put(faults, json={"unavailable_rate": 1}).raise_for_status()
    assert "fonart" in httpx.get(f"{instance.simulator}/_simulator/").text
    citizen = instance.api("citizen")
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
