"""Announcements: what they may be about, and when one is shown."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Protocol

MOST_LETTERS = 300


class Kind(StrEnum):
    """What an announcement is about."""

    OUTAGE = "outage"
    CLOSURE = "closure"
    FRAUD = "fraud"


class Shown(Protocol):
    """When something is shown; without an end, until it is withdrawn."""

    @property
    def begins_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime | None: ...


def is_shown(announcement: Shown, now: datetime) -> bool:
    """Whether one that wasn't withdrawn is on the pages now."""
    ends = announcement.ends_at
    return announcement.begins_at <= now and (ends is None or now < ends)
