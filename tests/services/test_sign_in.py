"""One-time codes and sessions: used once, forgotten in time, never guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from services.citizens.codes import Destination, send_code, use_code
from services.citizens.errors import CodeExpired, CodeWrong, TooManyAttempts
from services.citizens.models import LoginCode
from services.kernel.crypto import Vault
from services.staff.sessions import end_session, find_session, start_session

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
TO = Destination("email", "ana@demo.invalid")
VAULT = Vault({1: bytes(32)}, bytes(range(32)))


def _code(session: Session, now: datetime = NOW) -> str:
    row = send_code(session, TO, language="es", now=now, vault=VAULT, most=100)
    sent = session.get_one(LoginCode, row)
    key = VAULT.unwrap(sent.data_key, row)
    return key.open(sent.code_sealed, place="login_codes.code", row=row)


def _other(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_a_code_signs_in_once(session: Session) -> None:
    code = _code(session)
    assert use_code(session, TO, code, now=NOW, vault=VAULT)
    with pytest.raises(CodeExpired):
        use_code(session, TO, code, now=NOW, vault=VAULT)


def test_the_same_address_is_the_same_account(session: Session) -> None:
    first = use_code(session, TO, _code(session), now=NOW, vault=VAULT)
    again = use_code(
        session, TO, _code(session, NOW + timedelta(minutes=1)),
        now=NOW + timedelta(minutes=1), vault=VAULT,
    )  # fmt: skip
    assert first == again


def test_after_five_wrong_tries_the_right_code_is_no_good(session: Session) -> None:
    code = _code(session)
    for _ in range(5):
        assert use_code(session, TO, _other(code), now=NOW, vault=VAULT) is None
    with pytest.raises(CodeWrong):
        use_code(session, TO, code, now=NOW, vault=VAULT)


def test_a_code_lasts_ten_minutes(session: Session) -> None:
    code = _code(session)
    with pytest.raises(CodeExpired):
        use_code(session, TO, code, now=NOW + timedelta(minutes=10), vault=VAULT)


def test_a_newer_code_replaces_the_one_before(session: Session) -> None:
    first = _code(session)
    second = _code(session, NOW + timedelta(seconds=30))
    if first != second:
        assert use_code(session, TO, first, now=NOW + timedelta(minutes=1), vault=VAULT) is None
    assert use_code(session, TO, second, now=NOW + timedelta(minutes=1), vault=VAULT)


def test_an_address_gets_few_messages_in_a_quarter_of_an_hour(session: Session) -> None:
    for _ in range(5):
        send_code(session, TO, language="es", now=NOW, vault=VAULT)
    with pytest.raises(TooManyAttempts):
        send_code(session, TO, language="es", now=NOW, vault=VAULT)
    send_code(session, TO, language="es", now=NOW + timedelta(minutes=15), vault=VAULT)


def test_neither_code_nor_address_is_stored_in_the_clear(session: Session) -> None:
    code = _code(session)
    row = session.execute(select(LoginCode)).scalars().first()
    assert row is not None
    stored = b"".join((row.code_sealed, row.destination_sealed, row.destination_index))
    assert code.encode() not in stored
    assert b"ana" not in stored


def test_a_session_ends_when_idle_and_after_eight_hours(session: Session) -> None:
    account = use_code(session, TO, _code(session), now=NOW, vault=VAULT)
    secret = start_session(session, now=NOW, account_id=account)
    later = NOW + timedelta(minutes=29)
    assert find_session(session, secret, now=later)
    assert find_session(session, secret, now=later + timedelta(minutes=31)) is None
    busy = start_session(session, now=NOW, account_id=account)
    for quarter in range(1, 32):
        assert find_session(session, busy, now=NOW + timedelta(minutes=15 * quarter))
    assert find_session(session, busy, now=NOW + timedelta(hours=8, seconds=1)) is None


def test_signing_out_is_at_once_and_the_secret_is_not_stored(session: Session) -> None:
    account = use_code(session, TO, _code(session), now=NOW, vault=VAULT)
    secret = start_session(session, now=NOW, account_id=account)
    stored = session.execute(text("SELECT id_hash FROM web_sessions")).scalars().all()
    assert secret.encode() not in b"".join(bytes(each) for each in stored)
    end_session(session, secret, now=NOW)
    assert find_session(session, secret, now=NOW) is None
