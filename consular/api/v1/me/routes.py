"""One's own data, and who looked at it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint
from sqlalchemy.orm import Session

from consular.api.contract import endpoint, run_once
from consular.api.lists import list_page
from consular.api.v1.me.answers import (
    AccessList,
    CopyAnswer,
    DependantAnswer,
    DependantList,
    ErasureAnswer,
    ErasureList,
    ProfileAnswer,
)
from consular.api.v1.me.copy import access, dependant, merged_people, whole_copy
from consular.auth import CITIZEN, account, actor, now, vault
from consular.commands import offering_correction
from consular.db import transaction
from consular.erasures import described
from consular.input.appointments import DependantSchema
from consular.input.me import ArcoSchema, ProfileSchema
from consular.input.paging import PageQuery, SliceQuery, slice_of
from services.appointments.people import Attendee
from services.citizens.accesses import list_accesses
from services.citizens.accounts import find_holder, set_profile
from services.citizens.dependants import (
    add_dependant,
    change_dependant,
    get_dependant,
    list_dependants,
    remove_dependant,
)
from services.citizens.people import PersonData, open_person
from services.kernel.db import NETWORK_SCOPE
from services.privacy.queries import list_own
from services.privacy.requesting import request_own_erasure

api = Blueprint("me", __name__, url_prefix="/api/v1/me")
NO_PROFILE = PersonData("", "", None, None)


@endpoint(api, "GET", "", operation="showProfile", who=CITIZEN, answer=ProfileAnswer(), errors={})
def show_me() -> dict[str, Any]:
    """Return what we hold of the account's holder."""
    with transaction() as session:
        return _shown(_profile(session))


@endpoint(
    api,
    "PATCH",
    "",
    operation="changeProfile",
    who=CITIZEN,
    body=ProfileSchema(),
    answer=ProfileAnswer(),
    errors={409: ("identity_bound",)},
)
def change_me(command: PersonData) -> dict[str, Any]:
    """Set or correct the holder's names and data.

    Once money was sent, a correction is made at a window: the refusal has a `folio` to show there.
    """
    with offering_correction(command), transaction() as session:
        person = set_profile(
            session,
            account(),
            command,
            now=now(),
            vault=vault(),
        )
        return _shown(open_person(person, vault()))


@endpoint(
    api, "GET", "/dependants", operation="listDependants", who=CITIZEN, answer=DependantList()
)
def list_my_dependants() -> dict[str, Any]:
    """List the people whom one saved, to book for them without writing their data again."""
    with transaction() as session:
        saved = list_dependants(session, account(), vault())
    return DependantList.render(items=[dependant(each) for each in saved])


@endpoint(
    api,
    "POST",
    "/dependants",
    operation="addDependant",
    who=CITIZEN,
    body=DependantSchema(),
    answer=DependantAnswer(),
    status=201,
    errors={409: ("too_many_dependants",)},
)
def add_my_dependant(command: Attendee) -> dict[str, Any]:
    """Save somebody to book for; ten at most."""
    return run_once(
        lambda session: dependant(
            add_dependant(session, account(), command, now=now(), vault=vault())
        ),
        status=201,
    )


@endpoint(
    api,
    "PATCH",
    "/dependants/<uuid:dependant_id>",
    operation="changeDependant",
    who=CITIZEN,
    body=DependantSchema(),
    answer=DependantAnswer(),
    errors={},
)
def change_my_dependant(dependant_id: UUID, command: Attendee) -> dict[str, Any]:
    """Replace what was saved of somebody; appointments stay as they are."""
    with transaction() as session:
        changed = change_dependant(session, account(), dependant_id, command, vault=vault())
        return dependant(changed)


@endpoint(
    api,
    "DELETE",
    "/dependants/<uuid:dependant_id>",
    operation="removeDependant",
    who=CITIZEN,
    answer=DependantAnswer(),
    errors={},
)
def remove_my_dependant(dependant_id: UUID) -> dict[str, Any]:
    """Forget somebody who was saved; appointments stay. Answers what it was."""
    with transaction() as session:
        saved = get_dependant(session, account(), dependant_id, vault())
        remove_dependant(session, account(), dependant_id)
        return dependant(saved)


@endpoint(
    api,
    "GET",
    "/accesses",
    operation="listAccesses",
    who=CITIZEN,
    query=PageQuery(),
    answer=AccessList(),
)
def list_my_accesses(query: dict[str, Any]) -> dict[str, Any]:
    """List everybody who did something with one's data, the newest first."""
    return list_page(AccessList, query, list_accesses, access, account=account())


@endpoint(api, "GET", "/data", operation="showMyData", who=CITIZEN, answer=CopyAnswer(), errors={})
def show_my_data() -> dict[str, Any]:
    """Return everything we hold of the account and of the people it named."""
    with transaction(NETWORK_SCOPE) as session:
        merged = merged_people(session, account())
    with transaction() as session:
        profile = _shown(_profile(session))
        return CopyAnswer.render(
            as_of=now(),
            profile=profile,
            merged_people=merged,
            **whole_copy(session, account()),
        )


@endpoint(
    api,
    "POST",
    "/arco-requests",
    operation="requestErasure",
    who=CITIZEN,
    body=ArcoSchema(),
    status=202,
    answer=ErasureAnswer(),
    errors={},
)
def request_arco(command: dict[str, Any]) -> dict[str, Any]:
    """Ask that all data of the account be erased; asked again, it is the same request.

    They go as soon as nothing is under way. What a law has kept is blocked until its day.
    """
    with transaction(NETWORK_SCOPE) as session:
        erasure = request_own_erasure(session, now=now(), actor=actor())
        return _erasure(session, erasure)


@endpoint(
    api,
    "GET",
    "/arco-requests",
    operation="listErasureRequests",
    who=CITIZEN,
    query=SliceQuery(),
    answer=ErasureList(),
    errors={},
)
def list_arco(query: dict[str, Any]) -> dict[str, Any]:
    """List the requests of the account, the newest first."""
    with transaction(NETWORK_SCOPE) as session:
        items = [_erasure(session, erasure) for erasure in list_own(session, account())]
    return slice_of(items, query, "folio")


def _erasure(session: Session, erasure: Any) -> dict[str, Any]:
    return ErasureAnswer.render(kind="cancellation", **described(session, erasure))


def _profile(session: Session) -> PersonData:
    person = find_holder(session, account())
    return open_person(person, vault()) if person else NO_PROFILE


def _shown(profile: PersonData) -> dict[str, Any]:
    return ProfileAnswer.render(
        profile,
        id=account(),
        given_names=profile.given_names or None,
        first_surname=profile.first_surname or None,
    )
