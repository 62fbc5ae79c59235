"""A mistake in a sender's name is corrected at a window, asked for by the account itself."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from services.citizens.accounts import set_profile
from services.citizens.models import Person
from services.citizens.people import PersonData
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from services.outbox.models import OutboxItem
from tests.factories.staff import citizen_browser, staff_browser
from tests.factories.web import BORN, Web

WRONG = {
    "given_names": "Anna", "first_surname": "Demo", "second_surname": "Prueba",
    "birth_date": "1990-05-12",
}  # fmt: skip
RIGHT = {**WRONG, "given_names": "Ana"}


class Sender:
    """Anna sent money; she is called Ana, and stands at a window in Los Ángeles."""

    def __init__(self, web: Web) -> None:
        self.web, self.officer = web, web.token("officer", "losangeles")
        self.token = web.token("citizen", subject="ana", name="Anna|Demo|Prueba")
        with web.database.transaction(NETWORK_SCOPE) as session:
            self.account: UUID = session.scalar(text("SELECT id FROM accounts"))
            person = PersonData(
                "Anna", "Demo", "Prueba", system_clock().date().replace(1990, 5, 12)
            )
            vault = web.app.extensions["consular.vault"]
            holder = set_profile(session, self.account, person, now=system_clock(), vault=vault)
            holder.identity_bound_at = system_clock()

    def ask(self, **changes: str) -> Any:
        return self.web.call("PATCH", "/me", {**RIGHT, **changes}, token=self.token)

    def check(self, folio: str | None, **changes: Any) -> Any:
        body = {
            "person": RIGHT, "document": "Acta", "identity_checked": True, "folio": folio,
            **changes,
        }  # fmt: skip
        return self.web.call("POST", "/identity-checks", body, token=self.officer)

    def correct(self, check: str, token: str = "") -> Any:
        path = f"/identity-checks/{check}/correct"
        return self.web.call("POST", path, {}, token=token or self.officer)

    def holder(self) -> Person:
        with self.web.database.transaction(NETWORK_SCOPE) as session:
            return session.scalars(select(Person).where(Person.holder)).one()


@pytest.fixture
def sender(web: Web) -> Sender:
    return Sender(web)


def test_the_account_asks_and_a_window_corrects_what_the_document_says(sender: Sender) -> None:
    refused = sender.ask()
    assert (refused.status_code, refused.get_json()["code"]) == (409, "identity_bound")
    folio = refused.get_json()["folio"]
    assert sender.ask().get_json()["folio"] == folio
    checked = sender.check(folio)
    assert checked.get_json()["correctable"] == WRONG
    done = sender.correct(checked.get_json()["id"])
    assert (done.status_code, done.get_json()["outcome"]) == (200, "corrected"), done.text
    assert done.get_json()["correctable"] is None
    me = sender.web.call("GET", "/me", token=sender.token).get_json()
    assert {name: me[name] for name in RIGHT} == RIGHT
    # Bound as before, to who they are now.
    assert sender.holder().identity_bound_at is not None
    assert sender.ask(given_names="Eva").get_json()["code"] == "identity_bound"
    again = sender.correct(checked.get_json()["id"])
    assert (again.status_code, again.get_json()["code"]) == (409, "nothing_to_correct")


def test_the_person_is_told_and_reads_who_did_it(sender: Sender) -> None:
    check = sender.check(sender.ask().get_json()["folio"]).get_json()["id"]
    assert sender.correct(check).status_code == 200
    seen = sender.web.call("GET", "/me/accesses", token=sender.token).get_json()["items"]
    assert "identity.correct" in {entry["action"] for entry in seen}
    with sender.web.database.transaction(NETWORK_SCOPE) as session:
        topics = session.scalars(select(OutboxItem.topic)).all()
    assert "identity.corrected" in topics


def test_without_the_account_s_own_folio_nothing_is_corrected(sender: Sender) -> None:
    """Whoever knows somebody's email can't have that account made theirs."""
    sender.ask()
    check = sender.check(None, contact={"email": "ana@demo.invalid"}).get_json()
    assert check["correctable"] is None
    refused = sender.correct(check["id"])
    assert (refused.status_code, refused.get_json()["code"]) == (409, "nothing_to_correct")
    assert sender.holder().given_names == "Anna"


def test_a_folio_serves_for_what_was_asked_and_a_check_at_its_own_office(sender: Sender) -> None:
    folio = sender.ask().get_json()["folio"]
    other = sender.check(folio, person={**RIGHT, "first_surname": "Otra"})
    assert other.status_code == 404
    check = sender.check(folio).get_json()["id"]
    assert sender.correct(check, sender.web.token("officer", "chicago")).status_code == 404
    assert sender.correct(check, sender.token).status_code == 403
    assert sender.holder().given_names == "Anna"


def test_one_account_has_one_folio_whatever_it_asks_for(sender: Sender) -> None:
    folios = {sender.ask(given_names=name).get_json()["folio"] for name in ("Ana", "Eva", "Ida")}
    assert len(folios) == 1


def test_on_the_pages(sender: Sender) -> None:
    form = {
        **{name: value for name, value in RIGHT.items() if name != "birth_date"},
        **BORN,
    }  # fmt: skip
    citizen = citizen_browser(sender.web.app, sender.account)
    page = unescape(citizen.send("/mis-datos", **form).text)
    assert "pide la corrección en tu consulado" in page
    folio = sender.ask().get_json()["folio"]
    assert folio in re.sub("[^A-Z0-9]", "", page)
    officer = staff_browser(sender.web.app, "officer", "losangeles")
    checked = officer.post(
        "/desk/identity", **form, folio=folio, document="Acta", identity_checked="true"
    )
    shown = unescape(officer.get(checked.location).text)
    assert "En su cuenta: Anna Demo Prueba" in shown
    done = unescape(officer.send(f"{checked.location}/correct").text)
    assert "Los datos de su cuenta quedaron corregidos" in done
    assert "Pidió corregir" not in done
