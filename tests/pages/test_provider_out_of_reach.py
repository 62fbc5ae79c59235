"""An identity provider that can't be reached is a page that says so, never an error of ours."""

from __future__ import annotations

import pytest

from integrations.identity.llavemx import LlaveMxClient
from integrations.identity.oidc import OidcClient
from tests.factories.web import Web

NOBODY_LISTENS = "http://127.0.0.1:9"


@pytest.fixture
def page(web: Web, monkeypatch: pytest.MonkeyPatch) -> Web:
    known = web.app.extensions["consular.sign_in"]
    away = {
        "citizens": LlaveMxClient.connect(NOBODY_LISTENS, "id:secret", NOBODY_LISTENS),
        "staff": OidcClient.connect(NOBODY_LISTENS, "id:secret"),
    }
    changed = type(known)(**{**known.__dict__, **away})
    monkeypatch.setitem(web.app.extensions, "consular.sign_in", changed)
    return web


def test_staff_read_that_they_may_try_again(page: Web) -> None:
    answer = page.client.get("/login/personal")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "Intenta en unos minutos" in answer.text


def test_citizens_are_sent_on_without_asking_the_provider(page: Web) -> None:
    assert page.client.get("/login/llave-mx").status_code in (302, 303)
