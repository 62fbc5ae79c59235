"""Numbers that contradict each other are never published, and what is odd stays with its reason."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from typing import Any

import pytest

from tests.api.test_counts_are_typed_twice import approved, listed, made, refused, report, settle
from tests.factories.staff import staff_browser
from tests.factories.web import Web


def total_of_votes(web: Web) -> int:
    rows = web.call("GET", "/monitoring/indicators/votes", token=web.token("analyst")).get_json()
    return sum(row["value"] for row in rows["rows"] if row["status"] == "approved")


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"metric": "votes", "date": "2024-06-03"}, "day_after_deadline", "date"),
        ({"metric": "vote_envelopes", "mode": "postal", "date": "2024-06-02"},
         "day_after_deadline", "date"),
        ({"metric": "late_votes", "mode": "electronic", "date": "2024-06-01"},
         "day_before_deadline", "date"),
        ({"metric": "credentials_issued"}, "counted_without_mode", "mode"),
        ({"metric": "vote_envelopes"}, "envelopes_only_by_post", "mode"),
        ({"metric": "votes", "value": 223_962}, "more_votes_than_registered", "value"),
    ],
)  # fmt: skip
def test_what_came_late_is_counted_apart_and_what_cannot_be_is_refused(
    web: Web, changes: dict[str, Any], code: str, field: str
) -> None:
    answer = report(web, **{"election": "2024", "date": "2024-06-01", **changes})
    assert refused(answer) == (422, code)
    assert list(answer.get_json()["errors"]) == [field]


def test_late_votes_are_no_votes(web: Web) -> None:
    approved(web, election="2024", date="2024-06-03", metric="late_votes", value=5)
    assert total_of_votes(web) == 0


def test_two_numbers_that_wait_are_held_to_each_other_when_they_are_published(web: Web) -> None:
    by_mode = [made(web, mode=mode, value=10) for mode in ("electronic", "postal", "in_person")]
    total = made(web, mode=None, value=31)
    for count in by_mode:
        assert settle(web, count, "approve", value=10).status_code == 200
    wrong = settle(web, total, "approve", value=31)
    assert refused(wrong) == (422, "modes_differ_from_total")
    assert "suman 30 y el total es 31" in wrong.get_json()["detail"]
    right = settle(web, total, "correct", "one", value=30, reason="Sumé mal")
    assert right.status_code == 200, right.text
    assert settle(web, total, "approve", value=30).get_json()["status"] == "approved"
    # The total says nothing that its modes don't say.
    assert total_of_votes(web) == 30


def test_of_two_numbers_published_at_once_that_contradict_each_other_one_is(web: Web) -> None:
    for mode in ("electronic", "postal"):
        approved(web, mode=mode, value=10)
    last, total = made(web, mode="in_person", value=10), made(web, mode=None, value=31)
    web.token("officer", "losangeles", "two-losangeles")
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(settle, web, last, "approve", value=10)
        second = pool.submit(settle, web, total, "approve", value=31)
        answers = sorted([first.result().status_code, second.result().status_code])
    assert answers == [200, 422]


def test_a_total_without_its_modes_counts_until_they_come(web: Web) -> None:
    approved(web, mode=None, value=30)
    assert total_of_votes(web) == 30
    approved(web, mode="postal", value=10)
    assert total_of_votes(web) == 30
    approved(web, mode=None, value=40)
    assert total_of_votes(web) == 40


def test_what_is_odd_is_kept_and_told_once_the_number_may_be_seen(web: Web) -> None:
    approved(web, election="2026", value=300)
    count = made(web, value=300, note="Comprobado con el acta")
    own = web.token("officer", "losangeles", "one-losangeles")
    assert listed(web, own)[count]["warnings"] == ["same_as_last_election"]
    other = web.token("officer", "losangeles", "two-losangeles")
    assert listed(web, other)[count]["warnings"] == []
    unread = settle(web, count, "approve", value=300, explained=False)
    assert refused(unread) == (409, "explanation_not_read")
    read = settle(web, count, "approve", value=300, explained=True).get_json()
    assert (read["status"], read["warnings"]) == ("approved", ["same_as_last_election"])
    assert read["note"] == "Comprobado con el acta"
    assert listed(web, other)[count]["warnings"] == ["same_as_last_election"]


def test_a_correction_that_breaks_the_sum_is_explained(web: Web) -> None:
    approved(web, mode=None, value=30)
    for mode in ("electronic", "postal", "in_person"):
        approved(web, mode=mode, value=10)
    assert refused(report(web, mode="postal", value=11)) == (422, "modes_differ_from_total")
    assert refused(report(web, mode=None, value=31)) == (422, "correction_differs_from_total")
    count = made(web, mode=None, value=31, note="Falta corregir el correo")
    settle(web, count, "approve", value=31)
    approved(web, mode="postal", value=11)
    assert total_of_votes(web) == 31


def test_on_the_page_the_explanation_is_read_between_typing_and_publishing(web: Web) -> None:
    approved(web, election="2026", value=300)
    count = made(web, value=300, note="Comprobado con el acta")
    second = staff_browser(web.app, "supervisor", "losangeles")
    before = unescape(second.get(f"/counts/{count}").text)
    assert "Es igual a una cifra de la elección anterior" not in before
    asked = unescape(second.send(f"/counts/{count}/approve", value="300").text)
    assert "Es igual a una cifra de la elección anterior" in asked
    assert "La explicación basta" in asked
    assert "Por aprobar" in asked
    done = unescape(second.send(f"/counts/{count}/approve", value="300", explained="1").text)
    assert "Aprobado" in done


def test_the_page_shows_who_typed_which_number_when_and_why(web: Web) -> None:
    count = made(web, value=1243)
    settle(web, count, "approve", value=1234)
    officer = staff_browser(web.app, "supervisor", "losangeles")
    assert "1,243" not in officer.get(f"/counts/{count}").text
    settle(web, count, "correct", "one", value=1234, reason="Invertí dos cifras")
    page = unescape(officer.get(f"/counts/{count}").text)
    assert re.findall(r'<span class="when mb-2">(1,2\d\d): ', page) == ["1,243", "1,234", "1,234"]
    assert "Por qué: Invertí dos cifras" in page


def test_the_form_says_until_when_a_vote_counts_by_both_clocks(web: Web) -> None:
    page = unescape(staff_browser(web.app, "officer", "losangeles").get("/counts/").text)
    assert "24 horas antes de que abran las casillas" in page
    assert re.search(r"7:00\sa\.\sm\. \(hora de Los Ángeles\), 8:00\sa\.\sm\.", page)
    assert "LGIPE 345.1" in page


def test_a_corrected_number_that_is_odd_is_explained_in_the_correction(web: Web) -> None:
    approved(web, consulate="chicago", value=300)
    count = made(web, value=301)
    body = {"value": 300, "reason": "Leí mal"}
    assert refused(settle(web, count, "correct", "one", **body)) == (422, "same_as_another_office")
    explained = settle(web, count, "correct", "one", **body, note="Comprobado con las dos actas")
    assert explained.status_code == 200, explained.text
    done = settle(web, count, "approve", value=300).get_json()
    assert done["warnings"] == ["same_as_another_office"]
    assert done["note"] == "Comprobado con las dos actas"
