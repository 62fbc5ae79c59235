"""One's own data, and who looked at it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from consular.api.contract import endpoint
from consular.api.paging import PageQuery, cursor
from consular.api.v1.me.schemas import AccessList, ProfileAnswer, ProfileSchema
from consular.auth import CITIZEN, account, now, vault
from consular.db import transaction
from services.citizens.accesses import list_accesses
from services.citizens.accounts import Profile, find_holder, open_profile, set_profile

api = Blueprint("me", __name__, url_prefix="/api/v1/me")
NO_PROFILE = Profile("", "", None, None)


@endpoint(api, "GET", "", who=CITIZEN, answer=ProfileAnswer())
def show_me() -> dict[str, Any]:
    """What we hold of the account's holder."""
    with transaction() as session:
        person = find_holder(session, account())
        return _shown(open_profile(person, vault()) if person else NO_PROFILE)


@endpoint(api, "PATCH", "", who=CITIZEN, body=ProfileSchema(), answer=ProfileAnswer())
def change_me(command: Profile) -> dict[str, Any]:
    """Tell or correct one's names."""
    with transaction() as session:
        person = set_profile(
            session,
            account(),
            command,
            now=now(),
            vault=vault(),
        )
        return _shown(open_profile(person, vault()))


@endpoint(api, "GET", "/accesses", who=CITIZEN, query=PageQuery(), answer=AccessList())
def list_my_accesses(query: dict[str, Any]) -> dict[str, Any]:
    """Everybody who did something with one's data, the newest first."""
    with transaction() as session:
        found, following = list_accesses(
            session, account(), limit=query["limit"], after=query["next"]
        )
    items = [
        {
            "at": entry.at.isoformat(),
            "role": entry.actor_role,
            "consulate": entry.consulate_code,
            "action": entry.action,
        }
        for entry in found
    ]
    return {"items": items, "next": cursor(following)}


def _shown(profile: Profile) -> dict[str, Any]:
    return {
        "id": str(account()),
        "given_names": profile.given_names or None,
        "first_surname": profile.first_surname or None,
        "second_surname": profile.second_surname,
        "birth_date": profile.birth_date.isoformat() if profile.birth_date else None,
        "curp": profile.curp,
        "email": profile.email,
        "phone": profile.phone,
    }
