"""What was given and charged is on record: by the list and the law, under a receipt, for good."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.factories.staff import staff_browser
from tests.factories.web import Web, morning_at_office, person

FULL = {"amount": "209.00", "currency": "USD"}


def checked_in(web: Web, number: int = 0, **changes: Any) -> str:
    """The address of an appointment whose people are here."""
    if not web.free():
        web.session(closes="12:00")
    web.travel(morning_at_office())
    booked = web.book(
        web.free()[0]["start"],
        token=web.token("citizen", subject=f"p{number}"),
        **{"attendees": [person(number, birth_date="1950-01-01")], **changes},
    )
    path = f"/appointments/{booked.get_json()['id']}"
    officer = web.token("officer", "losangeles")
    web.call("POST", f"{path}/check-in", {"identity_checked": True}, token=officer)
    return path


def completed(web: Web, path: str, **body: Any) -> Any:
    answer = web.call("POST", f"{path}/complete", body, token=web.token("officer", "losangeles"))
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def test_what_was_given_is_told_with_its_parts_and_its_receipt(web: Web) -> None:
    answer = completed(
        web,
        checked_in(web),
        document_number="G1",
        fee={"amount": "167.20", "currency": "USD"},
        cases=[{"code": "elderly"}, {"code": "emergency_passport", "ground": "boleto de avión"}],
        act="renewal",
        payment="card",
    )
    (given,) = answer["services_rendered"]
    assert answer["outcome"] == {
        "identity_checked": True,
        "service": "PAS10",
        "fee": {"amount": "167.20", "currency": "USD"},
    }
    assert (given["listed"], given["charged"]) == ("209.00", "167.20")
    assert [(line["code"], line["article"], line["amount"]) for line in given["lines"]] == [
        ("elderly", "LFD 20", "-104.50"),
        ("emergency_passport", "LFD 20", "62.70"),
    ]
    assert (given["act"], given["payment"], given["receipt_number"]) == ("renewal", "card", 1)


def test_a_household_pays_once_for_all(web: Web) -> None:
    path = checked_in(web, attendees=[person(1), person(2)])
    answer = completed(web, path, fee={"amount": "418.00", "currency": "USD"})
    given = answer["services_rendered"]
    assert [(each["charged"], each["receipt_number"], each["lines"]) for each in given] == [
        ("209.00", 1, []),
        ("209.00", 1, []),
    ]


@pytest.mark.parametrize("fee", [{"amount": "100.00", "currency": "USD"}, None])
def test_another_sum_never_passes_in_silence(web: Web, fee: dict[str, str] | None) -> None:
    (given,) = completed(web, checked_in(web), fee=fee)["services_rendered"]
    (line,) = given["lines"]
    assert (line["kind"], line["ground"]) == ("difference", None)
    assert given["receipt_number"] == (1 if fee else None)


def test_what_the_law_does_not_give_is_refused_and_nothing_is_written(web: Web) -> None:
    path, officer = checked_in(web, 1, attendees=[person(1)]), web.token("officer", "losangeles")
    for cases, code in (
        ([{"code": "elderly"}], "case_too_young"),
        ([{"code": "disability"}], "ground_required"),
        ([{"code": "pensioner", "ground": "credencial"}], "case_not_for_service"),
    ):
        answer = web.call("POST", f"{path}/complete", {"fee": FULL, "cases": cases}, token=officer)
        assert (answer.status_code, answer.get_json()["code"]) == (422, code)
    answer = web.call("POST", f"{path}/complete", {"service": "NADA"}, token=officer)
    assert answer.get_json()["code"] == "service_not_offered"
    assert web.call("GET", path, token=officer).get_json()["status"] == "checked_in"
    assert completed(web, path, fee=FULL)["services_rendered"][0]["receipt_number"] == 1


def test_the_desk_shows_the_parts_and_asks_why_when_the_sum_is_another(web: Web) -> None:
    path = checked_in(web)
    officer = staff_browser(web.app, "officer", "losangeles")
    page = officer.get(f"/desk{path}/complete").text
    assert 'value="209.00"' in page
    assert "Persona adulta mayor: −50 % (LFD 20)" in page
    worked_out = officer.send(
        f"/desk{path}/complete", case="elderly", fee_amount="209.00", work_out="1"
    ).text
    assert 'value="104.50"' in worked_out
    assert "-104.50" in worked_out
    refused = officer.send(f"/desk{path}/complete", case="elderly", fee_amount="209.00").text
    assert "Con lo que elegiste son 104.50" in refused
    assert 'name="reason"' in refused
    answer = officer.post(
        f"/desk{path}/complete", case="elderly", fee_amount="104.50", payment="cash"
    )
    assert answer.status_code == 303
    shown = officer.get(f"/desk{path}").text
    assert "Persona adulta mayor · LFD 20" in shown
    assert "104.50" in shown


def test_the_rows_stay_as_they_were_written(web: Web) -> None:
    completed(web, checked_in(web), fee=FULL)
    with psycopg.connect(web.settings.database_url) as connection:
        connection.execute("SELECT set_config('app.consulate', '*', true)")
        for statement in (
            "UPDATE services_rendered SET charged_minor = 0",
            "DELETE FROM receipts",
            "UPDATE receipts SET number = 9",
            "UPDATE fee_lines SET minor = 0",
        ):
            with (
                pytest.raises(psycopg.errors.InsufficientPrivilege),
                connection.transaction(),
            ):
                connection.execute(statement)
