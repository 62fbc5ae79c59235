"""Messages to people through the gateway that takes e-mail and SMS. Grade A: it honours our key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.base import TokenClient
from integrations.contracts import Message

REFUSALS: Mapping[str, str] = {
    "recipient_invalid": "recipient_invalid",
    "key_reused": "key_reused",
    "data_invalid": "data_invalid",
}


class NoticesClient(TokenClient):
    """Implements `contracts.MessageSender`. A repeated key has no effect, so resending is safe."""

    agency = "notices"
    error_field = "code"
    detail_field = "detail"
    refusals = REFUSALS

    def send(self, message: Message) -> None:
        """Hand the message over. The address goes in the body: addresses of pages are logged."""
        self._tell(
            "send",
            "POST",
            "v1/messages",
            _body(message),
            lambda body: _taken(message.key, body),
            headers={"Idempotency-Key": message.key},
        )


def _body(message: Message) -> dict[str, Any]:
    body: dict[str, Any] = {
        "channel": message.channel.value,
        "to": message.to,
        "subject": message.subject,
        "body": message.body,
    }
    if message.encoding is None:
        return body
    return {**body, "encoding": message.encoding, "parts": message.parts}


def _taken(key: str, body: Mapping[str, Any]) -> None:
    if body["key"] != key:
        raise ValueError("an answer about another message")
