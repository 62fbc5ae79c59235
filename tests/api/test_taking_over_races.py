"""Whoever cancels or takes over at one moment: one owner, and no place lost or doubled."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.api.test_identity_at_the_window import Window
from tests.factories.web import Web


def test_two_officers_and_the_other_account_at_once_leave_one_owner(web: Web) -> None:
    window = Window(web)
    first = window.check(folio=window.folio).get_json()["id"]
    second = window.check(contact={"email": "gloria@demo.invalid"}).get_json()["id"]
    cancel = f"/appointments/{window.squatted['id']}/cancel"
    steps = [
        lambda: window.act(first, "take-over", service="PAS10"),
        lambda: window.act(second, "take-over", service="PAS10"),
        lambda: window.act(first, "release", service="PAS10"),
        lambda: web.call("POST", cancel, {}, token=window.eve),
        lambda: window.act(first, "take-over", service="PAS10"),
    ]
    with ThreadPoolExecutor(max_workers=len(steps)) as pool:
        answers = [each.result() for each in [pool.submit(step) for step in steps]]
    assert set(Counter(answer.status_code for answer in answers)) <= {200, 409}, [
        answer.text for answer in answers
    ]
    booked = [item for item in window.listed(window.mine) if item["status"] == "booked"]
    assert len(booked) <= 1
    assert [item["status"] for item in window.listed(window.eve)] == ["cancelled"]
    taken, seated = window.taken()
    # A place that was cancelled waits to come back, and counts as taken meanwhile.
    assert seated <= taken <= 1
