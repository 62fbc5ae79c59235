"""Messages to people through the gateway that takes e-mail and SMS. Grade A: it honours our key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from integrations.base import DEFAULT_TIMEOUT_SECONDS, AgencyClient
from integrations.contracts import Message

REFUSALS: Mapping[str, str] = {
    "recipient_invalid": "recipient_invalid",
    "key_reused": "key_reused",
    "data_invalid": "data_invalid",
}


class NoticesClient(AgencyClient):
    """Implements `contracts.MessageSender`. A repeated key has no effect, so resending is safe."""

    agency = "notices"
    error_field = "code"
    detail_field = "detail"
    refusals = REFUSALS

    def __init__(
        self,
        base_url: str,
        token: str = "",
        transport: httpx.BaseTransport | None = None,
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
    ) -> None:
        super().__init__(
            base_url,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            transport=transport,
            timeout_seconds=timeout_seconds,
        )

    def send(self, message: Message) -> None:
        """Hand the message over. The address goes in the body: addresses of pages are logged."""
        self._tell(
            "send",
            "POST",
            "v1/messages",
            {
                "channel": message.channel.value,
                "to": message.to,
                "subject": message.subject,
                "body": message.body,
            },
            lambda body: _taken(message.key, body),
            headers={"Idempotency-Key": message.key},
        )


def _taken(key: str, body: Mapping[str, Any]) -> None:
    if body["key"] != key:
        raise ValueError("an answer about another message")
