"""Somebody who is written twice is merged by their document at the desk, and taken apart again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from integrations.simulator.names import Person as Named
from integrations.simulator.names import make_curp
from services.appointments.models import Member
from services.citizens.erasing import Erased
from services.identity.erasing import with_merged
from services.identity.merging import list_same
from services.kernel.db import NETWORK_SCOPE
from services.kernel.ids import FolioKind, new_folio
from tests.factories.staff import Browser, staff_browser
from tests.factories.web import Web, person

SEEN = {"right": "one", "document": "Pasaporte", "identity_checked": "true"}


@pytest.fixture
def officer(web: Web) -> Browser:
    web.session(closes="12:00", desks=[{"name": "A", "services": ["PAS10", "MAT", "INE"]}])
    return staff_browser(web.app, "officer", "losangeles")


def booked(web: Web, who: str, *, services: Sequence[str] = ("PAS10",), **changes: Any) -> UUID:
    """The row of people of an appointment that an account made."""
    named = {"given_names": "Ana Luz", "first_surname": "Demo", "second_surname": None, **changes}
    answer = web.book(
        web.free(services[0])[0]["start"],
        service=services[0],
        token=web.token("citizen", subject=who, name=named["given_names"]),
        attendees=[person(0, **named)],
    )
    assert answer.status_code == 201, answer.text
    with web.database.transaction(NETWORK_SCOPE) as session:
        id = UUID(answer.get_json()["id"])
        return session.scalars(select(Member.person_id).where(Member.appointment_id == id)).one()


def merge(browser: Browser, one: UUID, other: UUID, **changes: str) -> str:
    """The page that merging them leads to."""
    fields = {**SEEN, "other": str(other), **changes}
    return browser.send(f"/desk/people/{one}/compare/merge", **fields).text


def same(web: Web, one: UUID) -> set[UUID]:
    with web.database.transaction(NETWORK_SCOPE) as session:
        return list_same(session, [one])


def test_near_matches_stand_side_by_side_and_a_merge_can_be_undone(
    web: Web, officer: Browser
) -> None:
    one = booked(web, "ana")
    other = booked(web, "ana", given_names="Ana Lus", first_surname="de la Demo")
    page = officer.get(f"/desk/people/{one}").text
    compare = f"/desk/people/{one}/compare?other={other}"
    assert compare in page
    assert "Ana Lus de la Demo" in officer.get(compare).text
    assert "Revisa lo siguiente" in merge(officer, one, other, document="")
    assert "Se unió con" in merge(officer, one, other)
    assert same(web, one) == {one, other}
    page = officer.get(f"/desk/people/{one}").text
    assert "Se unió con" in page
    assert page.count("/desk/appointments/") == 2
    assert "/compare?" not in page
    assert "Revisa lo siguiente" in merge(officer, one, other)
    undo = re.search(r'name="merge" value="([^"]+)"', page)
    assert undo is not None
    assert officer.post(f"/desk/people/{one}/unmerge", merge=undo[1]).status_code == 303
    assert same(web, one) == {one}
    assert compare in officer.get(f"/desk/people/{one}").text
    with web.database.transaction(NETWORK_SCOPE) as session:
        noted = session.scalars(
            text("SELECT action FROM audit_entries WHERE action LIKE 'person.%merge' ORDER BY at")
        )
        assert list(noted) == ["person.merge", "person.unmerge"]


def test_another_office_sees_nobody_of_it(web: Web, officer: Browser) -> None:
    one, other = booked(web, "ana"), booked(web, "eva", given_names="Eva")
    chicago = staff_browser(web.app, "officer", "chicago")
    assert chicago.get(f"/desk/people/{one}").status_code == 404
    fields = {**SEEN, "other": str(other)}
    refused = chicago.post(f"/desk/people/{one}/compare/merge", **fields)
    assert refused.status_code == 404


def test_two_proved_identities_are_never_merged(web: Web, officer: Browser) -> None:
    one = booked(web, "ana")
    other = booked(web, "eva", given_names="Ana Luisa")
    with web.database.transaction(NETWORK_SCOPE) as session:
        session.execute(
            text(
                "INSERT INTO identity_checks (id, folio, account_id, person_keys, person_id,"
                " consulate_code, document, checked_at, created_at)"
                " SELECT p.id, p.id::text, p.account_id, ARRAY[p.name_index], p.id, 'losangeles',"
                " 'Pasaporte', now(), now() FROM people p WHERE p.id IN (:one, :other)"
            ),
            {"one": one, "other": other},
        )
    refused = merge(officer, one, other)
    assert "Sus documentos dicen que son personas distintas" in refused
    assert same(web, one) == {one}


def test_different_curps_are_two_people(web: Web, officer: Browser) -> None:
    born = date(1990, 5, 12)
    one = booked(web, "ana", curp=make_curp(Named("Ana Luz", "Demo", None, born), "M"))
    curp = make_curp(Named("Luz Ana", "Demo", None, born), "M", "OC")
    other = booked(web, "ana", given_names="Luz Ana", curp=curp)
    refused = merge(officer, one, other)
    assert "Sus documentos dicen que son personas distintas" in refused


@pytest.mark.parametrize("swapped", [False, True])
def test_two_curps_are_not_joined_by_somebody_without_one(
    web: Web, officer: Browser, swapped: bool
) -> None:
    born = date(1990, 5, 12)
    without = booked(web, "ana", first_surname="de la Demo")
    one = booked(web, "ana", curp=make_curp(Named("Ana Luz", "Demo", None, born), "M"))
    curp = make_curp(Named("Luz Ana", "Demo", None, born), "M", "OC")
    other = booked(web, "ana", given_names="Luz Ana", curp=curp)
    assert "Se unió con" in merge(officer, without, one)
    third = (other, without) if swapped else (without, other)
    refused = merge(officer, *third)
    assert "Sus documentos dicen que son personas distintas" in refused
    assert same(web, other) == {other}


def test_erasing_and_the_copy_of_ones_data_follow(web: Web, officer: Browser) -> None:
    mine = booked(web, "ana")
    theirs = booked(web, "eva", given_names="Ana Lus")
    merge(officer, mine, theirs)
    copied = web.call("GET", "/me/data", token=web.token("citizen", subject="ana")).get_json()
    [merged] = copied["merged_people"]
    assert (merged["given_names"], len(merged["appointments"])) == ("Ana Lus", 1)
    with web.database.transaction(NETWORK_SCOPE) as session:
        assert set(with_merged(session, Erased(None, [mine])).people) == {mine, theirs}


def test_a_folio_leads_to_the_other_one(web: Web, officer: Browser) -> None:
    one, other = booked(web, "ana"), booked(web, "eva", given_names="Rosa", birth_date="1971-02-03")
    with web.database.transaction(NETWORK_SCOPE) as session:
        folio = session.scalars(select(Member.folio).where(Member.person_id == other)).one()
    answer = officer.post(f"/desk/people/{one}/find", folio=folio)
    assert answer.headers["Location"].endswith(f"/desk/people/{one}/compare?other={other}")
    folio_of_nobody = new_folio(FolioKind.APPOINTMENT)
    own = officer.send(f"/desk/people/{one}/find", folio=folio_of_nobody)
    assert "No hay otra persona con ese folio" in own.text


def test_whoever_was_merged_is_one_person_under_every_spelling(web: Web, officer: Browser) -> None:
    """The primary key of the claims refuses a second booking, until they are taken apart."""
    one = booked(web, "ana")
    other = booked(web, "eva", given_names="Ana Lus", services=["MAT"])
    merge(officer, one, other)

    def books(who: str, names: str, service: str) -> Any:
        token = web.token("citizen", subject=who, name=names)
        named = {"given_names": names, "first_surname": "Demo", "second_surname": None}
        wanted = {"service": service, "attendees": [person(0, **named)]}
        return web.book(web.free(service)[0]["start"], token=token, **wanted)

    assert books("ana", "Ana Lus", "PAS10").get_json()["code"] == "already_booked"
    assert books("eva", "Ana Lus", "PAS10").get_json()["code"] == "identity_check_pending"
    assert books("ana", "Ana Luz", "MAT").get_json()["code"] == "identity_check_pending"
    undo = re.search(r'name="merge" value="([^"]+)"', officer.get(f"/desk/people/{one}").text)
    assert undo is not None
    officer.post(f"/desk/people/{one}/unmerge", merge=undo[1])
    assert books("eva", "Ana Lus", "PAS10").status_code == 201
    assert books("ana", "Ana Luz", "MAT").status_code == 201


def test_whoever_was_merged_asks_for_a_program_once_under_every_spelling(
    web: Web, officer: Browser
) -> None:
    one = booked(web, "ana")
    other = booked(web, "eva", given_names="Ana Lus", services=["MAT"])
    merge(officer, one, other)
    born = date.fromisoformat(person()["birth_date"])

    def asks(who: str, names: str, homonym: str) -> Any:
        curp = make_curp(Named(names, "Demo", None, born), "M", homonym=homonym)
        applicant = {
            "given_names": names,
            "first_surname": "Demo",
            "second_surname": None,
            "birth_date": born.isoformat(),
            "curp": curp,
            "email": "ana@demo.invalid",
        }
        body = {"program": "rfc", "applicant": applicant, "consents": ["transfer_to_agency"]}
        token = web.token("citizen", subject=who, name=names)
        return web.call("POST", "/enrollments", body, token=token)

    assert asks("ana", "Ana Luz", "0").status_code == 202
    again = asks("eva", "Ana Lus", "1")
    assert again.get_json()["code"] == "identity_check_pending", again.text


def test_what_was_claimed_for_the_other_one_goes_with_the_merge(web: Web, officer: Browser) -> None:
    one = booked(web, "ana")
    other = booked(web, "eva", given_names="Ana Lus", services=["MAT"])
    merge(officer, one, other)
    later = booked(web, "ana", services=["INE"])
    keys = "SELECT count(*) FROM claims c JOIN attendees m USING (appointment_id) WHERE person_id ="
    with web.database.transaction(NETWORK_SCOPE) as session:
        both = session.scalar(text(f"{keys} :later"), {"later": later})
    undo = re.search(r'name="merge" value="([^"]+)"', officer.get(f"/desk/people/{one}").text)
    assert undo is not None
    officer.post(f"/desk/people/{one}/unmerge", merge=undo[1])
    with web.database.transaction(NETWORK_SCOPE) as session:
        assert session.scalar(text(f"{keys} :later"), {"later": later}) == (both or 0) / 2


def test_the_api_finds_merges_and_separates_as_the_pages_do(web: Web, officer: Browser) -> None:
    one = booked(web, "ana")
    other = booked(web, "ana", given_names="Ana Lus")
    token = web.token("officer", "losangeles")
    with web.database.transaction(NETWORK_SCOPE) as session:
        query = select(Member.appointment_id).where(Member.person_id == one)
        path = f"/appointments/{session.scalars(query).one()}/attendees/1/duplicates"
    found = web.call("GET", path, token=token).get_json()
    assert [(near["person"], near["reason"]) for near in found["near"]] == [(str(other), "names")]
    body = {
        "person": str(one), "duplicate": str(other), "document": "Pasaporte",
        "identity_checked": True,
    }  # fmt: skip
    elsewhere = web.call("POST", "/person-merges", body, token=web.token("officer", "chicago"))
    assert elsewhere.status_code == 404
    unseen = web.call("POST", "/person-merges", {**body, "identity_checked": False}, token=token)
    assert unseen.status_code == 422
    merged = web.call("POST", "/person-merges", body, token=token)
    assert merged.get_json()["people"] == [str(other)]
    after = web.call("GET", path, token=token).get_json()
    assert (len(after["merges"]), after["near"]) == (1, [])
    undo = f"/person-merges/{merged.get_json()['id']}"
    assert web.call("DELETE", undo, token=token).get_json()["unmerged_at"] is not None
    assert web.call("DELETE", undo, token=token).get_json()["code"] == "wrong_state"
    assert same(web, one) == {one}
