"""Another system's appointments: each problem by line and column, then all of them or none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from html import unescape
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from consular.cli import commands
from consular.import_command import import_from_command
from consular.uploads import MAX_FIELDS, MOST_TABLE
from services.kernel.db import NETWORK_SCOPE
from tests.factories.staff import Browser, staff_browser
from tests.factories.web import Web, form_with_file, in_letters, weeks_later, working_day

HEAD = "key,date,time,service,given_names,first_surname,birth_date,email"


def _file(*lines: Sequence[str]) -> str:
    return "\n".join([HEAD, *(",".join(line) for line in lines)])


def _line(number: int, **changes: str) -> list[str]:
    values = {
        "key": f"OLD-{number}",
        "date": working_day().isoformat(),
        "time": f"09:{15 * number:02d}",
        "service": "PAS10",
        "given_names": "Ángel",
        "first_surname": f"Prueba {in_letters(number)}",
        "birth_date": "1990-05-12",
        "email": "",
        **changes,
    }
    return list(values.values())


@pytest.fixture
def supervisor(web: Web) -> Browser:
    """Of an office with four times at one desk."""
    web.session()
    return staff_browser(web.app, "supervisor", "losangeles")


def _booked(web: Web) -> int:
    with web.database.transaction(NETWORK_SCOPE) as session:
        return int(session.execute(text("SELECT count(*) FROM appointments")).scalar_one())


def _problems(page: str) -> list[tuple[str, str]]:
    rows = re.findall(r'<th scope="row"[^>]*>(\d+)</th><td>(\w*)</td>', page)
    return [(line, column) for line, column in rows]


def test_every_problem_is_named_and_nothing_is_kept(web: Web, supervisor: Browser) -> None:
    file = _file(
        _line(0),
        _line(1, time="25:00", birth_date="ayer"),
        _line(1, key="OLD-0"),
        _line(2, service="NOSUCH"),
        _line(2, key="OLD-9", time="08:00"),
        _line(3, time="09:00", first_surname="Otra"),
    )
    page = supervisor.send("/desk/import", file=file).text
    assert _problems(page) == [
        ("3", "time"),
        ("3", "birth_date"),
        ("4", "key"),
        ("5", "service"),
        ("6", "time"),
        ("7", "time"),
    ]
    again = supervisor.send("/desk/import", file=file, write="1").text
    assert "Todavía no se trajo ninguna" in again
    assert _booked(web) == 0


def test_a_good_file_is_tried_then_imported_and_imported_again_changes_nothing(
    web: Web, supervisor: Browser
) -> None:
    file = _file(_line(0), _line(1), _line(2))
    assert "Citas nuevas: 3. Traídas antes: 0." in supervisor.send("/desk/import", file=file).text
    assert _booked(web) == 0
    assert "quedaron registradas" in supervisor.send("/desk/import", file=file, write="1").text
    assert _booked(web) == 3
    longer = _file(_line(0), _line(3))
    supervisor.send("/desk/import", file=longer, write="1")
    assert _booked(web) == 4
    assert web.free() == []


def test_the_command_imports_as_the_page_does(web: Web, supervisor: Browser) -> None:
    file = _file(_line(0), _line(1)).replace(",", ";")
    tried = import_from_command(web.settings, file, "losangeles", write=False)
    assert (len(tried.folios), tried.written, _booked(web)) == (2, False, 0)
    kept = import_from_command(web.settings, file, "losangeles", write=True)
    assert (len(kept.folios), kept.written, _booked(web)) == (2, True, 2)
    again = import_from_command(web.settings, file, "losangeles", write=True)
    assert (again.folios, again.known) == ({}, 2)
    [wrong] = import_from_command(web.settings, "clave,hora\n", "losangeles", write=True).problems
    assert (wrong.line, wrong.column) == (1, "clave")


def test_who_books_while_a_file_is_tried_waits_for_no_line_of_another_day(
    web: Web, supervisor: Browser
) -> None:
    """Each day has one place at nine: the first day's is booked while the second's is tried."""
    [later] = weeks_later(1)
    web.session(date=later.isoformat())
    [start, *_others] = [slot["start"] for slot in web.free()]
    lines, statuses = [], []

    @contextmanager
    def counted(_lines: int) -> Iterator[Callable[[], object]]:
        def step() -> None:
            lines.append(1)
            if len(lines) == 2:
                statuses.append(web.book(start, token=web.token("citizen")).status_code)

        yield step

    file = _file(_line(1, time="09:00", date=later.isoformat()), _line(0))
    tried = import_from_command(web.settings, file, "losangeles", write=False, counted=counted)
    assert (len(tried.folios), statuses) == (2, [201])
    # It is found where it is meant to be kept, and then nothing of it is.
    kept = import_from_command(web.settings, file, "losangeles", write=True)
    assert [(wrong.line, wrong.column) for wrong in kept.problems] == [(3, "time")]
    assert _booked(web) == 1


@pytest.mark.parametrize("write", [False, True])
def test_one_person_twice_in_a_file_is_named_on_whatever_days(
    web: Web, supervisor: Browser, write: bool
) -> None:
    """Not where the first of the lines has no place itself."""
    [later] = weeks_later(1)
    web.session(date=later.isoformat())
    again = {"date": later.isoformat(), "first_surname": "Prueba A", "key": "OLD-9"}
    file = _file(
        _line(0, first_surname="Prueba A"),
        _line(1, **again),
        _line(2, time="08:00", first_surname="Prueba B"),
        _line(3, date=later.isoformat(), first_surname="PRUEBA B"),
    )
    problems = import_from_command(web.settings, file, "losangeles", write=write).problems
    assert [(wrong.line, wrong.column) for wrong in problems] == [(3, "given_names"), (4, "time")]
    assert _booked(web) == 0


def test_the_command_says_on_a_terminal_how_many_lines_are_done(
    web: Web, supervisor: Browser, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What it prints stays the folios alone."""
    monkeypatch.setattr("consular.cli._settings", lambda: web.settings)
    file = tmp_path / "old.csv"
    file.write_text(_file(_line(0), _line(1)), encoding="utf-8")
    options = ["import-appointments", str(file), "--consulate", "losangeles"]
    with monkeypatch.context() as terminal:
        terminal.setattr("click._termui_impl.isatty", lambda _stream: True)
        ran = CliRunner().invoke(commands, options)
    assert ran.exit_code == 0, ran.stderr
    assert [line.partition(",")[0] for line in ran.stdout.splitlines()] == ["OLD-0", "OLD-1"]
    assert re.findall(r"(\d)/2", ran.stderr)[-1:] == ["2"]
    assert "2 would be imported" in ran.stderr


def test_a_hostile_file_is_named_and_does_nothing(web: Web, supervisor: Browser) -> None:
    """Formulas, markup, another office, broken quotes and more than a request may hold."""
    file = _file(
        _line(0, given_names="=HYPERLINK(1)"),
        _line(1, first_surname="@SUM(A1)", key="<script>alert(1)</script>"),
        _line(2, email="=1+1"),
        _line(3, service="=PAS10"),
    )
    page = supervisor.send("/desk/import", file=file, write="1").text
    assert [line for line, _column in _problems(page)] == ["2", "3", "4", "5"]
    assert "<script>alert(1)" not in page
    elsewhere = _file(_line(0)).replace("key,", "consulate,key,", 1)
    assert _problems(supervisor.send("/desk/import", file=elsewhere, write="1").text) == [
        ("1", "consulate")
    ]
    broken = _file(_line(0)) + '\n"OLD-1,never closed'
    assert "no se puede leer" in supervisor.send("/desk/import", file=broken, write="1").text
    head = supervisor.send("/desk/import", file='key,"da"te\n', write="1").text
    assert "no se puede leer" in head
    assert _booked(web) == 0


def _choose(browser: Browser, data: bytes, **fields: str) -> str:
    """The page after the form was sent with that file."""
    shown = browser.get("/desk/import").text
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', shown))
    answer = browser.client.post(
        "/desk/import",
        headers={"Origin": "http://localhost"},
        **form_with_file(data, "citas viejas.csv", **hidden, **fields),
        follow_redirects=True,
    )
    return unescape(answer.text)


def _keep(browser: Browser, page: str) -> str:
    """The page after its button that imports, with nothing but what it holds."""
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    sent = {**hidden, "text": "", "write": "1"}
    return browser.client.post("/desk/import", data=sent, follow_redirects=True).text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_a_file_is_chosen_tried_and_imported_without_choosing_it_again(
    web: Web, supervisor: Browser, encoding: str
) -> None:
    tried = _choose(supervisor, _file(_line(0), _line(1)).encode(encoding))
    assert "Citas nuevas: 2. Traídas antes: 0." in tried
    assert "citas viejas.csv" in tried
    assert _booked(web) == 0
    assert "quedaron registradas" in _keep(supervisor, tried)
    assert _booked(web) == 2
    officer = staff_browser(web.app, "officer", "losangeles")
    assert "Ángel" in unescape(officer.get(f"/desk/?day={working_day()}").text)


def test_a_file_of_two_thousand_lines_is_tried_and_each_problem_is_named(
    web: Web, supervisor: Browser
) -> None:
    """Far more than a form may hold otherwise."""
    wrong = {
        7: {"birth_date": "ayer"}, 500: {"time": "25:00"}, 1000: {"service": "NOSUCH"},
        1500: {"key": "OLD-3"}, 1999: {"email": "=1+1"},
    }  # fmt: skip
    lines = [
        _line(0, **{"key": f"OLD-{n}", "first_surname": in_letters(n), **wrong.get(n, {})})
        for n in range(2000)
    ]
    file = _file(*lines).encode()
    assert len(file) > 1.5 * MAX_FIELDS
    found = _problems(_choose(supervisor, file))
    # One place at that time: the first line has it, all other lines hear that it is taken.
    columns = {n: next(iter(change)) for n, change in wrong.items()}
    assert found == [(str(n + 2), columns.get(n, "time")) for n in range(1, 2000)]
    assert _booked(web) == 0


def test_too_large_a_file_and_an_empty_one_are_refused_in_words(
    web: Web, supervisor: Browser
) -> None:
    """More than the request may have, and a little more than the file may."""
    for size in (MOST_TABLE + 1, MOST_TABLE + MAX_FIELDS):
        page = _choose(supervisor, b"k" * size)
        assert "Puede medir hasta 2 MB. Pártelo" in page, size
        assert 'aria-invalid="true"' in page
    assert "llegó vacío" in _choose(supervisor, b"")


def test_a_file_goes_to_the_supervisors_own_office_and_its_keys_are_the_offices(
    web: Web, supervisor: Browser
) -> None:
    web.session(consulate="chicago")
    supervisor.send("/desk/import", file=_file(_line(0)), write="1")
    other = staff_browser(web.app, "supervisor", "chicago")
    same_key = _file(_line(0, first_surname="Otra"))
    assert "Citas nuevas: 1. Traídas antes: 0." in other.send("/desk/import", file=same_key).text
    for role, office in (("officer", "losangeles"), ("agent", None), ("analyst", None)):
        browser = staff_browser(web.app, role, *([office] if office else []))
        assert browser.post("/desk/import", file=_file(_line(1)), write="1").status_code == 403
    assert _booked(web) == 1
