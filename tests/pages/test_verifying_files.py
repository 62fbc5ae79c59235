"""Whoever holds a file learns whether it is as it left this system: by the file or by its SHA-256,
without JavaScript, and without leaving it here."""

from __future__ import annotations

import re
from hashlib import sha256
from html import unescape
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from werkzeug.test import TestResponse

from services.files.rules import MOST_BYTES
from tests.factories.reports import pdf, sign, signed, step
from tests.factories.staff import staff_browser
from tests.factories.web import Web, form_with_file
from tests.pages.test_open_data import JULY, add, analyst, file, publish

__all__ = ["analyst"]
ADDRESS = "/verify/file"
UNKNOWN = "No es ninguno de nuestros archivos"


def send(web: Web, data: bytes | None = None, **fields: str) -> TestResponse:
    """The form, as a browser without JavaScript sends it, and the page that follows."""
    browser = web.client
    page = browser.get(ADDRESS).text
    [token] = set(re.findall(r'name="csrf_token" value="([^"]+)"', page))
    whole: dict[str, Any] = {"csrf_token": token, "form_key": uuid4().hex, **fields}
    name = "informe.pdf" if data is not None else ""
    sent = form_with_file(data or b"", name, **whole)
    answer = browser.post(ADDRESS, headers={"Origin": "http://localhost"}, **sent)
    assert answer.status_code == 303, answer.text
    return browser.get(answer.location)


def said(answer: TestResponse) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.text)))


def test_the_signed_pdf_is_known_with_its_version_signer_and_key(web: Web) -> None:
    report = signed(web)
    key = web.call("GET", "/signing-keys").get_json()["items"][0]["key"]
    for language, word in (("es", "Español"), ("en", "Inglés")):
        data = pdf(web, report["id"], language=language)
        shown = said(send(web, data))
        assert "Es el archivo que se firmó" in shown
        for told in ("Informe de la 11.ª sesión", word, "Versión 1 ", "La firma Es válida", key):
            assert told in shown, told
        found = web.call("GET", f"/signed-files?sha256={sha256(data).hexdigest()}").get_json()
        assert (found["language"], found["version"], found["valid"]) == (language, 1, True)
        assert "Firmó Análisis, Grupo 4 " in shown
        with psycopg.connect(web.settings.database_owner_url) as connection:
            query = "SELECT content::json -> 'signed' ->> 'name' FROM commission_reports"
            [(name,)] = connection.execute(query).fetchall()
        assert name not in shown, "the file tells the name; its hash, which is public, doesn't"
        assert name not in str(found)


def test_an_older_version_is_said_to_be_one(web: Web) -> None:
    id = signed(web)["id"]
    first = pdf(web, id, language="es")
    assert "Hay una versión más nueva" not in said(send(web, first))
    assert step(web, id, "amend", body={"reason": "Llegaron altas tardías"}).status_code == 200
    body = {"place": "Otra sede"}
    address = f"/monitoring/sessions/{id}/steps/place"
    assert staff_browser(web.app, "analyst").post(address, **body).status_code == 303
    sign(web, id)
    shown = said(send(web, first))
    assert "Es el archivo que se firmó" in shown
    assert "Hay una versión más nueva: la 2." in shown
    assert "Hay una versión más nueva" not in said(send(web, pdf(web, id, language="es")))


def test_a_changed_or_another_file_is_said_to_be_none_of_ours(web: Web) -> None:
    data = pdf(web, signed(web)["id"], language="es")
    for other in (data + b"\n", data.replace(b"/Title", b"/Titel", 1), b"%PDF-1.7 another"):
        assert UNKNOWN in said(send(web, other))
    assert web.call("GET", f"/signed-files?sha256={'0' * 64}").status_code == 404
    assert web.call("GET", "/signed-files?sha256=12").status_code == 422


def test_the_hash_alone_is_enough_however_it_is_written(web: Web) -> None:
    digest = sha256(pdf(web, signed(web)["id"], language="es")).hexdigest()
    pairs = ":".join(re.findall("..", digest)).upper()
    for written in (digest, f"  {digest[:32]} {digest[32:]} ", pairs):
        assert "Es el archivo que se firmó" in said(send(web, sha256=written)), written
    page = send(web, sha256=digest[:-1])
    assert "64 signos" in said(page)
    assert digest[:-1] in page.text, "what was typed isn't cleared"
    assert "falta este dato" in said(send(web))


@pytest.mark.usefixtures("analyst")
def test_open_data_is_known_by_its_bytes(web: Web) -> None:
    add(web, *JULY)
    publish(staff_browser(web.app, "analyst"))
    for name in ("data.csv", "data.json", "metadata.json"):
        data = file(web, name)
        shown = said(send(web, data))
        assert "Es el archivo que se publicó" in shown
        assert f"Archivo {name} Versión 1 " in shown
        assert UNKNOWN in said(send(web, data.replace(b"2026", b"2025", 1)))
        found = web.call("GET", f"/signed-files?sha256={sha256(data).hexdigest()}").get_json()
        assert (found["kind"], found["name"], found["latest"]) == ("open_data", name, 1)
    assert ADDRESS in web.client.get("/open-data/appointments-attended").text


def test_a_file_that_is_too_large_or_empty_is_refused_in_words(web: Web) -> None:
    shown = said(send(web, b"x" * (MOST_BYTES + 70_000)))
    assert "Puede medir hasta 10 MB. Escribe su huella SHA-256" in shown
    assert "foto" not in shown
    assert "llegó vacío" in said(send(web, b""))


def test_nothing_of_the_file_is_kept(web: Web) -> None:
    mark = "nobody keeps this"
    send(web, mark.encode() * 50)
    with psycopg.connect(web.settings.database_owner_url) as connection:
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        assert len(tables) > 50
        for table in tables:
            query = SQL("SELECT count(*) FROM {} t WHERE t::text LIKE ANY (%s)")
            found = connection.execute(
                query.format(Identifier(*table)), [[f"%{mark}%", f"%{mark.encode().hex()}%"]]
            )
            assert found.fetchone() == (0,), table


def test_who_sends_many_files_waits(web: Web) -> None:
    web.app.config["LOOKUPS"] = 2
    for _ in range(2):
        assert UNKNOWN in said(send(web, b"another"))
    assert UNKNOWN not in said(send(web, b"another"))


def test_the_page_of_a_report_asks_for_the_file_too(web: Web) -> None:
    page = web.client.get(f"/verify/report/{signed(web)['id']}").text
    assert 'enctype="multipart/form-data"' in page
    assert f'action="{ADDRESS}"' in page
    assert "required" not in re.findall(r'<input[^>]*type="file"[^>]*>', page)[0]
