"""One-time codes to an e-mail or a phone: six digits, ten minutes, five tries, used once.

A code belongs to the browser that asked for it (``asked_by``, a keyed hash). Each of its codes
works until it expires, the older ones too, for messages come late; the tries are counted against
the newest. What others ask for or try in the name of the address uses up nothing of it.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.citizens.accounts import sign_in
from services.citizens.errors import CodeExpired, CodeIncomplete, CodeTriesUsed
from services.citizens.limits import Budget, Rate, spend
from services.citizens.models import LoginCode
from services.kernel.crypto import Vault, fingerprint
from services.kernel.ids import new_id
from services.outbox.delivery import enqueue

LIFETIME = timedelta(minutes=10)
# ASVS 5.0, 6.5: few tries against six digits, few messages to one address.
MOST_TRIES = 5
MOST_CODES = 5
WINDOW = timedelta(minutes=15)
# Of all who never proved the address together, as multiples of what one browser may ask for:
# whoever guesses from many places has few tries a day, and floods nobody with messages.
STRANGERS = (Rate(4, WINDOW), Rate(10, timedelta(days=1)))

_FORM = re.compile("[0-9]{6}")


@dataclass(frozen=True)
class WrongCode:
    """Wrong code; the try was counted, ``left`` remain."""

    left: int


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
    asked_by: bytes = b"",
    network: bytes = b"",
    known: bool = False,
    most: int = MOST_CODES,
) -> UUID:
    """Make a code to sign in with and put its message into the outbox.

    ``known``: this browser proved the address before, so that nobody else's requests stand in its
    way. Raises TooManyAttempts above ``most`` in a quarter of an hour from one browser or network.
    """
    index = destination_index(to, vault)
    spend(session, _budgets(index, asked_by, network, known, most), now=now)
    row = _make_code(session, to, language=language, now=now, vault=vault, asked_by=asked_by)
    enqueue(session, "citizens.login_code", row)
    return row


def send_consent_code(
    session: Session,
    to: Destination,
    *,
    language: str,
    now: datetime,
    vault: Vault,
    helper: bytes,
    most: int = MOST_CODES,
) -> UUID:
    """Make a code that somebody tells whoever of the staff helps them, to consent and to prove that
    the address is theirs. It works for that ``helper`` alone, and never to sign in.

    Raises TooManyAttempts as `send_code`.
    """
    index = destination_index(to, vault)
    spend(session, _budgets(index, helper, helper, False, most), now=now)
    row = _make_code(session, to, language=language, now=now, vault=vault, asked_by=helper)
    enqueue(session, "citizens.consent_code", row)
    return row


def _make_code(
    session: Session,
    to: Destination,
    *,
    language: str,
    now: datetime,
    vault: Vault,
    asked_by: bytes,
) -> UUID:
    row = new_id()
    key = vault.new_key(row)
    session.add(
        LoginCode(
            id=row,
            channel=to.channel,
            destination_index=destination_index(to, vault),
            asked_by=asked_by,
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
    return row


def use_code(
    session: Session,
    to: Destination,
    code: str,
    *,
    now: datetime,
    vault: Vault,
    asked_by: bytes = b"",
) -> UUID | WrongCode:
    """The account that the code signs in.

    A wrong code is counted, so the caller must commit before it says `CodeWrong`. Raises
    `CodeExpired` when there is none to compare with, `CodeTriesUsed` after five wrong ones,
    `CodeIncomplete` for what can be none, which costs no try.
    """
    alive = _alive(session, to, asked_by, now=now, vault=vault)
    if not alive:
        raise CodeExpired(field="code")
    newest = alive[0]
    if newest.attempts >= MOST_TRIES:
        raise CodeTriesUsed(field="code", tries=MOST_TRIES)
    if not _FORM.fullmatch(code.strip()):
        raise CodeIncomplete(field="code")
    if not any([_matches(sent, code, vault) for sent in alive]):
        newest.attempts += 1
        session.flush()
        return WrongCode(MOST_TRIES - newest.attempts)
    account = sign_in(session, issuer=to.channel, subject=to.address, now=now, vault=vault)
    for sent in alive:
        sent.used_at, sent.account_id = now, account
    session.flush()
    return account


def find_signed_in_with(session: Session, account: UUID, vault: Vault) -> Destination | None:
    """Where the latest code went that signed this account in; None once it is forgotten."""
    latest = select(LoginCode).where(LoginCode.account_id == account)
    sent = session.scalar(latest.order_by(LoginCode.used_at.desc(), LoginCode.id.desc()).limit(1))
    if sent is None:
        return None
    key = vault.unwrap(sent.data_key, sent.id)
    address = key.open(sent.destination_sealed, place="login_codes.destination", row=sent.id)
    return Destination(sent.channel, address)


def _alive(
    session: Session, to: Destination, asked_by: bytes, *, now: datetime, vault: Vault
) -> Sequence[LoginCode]:
    """The codes that this browser may use, the newest first; locked, for each is used once."""
    return session.scalars(
        select(LoginCode)
        .where(
            LoginCode.destination_index == destination_index(to, vault),
            LoginCode.asked_by == asked_by,
            LoginCode.used_at.is_(None),
            LoginCode.expires_at > now,
        )
        .order_by(LoginCode.created_at.desc(), LoginCode.id.desc())
        .with_for_update()
    ).all()


def _matches(sent: LoginCode, code: str, vault: Vault) -> bool:
    key = vault.unwrap(sent.data_key, sent.id)
    expected = key.open(sent.code_sealed, place="login_codes.code", row=sent.id)
    return hmac.compare_digest(expected.encode(), code.strip().encode())


def destination_index(to: Destination, vault: Vault) -> bytes:
    """Keyed hash of an address that codes are sent to."""
    return vault.blind_index(f"destination.{to.channel}", to.address)


def _budgets(
    index: bytes, asked_by: bytes, network: bytes, known: bool, most: int
) -> Sequence[Budget]:
    """By whom it is asked, then of all strangers together. A proven browser has its own alone."""
    mine = Rate(most, WINDOW)
    if known:
        return [Budget(_subject(index, b"known", asked_by), mine)]
    return [
        Budget(_subject(index, b"browser", asked_by), mine),
        Budget(_subject(index, b"network", network), mine),
        *(
            Budget(_subject(index, str(rate.window).encode()), replace(rate, most=rate.most * most))
            for rate in STRANGERS
        ),
    ]


def _subject(*parts: bytes) -> bytes:
    """One subject of several: each is a keyed hash already, or a word of ours."""
    return fingerprint(b"\x1f".join(parts))
