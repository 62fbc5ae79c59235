"""Photographs of documents are sent before coming, opened at the desk, and gone by rule."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.appointments.rules import ATTACHED_DAYS, MOST_ATTACHED
from services.kernel.db import NETWORK_SCOPE
from tests.factories import files
from tests.factories.staff import citizen_browser, staff_browser
from tests.factories.web import Web, form_with_file, morning_at_office, person
from workers.retention import delete_expired


class Sender:
    """Ana, who booked for two, at the page of the first one's documents."""

    def __init__(self, web: Web) -> None:
        web.session()
        self.web, self.token = web, web.token("citizen", subject="ana")
        answer = web.book(
            web.free()[0]["start"], token=self.token, attendees=[person(1), person(2)]
        )
        self.id = answer.get_json()["id"]
        self.list = f"/citas/{self.id}/antes-de-venir/1/documentos"
        with web.database.transaction(NETWORK_SCOPE) as session:
            account: UUID = session.scalars(text("SELECT account_id FROM appointments")).one()
        self.browser = citizen_browser(web.app, account)

    def read(self, address: str) -> str:
        answer = self.browser.get(address)
        assert answer.status_code == 200, address
        return unescape(answer.text)

    def send(self, data: bytes, name: str = "acta.jpg") -> str:
        """The page after the form was sent with that file."""
        shown = self.read(self.list)
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', shown))
        answer = self.browser.client.post(
            self.list, **form_with_file(data, name, **hidden), follow_redirects=True
        )
        return unescape(answer.text)

    def documents(self) -> list[str]:
        return re.findall(rf'href="({self.list}/[0-9a-f-]{{36}})"', self.read(self.list))


@pytest.fixture
def sender(web: Web) -> Sender:
    return Sender(web)


def _kept(web: Web) -> list[Any]:
    with web.database.transaction(NETWORK_SCOPE) as session:
        return list(session.execute(text("SELECT * FROM pre_application_documents ORDER BY n")))


def test_a_photograph_is_sent_before_and_opened_at_the_desk_which_the_person_sees(
    web: Web, sender: Sender
) -> None:
    assert sender.list in sender.read(f"/citas/{sender.id}/antes-de-venir/1")
    assert "acta.jpg" in sender.send(files.jpeg())
    [address] = sender.documents()
    own = sender.browser.get(address)
    assert (own.status_code, own.mimetype) == (200, "image/jpeg")
    [row] = _kept(web)
    assert own.data not in row.file_sealed
    assert b"acta" not in row.name_sealed
    copy = web.call("GET", "/me/data", token=sender.token).get_json()
    assert [each["documents"] for each in copy["pre_applications"]] == [["acta.jpg"]]

    web.travel(morning_at_office())
    officer = staff_browser(web.app, "officer", "losangeles")
    page = unescape(officer.get(f"/desk/appointments/{sender.id}").text)
    there = f"/desk/appointments/{sender.id}/pre-application-documents/{row.id}"
    assert there in page
    assert "acta.jpg" in page
    opened = officer.get(there)
    assert (opened.data, opened.mimetype) == (own.data, "image/jpeg")
    assert "sandbox" in opened.headers["Content-Security-Policy"]
    accesses = web.call("GET", "/me/accesses", token=sender.token).get_json()["items"]
    assert [each["action"] for each in accesses].count("appointment.read_document") == 1


def test_strangers_other_offices_and_the_other_appointment_get_nothing(
    web: Web, sender: Sender
) -> None:
    sender.send(files.jpeg())
    [address] = sender.documents()
    document = address.rpartition("/")[2]
    eva = web.token("citizen", subject="eva", name="Eva|Demo|Sol")
    booked = web.book(web.free()[1]["start"], token=eva, attendees=[person(5)]).get_json()
    with web.database.transaction(NETWORK_SCOPE) as session:
        query = text("SELECT account_id FROM appointments WHERE id = :id")
        other = citizen_browser(web.app, session.scalars(query, {"id": booked["id"]}).one())
    assert other.get(address).status_code == 404
    assert other.get(address.replace(sender.id, booked["id"])).status_code == 404
    desk = f"/desk/appointments/{sender.id}/pre-application-documents/{document}"
    assert staff_browser(web.app, "officer", "chicago").get(desk).status_code == 404
    assert web.client.get(address).status_code in (302, 303)
    other.post(f"{address}/quitar")
    # Of the other person of the same appointment it isn't either.
    sender.browser.post(f"{address.replace('/1/', '/2/')}/quitar")
    assert len(_kept(web)) == 1


def test_it_is_taken_back_and_no_more_than_so_many_are_kept(web: Web, sender: Sender) -> None:
    for number in range(MOST_ATTACHED):
        page = sender.send(files.jpeg(), f"foto-{number}.jpg")
    assert "Subir el archivo" not in page
    assert f"Ya mandaste {MOST_ATTACHED}" in page
    sender.browser.post(f"{sender.documents()[1]}/quitar")
    assert [row.n for row in _kept(web)] == [1, 3, 4, 5]
    assert "foto-1.jpg" not in sender.send(files.jpeg(), "otra.jpg")
    assert [row.n for row in _kept(web)] == [1, 2, 3, 4, 5]


def test_what_is_no_document_is_refused_in_words(web: Web, sender: Sender) -> None:
    refused = sender.send(b"MZ not a picture", "acta.jpg")
    assert 'href="#f-file"' in refused
    assert _kept(web) == []


def test_after_the_person_was_received_nothing_changes(web: Web, sender: Sender) -> None:
    sender.send(files.jpeg())
    [address] = sender.documents()
    web.travel(morning_at_office())
    desk = web.token("officer", "losangeles")
    path = f"/appointments/{sender.id}/check-in"
    assert web.call("POST", path, {"identity_checked": True}, token=desk).status_code == 200
    sender.browser = citizen_browser(web.app, sender.browser.account)
    sender.browser.post(f"{address}/quitar")
    sender.send(files.jpeg(), "tarde.jpg")
    assert len(_kept(web)) == 1


def test_they_are_deleted_as_many_days_after_the_appointment_as_the_page_says(
    web: Web, sender: Sender
) -> None:
    assert f"se borran {ATTACHED_DAYS} días después" in sender.send(files.jpeg())
    over = text(
        "UPDATE appointments SET starts_at = now() - make_interval(days => :days, hours => 1),"
        " ends_at = now() - make_interval(days => :days)"
    )
    with web.database.transaction(NETWORK_SCOPE) as session:
        for days, gone in ((ATTACHED_DAYS - 1, 0), (ATTACHED_DAYS + 1, 1)):
            session.execute(over, {"days": days})
            assert delete_expired(session, "pre_application_documents") == gone
