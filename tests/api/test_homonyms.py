"""People of one name are told apart by what they told besides; nobody learns of the other."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from integrations.simulator.names import Person, make_curp
from tests.factories.web import Web

GLORIA = Person("Gloria", "Hernández", "García", date(1956, 4, 27))
OWN, ANOTHERS = make_curp(GLORIA, "M"), make_curp(GLORIA, "M", "VZ")


@pytest.fixture
def web(web: Web) -> Web:
    web.session()
    return web


def book(web: Web, who: str, **told: Any) -> tuple[int, str]:
    """The answer to a Gloria who books from an account of her own."""
    names = {
        "given_names": GLORIA.given_names,
        "first_surname": GLORIA.first_surname,
        "second_surname": GLORIA.second_surname,
        "birth_date": GLORIA.birth_date.isoformat(),
    }
    token = web.token("citizen", subject=who)
    answer = web.book(web.free()[0]["start"], token=token, attendees=[{**names, **told}])
    body = answer.get_json()
    assert not {"appointment", "id"} & body.keys() or answer.status_code == 201
    return answer.status_code, body.get("code", "booked")


def test_of_another_birth_date_both_book(web: Web) -> None:
    assert book(web, "one") == (201, "booked")
    assert book(web, "two", birth_date="1976-04-27") == (201, "booked")


def test_of_one_birth_date_the_second_has_identity_checked_whatever_the_curp(web: Web) -> None:
    assert book(web, "one", curp=OWN) == (201, "booked")
    for number, told in enumerate(({"curp": ANOTHERS}, {"curp": OWN}, {})):
        assert book(web, f"other-{number}", **told) == (409, "identity_check_pending")


def test_a_curp_of_another_day_is_refused_by_its_field_before_anybody_is_looked_up(
    web: Web,
) -> None:
    for who in ("one", "two"):
        assert book(web, who, curp=OWN, birth_date="1956-04-28") == (422, "invalid_fields")
        book(web, "one", curp=OWN)
