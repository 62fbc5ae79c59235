"""A date that can't be is called what it is; a time reads alike wherever it is told."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.kernel.collation import alphabetical
from tests.factories.web import Web, person
from workers.message_context import local_time

TEMPLATES = Path(__file__).parents[2] / "consular" / "templates"


@pytest.mark.parametrize(
    ("born", "words"),
    [
        ("1990-02-31", "Ese mes tiene 28 días."),
        ("1992-02-30", "Ese mes tiene 29 días."),
        ("1990-25-03", "El mes va de 1 a 12."),
        ("1990-03-32", "El día va de 1 a 31."),
        ("0090-05-12", "Escribe el año con cuatro números, como 1990."),
        ("0000-05-12", "Escribe el día, el mes y el año."),
        ("abcd-05-12", "Escribe la fecha con números: día, mes y año."),
        ("1899-05-12", "Revisa el año de nacimiento: va desde 1900."),
        ("2999-05-12", "La fecha de nacimiento no puede estar en el futuro."),
    ],
)
def test_a_date_that_cant_be_is_called_what_it_is(web: Web, born: str, words: str) -> None:
    token = web.token("citizen", subject="ana")
    answer = web.call("PATCH", "/me", person(birth_date=born), token=token)
    assert (answer.status_code, answer.get_json()["errors"]) == (422, {"birth_date": [words]})


@pytest.mark.parametrize(
    ("hour", "es", "en"),
    [(0, "12:45 a. m.", "12:45 AM"), (9, "9:45 a. m.", "9:45 AM"), (12, "12:45 p. m.", "12:45 PM"),
     (14, "2:45 p. m.", "2:45 PM")],
)  # fmt: skip
def test_a_time_reads_alike_on_pages_and_in_messages(web: Web, hour: int, es: str, en: str) -> None:
    moment = datetime(2026, 12, 7, hour, 45, tzinfo=ZoneInfo("America/Los_Angeles"))
    for language, words in (("es", es), ("en", en)):
        assert words in local_time(moment, "America/Los_Angeles", language)
        with web.app.test_request_context(f"/?lang={language}"):
            shown = web.app.jinja_env.filters["time_at"](moment, "America/Los_Angeles")
        assert shown.replace("\N{NO-BREAK SPACE}", " ") == words


def test_errors_stand_in_the_order_of_the_fields(web: Web) -> None:
    page = _errors(web, {"email": ["x"], "birth_date": ["x"], "given_names": ["x"], "other": ["x"]})
    assert re.findall(r'href="#f-(\w+)"', page) == ["given_names", "birth_date", "email", "other"]


def _errors(web: Web, errors: dict[str, Any]) -> str:
    with web.app.test_request_context("/"):
        module = web.app.jinja_env.get_template("components/forms.html").make_module()
        return str(module.error_summary(errors))


def test_lists_are_in_the_order_of_a_dictionary() -> None:
    names = ["Ñuble", "Zacatecas", "Ávila", "Nuevo", "orizaba", "Ameca", "Nzá"]
    assert sorted(names, key=alphabetical) == [
        "Ameca", "Ávila", "Nuevo", "Nzá", "Ñuble", "orizaba", "Zacatecas",
    ]  # fmt: skip


def test_the_last_step_of_what_is_over_looks_done(web: Web) -> None:
    step = {"status": "cancelled", "at": datetime(2026, 12, 7, 9, tzinfo=ZoneInfo("UTC"))}
    with web.app.test_request_context("/"):
        panels = web.app.jinja_env.get_template("components/panels.html").make_module()
        over = panels.status_timeline([step], "remittances", "UTC", over=True)
        going = panels.status_timeline([step], "appointments", "UTC")
    assert "aria-current" not in over
    assert "Cancelado" in over
    assert "aria-current" in going
    assert "Cancelada" in going


def test_an_example_of_a_date_cant_be_read_the_other_way_around() -> None:
    """Day before month: 27 3, never 3 7."""
    examples = [
        numbers
        for file in TEMPLATES.rglob("*.html")
        for hint in re.findall(r'date_fields\([^\n]*hint=_\("([^"]*)"', file.read_text("utf-8"))
        if (numbers := re.findall(r"\d+", hint))
    ]
    assert examples
    assert [parts for parts in examples if not 12 < int(parts[0]) < 32] == []
