"""The place that a signed-in citizen holds while they fill in the booking's form."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import g
from sqlalchemy.orm import Session

from consular import commands
from consular.auth import BOOKERS, actor, now
from consular.db import transaction
from services.appointments.errors import SlotNotOffered, SlotTaken
from services.appointments.holding import HoldPlaces, find_hold
from services.appointments.rules import HOLD_FOR
from services.citizens.errors import TooManyAttempts
from services.consulates.queries import get_consulate
from services.kernel.errors import Conflict

# The form's button for more time; and what a form keeps that held a place before.
MORE_TIME, HELD = "more_time", "held"
HOLD_MINUTES = int(HOLD_FOR.total_seconds() // 60)


def may_hold() -> bool:
    """Whether the reader can hold places: a citizen who is signed in, or whoever books for
    somebody."""
    return g.actor is not None and g.actor.role in BOOKERS


def keep_place(slot: dict[str, Any], people: int) -> bool:
    """Hold it, unless the reader has held too often today: they book without.

    Raises `SlotTaken`, `SlotNotOffered`, `BookingLimit`.
    """
    needs = slot["needs"]
    command = HoldPlaces(
        slot["consulate"], slot["services"], slot["start"], people,
        tuple(sorted(needs.skills)), needs.share, needs.place,
    )  # fmt: skip
    try:
        commands.hold(None, command, lambda _session, hold: {"id": str(hold.id)})
    except TooManyAttempts:
        return False
    return True


def keep_longer(slot: dict[str, Any], people: int) -> None:
    """More time for the place that is held; one that ran out is held anew. Raises as `keep_place`,
    `HoldOver` the second time."""
    with transaction() as session:
        hold = _held(session, slot)
        if hold is not None:
            commands.extend_hold(session, hold)
    if hold is None:
        keep_place(slot, people)


def fit_people(slot: dict[str, Any], people: int) -> None:
    """Hold as many places as there are people now, of a place that is held.

    Raises Conflict ``no_room_for_all``.
    """
    with transaction() as session:
        held = _held(session, slot)
    if held is None:
        return
    try:
        keep_place(slot, people)
    except (SlotTaken, SlotNotOffered):
        raise Conflict("no_room_for_all") from None


def shown_hold(session: Session, slot: dict[str, Any]) -> dict[str, Any] | None:
    """``until`` when the place is the reader's, by the office's clock, or that it is over."""
    if not may_hold():
        return None
    hold = find_hold(session, actor(), now=now())
    if hold is None or not _is_for(hold, slot):
        return {"until": None, "can_extend": True}
    zone = ZoneInfo(get_consulate(session, hold.consulate_code).time_zone)
    return {"until": hold.expires_at.astimezone(zone), "can_extend": not hold.extended}


def _held(session: Session, slot: dict[str, Any]) -> UUID | None:
    if not may_hold():
        return None
    hold = find_hold(session, actor(), now=now())
    return hold.id if hold and _is_for(hold, slot) else None


def _is_for(hold: Any, slot: dict[str, Any]) -> bool:
    return (hold.consulate_code, hold.starts_at) == (slot["consulate"], slot["start"])
