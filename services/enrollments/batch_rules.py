"""Pure rules of batches: their statuses, how a row ends, and what a file of results means."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

Word = TypeVar("Word")

# An agency reads a whole file before it answers: small ones come back before anybody gives up.
MOST_ROWS = 200


class BatchStatus(StrEnum):
    """Status of a batch.

    ``open``: collected, not sent. ``sending``: a call was begun, and may have arrived. ``unknown``:
    its answer was lost; the agency is asked by the batch's key. ``sent``: the agency has it.
    ``answered``: every row has ended.
    """

    OPEN = "open"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    ANSWERED = "answered"


# A call was begun that may have brought it to the agency.
ON_ITS_WAY = frozenset({BatchStatus.SENDING, BatchStatus.UNKNOWN})


class RowOutcome(StrEnum):
    """How a row ended.

    ``taken``: the agency has the request, whatever it decided. ``lost``: the agency doesn't know
    it; another row was queued. ``withdrawn``: over before the batch was sent. ``forgotten``: its
    person was erased.
    """

    TAKEN = "taken"
    LOST = "lost"
    WITHDRAWN = "withdrawn"
    FORGOTTEN = "forgotten"


@dataclass(frozen=True)
class Reading(Generic[Word]):
    """What a file of results means for the folios that wait for it.

    ``words``: what it says of each, once. ``to_ask``: folios to ask about one by one.
    ``contradicted``: those that stand there twice, with different words; they are asked about too.
    ``strangers``: folios that aren't the batch's.
    """

    words: dict[str, Word] = field(default_factory=dict)
    to_ask: tuple[str, ...] = ()
    contradicted: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()


def read_results(
    waiting: Collection[str],
    batch: Collection[str],
    rows: Iterable[tuple[str, Word]],
    *,
    unreadable: Collection[str],
    answered: bool,
) -> Reading[Word]:
    """Read the rows of a file of results, in whatever order and number they stand there.

    ``waiting`` are the batch's folios that haven't ended. Each of them is in ``words`` or in
    ``to_ask``, or waits for the next file where the batch isn't answered yet.
    """
    words: dict[str, Word] = {}
    contradicted: dict[str, None] = {}
    for folio, word in rows:
        if words.setdefault(folio, word) != word:
            contradicted[folio] = None
    doubted = {*contradicted, *unreadable}
    missing = [folio for folio in waiting if folio not in words] if answered else []
    return Reading(
        {folio: word for folio, word in words.items() if folio in waiting and folio not in doubted},
        tuple(folio for folio in waiting if folio in doubted or folio in missing),
        tuple(folio for folio in contradicted if folio in batch),
        tuple(folio for folio in (*words, *unreadable) if folio not in batch),
    )
