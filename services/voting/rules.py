"""What may be counted of the vote abroad, and how a count becomes official."""

from __future__ import annotations

from enum import StrEnum

# A count above this is a slip of the keyboard: the whole list of voters abroad had 223,961 in 2024.
MAX_COUNT = 9_999_999


class Mode(StrEnum):
    """How a vote is cast from abroad (LGIPE 329)."""

    ELECTRONIC = "electronic"
    POSTAL = "postal"
    IN_PERSON = "in_person"


class Metric(StrEnum):
    """What an office counts. Published figures may speak of more (`VoteCount.metric` is text)."""

    VOTES = "votes"
    VOTE_ENVELOPES = "vote_envelopes"
    LATE_VOTES = "late_votes"
    REGISTERED = "registered"
    REGISTRATION_REQUESTS = "registration_requests"


class Dimension(StrEnum):
    """By what a figure is broken down."""

    TOTAL = "total"
    COUNTRY = "country"
    CONSULATE = "consulate"
    STATE = "state"
    MODE = "mode"


class Status(StrEnum):
    """An office's count is reported, then approved by another person; a later one supersedes it.

    PUBLISHED figures come from others' publications and never change status.
    """

    PUBLISHED = "published"
    REPORTED = "reported"
    APPROVED = "approved"
    SUPERSEDED = "superseded"


class Unit(StrEnum):
    """Percentages are only ever published, with a basis of their own."""

    COUNT = "count"
    PERCENT = "percent"
