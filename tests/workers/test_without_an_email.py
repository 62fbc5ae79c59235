"""Whoever has no e-mail books, moves and cancels on pages without JavaScript, and is told by SMS;
whoever gives no address at all does the same, and the office is asked to tell them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from services.kernel.db import NETWORK_SCOPE
from services.kernel.settings import Settings
from tests.factories.staff import Browser, citizen_browser, staff_browser
from tests.factories.web import BORN, Web, running_web
from tests.pages.test_booking_pages import PLACE, fields, post
from tests.workers.conftest import messages

PHONE = "+13235550123"
WHO = {"given_names": "Rosa María", "first_surname": "Demo", **BORN}


@pytest.fixture
def web(settings: Settings) -> Iterator[Web]:
    with running_web(settings) as running:
        running.session()
        yield running


def done(pump: Callable[[], int]) -> None:
    """All that waits for workers."""
    while pump():
        pass


def told(agencies_url: str) -> tuple[list[str], str]:
    """By which channels that telephone was told anything, and what it was told last."""
    sent = messages(agencies_url, PHONE)
    return [each["channel"] for each in sent], sent[0]["body"]


def channels(web: Web) -> list[str]:
    """By which channels messages about appointments went, in their order; ``desk``: by staff."""
    query = text("SELECT channel FROM messages WHERE topic LIKE 'appointments.%' ORDER BY id")
    with web.database.transaction(NETWORK_SCOPE) as session:
        return list(session.scalars(query))


def book(client: FlaskClient, start: str, **contact: str) -> str:
    """From the choice of a time to the page that asks to book it, or for the code."""
    page = client.get("/citas/persona", query_string={**PLACE, "start": start}).text
    check = post(client, "/citas/persona", {**fields(page), **WHO, **contact}, page).text
    return post(client, "/citas/revisar", fields(check), check).text


def address_of(booked: str) -> str:
    found = re.search(r'action="(/citas/[0-9a-f-]{36})/cancelar"', booked)
    assert found is not None, booked
    return found[1]


def move(client: FlaskClient, at: str, start: str) -> str:
    check = client.get(f"{at}/cambiar/revisar?{urlencode({'start': start})}").text
    assert f'action="{at}/cambiar/confirmar"' in check
    return post(client, f"{at}/cambiar/confirmar", fields(check), check).text


def cancel(client: FlaskClient, at: str) -> str:
    page = client.get(at).text
    return post(client, f"{at}/cancelar", fields(page), page).text


def test_with_a_telephone_alone(web: Web, agencies_url: str, pump: Callable[[], int]) -> None:
    client, slots = web.client, web.free()
    asked = book(client, slots[0]["start"], phone="323 555 0123", phone_country="1", email="")
    done(pump)
    code = re.search(r"\b\d{6}\b", told(agencies_url)[1])
    assert code is not None
    booked = post(client, "/citas/codigo", {**fields(asked), "code": code[0]}, asked).text
    assert "Tu cita está reservada" in booked
    at = address_of(booked)
    done(pump)
    assert "9:00" in unescape(told(agencies_url)[1])

    assert "Tu cita cambió" in move(client, at, slots[-1]["start"])
    done(pump)
    assert "9:45" in unescape(told(agencies_url)[1])

    assert "Sí, cancelar la cita" not in cancel(client, at)
    done(pump)
    sent, last = told(agencies_url)
    assert "cancel" in last.lower()
    assert sent == ["sms"] * 4
    assert channels(web) == ["sms"] * 3


def test_with_no_address_at_all(web: Web, pump: Callable[[], int]) -> None:
    web.call("GET", "/me", token=web.token("citizen", subject="rosa"))
    with web.database.transaction(NETWORK_SCOPE) as session:
        session.execute(text("UPDATE people SET email_sealed = NULL, phone_sealed = NULL"))
        account = session.execute(text("SELECT id FROM accounts")).scalar_one()
    browser: Browser = citizen_browser(web.app, account)
    client, slots = browser.client, web.free()
    booked = book(client, slots[0]["start"], email="", phone="")
    assert "Tu cita está reservada" in booked
    at = address_of(booked)
    done(pump)
    assert "Tu cita cambió" in move(client, at, slots[-1]["start"])
    done(pump)
    listed = staff_browser(web.app, "officer", "losangeles").get("/desk/messages").text
    assert "Rosa María" in listed
    assert "Sí, cancelar la cita" not in cancel(client, at)
    done(pump)
    assert set(channels(web)) == {"desk"}
    statuses = web.call("GET", "/appointments", token=web.token("citizen", subject="rosa"))
    assert [each["status"] for each in statuses.get_json()["items"]] == ["cancelled"]
