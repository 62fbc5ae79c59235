"""The reference rate is exact and recent; a message arrives once."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import httpx
import pytest

from integrations.contracts import Message, MessageChannel
from integrations.errors import OutcomeUnknown, Refused, Unanswered
from integrations.notices.client import NoticesClient
from integrations.rates.client import BanxicoClient
from integrations.simulator.app import Simulator
from integrations.simulator.inprocess import InProcessTransport
from tests.integrations.conftest import Clock, order_faults

CODE = Message("m-1", MessageChannel.EMAIL, "demo@example.org", "Tu código", "Escribe 123 456")


def test_the_last_five_working_days_oldest_first(rates: BanxicoClient, clock: Clock) -> None:
    latest = rates.latest()
    assert [rate.valid_on.day for rate in latest] == [18, 19, 20, 23, 24]
    newest = latest[-1]
    assert (newest.base, newest.quote, newest.series) == ("USD", "MXN", "SF43718")
    assert Decimal("18.2") < newest.value < Decimal("18.6")
    assert rates.latest() == latest


def test_the_day_is_mexico_citys(rates: BanxicoClient, clock: Clock) -> None:
    clock.now = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
    assert rates.latest()[-1].valid_on == date(2026, 11, 24)


def answer(*data: tuple[str, str]) -> httpx.MockTransport:
    rows = [{"fecha": day, "dato": value} for day, value in data]
    body = {"bmx": {"series": [{"idSerie": "SF43718", "titulo": "FIX", "datos": rows}]}}
    return httpx.MockTransport(lambda _: httpx.Response(200, json=body))


def test_a_rate_is_kept_unrounded() -> None:
    client = BanxicoClient("http://x.test", "t", answer(("24/11/2026", "11.9483779")))
    [rate] = client.latest()
    assert (rate.value, rate.valid_on) == (Decimal("11.9483779"), date(2026, 11, 24))


def test_days_without_a_rate_are_left_out() -> None:
    data = (("24/11/2026", "N/E"), ("23/11/2026", "18.4321"))
    [rate] = BanxicoClient("http://x.test", "t", answer(*data)).latest()
    assert rate.valid_on == date(2026, 11, 23)


@pytest.mark.parametrize("value", ["0", "-18.4", "NaN", "1E999", "18,43.x", "", "184321"])
def test_a_rate_that_cannot_be_is_no_rate(value: str) -> None:
    with pytest.raises(Unanswered):
        BanxicoClient("http://x.test", "t", answer(("24/11/2026", value))).latest()


def test_no_rate_at_all_is_no_answer() -> None:
    with pytest.raises(Unanswered):
        BanxicoClient("http://x.test", "t", answer(("24/11/2026", "N/E"))).latest()


def test_the_wrong_token_gets_nothing(simulator: Simulator) -> None:
    transport = InProcessTransport(simulator)
    with pytest.raises(Exception, match="credentials_refused"):
        BanxicoClient("http://s.test/banxico", "wrong", transport).latest()


def test_a_message_is_kept_once_and_can_be_read(
    notices: NoticesClient, control: httpx.Client
) -> None:
    notices.send(CODE)
    notices.send(CODE)
    [kept] = control.get("/_simulator/messages.json?to=demo@example.org").json()["items"]
    assert (kept["key"], kept["body"]) == ("m-1", "Escribe 123 456")
    assert control.get("/_simulator/messages.json?to=other@example.org").json()["items"] == []


def test_a_lost_answer_may_be_sent_again_for_the_key_holds(
    notices: NoticesClient, control: httpx.Client
) -> None:
    order_faults(control, "notices", drop_after_effect_rate=1)
    with pytest.raises(OutcomeUnknown):
        notices.send(CODE)
    control.delete("/_simulator/faults/notices")
    notices.send(CODE)
    assert len(control.get("/_simulator/messages.json").json()["items"]) == 1


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (Message("m-1", MessageChannel.EMAIL, "demo@example.org", "Otro", "x"), "key_reused"),
        (Message("m-2", MessageChannel.EMAIL, "nobody", "s", "x"), "recipient_invalid"),
        (Message("m-2", MessageChannel.SMS, "555", "", "x"), "recipient_invalid"),
        (Message("m-2", MessageChannel.SMS, "+12135550101", "", ""), "data_invalid"),
    ],
)
def test_what_the_gateway_cannot_take_is_refused(
    notices: NoticesClient, message: Message, code: str
) -> None:
    notices.send(CODE)
    with pytest.raises(Refused) as refused:
        notices.send(message)
    assert refused.value.code == code


def test_the_page_shows_the_newest_first_and_nothing_runs_in_it(
    notices: NoticesClient, control: httpx.Client
) -> None:
    notices.send(CODE)
    notices.send(
        Message("m-2", MessageChannel.SMS, "+12135550101", "", "<script>alert(1)</script>")
    )
    page = control.get("/_simulator/messages")
    assert page.text.index("alert(1)") < page.text.index("123 456")
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_an_empty_page_says_what_to_do(control: httpx.Client) -> None:
    assert "Todavía no hay mensajes" in control.get("/_simulator/messages").text
