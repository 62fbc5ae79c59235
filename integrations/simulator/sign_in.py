"""What both sign-in providers share: who may come back where, and codes that work once."""

from __future__ import annotations

import base64
import binascii
import secrets
from urllib.parse import unquote, urlencode, urlsplit

from flask import request
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from integrations.simulator.world import World, refuse

CODE_SECONDS = 120
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def new_secret() -> str:
    """An unguessable code or token."""
    return secrets.token_urlsafe(32)


def may_return_to(world: World, url: str) -> bool:
    """The product's own origin, or this machine in development."""
    target, ours = urlsplit(url), urlsplit(world.callback_base_url)
    if target.scheme not in ("http", "https") or "@" in target.netloc:
        return False
    same = (target.scheme, target.netloc) == (ours.scheme, ours.netloc)
    return same or target.hostname in _LOOPBACK


def send_back(url: str, code: str, state: str) -> Response:
    """Return the browser with its code."""
    joint = "&" if urlsplit(url).query else "?"
    return redirect(f"{url}{joint}{urlencode({'code': code, 'state': state})}", 303)


def require_client(world: World, agency: str) -> None:
    """Raises 401 unless HTTP Basic names the client and its secret."""
    _, _, encoded = request.headers.get("Authorization", "").partition(" ")
    try:
        pair = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        pair = ""
    identifier, _, secret = pair.partition(":")
    expected_identifier, expected_secret = world.client(agency)
    same = secrets.compare_digest(unquote(identifier).encode(), expected_identifier.encode())
    if not (same and secrets.compare_digest(unquote(secret).encode(), expected_secret.encode())):
        raise refuse(401, {"error": "invalid_client"})
