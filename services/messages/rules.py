"""Pure rules: by which ways people are told, in which order, and how a message can stand."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum


class Channel(StrEnum):
    """The ways to tell somebody, in the order in which they are tried; the last is a person."""

    EMAIL = "email"
    SMS = "sms"
    VOICE = "voice"
    DESK = "desk"


class State(StrEnum):
    """How a message stands. ``superseded``: what it said was no longer so, and it wasn't sent."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    FAILED = "failed"
    SUPERSEDED = "superseded"


# State -> the states from which it may come. A mailbox that took a message may still return it.
COMES_FROM: Mapping[State, frozenset[State]] = {
    State.SENT: frozenset({State.QUEUED}),
    State.SUPERSEDED: frozenset({State.QUEUED}),
    State.DELIVERED: frozenset({State.QUEUED, State.SENT}),
    State.FAILED: frozenset({State.QUEUED, State.SENT}),
    State.BOUNCED: frozenset({State.QUEUED, State.SENT, State.DELIVERED}),
}
# It didn't reach the person: the next channel is tried.
LOST = frozenset({State.BOUNCED, State.FAILED})


def addresses(email: str | None, phone: str | None) -> Mapping[Channel, str]:
    """Where each channel reaches somebody; a telephone takes texts and calls."""
    reached = {Channel.EMAIL: email, Channel.SMS: phone, Channel.VOICE: phone}
    return {channel: address for channel, address in reached.items() if address}


def next_channel(tried: Collection[str], reached: Collection[str], *, desk: bool) -> Channel | None:
    """The first channel that reaches the person and wasn't tried; ``desk``: an office can tell
    them where no other is left."""
    for channel in Channel:
        possible = desk if channel is Channel.DESK else channel in reached
        if possible and channel not in tried:
            return channel
    return None
