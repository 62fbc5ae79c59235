"""One-time codes and sessions: used once, forgotten in time, never guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from services.citizens.codes import Destination, WrongCode, send_code, use_code
from services.citizens.errors import CodeExpired, CodeTriesUsed, TooManyAttempts
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
    for left in (4, 3, 2, 1, 0):
        wrong = use_code(session, TO, _other(code), now=NOW, vault=VAULT)
        assert wrong == WrongCode(left)
    with pytest.raises(CodeTriesUsed):
        use_code(session, TO, code, now=NOW, vault=VAULT)


def test_a_code_lasts_ten_minutes(session: Session) -> None:
    code = _code(session)
    with pytest.raises(CodeExpired):
        use_code(session, TO, code, now=NOW + timedelta(minutes=10), vault=VAULT)


@pytest.mark.parametrize("slow", [0, 1], ids=["the older", "the newer"])
def test_each_code_works_within_its_life_and_ends_the_others(session: Session, slow: int) -> None:
    codes = [_code(session), _code(session, NOW + timedelta(seconds=30))]
    later = NOW + timedelta(minutes=1)
    assert isinstance(use_code(session, TO, codes[slow], now=later, vault=VAULT), UUID)
    for code in codes:
        with pytest.raises(CodeExpired):
            use_code(session, TO, code, now=later, vault=VAULT)


def test_wrong_then_right_signs_in(session: Session) -> None:
    code = _code(session)
    assert use_code(session, TO, _other(code), now=NOW, vault=VAULT) == WrongCode(4)
    assert isinstance(use_code(session, TO, code, now=NOW, vault=VAULT), UUID)


def test_after_five_wrong_tries_another_code_works(session: Session) -> None:
    code = _code(session)
    for _ in range(5):
        use_code(session, TO, _other(code), now=NOW, vault=VAULT)
    another = _code(session, NOW + timedelta(seconds=30))
    later = NOW + timedelta(minutes=1)
    assert isinstance(use_code(session, TO, another, now=later, vault=VAULT), UUID)


def test_a_strangers_tries_and_requests_use_up_nothing_of_the_owners(session: Session) -> None:
    """Five wrong codes and five messages from elsewhere: the owner's works, and another comes."""
    own = _code(session)
    for number in range(5):
        send_code(
            session, TO, language="es", now=NOW, vault=VAULT, asked_by=b"stranger", network=b"far"
        )
        wrong = _other(own)
        tried = use_code(session, TO, wrong, now=NOW, vault=VAULT, asked_by=b"stranger")
        assert isinstance(tried, WrongCode | UUID), number
    with pytest.raises(TooManyAttempts):
        send_code(
            session, TO, language="es", now=NOW, vault=VAULT, asked_by=b"another", network=b"far"
        )
    send_code(session, TO, language="es", now=NOW, vault=VAULT, asked_by=b"own", network=b"near")
    assert isinstance(use_code(session, TO, own, now=NOW, vault=VAULT), UUID)


def test_a_code_is_worth_nothing_in_another_browser(session: Session) -> None:
    with pytest.raises(CodeExpired):
        use_code(session, TO, _code(session), now=NOW, vault=VAULT, asked_by=b"stranger")


def test_guesses_of_many_strangers_are_bounded_and_a_proven_browser_is_not_locked_out(
    session: Session,
) -> None:
    def ask(hand: bytes) -> None:
        send_code(session, TO, language="es", now=NOW, vault=VAULT, asked_by=hand, network=hand)

    for number in range(20):
        ask(str(number).encode())
    with pytest.raises(TooManyAttempts):
        ask(b"20")
    send_code(
        session, TO, language="es", now=NOW, vault=VAULT, asked_by=b"own", network=b"n", known=True
    )


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
