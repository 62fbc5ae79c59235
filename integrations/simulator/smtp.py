"""The mail relay of the message gateway: takes e-mail by SMTP and keeps it with the others."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.policy import default
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from integrations.simulator.memory import KeyReused
from integrations.simulator.notices import AGENCY, SimulatedAgency
from integrations.simulator.world import World

BUSY = "451 4.3.0 Simulador"
TAKEN = "250 2.0.0 Simulador"


class Relay:
    """Takes messages, with the faults that were ordered for the gateway."""

    def __init__(self, world: World) -> None:
        self._board = world.board
        self._agency = SimulatedAgency(world)

    async def handle_MAIL(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse for now, before anything is done, as often as was ordered."""
        faults = self._board.of(AGENCY)
        await asyncio.sleep(faults.latency_ms / 1000)
        if self._board.happens(faults.unavailable_rate):
            return BUSY
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return TAKEN

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Keep the message, once per Message-ID; then answer, or hang up."""
        content = envelope.content or b""
        key, body = read_mail(content if isinstance(content, bytes) else content.encode())
        faults = self._board.of(AGENCY)
        if self._board.happens(faults.error_rate):
            return BUSY
        try:
            self._agency.take(key, body)
        except KeyReused:
            return TAKEN
        if self._board.happens(faults.drop_after_effect_rate):
            cast(asyncio.Transport, server.transport).abort()
        return TAKEN


def read_mail(raw: bytes) -> tuple[str, dict[str, Any]]:
    """The message's key, and what the gateway would have been told of it."""
    mail = message_from_bytes(raw, policy=default)
    text = mail.get_body(("plain",))
    body: dict[str, Any] = {
        "channel": "email",
        "to": str(mail["To"]),
        "subject": str(mail["Subject"]),
        "body": text.get_content().replace("\r\n", "\n").rstrip("\n") if text else "",
    }
    files = [_file(part) for part in mail.iter_attachments()]
    if files:
        body["attachments"] = files
    return str(mail["Message-ID"]).strip("<>").partition("@")[0], body


def _file(part: Any) -> dict[str, str]:
    return {
        "name": part.get_filename("") or "",
        "media_type": part["Content-Type"],
        "content": base64.b64encode(part.get_payload(decode=True)).decode(),
    }


@contextmanager
def relaying(world: World, host: str, port: int) -> Iterator[int]:
    """Take mail within the block; yields the port."""
    controller = Controller(Relay(world), hostname=host, port=port, enable_SMTPUTF8=True)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()
