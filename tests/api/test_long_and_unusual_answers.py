"""E-mails and names of every length and letter are kept whole, or refused beside their field."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import ValidationError

from consular.input.fields import MOST_OF_NAME, Email, Name
from tests.factories.web import Web, person

LONGEST = "a" * 64 + "@" + ".".join(["b" * 61] * 3) + ".mx"
NAMES = ("given_names", "first_surname", "second_surname")


@pytest.mark.parametrize("email", ["ñ@x.mx", "a+b@x.mx", "o'neill@x.mx", LONGEST.ljust(254, "x")])
def test_an_email_is_kept_whole_and_lets_book(web: Web, email: str) -> None:
    assert Email().deserialize(email) == email
    web.session()
    token = web.token("citizen", subject="ana")
    answer = web.book(web.free()[0]["start"], token=token, contact={"email": email})
    assert answer.status_code == 201, answer.text


def test_an_email_of_more_than_254_characters_is_refused() -> None:
    with pytest.raises(ValidationError, match="254"):
        Email().deserialize(LONGEST.ljust(255, "x"))


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_the_most_letters_is_taken_and_a_longer_one_refused(web: Web, name: str) -> None:
    assert Name().deserialize("é" * MOST_OF_NAME) == "é" * MOST_OF_NAME
    token = web.token("citizen", subject="ana")
    most: dict[str, Any] = person(**{name: "Á" * MOST_OF_NAME})
    assert web.call("PATCH", "/me", most, token=token).status_code == 200
    refused = web.call("PATCH", "/me", person(**{name: "Á" * 120}), token=token)
    assert refused.status_code == 422
    said = refused.get_json()["errors"]
    assert list(said) == [name]
    assert str(MOST_OF_NAME) in said[name][0]


@pytest.mark.parametrize("folio", [7, 7.0, True, ["C7K3M9QXW42T"]])
def test_a_folio_that_isnt_text_is_refused_beside_its_field(web: Web, folio: Any) -> None:
    body = {"folio": folio, "first_surname": "Demo"}
    answer = web.call("POST", "/remittances/lookup", body)
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["folio"])
