"""A callback is taken when its bytes were signed with a secret of the agency, however written,
and secrets can change without losing one."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook
from werkzeug.test import TestResponse

from services.kernel.ids import FolioKind, new_folio
from services.kernel.settings import Settings
from tests.factories.web import Web, running_web_without_data


def _secret() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


OLD, NEW, STRANGER = _secret(), _secret(), _secret()
MOMENTS = [datetime.now(UTC)]
FOLIO = new_folio(FolioKind.REMITTANCE)


@pytest.fixture
def web(settings: Settings) -> Iterator[Web]:
    """While Finabien's secret changes; SAT has none."""
    values = {**settings.values, "CONSULAR_FINABIEN_SECRET": f"{NEW},{OLD}"}
    del values["CONSULAR_SAT_SECRET"]
    with running_web_without_data(replace(settings, values=values)) as web:
        yield web


def _moment() -> datetime:
    """A recent one that stays the same while a test runs, for a signature names its second."""
    return MOMENTS[-1]


@pytest.fixture(autouse=True)
def moments() -> None:
    MOMENTS.append(datetime.now(UTC))


def _body(folio: str = FOLIO) -> bytes:
    return json.dumps({"type": "payout.updated", "folio": folio}).encode()


def _sign(secret: str, body: bytes, identifier: str, at: datetime | None = None) -> str:
    return Webhook(secret).sign(identifier, at or _moment(), body.decode())


def _post(
    web: Web,
    body: bytes,
    signature: str | None,
    identifier: str,
    at: datetime | None = None,
    agency: str = "finabien",
) -> TestResponse:
    headers = {
        "webhook-id": identifier,
        "webhook-timestamp": str(int((at or _moment()).timestamp())),
        "Content-Type": "application/json",
    }
    if signature is not None:
        headers["webhook-signature"] = signature
    return web.client.post(f"/api/v1/callbacks/{agency}", data=body, headers=headers)


@pytest.mark.parametrize("secret", [OLD, NEW], ids=["the old one", "the new one"])
def test_both_secrets_work_while_they_change(web: Web, secret: str) -> None:
    answer = _post(web, _body(), _sign(secret, _body(), "one"), "one")
    assert (answer.status_code, answer.get_json()) == (200, {"status": "stored"})
    again = _post(web, _body(), _sign(secret, _body(), "one"), "one")
    assert (again.status_code, again.get_json()) == (200, {"status": "known"})


WRITTEN = {
    "odd whitespace": b' {"folio"\t:\r\n "%s" ,"type":"x"}\n\n' % FOLIO.encode(),
    "another order of keys": b'{"zeta":1,"folio":"%s","alfa":[{"b":1,"a":2}]}' % FOLIO.encode(),
    "escapes": json.dumps({"folio": FOLIO, "nota": "ñ\u2028"})
    .encode()
    .replace(b'"folio"', b'"\\u0066olio"'),
    "letters as they are": f'{{"nota":"mañana 🙂","folio":"{FOLIO}"}}'.encode(),
    "a byte order mark": b"\xef\xbb\xbf" + _body(),
    "a number that isn't kept in floating point": b'{"monto":1.10,"folio":"%s"}' % FOLIO.encode(),
}


@pytest.mark.parametrize("how", WRITTEN)
def test_the_bytes_are_signed_however_they_are_written(web: Web, how: str) -> None:
    body = WRITTEN[how]
    answer = _post(web, body, _sign(OLD, body, "m-1"), "m-1")
    assert (answer.status_code, answer.get_json()) == (200, {"status": "stored"})
    assert _post(web, body + b" ", _sign(OLD, body, "m-2"), "m-2").status_code == 401


def test_one_good_signature_among_others_is_enough(web: Web) -> None:
    good, other = _sign(OLD, _body(), "m"), _sign(STRANGER, _body(), "m")
    for number, signatures in enumerate(
        (f"{other} {good}", f"{good} {other}", f"v1a,abc {good}", f"nonsense v1,% {good}")
    ):
        answer = _post(web, _body(), signatures, "m")
        assert answer.status_code == 200, (number, signatures)


UNSIGNED = {
    "missing": None,
    "empty": "",
    "a blank": " ",
    "only the version": "v1,",
    "no version": "abc",
    "not base64": "v1,%%%",
    "too many parts": "v1,a,b",
    "another version": _sign(OLD, _body(), "m").replace("v1,", "v2,"),
    "the asymmetric version": _sign(OLD, _body(), "m").replace("v1,", "v1a,"),
    "a stranger's": _sign(STRANGER, _body(), "m"),
    "of another message": _sign(OLD, _body(), "n"),
    "of another body": _sign(OLD, _body(new_folio(FolioKind.REMITTANCE)), "m"),
    "letters beyond ASCII": "v1,ñ",
    "very many": " ".join(["v1,abc="] * 500),
}


@pytest.mark.parametrize("how", UNSIGNED)
def test_any_other_signature_is_refused_without_a_trace(web: Web, how: str) -> None:
    answer = _post(web, _body(), UNSIGNED[how], "m")
    assert (answer.status_code, answer.get_json()["code"]) == (401, "signature_invalid")
    # Nothing of it was kept: the message itself is news afterwards.
    good = _post(web, _body(), _sign(OLD, _body(), "m"), "m")
    assert good.get_json() == {"status": "stored"}


@pytest.mark.parametrize("minutes", [-6, 6])
def test_an_old_message_is_refused(web: Web, minutes: int) -> None:
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    answer = _post(web, _body(), _sign(OLD, _body(), "m", at), "m", at)
    assert answer.status_code == 401


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"[" * 5000])
def test_what_is_signed_and_says_nothing_is_malformed(web: Web, body: bytes) -> None:
    answer = _post(web, body, _sign(NEW, body, "m"), "m")
    assert (answer.status_code, answer.get_json()["code"]) == (400, "malformed_request")


@pytest.mark.parametrize("reference", ["nowhere", "", 7, None])
def test_a_reference_that_is_none_of_ours_is_told_by_its_field(web: Web, reference: Any) -> None:
    body = json.dumps({"folio": reference}).encode()
    answer = _post(web, body, _sign(NEW, body, "m"), "m")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid_fields")
    assert list(answer.get_json()["errors"]) == ["folio"]


@pytest.mark.parametrize(("reference", "status"), [("FB0012", 200), ("", 422), ("a\0b", 422)])
def test_the_agencys_own_number_stands_in_for_our_folio(
    web: Web, reference: str, status: int
) -> None:
    body = json.dumps({"type": "payout.updated", "reference": reference}).encode()
    assert _post(web, body, _sign(NEW, body, "m"), "m").status_code == status


def test_bytes_that_are_no_text_are_refused(web: Web) -> None:
    assert _post(web, b"\xff\xfe{}", "v1,abc=", "m").status_code == 401


def test_an_agency_without_a_secret_calls_nothing_back(web: Web) -> None:
    assert _post(web, _body(), _sign(OLD, _body(), "m"), "m", agency="sat").status_code == 404


def test_another_agencys_signature_is_refused(settings: Settings) -> None:
    values = {
        **settings.values,
        "CONSULAR_FINABIEN_SECRET": OLD,
        "CONSULAR_SAT_SECRET": STRANGER,
    }
    body = _body()
    with running_web_without_data(replace(settings, values=values)) as web:
        refused = _post(web, body, _sign(STRANGER, body, "m"), "m")
        assert (refused.status_code, refused.get_json()["code"]) == (401, "signature_invalid")
        assert _post(web, body, _sign(STRANGER, body, "m"), "m", agency="sat").status_code == 200
        assert _post(web, body, _sign(OLD, body, "m"), "m").get_json() == {"status": "stored"}
