"""However many repeats of a form wait for its first sending, the pages go on answering."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import Any

import pytest
from werkzeug.test import TestResponse

from consular.pages import posting
from consular.pages.portal import enrolling
from tests.factories.staff import Browser
from tests.factories.web import Web
from tests.pages.test_citizens_forms import citizen
from tests.pages.test_forms_are_sent_once import a_second_browser_window, count

REPEATS = 6
FORM = {
    "form_key": "one-press", "given_names": "Gloria", "first_surname": "Hernández",
    "second_surname": "García", "curp": "HEGG560427MVZRRL04", "consents": "transfer_to_agency",
    "birth_date-day": "27", "birth_date-month": "4", "birth_date-year": "1956",
}  # fmt: skip


class SlowForm:
    """The first sending of a form, held in the middle until it is let go."""

    def __init__(self, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
        self.web, self.browser = web, citizen(web)
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.fails = False
        self._do = enrolling.read_request
        monkeypatch.setattr(enrolling, "read_request", self._held)
        monkeypatch.setattr(posting, "WAIT_SECONDS", 120.0)  # longer than a slow machine takes
        self._pool = ThreadPoolExecutor(REPEATS + 1)
        # The token is read once: each page costs a query.
        self.form = {**FORM, "csrf_token": self.browser.csrf()}
        self.first = self.press()
        assert self.begun.wait(60)

    def _held(self, *arguments: Any) -> Any:
        first = not self.begun.is_set()
        self.begun.set()
        if first:
            assert self.go_on.wait(120)
            if self.fails:
                raise RuntimeError("out of order")
        return self._do(*arguments)

    def press(self) -> Future[TestResponse]:
        """The button, in a window of the same browser."""
        window: Browser = a_second_browser_window(self.web, self.browser)
        return self._pool.submit(lambda: window.client.post("/rfc", data=self.form))

    def end(self) -> None:
        """Let the first one go, and wait for everybody."""
        self.go_on.set()
        self._pool.shutdown()


@pytest.fixture
def slow(web: Web, monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowForm]:
    form = SlowForm(web, monkeypatch)
    yield form
    form.end()


def the_first_done(presses: list[Future[TestResponse]], number: int) -> list[TestResponse]:
    """The first ``number`` answers, while the form is still under way."""
    done = as_completed(presses, timeout=posting.WAIT_SECONDS)
    return [next(done).result() for _ in range(number)]


def test_one_repeat_waits_and_the_others_are_led_to_a_page_that_asks_again(
    slow: SlowForm,
) -> None:
    presses = [slow.press() for _ in range(REPEATS)]
    answers = the_first_done(presses, REPEATS - posting.MOST_WAITING)
    assert sum(press.done() for press in presses) == REPEATS - posting.MOST_WAITING
    (address,) = {str(answer.location).split("back=")[0] for answer in answers}
    assert address.startswith("/en-proceso/")
    asking = slow.browser.get(answers[0].location)
    assert (asking.status_code, asking.headers["Refresh"]) == (200, "2")
    assert "no hace falta enviarlo otra vez" in asking.text
    # Anybody else's page opens meanwhile, and tells nobody else where the form led.
    assert slow.web.client.get("/").status_code == 200
    assert slow.web.client.get(answers[0].location).status_code == 303
    slow.end()
    led = {press.result().location for press in (slow.first, *presses)}
    (made,) = {where for where in led if where.startswith("/inscripciones/")}
    assert slow.browser.get(answers[0].location).location == made
    assert count(slow.web, "SELECT count(*) FROM enrollments") == 1


def test_the_repeat_that_waits_does_it_when_the_first_sending_fails(slow: SlowForm) -> None:
    slow.fails = True
    presses = [slow.press() for _ in range(2)]
    (answer,) = the_first_done(presses, 1)
    slow.end()
    assert slow.first.result().status_code == 500
    assert slow.browser.get(answer.location).location.startswith("/inscripciones/")
    assert count(slow.web, "SELECT count(*) FROM enrollments") == 1


def test_when_the_first_sending_fails_what_was_typed_is_still_there(
    slow: SlowForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow.fails = True
    monkeypatch.setattr(posting, "_places_to_wait", threading.BoundedSemaphore(1))
    assert posting._places_to_wait.acquire()
    answer = slow.press().result(60)
    assert slow.browser.get(answer.location).status_code == 200
    slow.end()
    form = slow.browser.get(answer.location).location
    assert form.startswith("/rfc?d=")
    assert 'value="HEGG560427MVZRRL04"' in slow.browser.get(form).text


def test_the_page_of_a_form_that_nobody_is_at_leads_back_to_the_form(web: Web) -> None:
    browser = citizen(web)
    back = "/en-proceso/" + "ab" * 32
    assert browser.get(f"{back}?back=/rfc?d=1").location == "/rfc?d=1"
    assert browser.get(f"{back}?back=https://elsewhere.invalid/").location == "/"
    assert browser.get("/en-proceso/nothing").status_code == 404
