"""Vote counts: what the API answers."""

from __future__ import annotations

from typing import Any

from consular.api.answer_fields import (
    Answer,
    CalendarDay,
    Decimals,
    Figure,
    Flag,
    Id,
    Instant,
    ListAnswer,
    Many,
    Number,
    One,
    Text,
    Texts,
    Word,
)
from services.voting.board import Board, OfficeTally, Tally
from services.voting.rules import Mode, Odd, Status


class CountAnswer(Answer):
    """A count with its source and state. ``value`` is null for who may not see it yet;
    ``second_value`` is what another person typed that differs; ``warnings`` are what is odd about
    the number, which ``note`` explains. ``published_version`` says in which place it was published
    among the election's."""

    id = Id()
    election = Text(allow_none=True)
    metric = Text()
    mode = Text(allow_none=True)
    dimension = Text()
    key = Text(allow_none=True)
    consulate = Text(attribute="consulate_code", allow_none=True)
    date = CalendarDay(attribute="day", allow_none=True)
    value = Figure(allow_none=True)
    second_value = Figure(allow_none=True)
    unit = Text()
    status = Word(Status)
    revision = Number(allow_none=True)
    note = Text(allow_none=True)
    warnings = Texts(Word(Odd))
    reason = Text(allow_none=True)
    source = Text()
    published_version = Number(allow_none=True)
    published_at = Instant(allow_none=True)


class RevisionAnswer(CountAnswer):
    """A report of a cell by its number, with who and when: a name is null for staff of elsewhere.
    `rejected_*` and `approved_*` are null until then."""

    reported_by = Text(allow_none=True)
    reported_at = Instant(attribute="created_at")
    approved_by = Text(allow_none=True)
    approved_at = Instant(allow_none=True)
    rejected_by = Text(allow_none=True)
    rejected_at = Instant(allow_none=True)


class RevisionList(ListAnswer):
    """All of a cell, the newest first."""

    items = Many(RevisionAnswer)


class CountList(ListAnswer):
    """A page of counts."""

    items = Many(CountAnswer)


class ModeVotes(Answer):
    """Votes by mode; ``other`` are of totals of which the modes aren't known."""

    electronic = Number()
    postal = Number()
    in_person = Number()
    other = Number()


class TurnoutAnswer(Answer):
    """Votes beside the list of voters of the same offices: those that published both."""

    offices = Number()
    votes = Number()
    listed = Number()
    percent = Decimals(allow_none=True)


class TallyAnswer(Answer):
    """Several offices added up: how many published votes, of how many."""

    reported = Number()
    expected = Number()
    votes = Number()
    by_mode = One(ModeVotes)
    late_votes = Number()
    vote_envelopes = Number()
    turnout = One(TurnoutAnswer)


class CountryTally(TallyAnswer):
    """The offices of a country."""

    country = Text()


class OfficeTallyAnswer(Answer):
    """What an office published: null where nothing of the kind. ``missing`` are the modes that it
    offers and hasn't published; ``corrections`` how many numbers took the place of another;
    ``differs``: its modes and its total don't add up for now."""

    consulate = Text()
    country = Text()
    votes = Number(allow_none=True)
    by_mode = One(ModeVotes)
    late_votes = Number(allow_none=True)
    vote_envelopes = Number(allow_none=True)
    registered = Number(allow_none=True)
    missing = Texts(Word(Mode))
    corrections = Number()
    differs = Flag()
    published_at = Instant(allow_none=True)


class BoardAnswer(TallyAnswer):
    """The board of an election after ``version`` published numbers, the last one at ``at``: the
    same version is the same board."""

    election = Text()
    version = Number()
    at = Instant(allow_none=True)
    countries = Many(CountryTally)
    offices = Many(OfficeTallyAnswer)


class PublishedCount(Answer):
    """A number of an office that is in force. Votes and envelopes are those of the day, the others
    all up to and with it. ``mode`` is null for all of them."""

    election = Text()
    consulate = Text()
    date = CalendarDay()
    metric = Text()
    mode = Word(Mode, allow_none=True)
    value = Number()
    revision = Number()
    source = Text()
    published_version = Number()
    published_at = Instant()


class PublishedCounts(Answer):
    """The counts of an election after ``version`` published numbers, the last one at ``at``."""

    election = Text()
    version = Number()
    at = Instant(allow_none=True)
    counts = Many(PublishedCount)


class ComparedAnswer(Answer):
    """The election before, and by how much per cent the votes grew since."""

    election = Text()
    votes = Number()
    percent = Decimals()


class PastElectionAnswer(Answer):
    """A total of votes that was published, with its source. ``compared`` is null for the first."""

    election = Text()
    votes = Number()
    source = Text()
    compared = One(ComparedAnswer, allow_none=True)


class HistoryAnswer(ListAnswer):
    """The newest election first."""

    items = Many(PastElectionAnswer)


class ElectionAnswer(Answer):
    """Published by others, and approved counts of our offices; the two don't add up. ``version``
    grows with every approval or correction: until then the answer is the same."""

    year = Text()
    version = Number()
    published = Many(CountAnswer)
    approved = Many(CountAnswer)


def render_board(board: Board) -> dict[str, Any]:
    """The board as its answer."""
    countries = [
        CountryTally.render(tally, country=country, **_tally(tally))
        for country, tally in sorted(board.countries.items())
    ]
    offices = [_office(office) for office in board.offices]
    return BoardAnswer.render(board, countries=countries, offices=offices, **_tally(board))


def _tally(tally: Tally) -> dict[str, Any]:
    return {
        "by_mode": _modes(tally),
        "late_votes": tally.late,
        "vote_envelopes": tally.envelopes,
    }


def _office(office: OfficeTally) -> dict[str, Any]:
    return OfficeTallyAnswer.render(
        office,
        consulate=office.office.code,
        country=office.office.country,
        by_mode=_modes(office),
        late_votes=office.late,
        vote_envelopes=office.envelopes,
        registered=office.listed,
        corrections=len(office.corrections),
    )


def _modes(tally: Tally | OfficeTally) -> dict[str, int]:
    by_mode = {mode.value: tally.by_mode.get(mode, 0) for mode in Mode}
    return {**by_mode, "other": tally.without_mode}
