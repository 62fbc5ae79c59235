"""A party is of different people: nobody is named twice, whatever shows that they are one."""

from __future__ import annotations

import pytest

from tests.factories.web import Web, person

CURP = "HEGG560427MVZRRL04"
BORN = "1956-04-27"


@pytest.mark.parametrize(
    ("second", "field"),
    [
        (person(1, birth_date=BORN), "attendees.1.given_names"),
        (person(2, birth_date=BORN, curp=CURP), "attendees.1.curp"),
    ],
    ids=["one name and birth date", "one CURP under two names"],
)
def test_two_of_a_party_who_are_one_person_are_refused(
    web: Web, second: dict[str, str], field: str
) -> None:
    web.session(desks=[{"name": name, "services": ["PAS10"]} for name in "AB"])
    start = web.free()[0]["start"]
    first = person(1, birth_date=BORN, curp=CURP)
    answer = web.book(start, token=web.token("citizen", subject="ana"), attendees=[first, second])
    assert (answer.status_code, answer.get_json()["code"]) == (422, "person_repeated")
    assert list(answer.get_json()["errors"]) == [field]
    assert web.free()[0]["free"] == 2


def test_five_people_with_one_phone_and_one_address_are_booked_each_once(web: Web) -> None:
    """A family may share a telephone."""
    web.session(desks=[{"name": name, "services": ["PAS10"]} for name in "ABCDE"])
    start, token = web.free()[0]["start"], web.token("citizen", subject="ana")
    contact = {"email": "ana@demo.invalid", "phone": "+13235550100"}
    for number in range(5):
        answer = web.book(start, token=token, attendees=[person(number)], contact=contact)
        assert answer.status_code == 201, answer.text
    listed = web.call("GET", "/appointments", token=token).get_json()["items"]
    assert len({item["attendees"][0]["first_surname"] for item in listed}) == len(listed) == 5
