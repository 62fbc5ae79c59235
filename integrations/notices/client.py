"""Messages to people through the gateway that takes e-mail, SMS and calls. Grade A: it honours our
key."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from integrations.base import TokenClient
from integrations.contracts import Attachment, Message, MessageReport, MessageState
from integrations.errors import Refused

REFUSALS: Mapping[str, str] = {
    "recipient_invalid": "recipient_invalid",
    "key_reused": "key_reused",
    "data_invalid": "data_invalid",
    "not_found": "not_found",
}


class NoticesClient(TokenClient):
    """Implements `contracts.MessageSender`. A repeated key has no effect, so resending is safe."""

    agency = "notices"
    error_field = "code"
    detail_field = "detail"
    refusals = REFUSALS

    def send(self, message: Message) -> str | None:
        """Hand the message over. The address goes in the body: addresses of pages are logged."""
        return self._tell(
            "send",
            "POST",
            "v1/messages",
            _body(message),
            lambda body: _message_id(message.key, body),
            headers={"Idempotency-Key": message.key},
        )

    def report(self, key: str) -> MessageReport:
        """Ask what became of the message."""
        try:
            return self._ask("report", f"v1/messages/{key}", _report)
        except Refused as refusal:
            if refusal.code == "not_found":
                return MessageReport(MessageState.NOT_FOUND)
            raise


def _body(message: Message) -> dict[str, Any]:
    body: dict[str, Any] = {
        "channel": message.channel.value,
        "to": message.to,
        "subject": message.subject,
        "body": message.body,
    }
    if message.encoding is not None:
        body |= {"encoding": message.encoding, "parts": message.parts}
    if message.attachments:
        body["attachments"] = [_attachment(each) for each in message.attachments]
    return body


def _attachment(attachment: Attachment) -> dict[str, str]:
    return {
        "name": attachment.name,
        "media_type": attachment.media_type,
        "content": base64.b64encode(attachment.content).decode(),
    }


def _message_id(key: str, body: Mapping[str, Any]) -> str | None:
    if body["key"] != key:
        raise ValueError("an answer about another message")
    provider_id = body.get("id")
    return provider_id[:100] if isinstance(provider_id, str) else None


def _report(body: Mapping[str, Any]) -> MessageReport:
    reason = body.get("reason")
    return MessageReport(
        MessageState(body["status"]), reason[:60] if isinstance(reason, str) else None
    )
