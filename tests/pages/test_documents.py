"""A document is chosen, looked at, changed and removed on pages, also without a script."""

from __future__ import annotations

import re
from dataclasses import asdict
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select, update

from services.folders.models import Document
from services.kernel.audit import AuditEntry
from services.kernel.db import NETWORK_SCOPE
from tests.factories import files
from tests.factories.enrollments import make_applicant
from tests.factories.staff import staff_browser
from tests.factories.web import Web, form_with_file
from tests.pages.test_enrollment_page import Asked


class Folder(Asked):
    """Somebody who asked for an RFC, at the pages of their documents."""

    def __init__(self, web: Web) -> None:
        super().__init__(web)
        self.list = f"{self.address}/documentos"
        self.form = f"{self.list}/subir/identification"

    def read(self, address: str) -> str:
        """A page's text."""
        answer = self.browser.client.get(address, follow_redirects=True)
        assert answer.status_code == 200, answer.text
        return unescape(answer.text)

    def send(self, data: bytes, name: str = "foto.jpg", **fields: str) -> Any:
        """The answer to the form with that file."""
        shown = self.read(fields.pop("form", self.form))
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', shown))
        return self.browser.client.post(
            self.form, **form_with_file(data, name, **{**hidden, **fields})
        )

    def sent(self, data: bytes | None = None, **fields: str) -> str:
        """The page that shows the document after it was taken."""
        answer = self.send(files.jpeg() if data is None else data, **fields)
        assert answer.status_code == 303, answer.text
        address: str = answer.headers["Location"]
        assert re.fullmatch(rf"{self.list}/[0-9a-f-]{{36}}", address), address
        return address

    def documents(self) -> list[Document]:
        with self.database.transaction(NETWORK_SCOPE) as session:
            return list(session.scalars(select(Document).order_by(Document.uploaded_at)))


@pytest.fixture
def folder(web: Web) -> Folder:
    return Folder(web)


def test_each_kind_has_its_name_and_what_it_should_look_like(folder: Folder) -> None:
    listed = folder.read(folder.list)
    assert "<h2>CURP</h2>" in listed
    assert "cámara" not in listed
    form = folder.read(folder.form)
    assert "sin reflejos" in form
    assert 'accept="application/pdf,image/jpeg,image/png"' in form
    assert 'enctype="multipart/form-data"' in form
    assert "puede tardar un minuto" in form


def test_what_arrived_is_shown_and_confirmed(folder: Folder) -> None:
    shown = folder.sent(name="Mi pasaporte.jpg")
    page = folder.read(shown)
    assert "¿Es el correcto y se lee bien?" in page
    assert "<bdi>Mi pasaporte.jpg</bdi>" in page
    preview = folder.browser.get(f"{shown}/vista")
    assert (preview.status_code, preview.content_type) == (200, "image/jpeg")
    assert "Revisa si se lee bien" in folder.read(folder.list)
    confirmed = folder.browser.post(shown)
    assert (confirmed.status_code, confirmed.headers["Location"]) == (303, folder.list)
    assert "Revisa si se lee bien" not in folder.read(folder.list)


def test_a_name_cannot_turn_the_page_round_or_write_into_it(folder: Folder) -> None:
    page = folder.sent(name="a\u202e<b>gpj.exe")
    raw = folder.browser.get(page).text
    assert "<bdi>a&lt;b&gt;gpj.exe</bdi>" in raw
    assert "\u202e" not in raw


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "Elige el archivo otra vez"),
        (b"GIF89a" + bytes(40), "Sube un PDF o una foto JPEG o PNG"),
        (files.encrypted_pdf(user="x"), "Quítale la contraseña"),
        (files.HEIC[:500], "Más compatible"),
        (b"%PDF" + bytes(12 * 1024 * 1024), "Puede medir hasta 10 MB"),
    ],
    ids=["nothing", "gif", "encrypted", "heic", "too large"],
)
def test_a_refusal_leads_back_to_the_form_with_what_to_do(
    folder: Folder, data: bytes, words: str
) -> None:
    form = {"Origin": "http://localhost"}
    shown = folder.read(folder.form)
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', shown))
    answer = folder.browser.client.post(
        folder.form, **form_with_file(data, "a.jpg" if data else "", **hidden), headers=form
    )
    assert answer.status_code == 303, answer.text
    assert answer.headers["Location"].startswith(f"{folder.form}?d=")
    page = folder.read(answer.headers["Location"])
    assert words in page
    assert 'href="#f-file"' in page
    assert folder.documents() == []


def test_one_takes_the_place_of_another(folder: Folder) -> None:
    old = folder.sent(name="viejo.jpg")
    change = f"{folder.form}?cambia={old.rpartition('/')[2]}"
    assert "viejo.jpg" in folder.read(change)
    folder.sent(files.png(), form=change, name="nuevo.png")
    assert folder.browser.get(old).status_code == 404
    listed = folder.read(folder.list)
    assert "nuevo.png" in listed
    assert "viejo.jpg" not in listed


def test_a_document_is_removed_until_a_request_was_sent(folder: Folder) -> None:
    first, second = folder.sent(), folder.sent(files.png())
    gone = folder.browser.post(f"{first}/quitar")
    assert gone.headers["Location"] == folder.list
    assert folder.browser.get(first).status_code == 404
    with folder.database.transaction(NETWORK_SCOPE) as session:
        session.execute(update(Document).where(Document.state == "in_use").values(
            sent_at=Document.uploaded_at
        ))  # fmt: skip
    assert "pero no quitarlo" in folder.read(second)
    refused = folder.browser.post(f"{second}/quitar")
    assert "solicitud enviada" in folder.read(refused.headers["Location"])


def test_the_same_form_with_the_same_file_is_sent_once_and_with_another_file_again(
    folder: Folder,
) -> None:
    shown = folder.read(folder.form)
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', shown))
    for data in (files.jpeg(), files.jpeg(), files.png(90, 90)):
        sent = form_with_file(data, "a.jpg", **hidden)
        assert folder.browser.client.post(folder.form, **sent).status_code == 303
    assert len(folder.documents()) == 2


def test_another_persons_documents_do_not_exist(web: Web, folder: Folder) -> None:
    page = folder.sent()
    other = Folder(web)
    for address in (folder.list, folder.form, page, f"{page}/archivo", f"{page}/vista"):
        assert other.browser.get(address).status_code == 404, address
    crossed = page.replace(str(folder.id), str(other.id))
    assert other.browser.get(crossed).status_code == 404
    assert web.client.get(page).status_code == 303


def test_the_desk_uploads_for_who_is_there_and_is_written_down(web: Web) -> None:
    token = web.token("officer", "losangeles")
    who = make_applicant()
    sent = {**asdict(who), "birth_date": who.birth_date.isoformat()}
    body = {"program": "rfc", "applicant": sent, "consents": ["transfer_to_agency"]}
    enrollment = web.call("POST", "/enrollments", body, token=token).get_json()["id"]
    officer = staff_browser(web.app, "officer", "losangeles")
    listed = f"/desk/enrollments/{enrollment}/documents"
    assert "<h2>CURP</h2>" in unescape(officer.get(listed).text)
    hidden = {"csrf_token": officer.csrf(), "form_key": "one"}
    answer = officer.client.post(
        f"{listed}/upload/curp", **form_with_file(files.pdf(2), "curp.pdf", **hidden)
    )
    shown = answer.headers["Location"]
    page = unescape(officer.get(shown).text)
    assert "PDF, 2 páginas" in page
    assert officer.get(f"{shown}/preview").content_type == "image/jpeg"
    assert officer.post(shown).status_code == 303
    elsewhere = staff_browser(web.app, "officer", "chicago")
    for address in (listed, shown, f"{shown}/file"):
        assert elsewhere.get(address).status_code == 404
    with web.database.transaction(NETWORK_SCOPE) as session:
        actions = session.scalars(
            select(AuditEntry.action).where(AuditEntry.subject_kind == "document")
        ).all()
    assert sorted(actions) == ["document.added", "document.confirmed", "document.read"]
