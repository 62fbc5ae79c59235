"""The pages' sign-in: a cookie with a secret, a row in the database."""

from __future__ import annotations

import secrets

from flask import Response, current_app, g, request

from consular.auth import now, staff_actor
from consular.db import autocommit_session
from consular.errors import Unauthenticated
from consular.security import browser_secret, session_cookie
from services.kernel.audit import Actor, Role
from services.staff.sessions import end_session, find_session


def page_actor() -> Actor | None:
    """Return the actor of this browser's live session, or None."""
    secret = request.cookies.get(session_cookie())
    if not secret:
        return None
    with autocommit_session() as session:
        signed_in = find_session(session, secret, now=now())
    if signed_in is None:
        g.session_over = True
        return None
    if signed_in.account_id:
        return Actor(Role.CITIZEN, signed_in.account_id, None, g.request_id)
    try:
        return staff_actor(signed_in.staff_id) if signed_in.staff_id else None
    except Unauthenticated:
        return None


def keep(response: Response, secret: str) -> Response:
    """Give the browser its session; the one before ends with it."""
    _end_current()
    set_session_cookie(response, secret)
    g.session_secret = secret
    return response


def set_session_cookie(response: Response, secret: str) -> None:
    """Set the session cookie, for this host only and until the browser closes."""
    response.set_cookie(
        session_cookie(), secret, path="/", httponly=True, samesite="Lax",
        secure=current_app.config["SECURE"],
    )  # fmt: skip


def forget(response: Response) -> Response:
    """End the session on the server and in the browser, which becomes another browser: whoever
    uses it next finds nothing of what was typed."""
    _end_current()
    response.delete_cookie(session_cookie(), path="/", secure=current_app.config["SECURE"])
    browser_secret()
    g.browser_secret = secrets.token_urlsafe(24)
    return response


def _end_current() -> None:
    secret = request.cookies.get(session_cookie())
    if secret:
        with autocommit_session() as session:
            end_session(session, secret, now=now())
