"""E-mail by SMTP: every letter and file arrives, once, and each failure is known for what it is."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from consular.local.ports import free_port
from integrations.contracts import Attachment, Message, MessageChannel, MessageState
from integrations.errors import NeverSent, OutcomeUnknown
from integrations.notices.client import NoticesClient
from integrations.notices.mail import MailSender, Relay
from integrations.simulator.app import Simulator
from integrations.simulator.smtp import relaying
from tests.integrations.conftest import order_faults

LONG = "Tu cita quedó confirmada en el Consulado General de México en San Diego: C7K3-M9QX-W42T ñ"
CALENDAR = "text/calendar; charset=utf-8; method=CANCEL"
MESSAGE = Message(
    "7f4b9a52-0000-5000-8000-00000000000a",
    MessageChannel.EMAIL,
    "maría+citas@example.org",
    LONG,
    "Itzel, tu cita está cancelada.\n\n¿Otra? https://example.org/citas/nueva",
    attachments=(Attachment("cita.ics", CALENDAR, b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"),),
)


@pytest.fixture
def sender(simulator: Simulator, notices: NoticesClient) -> Iterator[MailSender]:
    with relaying(simulator.world, "127.0.0.1", free_port()) as port:
        relay = Relay.parse(f"smtp://127.0.0.1:{port}")
        yield MailSender(relay, notices, sender="citas@consular.invalid")


def _kept(control: httpx.Client) -> list[dict[str, Any]]:
    return list(control.get("/_simulator/messages.json").json()["items"])


def test_long_subjects_accents_and_files_arrive_as_they_were(
    sender: MailSender, control: httpx.Client
) -> None:
    assert sender.send(MESSAGE) == f"<{MESSAGE.key}@consular.invalid>"
    sender.send(MESSAGE)
    [kept] = _kept(control)
    assert (kept["to"], kept["subject"], kept["body"]) == (MESSAGE.to, LONG, MESSAGE.body)
    [file] = kept["attachments"]
    assert 'method="CANCEL"' in file["media_type"]
    assert base64.b64decode(file["content"]).split() == [b"BEGIN:VCALENDAR", b"END:VCALENDAR"]


def test_what_bounced_is_known_by_the_same_key(sender: MailSender) -> None:
    sender.send(replace(MESSAGE, to="rebota@example.org"))
    assert sender.report(MESSAGE.key).state is MessageState.BOUNCED


def test_a_lost_answer_is_unknown_and_the_second_try_is_no_second_message(
    sender: MailSender, control: httpx.Client
) -> None:
    order_faults(control, "notices", drop_after_effect_rate=1)
    with pytest.raises(OutcomeUnknown):
        sender.send(MESSAGE)
    order_faults(control, "notices")
    sender.send(MESSAGE)
    assert len(_kept(control)) == 1


def test_a_busy_relay_did_nothing(sender: MailSender, control: httpx.Client) -> None:
    order_faults(control, "notices", unavailable_rate=1)
    with pytest.raises(NeverSent):
        sender.send(MESSAGE)
    assert _kept(control) == []


def test_nobody_listens_there(notices: NoticesClient) -> None:
    relay = Relay.parse(f"smtp://127.0.0.1:{free_port()}")
    with pytest.raises(NeverSent, match="connect_failed"):
        MailSender(relay, notices, sender="citas@consular.invalid").send(MESSAGE)


def test_a_text_goes_to_the_gateway(sender: MailSender, control: httpx.Client) -> None:
    sms = Message("k-sms", MessageChannel.SMS, "+13235550123", "", "Hola", "gsm7", 1)
    assert sender.send(sms)
    assert _kept(control)[0]["channel"] == "sms"


@pytest.mark.parametrize("address", ["http://mail.example", "smtp://", "mail.example:25"])
def test_what_is_no_relay_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="relay"):
        Relay.parse(address)
