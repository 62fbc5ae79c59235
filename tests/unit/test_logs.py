"""Logs hold events, never people: unknown fields are dropped, identifiers blotted out."""

from __future__ import annotations

import errno
import io
import json
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from services.kernel import logs

CURP, RFC, NSS = "HEGG560427MVZRRL04", "GODE561231GR8", "12345678903"
IDENTIFIERS = {
    "CURP": CURP,
    "CURP in small letters": CURP.lower(),
    "RFC": RFC,
    "RFC of a company": "MAB9307148T4",
    "RFC with Ñ": "ÑAÑE561231GR8",
    "NSS": NSS,
    "CLABE": "032180000118359719",
    "card": "4111111111111111",
    "card in groups": "4111 1111 1111 1111",
    "CLABE in groups": "032 180 00011835971 9",
    "e-mail": "ana.demo+x@correo.example",
    "e-mail with Ñ": "muñoz@correo.example",
    "telephone": "+525512345678",
    "token": "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbmEifQ.c2lnbmF0dXJl",
    "bearer secret": "Bearer 3f9a7c61d2e84b5f90aa",
    "webhook secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
    "address with a password": "postgresql://app:hunter2@db/consular",
}
AROUND = ["{}", "({})", "at {} again", "curp_{}", "{}_x", "'{}'", "/p/{}/q", "a={}&b=1", "é{}é"]


def _kept(**event: Any) -> dict[str, Any]:
    return dict(logs.allow_listed(None, "info", event))


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("kind", IDENTIFIERS)
def test_an_identifier_is_blotted_out_wherever_it_stands(kind: str, around: str) -> None:
    value = IDENTIFIERS[kind]
    secret = value.rpartition(" ")[2] if kind == "bearer secret" else value
    secret = "hunter2" if "password" in kind else secret
    assert secret not in _kept(error=around.format(value))["error"]


@pytest.mark.parametrize(
    "value",
    [
        ValueError(CURP),
        [CURP],
        {"curp": CURP},
        {CURP: 1},
        (1, [CURP]),
        CURP.encode(),
        int("032180000118359719"),
        float("4111111111111111"),
        {"deep": [{"deeper": (CURP,)}]},
    ],
)
def test_a_value_that_isnt_text_hides_nothing(value: object) -> None:
    shown = json.dumps(_kept(error=value), default=repr)
    assert CURP not in shown
    assert "032180000118359719" not in shown
    assert "4111111111111111" not in shown


@given(st.dictionaries(st.text(max_size=12), st.text(max_size=12)))
def test_fields_that_arent_on_the_list_are_dropped(event: dict[str, str]) -> None:
    assert set(_kept(**event)) == set(event) & logs.FIELDS


@pytest.mark.parametrize("name", ["curp", "email", "body", "name", "token", "exception", "headers"])
def test_fields_that_would_hold_people_arent_on_the_list(name: str) -> None:
    assert _kept(event="x", **{name: "Ana"}) == {"event": "x"}


def test_what_operators_need_stays_readable() -> None:
    event = {
        "event": "request", "status": 201, "duration_ms": 12.5, "attempt": 3, "count": 15_000,
        "route": "/api/v1/appointments/<uuid:appointment>", "code": "slot_taken",
        "request_id": "0192f3a0-7c1e-7a3b-8f00-1234567890ab", "outcome": None,
        "timestamp": "2026-12-07T09:00:00.123456Z", "version": "0.1.0", "error": "KeyError at a:12",
    }  # fmt: skip
    assert _kept(**event) == event


class _FullDisk(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("closed", [False, True])
def test_a_line_that_cannot_be_written_fails_nobody(
    monkeypatch: pytest.MonkeyPatch, closed: bool
) -> None:
    out = _FullDisk()
    if closed:
        out.close()
    monkeypatch.setattr("sys.stdout", out)
    try:
        logs.configure()
        for level in ("debug", "info", "warning", "error", "critical"):
            getattr(structlog.get_logger(), level)("request", status=200)
        structlog.get_logger().exception("failed")
    finally:
        structlog.reset_defaults()


def test_a_line_is_one_json_object(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr("sys.stdout", out)
    try:
        logs.configure()
        structlog.get_logger().info("request", status=200, curp=CURP, error=f"no {CURP}\nmore")
    finally:
        structlog.reset_defaults()
    line = json.loads(out.getvalue())
    assert (line["event"], line["status"], line["level"]) == ("request", 200, "info")
    assert CURP not in out.getvalue()
    assert out.getvalue().count("\n") == 1
