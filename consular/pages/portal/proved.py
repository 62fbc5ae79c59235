"""Addresses that this browser proved by a code: strangers' requests don't stand in its way."""

from __future__ import annotations

from flask import Response, current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

from consular.auth import vault
from services.citizens.codes import Destination

HALF_A_YEAR = 182 * 24 * 3600
MOST = 3


def proved_before(to: Destination) -> bool:
    """Whether a code for this address signed in from this browser lately."""
    return _name(to) in _proved()


def remember_proved(response: Response, to: Destination) -> Response:
    """Note it in a cookie of the browser; it says of no address which one it is."""
    names = [_name(to), *(name for name in _proved() if name != _name(to))][:MOST]
    response.set_cookie(
        _cookie(), str(_serializer().dumps(names)), max_age=HALF_A_YEAR, httponly=True,
        samesite="Lax", secure=current_app.config["SECURE"], path="/",
    )  # fmt: skip
    return response


def _proved() -> list[str]:
    try:
        names: list[str] = _serializer().loads(
            request.cookies.get(_cookie(), ""), max_age=HALF_A_YEAR
        )
    except BadData:
        return []
    return names


def _name(to: Destination) -> str:
    return vault().blind_index(f"proved.{to.channel}", to.address).hex()[:32]


def _cookie() -> str:
    return "__Host-consular-proved" if current_app.config["SECURE"] else "consular-proved"


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["FORM_KEY"], salt="proved-address")
