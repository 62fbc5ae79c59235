"""Holds over the API: places for some minutes, for whoever is signed in."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint
from sqlalchemy.orm import Session

from consular import commands
from consular.api.contract import endpoint, request_key, run_once
from consular.api.v1.holds.answers import HoldAnswer, HoldList
from consular.auth import BOOKERS, actor, now
from consular.db import transaction
from consular.input.appointments import HoldSchema, NothingSchema
from services.appointments.holding import HoldPlaces, find_hold
from services.consulates.queries import get_consulate

api = Blueprint("holds", __name__, url_prefix="/api/v1/holds")


@endpoint(
    api,
    "POST",
    "",
    operation="holdPlaces",
    who=BOOKERS,
    body=HoldSchema(),
    answer=HoldAnswer(),
    status=201,
    errors={
        404: ("not_found",),
        409: ("slot_taken", "slot_not_offered", "booking_limit"),
        422: ("share_not_allowed",),
        429: ("too_many_requests",),
    },
)
def create_hold(command: HoldPlaces) -> dict[str, Any]:
    """Hold places for ten minutes, for all or for nobody, in place of what was held before.

    Whoever books at this start has them. What isn't booked is free a little after it ran out.
    """
    return commands.hold(request_key(), command, shown)


@endpoint(api, "GET", "", operation="listHolds", who=BOOKERS, answer=HoldList())
def list_holds() -> dict[str, Any]:
    """What the caller holds now."""
    with transaction() as session:
        hold = find_hold(session, actor(), now=now())
        return HoldList.render(items=[shown(session, hold)] if hold else [])


@endpoint(
    api,
    "POST",
    "/<uuid:hold>/extend",
    operation="extendHold",
    who=BOOKERS,
    body=NothingSchema(),
    answer=HoldAnswer(),
    errors={409: ("hold_over",)},
)
def extend_hold(hold: UUID, command: dict[str, Any]) -> dict[str, Any]:
    """Ten minutes from now, once, as long as the hold hasn't run out."""
    return run_once(lambda session: shown(session, commands.extend_hold(session, hold)))


@endpoint(
    api,
    "DELETE",
    "/<uuid:hold>",
    operation="releaseHold",
    who=BOOKERS,
    answer=HoldAnswer(),
    errors={},
)
def release_hold(hold: UUID) -> dict[str, Any]:
    """Hold the places no longer; they are free for others a little later."""
    with transaction() as session:
        return shown(session, commands.release_hold(session, hold))


def shown(session: Session, hold: Any) -> dict[str, Any]:
    """One hold, with the office's times."""
    zone = ZoneInfo(get_consulate(session, hold.consulate_code).time_zone)
    return HoldAnswer.render(
        hold,
        start=hold.starts_at.astimezone(zone),
        end=hold.ends_at.astimezone(zone),
        can_extend=not hold.extended and hold.expires_at > now(),
    )
