"""Bearer tokens of the development issuer, for people who are made as they are needed."""

from __future__ import annotations

import random
from pathlib import Path
from uuid import UUID

from sqlalchemy.orm import Session

from consular import tokens
from consular.local.demonstration import invent_person
from consular.seed import one_transaction
from services.citizens.accounts import find_holder, set_profile, sign_in
from services.citizens.people import PersonData
from services.kernel.audit import OFFICE_ROLES, SYSTEM, Role
from services.kernel.clock import system_clock
from services.kernel.crypto import Vault
from services.kernel.settings import Settings, SettingsError
from services.staff.accounts import MakeStaffAccount, find_by_subject, make_account

TOKEN_SECONDS = 12 * 3600
LOS_ANGELES = "losangeles"


def development_token(
    settings: Settings,
    role: str,
    consulate: str | None,
    subject: str | None,
    name: str | None,
) -> str:
    """A bearer token for an invented person; the same ``subject`` is the same person.

    ``name`` is ``GIVEN|FIRST|SECOND`` for a citizen's profile.
    """
    settings.refuse_production()
    with one_transaction(settings.database_url) as session:
        if role == Role.CITIZEN:
            account = _citizen(session, settings, subject or "demo", name)
        else:
            account = ensure_staff(session, role, consulate, subject, name)
    key = Path(settings.require("CONSULAR_TOKEN_KEY_FILE")).read_text(encoding="ascii")
    claims = {
        "iss": tokens.DEVELOPMENT_ISSUER,
        "aud": tokens.AUDIENCE,
        "sub": str(account),
        "role": role,
    }
    return tokens.sign(claims, key, key_id=tokens.DEVELOPMENT_KEY_ID, seconds=TOKEN_SECONDS)


def _citizen(session: Session, settings: Settings, subject: str, name: str | None) -> UUID:
    vault, now = _vault(settings), system_clock()
    account = sign_in(session, issuer="development", subject=subject, now=now, vault=vault)
    if name or find_holder(session, account) is None:
        set_profile(session, account, _profile(subject, name), now=now, vault=vault)
    return account


def _profile(subject: str, name: str | None) -> PersonData:
    given_names, first, second = [*(name or "").split("|"), "", "", ""][:3]
    invented = invent_person(random.Random(subject))
    return PersonData(
        given_names=given_names.strip() or invented.given_names,
        first_surname=first.strip() or invented.first_surname,
        second_surname=second.strip() or (None if name else invented.second_surname),
        birth_date=invented.birth_date,
        email=f"{UUID(int=random.Random(subject).getrandbits(128)).hex[:12]}@demo.invalid",
    )


def ensure_staff(
    session: Session, role: str, consulate: str | None, subject: str | None, name: str | None
) -> UUID:
    """The account of the demonstration's staff for that role, made if there is none."""
    office = (consulate or LOS_ANGELES) if Role(role) in OFFICE_ROLES else None
    subject = subject or "-".join(filter(None, ("demo", role, office)))
    member = find_by_subject(session, subject)
    if member is None:
        title = (name or f"Demo {role} {office or ''}").replace("|", " ").strip()
        member = make_account(
            session,
            MakeStaffAccount(subject, title, role, office, f"{subject}@demo.invalid"),
            now=system_clock(),
            actor=SYSTEM,
        )
    if member.role != role or member.consulate_code != office:
        raise SettingsError(f"The subject {subject} has another role or office; choose another.")
    return member.id


def _vault(settings: Settings) -> Vault:
    return Vault(settings.master_keys(), settings.index_key())
