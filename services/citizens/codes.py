"""One-time codes to an e-mail or a phone: six digits, ten minutes, five tries, used once."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.citizens.accounts import sign_in
from services.citizens.errors import CodeExpired, CodeWrong
from services.citizens.limits import count_attempt
from services.citizens.models import LoginCode
from services.kernel.crypto import Vault
from services.kernel.ids import new_id
from services.outbox.delivery import put

LIFETIME = timedelta(minutes=10)
# ASVS 5.0, 6.5: few tries against six digits, few messages to one address.
MOST_TRIES = 5
MOST_CODES = 5
WINDOW = timedelta(minutes=15)


@dataclass(frozen=True)
class Destination:
    """Where the code goes: ``channel`` is email or sms, ``address`` e-mail or E.164."""

    channel: str
    address: str


def send_code(
    session: Session,
    to: Destination,
    *,
    language: str,
    now: datetime,
    vault: Vault,
    most: int = MOST_CODES,
) -> UUID:
    """Make a code and put its message into the outbox; raises TooManyAttempts above ``most``
    in a quarter of an hour."""
    index = vault.blind_index(f"destination.{to.channel}", to.address)
    count_attempt(session, index, most=most, window=WINDOW, now=now)
    row = new_id()
    key = vault.new_key(row)
    session.add(
        LoginCode(
            id=row,
            channel=to.channel,
            destination_index=index,
            destination_sealed=key.seal(to.address, place="login_codes.destination", row=row),
            code_sealed=key.seal(
                f"{secrets.randbelow(1_000_000):06d}", place="login_codes.code", row=row
            ),
            data_key=key.wrapped,
            language=language,
            created_at=now,
            expires_at=now + LIFETIME,
            attempts=0,
        )
    )
    session.flush()
    put(session, "citizens.login_code", row)
    return row


def use_code(
    session: Session, to: Destination, code: str, *, now: datetime, vault: Vault
) -> UUID | None:
    """The account that the newest code signs in; None when the code is wrong.

    A wrong code is counted, so the caller must commit before it says `CodeWrong`.
    Raises `CodeExpired` when there is none to compare with.
    """
    index = vault.blind_index(f"destination.{to.channel}", to.address)
    sent = session.execute(
        select(LoginCode)
        .where(LoginCode.destination_index == index)
        .order_by(LoginCode.created_at.desc(), LoginCode.id.desc())
        .limit(1)
        .with_for_update()
    ).scalar_one_or_none()
    if sent is None or sent.used_at or sent.expires_at <= now:
        raise CodeExpired(field="code")
    if sent.attempts >= MOST_TRIES:
        raise CodeWrong(field="code")
    key = vault.unwrap(sent.data_key, sent.id)
    expected = key.open(sent.code_sealed, place="login_codes.code", row=sent.id)
    if not hmac.compare_digest(expected.encode(), code.strip().encode()):
        sent.attempts += 1
        session.flush()
        return None
    sent.used_at = now
    session.flush()
    return sign_in(session, issuer=to.channel, subject=to.address, now=now, vault=vault)
