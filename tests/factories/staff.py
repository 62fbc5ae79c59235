"""Staff at their browsers: signed in, looking at pages and sending their forms."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from consular.security import session_cookie
from services.kernel.audit import SYSTEM
from services.kernel.db import NETWORK_SCOPE
from services.staff.accounts import MakeStaffAccount, find_by_subject, make_account
from services.staff.sessions import start_session

_CSRF = re.compile(r'name="csrf_token" value="([0-9a-f]+)"')


@dataclass
class Browser:
    """One browser with the session of one account."""

    client: FlaskClient
    account: UUID

    def get(self, address: str) -> TestResponse:
        """Open a page."""
        return self.client.get(address)

    def post(self, address: str, **fields: str) -> TestResponse:
        """Send a form with the token and a key as its page carries them."""
        ours = {"csrf_token": self.csrf(), "form_key": uuid4().hex}
        return self.client.post(address, data={**ours, **fields})

    def send(self, address: str, **fields: str) -> TestResponse:
        """`post`, and the page to which that leads."""
        answer = self.post(address, **fields)
        assert answer.status_code == 303, answer.text
        while answer.status_code == 303:
            answer = self.client.get(answer.location)
        return answer

    def csrf(self) -> str:
        """The token of this browser's forms: the sign-out button on every page has one."""
        token = _CSRF.search(self.client.get("/aviso-de-privacidad").text)
        assert token is not None
        return token[1]


def staff_browser(
    app: Flask, role: str, consulate: str | None = None, *, who: str = "", email: str | None = None
) -> Browser:
    """Somebody of staff signed in; the same role, office and ``who`` are the same person."""
    now, subject = app.extensions["consular.clock"](), f"page-{role}-{consulate or 'network'}{who}"
    with app.extensions["consular.database"].transaction(NETWORK_SCOPE) as session:
        account = find_by_subject(session, subject)
        if account is None:
            command = MakeStaffAccount(subject, f"Demo {role.title()}", role, consulate, email)
            account = make_account(session, command, now=now, actor=SYSTEM)
        secret = start_session(session, now=now, staff_id=account.id)
        return _browser(app, secret, account.id)


def citizen_browser(app: Flask, account: UUID) -> Browser:
    """A citizen signed in."""
    with app.extensions["consular.database"].transaction(NETWORK_SCOPE) as session:
        secret = start_session(session, now=app.extensions["consular.clock"](), account_id=account)
        return _browser(app, secret, account)


def cookie_name(app: Flask) -> str:
    """What the session's cookie is called."""
    with app.app_context():
        return session_cookie()


def _browser(app: Flask, secret: str, account: UUID) -> Browser:
    client: Any = app.test_client()
    client.set_cookie(cookie_name(app), secret)
    return Browser(client, account)
