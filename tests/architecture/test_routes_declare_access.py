"""Every address says who may call it, and one that doesn't is closed to all."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from consular.api.contract import ENDPOINTS
from consular.app import create_app
from consular.auth import ANYONE
from services.kernel.audit import Role
from services.kernel.settings import Settings


def _key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    """Wired as in production, over servers that aren't there."""
    environ = {
        "CONSULAR_ENV": "test",
        "CONSULAR_HOME": str(tmp_path),
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "CONSULAR_MASTER_KEY": _key(),
        "CONSULAR_INDEX_KEY": _key(),
        "CONSULAR_FINABIEN_SECRET": f"whsec_{_key()}",
        "CONSULAR_SAT_SECRET": f"whsec_{_key()}",
        "CONSULAR_LLAVEMX_CLIENT": "consular:secret",
        "CONSULAR_OIDC_CLIENT": "consular:secret",
    }
    application = create_app(Settings.load(environ))
    yield application
    application.extensions["consular.database"].dispose()
    application.extensions["consular.redis"].close()


def test_every_address_declares_who_may_call_it(app: Flask) -> None:
    silent = [
        f"{rule.rule} -> {rule.endpoint}"
        for rule in app.url_map.iter_rules()
        if getattr(app.view_functions[rule.endpoint], "who", None) is None
    ]
    assert silent == []


def test_declarations_name_roles_that_exist_and_are_never_empty(app: Flask) -> None:
    for name, view in app.view_functions.items():
        who = view.__dict__["who"]
        assert who, name
        assert who <= set(Role), name
        assert who is ANYONE or who != ANYONE, f"{name}: say ANYONE itself"
        assert who is ANYONE or Role.SYSTEM not in who, f"{name}: nobody signs in as the system"


@pytest.mark.parametrize("path", ["/api/v1/silent", "/silent"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_an_undeclared_address_is_refused(app: Flask, path: str, method: str) -> None:
    app.add_url_rule(path, "silent", lambda: "secret")
    answer = app.test_client().open(path, method=method)
    assert answer.status_code == 403
    assert "secret" not in answer.text


def test_the_contract_describes_what_is_routed(app: Flask) -> None:
    routed = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert set(ENDPOINTS) - routed == set()
    api = {rule.endpoint for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/v1/")}
    assert api - set(ENDPOINTS) == set()


def test_money_and_the_desk_are_never_open_to_anyone(app: Flask) -> None:
    """Anyone may read what is published; to write, somebody must be known, or sign."""
    writing = {
        name
        for name, endpoint in ENDPOINTS.items()
        if endpoint.who is ANYONE and endpoint.method not in ("GET", "HEAD") and not endpoint.signed
    }
    # The recipient of money has no account, a folio is enough to ask how an appointment stands, and
    # anyone may work out what a program costs: all only read, and are posted to keep what is asked
    # out of addresses.
    assert writing <= {
        "remittances.look_up",
        "appointments.find_appointment",
        "programs.estimate_program",
    }
