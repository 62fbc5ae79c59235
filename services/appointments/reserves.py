"""Places that a session keeps at each of its times for some: walk-ins, urgent protection, the
elderly and people with a disability. None unless a supervisor says so.

What isn't used of them is nobody else's, until they are let go: so many hours before the session
opens, or never. Whoever has a place when some are kept stays. See
docs/decisions/0040-reserved-places.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

from services.appointments.rules import CapacityConstraint
from services.kernel.audit import Role


class Share(StrEnum):
    """Whom places are kept for."""

    WALK_INS = "walk_ins"
    URGENT_PROTECTION = "urgent_protection"
    ELDERLY_OR_DISABLED = "elderly_or_disabled"


_DESK = frozenset({Role.OFFICER, Role.SUPERVISOR})
# Who may book in which: what a person says of themself is looked at when they come.
_BOOKERS: Mapping[Share, frozenset[Role]] = {
    Share.WALK_INS: _DESK,
    Share.URGENT_PROTECTION: _DESK | {Role.AGENT},
    Share.ELDERLY_OR_DISABLED: _DESK | {Role.AGENT, Role.CITIZEN},
}


def may_use(share: str, role: Role) -> bool:
    """Whether somebody in that role may book in a share; nobody needs leave to use none."""
    return not share or role is Role.SYSTEM or role in _BOOKERS[Share(share)]


@dataclass(frozen=True)
class Reserve:
    """``places`` at each time for a share, let go ``release_hours`` before the session opens, or
    kept to the end."""

    share: Share
    places: int
    release_hours: int | None = None


def reserves_as_json(reserves: Iterable[Reserve]) -> list[dict[str, Any]]:
    """As sessions and series keep them."""
    return [
        {"share": each.share.value, "places": each.places, "release_hours": each.release_hours}
        for each in reserves
    ]


def reserves_from_json(reserves: Iterable[Mapping[str, Any]]) -> tuple[Reserve, ...]:
    """The same, read again."""
    return tuple(
        Reserve(Share(each["share"]), each["places"], each["release_hours"]) for each in reserves
    )


@dataclass(frozen=True)
class Kept:
    """Places that are kept now, by share, and when the next of them are let go."""

    places: Mapping[str, int]
    release_at: datetime | None


def kept_at(
    reserves: Sequence[Reserve], day: date, opens: time, zone: ZoneInfo, now: datetime
) -> Kept:
    """What a session that opens then keeps now."""
    opening = datetime.combine(day, opens, zone)
    moments = {
        each.share: opening - timedelta(hours=each.release_hours)
        for each in reserves
        if each.release_hours is not None
    }
    coming = [moment for moment in moments.values() if moment > now]
    return Kept(
        {
            each.share.value: each.places
            for each in reserves
            if each.places and (each.share not in moments or moments[each.share] > now)
        },
        min(coming, default=None),
    )


def reserving_constraints(
    desks: Sequence[Collection[str]], kept: Mapping[str, int]
) -> list[CapacityConstraint]:
    """What keeps the places: whoever uses none of some shares has at most the desks that are left
    without these."""
    services = tuple(sorted({service for desk in desks for service in desk}))
    return [
        CapacityConstraint(services, max(0, len(desks) - sum(kept[s] for s in exempt)), exempt)
        for size in range(1, len(kept) + 1)
        for exempt in combinations(sorted(kept), size)
    ]
