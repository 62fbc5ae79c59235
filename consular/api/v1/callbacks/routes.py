"""Agencies call back: signed by Standard Webhooks, stored once, acted on by the workers.

The message is only a hint: a worker asks the agency by folio, so a forged or replayed one could
at most make us ask once more, and no personal data of the message is kept.
"""

from __future__ import annotations

from itertools import product
from typing import Any, cast
from uuid import UUID

from flask import Blueprint, Response, current_app, json, request
from standardwebhooks import Webhook, WebhookVerificationError
from werkzeug.exceptions import RequestEntityTooLarge

from consular.api.contract import ENDPOINTS, MAX_BODY, Endpoint
from consular.api.v1.callbacks.answers import CallbackAnswer
from consular.auth import ANYONE, allow, now
from consular.db import transaction
from consular.errors import FieldsInvalid, Malformed, Unauthenticated
from consular.input.callbacks import MOST_REFERENCE, CallbackHeaders, CallbackSchema
from consular.input.fields import FOLIO_FORM
from services.kernel.db import NETWORK_SCOPE
from services.kernel.errors import NotFound
from services.kernel.ids import parse_folio
from services.outbox.inbox import receive_callback

api = Blueprint("callbacks", __name__, url_prefix="/api/v1/callbacks")
MOST_ID = 128
# While an agency changes its secret it signs with both; each costs a pass over the body.
MOST_SIGNATURES = 4
SIGNATURE = "webhook-signature"


@api.post("/<code:agency>")
@allow(ANYONE)
def receive(agency: str) -> Response:
    """Receive an agency's message about one folio, ours or its own number.

    200 once it is stored, and again on a replay; 401 when the signature isn't the agency's. The
    message is a hint: the agency is asked by folio what is true.
    """
    known = cast(dict[str, tuple[str, ...]], current_app.extensions["consular.callback_secrets"])
    secrets = known.get(agency)
    if not secrets:
        raise NotFound()
    raw = request.get_data()
    if len(raw) > MAX_BODY:
        raise RequestEntityTooLarge()
    message = _verified(secrets, raw)
    reference = _agencys_own(message)
    folio = None if reference else _ours(str(message.get("folio", "")))
    identifier = request.headers.get("webhook-id", "")
    if folio is None and reference is None:
        raise FieldsInvalid({"folio": [str(FOLIO_FORM)]})
    if not 1 <= len(identifier) <= MOST_ID or not identifier.isprintable():
        raise Malformed()
    with transaction(NETWORK_SCOPE) as session:
        new = receive_callback(session, agency, identifier, folio, now(), reference=reference)
    body = json.dumps(CallbackAnswer.render(status="stored" if new else "known"))
    return Response(body, content_type="application/json")


# The view reads the body as it came, for its signature, so it is described here by hand.
ENDPOINTS["callbacks.receive"] = Endpoint(
    method="POST",
    path="/<code:agency>",
    who=ANYONE,
    operation="receiveCallback",
    documentation=receive.__doc__ or "",
    body=CallbackSchema(),
    headers=CallbackHeaders(),
    answer=CallbackAnswer(),
    errors={401: ("signature_invalid",)},
    signed=True,
)


def _verified(secrets: tuple[str, ...], raw: bytes) -> dict[str, Any]:
    """The message, once one signature of it was made with one of the secrets.

    Signed are the bytes as they came; only then are they read.
    """
    headers = dict(request.headers)
    signatures = headers.pop("Webhook-Signature", "").split(" ")[:MOST_SIGNATURES]
    pairs = product(secrets, signatures)
    if not any(_signed(secret, raw, {**headers, SIGNATURE: one}) for secret, one in pairs):
        raise Unauthenticated("signature_invalid")
    try:
        message = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise Malformed() from None
    if not isinstance(message, dict):
        raise Malformed()
    return message


def _agencys_own(message: dict[str, Any]) -> str | None:
    """What the agency itself calls it, where the message has no folio of ours."""
    text = message.get("reference")
    if "folio" in message or not isinstance(text, str):
        return None
    return text if 1 <= len(text) <= MOST_REFERENCE and text.isprintable() else None


def _ours(text: str) -> str | None:
    """The folio, or the key of a message to somebody, that the callback speaks of."""
    try:
        return parse_folio(text) or str(UUID(text))
    except ValueError:
        return None


def _signed(secret: str, raw: bytes, headers: dict[str, str]) -> bool:
    try:
        Webhook(secret).verify(raw, headers, json_parse=False)
    except (WebhookVerificationError, ValueError):
        return False
    return True
