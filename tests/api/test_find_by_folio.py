"""An appointment is found by folio and birth date, and says how it stands."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from services.kernel.db import NETWORK_SCOPE
from services.kernel.ids import CROCKFORD, parse_folio
from tests.factories.staff import citizen_browser
from tests.factories.web import PERSON, Web, person

BORN = PERSON["birth_date"]


@pytest.fixture
def booked(web: Web) -> dict[str, Any]:
    web.session()
    answer = web.book(web.free()[0]["start"], token=web.token("citizen", subject="ana"))
    assert answer.status_code == 201, answer.text
    return dict(answer.get_json())


def find(
    web: Web, folio: Any, born: Any = BORN, language: str = "es"
) -> tuple[int, dict[str, Any]]:
    answer = web.call(
        "POST",
        "/appointments/find",
        {"folio": folio, "birth_date": born},
        headers={"Accept-Language": language},
    )
    return answer.status_code, answer.get_json()


def test_whoever_knows_folio_and_birth_date_learns_how_it_stands(
    web: Web, booked: dict[str, Any]
) -> None:
    status, body = find(web, booked["folio"])
    assert status == 200
    assert {name: body[name] for name in ("folio", "status", "consulate", "service", "start")} == {
        name: booked[name] for name in ("folio", "status", "consulate", "service", "start")
    }
    assert body["book_url"] is None
    assert "Demo" not in str(body)
    assert "Ana" not in str(body)


@pytest.mark.parametrize(
    "way",
    ["{0}-{1}-{2}", "{0} {1} {2}", "{0}–{1}—{2}", "{0}.{1}.{2}", "{0}/{1}/{2}",
     "Folio: {0}-{1}-{2}", "http://127.0.0.1:8000/verify/{0}-{1}-{2}",
     "\u200b{0}\u00a0{1}\u2060{2}"],
)  # fmt: skip
def test_a_folio_is_found_however_it_is_typed(web: Web, booked: dict[str, Any], way: str) -> None:
    folio = booked["folio"]
    typed = way.format(folio[:4], folio[4:8], folio[8:])
    for said in (typed, typed.lower(), typed.replace("0", "O").replace("1", "l")):
        assert find(web, said)[0] == 200, said


@pytest.mark.parametrize("typed", ["", "C", "C7K3-M9QX-W42T-1", "hola", "1" * 301])
def test_what_can_be_no_folio_is_told_with_the_form_of_one(web: Web, typed: str) -> None:
    status, body = find(web, typed)
    assert (status, body["code"]) == (422, "invalid_fields")
    assert set(body["errors"]) == {"folio"}


@pytest.mark.parametrize("typed", [123456789012, None, True, ["C"]])
def test_a_folio_that_is_no_text_is_refused(web: Web, typed: Any) -> None:
    status, body = find(web, typed)
    assert (status, set(body["errors"])) == (422, {"folio"})


def test_a_slip_in_the_folio_and_another_birth_date_are_told_apart_from_nothing_else(
    web: Web, booked: dict[str, Any]
) -> None:
    other = "C" + booked["folio"][1:-1][::-1]
    unknown = next(f for c in CROCKFORD if (f := parse_folio(other + c)))
    answers = [find(web, unknown), find(web, booked["folio"], "1990-05-13")]
    assert [status for status, _body in answers] == [404, 404]
    said = [{k: v for k, v in body.items() if k != "request_id"} for _status, body in answers]
    assert said[0] == said[1]


def test_a_cancelled_one_says_so_and_offers_another(web: Web, booked: dict[str, Any]) -> None:
    token = web.token("citizen", subject="ana")
    assert web.call("POST", f"/appointments/{booked['id']}/cancel", token=token).status_code == 200
    status, body = find(web, booked["folio"])
    assert (status, body["status"], body["book_url"]) == (200, "cancelled", "/citas/nueva")
    assert body["message"] == "Esta cita se canceló. Puedes reservar otra."
    assert "canceled" in find(web, booked["folio"], language="en")[1]["message"]


def test_of_a_household_each_hears_how_it_stands_for_them(web: Web) -> None:
    """By their own folio, or by that of all and their birth date: one was taken out of it."""
    web.session()
    token, family = web.token("citizen", subject="ana"), [person(1), person(2)]
    family[1]["birth_date"] = "2015-03-02"
    answer = web.book(web.free()[0]["start"], token=token, attendees=family).get_json()
    web.call("POST", f"/appointments/{answer['id']}/attendees/2/cancel", {}, token=token)
    stays, left = (each["folio"] for each in answer["attendees"])
    told = [
        (find(web, folio, born)[1], folio)
        for folio, born in (
            (stays, BORN), (answer["folio"], BORN), (left, "2015-03-02"),
            (answer["folio"], "2015-03-02"),
        )
    ]  # fmt: skip
    assert [body["status"] for body, _folio in told] == ["booked"] * 2 + ["cancelled"] * 2
    assert [body["book_url"] for body, _folio in told] == [None] * 2 + ["/citas/nueva"] * 2
    assert [body["folio"] for body, _folio in told] == [folio for _body, folio in told]
    form = {"folio": left, "birth_date-day": "2", "birth_date-month": "3"}
    with web.database.transaction(NETWORK_SCOPE) as session:
        account = session.scalars(text("SELECT account_id FROM appointments")).one()
    reader = citizen_browser(web.app, account)
    page = reader.send("/citas/buscar", **form, **{"birth_date-year": "2015"}).text
    assert "Cancelada" in page
    assert "Reservar otra cita" in page


def test_a_past_one_says_so_and_offers_another(web: Web, booked: dict[str, Any]) -> None:
    with web.database.transaction(NETWORK_SCOPE) as session:
        session.execute(
            text("UPDATE appointments SET starts_at = :at, ends_at = :at"),
            {"at": datetime(2026, 1, 5, 17, tzinfo=UTC)},
        )
    status, body = find(web, booked["folio"])
    assert (status, body["status"], body["book_url"]) == (200, "past", "/citas/nueva")


def test_tries_are_limited_by_caller_and_by_folio(web: Web, booked: dict[str, Any]) -> None:
    web.app.config["LOOKUPS"] = 3
    answers = [find(web, booked["folio"], f"1990-05-0{n}")[0] for n in range(1, 6)]
    assert answers == [404, 404, 404, 429, 429]
