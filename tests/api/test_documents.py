"""Documents over the API: kept sealed, given out to their owner and office, never after the end."""

from __future__ import annotations

import io
from dataclasses import asdict
from typing import Any
from uuid import UUID, uuid4

import pytest
from PIL import Image
from sqlalchemy import select, update

from services.enrollments.models import Enrollment
from services.folders.models import Document
from services.folders.rules import MOST_DOCUMENTS
from services.kernel.db import NETWORK_SCOPE
from tests.factories import files
from tests.factories.enrollments import make_applicant
from tests.factories.web import Web, form_with_file


class Sender:
    """Somebody who asked for an RFC and sends documents."""

    def __init__(self, web: Web, subject: str = "ana", consulate: str = "losangeles") -> None:
        self.web, self.token = web, web.token("citizen", subject=subject)
        who = make_applicant()
        body = {
            "program": "rfc",
            "consulate": consulate,
            "applicant": {**asdict(who), "birth_date": who.birth_date.isoformat()},
            "consents": ["transfer_to_agency"],
        }
        answer = web.call("POST", "/enrollments", body, token=self.token)
        assert answer.status_code == 202, answer.text
        self.enrollment = UUID(answer.get_json()["id"])
        self.path = f"/enrollments/{self.enrollment}/documents"

    def send(self, data: bytes, **fields: Any) -> Any:
        """What the API answers to a file."""
        kind = fields.pop("kind", "identification")
        return self.web.send_file(self.path, data, token=self.token, kind=kind, **fields)

    def sent(self, data: bytes | None = None, **fields: Any) -> str:
        """The id of a document that was taken."""
        answer = self.send(files.jpeg() if data is None else data, **fields)
        assert answer.status_code == 201, answer.text
        return str(answer.get_json()["id"])

    def get(self, path: str, token: str | None = None) -> Any:
        """What somebody is answered who asks for it."""
        return self.web.call("GET", f"{self.path}{path}", token=token or self.token)


def _refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["code"]


def test_a_photo_is_kept_as_we_made_it_and_given_out(web: Web) -> None:
    sender = Sender(web)
    answer = sender.send(files.jpeg(), name="../Mi pasaporte\u202e.jpg")
    document = answer.get_json()
    assert (answer.status_code, document["name"], document["kind"]) == (
        201, "Mi pasaporte.jpg", "identification",
    )  # fmt: skip
    assert (document["content_type"], document["pages"], document["sent"]) == (
        "image/jpeg",
        1,
        False,
    )
    content = web.client.get(
        answer.headers["Location"], headers={"Authorization": f"Bearer {sender.token}"}
    )
    assert Image.open(io.BytesIO(content.data)).size == (48, 64)
    assert (content.content_type, len(content.data)) == ("image/jpeg", document["size"])
    assert content.headers["Content-Disposition"] == 'inline; filename="identification.jpeg"'
    assert "sandbox" in content.headers["Content-Security-Policy"]
    assert content.headers["X-Content-Type-Options"] == "nosniff"
    assert content.headers["Cache-Control"] == "no-store"
    assert sender.get(f"/{document['id']}/preview").content_type == "image/jpeg"
    assert [each["id"] for each in sender.get("").get_json()["items"]] == [document["id"]]


def test_nothing_of_a_document_stands_readable_in_the_database(web: Web) -> None:
    sender = Sender(web)
    kept = sender.get(f"/{sender.sent(name='Pasaporte de Ana.jpg')}/content").data
    with web.database.transaction(NETWORK_SCOPE) as session:
        file, name = session.execute(select(Document.file_sealed, Document.name_sealed)).one()
        sealed = bytes(file) + bytes(name)
    assert kept[:64] not in sealed
    assert b"Pasaporte" not in sealed


def test_a_pdf_is_something_to_save(web: Web) -> None:
    sender = Sender(web)
    content = sender.get(f"/{sender.sent(files.pdf(2), name='acta.jpg')}/content")
    assert content.content_type == "application/pdf"
    assert content.headers["Content-Disposition"].startswith("attachment; ")


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 422, "file_empty"),
        (b"<html><script>alert(1)</script>", 422, "file_type_not_accepted"),
        (files.encrypted_pdf(user="x"), 422, "file_encrypted"),
        (files.png(300, 300)[:200], 422, "file_unreadable"),
        (files.heic_bomb(), 422, "image_too_large"),
        (b"%PDF-1.7" + bytes(10 * 1024 * 1024), 413, "file_too_large"),
        (b"%PDF-1.7" + bytes(11 * 1024 * 1024), 413, "file_too_large"),
    ],
    ids=["empty", "html", "encrypted", "cut off", "bomb", "too large", "larger than is read"],
)
def test_a_file_is_refused_in_words(web: Web, data: bytes, status: int, code: str) -> None:
    sender = Sender(web)
    answer = sender.send(data)
    assert _refused(answer) == (status, code)
    assert answer.get_json()["detail"]
    assert sender.get("").get_json()["items"] == []


def test_an_iphones_photo_that_cannot_be_read_is_told_how_to_send_another(web: Web) -> None:
    answer = Sender(web).send(files.HEIC[:500], name="IMG_0001.jpg")
    assert _refused(answer) == (422, "file_unreadable")
    assert "Más compatible" in answer.get_json()["errors"]["file"][0]


def test_only_a_form_with_a_file_is_taken(web: Web) -> None:
    sender = Sender(web)
    as_json = web.call("POST", sender.path, {"kind": "curp"}, token=sender.token)
    assert _refused(as_json) == (415, "unsupported_media_type")
    assert "multipart/form-data" in as_json.get_json()["detail"]
    without = web.client.post(
        f"/api/v1{sender.path}", data={"kind": "curp"}, content_type="multipart/form-data",
        headers={"Authorization": f"Bearer {sender.token}"},
    )  # fmt: skip
    assert _refused(without) == (422, "invalid_fields")
    assert "file" in without.get_json()["errors"]
    assert _refused(sender.send(files.jpeg(), kind="camera")) == (422, "document_kind_unknown")
    assert _refused(sender.send(files.jpeg(), color="red")) == (422, "invalid_fields")


ODD = ("a\0b", "a\u202eb", "../../etc/passwd", "<script>", "x" * 5_000, "", "１２", "'; --")


@pytest.mark.parametrize("field", ["kind", "replaces", "replaces[]"])
def test_odd_text_in_a_field_is_refused(web: Web, field: str) -> None:
    sender = Sender(web)
    for text in ODD:
        answer = web.send_file(sender.path, b"", token=sender.token, **{field: text})
        assert answer.status_code == 422, (text, answer.text)


def test_a_broken_form_is_refused(web: Web) -> None:
    sender = Sender(web)
    whole = form_with_file(files.png(), "a.png", kind="curp")
    head = {"Authorization": f"Bearer {sender.token}"}
    for kind, data in (
        ("multipart/form-data", whole["data"]),
        ("multipart/form-data; boundary=other", whole["data"]),
        (whole["content_type"], whole["data"][:150]),
        (whole["content_type"], b""),
    ):
        answer = web.client.post(
            f"/api/v1{sender.path}", data=data, content_type=kind, headers=head
        )
        assert answer.status_code in (400, 422), answer.text
    twice = whole["data"].replace(b'name="kind"', b'name="file"')
    answer = web.client.post(f"/api/v1{sender.path}", **{**whole, "data": twice}, headers=head)
    assert _refused(answer) == (422, "invalid_fields")


def test_the_same_key_sends_a_file_once(web: Web) -> None:
    sender, key = Sender(web), uuid4().hex

    def send(data: bytes) -> Any:
        return web.client.post(
            f"/api/v1{sender.path}",
            headers={"Authorization": f"Bearer {sender.token}", "Idempotency-Key": key},
            **form_with_file(data, "a.png", kind="curp"),
        )

    first, again = send(files.png()), send(files.png())
    assert (first.status_code, first.get_json()) == (201, again.get_json())
    assert _refused(send(files.png(80, 80))) == (422, "idempotency_key_reused")
    assert len(sender.get("").get_json()["items"]) == 1


def test_what_was_replaced_or_removed_is_never_shown(web: Web) -> None:
    sender = Sender(web)
    old = sender.sent()
    new = sender.sent(files.png(), replaces=old)
    assert _refused(sender.get(f"/{old}/content")) == (404, "not_found")
    assert _refused(sender.send(files.png(), replaces=old)) == (409, "wrong_state")
    gone = web.call("DELETE", f"{sender.path}/{new}", token=sender.token)
    assert (gone.status_code, gone.get_json()["state"]) == (200, "removed")
    assert _refused(sender.get(f"/{new}/content")) == (404, "not_found")
    assert sender.get("").get_json()["items"] == []
    with web.database.transaction(NETWORK_SCOPE) as session:
        left = select(Document.file_sealed, Document.preview_sealed, Document.name_sealed)
        assert session.execute(left.where(Document.id == UUID(new))).one() == (None, None, None)


def test_what_belongs_to_a_request_that_was_sent_can_be_replaced_only(web: Web) -> None:
    sender = Sender(web)
    document = sender.sent()
    with web.database.transaction(NETWORK_SCOPE) as session:
        session.execute(update(Document).values(sent_at=Document.uploaded_at))
    gone = web.call("DELETE", f"{sender.path}/{document}", token=sender.token)
    assert _refused(gone) == (409, "document_sent")
    assert sender.sent(files.png(), replaces=document)


def test_one_person_has_so_many_documents(web: Web) -> None:
    sender = Sender(web)
    first = sender.sent()
    with web.database.transaction(NETWORK_SCOPE) as session:
        [row] = session.execute(select(*Document.__table__.columns))
        for position in range(2, MOST_DOCUMENTS + 1):
            session.add(Document(**{**row._mapping, "id": uuid4(), "position": position}))
    assert _refused(sender.send(files.png())) == (409, "too_many_documents")
    assert sender.sent(files.png(), replaces=first)


def test_only_its_owner_and_the_office_see_a_document(web: Web) -> None:
    sender = Sender(web)
    document = sender.sent()
    others = (web.token("citizen", subject="eve"), web.token("officer", "nuevayork"))
    for token in others:
        for path in ("", f"/{document}/content", f"/{document}/preview"):
            assert _refused(sender.get(path, token)) == (404, "not_found")
        assert web.call("DELETE", f"{sender.path}/{document}", token=token).status_code == 404
        refused = web.send_file(sender.path, files.png(), token=token, kind="curp")
        assert _refused(refused) == (404, "not_found")
    for role in ("analyst", "treasury", "auditor", "compliance"):
        assert sender.get(f"/{document}/content", web.token(role)).status_code == 403
    another = Sender(web, "luz")
    crossed = f"/enrollments/{another.enrollment}/documents/{document}/content"
    assert web.call("GET", crossed, token=another.token).status_code == 404
    assert _refused(another.send(files.png(), replaces=document)) == (404, "not_found")


def test_the_owner_hears_that_staff_looked_at_a_document(web: Web) -> None:
    sender = Sender(web)
    document = sender.sent()
    officer = web.token("officer", "losangeles")
    assert sender.get(f"/{document}/content", officer).status_code == 200
    assert sender.get(f"/{document}/content").status_code == 200
    seen = web.call("GET", "/me/accesses", token=sender.token).get_json()["items"]
    reads = [each for each in seen if each["action"] == "document.read"]
    assert len(reads) == 1
    assert reads[0]["what"] == "Vieron un documento tuyo"


def test_an_officer_uploads_for_somebody_who_is_there(web: Web) -> None:
    officer, who = web.token("officer", "losangeles"), make_applicant()
    body = {
        "program": "rfc",
        "applicant": {**asdict(who), "birth_date": who.birth_date.isoformat()},
        "consents": ["transfer_to_agency"],
    }
    enrollment = web.call("POST", "/enrollments", body, token=officer).get_json()["id"]
    sent = web.send_file(
        f"/enrollments/{enrollment}/documents", files.jpeg(), token=officer, kind="identification"
    )
    assert sent.status_code == 201, sent.text
    confirmed = web.call(
        "POST",
        f"/enrollments/{enrollment}/documents/{sent.get_json()['id']}/confirm",
        {},
        token=officer,
    )
    assert confirmed.get_json()["confirmed"] is True


def test_a_copy_of_ones_data_lists_ones_documents(web: Web) -> None:
    sender = Sender(web)
    old = sender.sent(name="viejo.jpg")
    sender.sent(files.png(), replaces=old, name="nuevo.png")
    [replaced, used] = web.call("GET", "/me/data", token=sender.token).get_json()["documents"]
    assert (replaced["name"], replaced["state"]) == ("viejo.jpg", "replaced")
    assert (used["name"], used["state"]) == ("nuevo.png", "in_use")


def test_another_request_of_the_person_sees_the_same_documents(web: Web) -> None:
    sender = Sender(web)
    document = sender.sent()
    with web.database.transaction(NETWORK_SCOPE) as session:
        enrollment = session.get_one(Enrollment, sender.enrollment)
        assert enrollment.folder_id is not None
        assert session.get_one(Document, UUID(document)).folder_id == enrollment.folder_id
