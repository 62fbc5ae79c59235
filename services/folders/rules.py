"""Pure rules: what a person consents to, and how documents are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class ConsentKind(StrEnum):
    """What is consented to. Sensitive data need an express consent of their own (LGPDPPSO 7, 15).

    The values are those of the contract's ``consents``.
    """

    TRANSFER = "transfer_to_agency"
    SENSITIVE = "sensitive_data"


class Purpose(StrEnum):
    """Why an agency receives the data."""

    ENROLLMENT = "enrollment"


class DocumentState(StrEnum):
    """State of a document. Only those in use are shown; of a removed one no content is left."""

    IN_USE = "in_use"
    REPLACED = "replaced"
    REMOVED = "removed"


# Held by constraint: each document in use has a place of its own, from 1.
MOST_DOCUMENTS = 20
# Of what is kept for one person, replaced ones included.
MOST_DOCUMENT_BYTES = 100 * 1024 * 1024


@dataclass(frozen=True)
class DocumentRetention:
    """How long documents are kept, for what begins from ``valid_from`` on.

    ``after_end`` counts from when the last request of the folder was over, ``unused`` from the
    upload where nothing was asked for, ``replaced`` from when another took its place.
    """

    valid_from: date
    after_end: timedelta
    unused: timedelta
    replaced: timedelta
    source: str


# No law gives a number of days for copies of documents: LGPDPPSO 17 and 18 want a period that is
# set, written down and no longer than the purpose needs.
DOCUMENT_RETENTION = (
    DocumentRetention(
        date(2026, 1, 1),
        after_end=timedelta(days=90),
        unused=timedelta(days=60),
        replaced=timedelta(days=30),
        source="LGPDPPSO 2025, 17, 18 and 19; the periods are ours, to be reviewed yearly",
    ),
)


def document_retention(on: date) -> DocumentRetention:
    """The periods in force on a day."""
    return max(
        (each for each in DOCUMENT_RETENTION if each.valid_from <= on),
        key=lambda each: each.valid_from,
    )


def can_remove(state: DocumentState, *, sent: bool) -> bool:
    """Whether the owner may still take a document back: after a request was sent it is only
    replaced."""
    return state is DocumentState.IN_USE and not sent
