"""Vote counts: what the API answers."""

from __future__ import annotations

from typing import Any

from consular.api import answer_fields as fields
from services.voting.board import Board, OfficeTally, Tally
from services.voting.rules import Mode, Odd, Status


class CountAnswer(fields.Answer):
    """A count with its source and state. ``value`` is null for who may not see it yet;
    ``second_value`` is what another person typed that differs; ``warnings`` are what is odd about
    the number, which ``note`` explains. ``published_version`` says in which place it was published
    among the election's."""

    id = fields.Id()
    election = fields.Text(allow_none=True)
    metric = fields.Text()
    mode = fields.Text(allow_none=True)
    dimension = fields.Text()
    key = fields.Text(allow_none=True)
    consulate = fields.Text(attribute="consulate_code", allow_none=True)
    date = fields.CalendarDay(attribute="day", allow_none=True)
    value = fields.Figure(allow_none=True)
    second_value = fields.Figure(allow_none=True)
    unit = fields.Text()
    status = fields.Word(Status)
    revision = fields.Number(allow_none=True)
    note = fields.Text(allow_none=True)
    warnings = fields.Texts(fields.Word(Odd))
    reason = fields.Text(allow_none=True)
    source = fields.Text()
    published_version = fields.Number(allow_none=True)
    published_at = fields.Instant(allow_none=True)


class RevisionAnswer(CountAnswer):
    """A report of a cell by its number, with who and when: a name is null for staff of elsewhere.
    `rejected_*` and `approved_*` are null until then."""

    reported_by = fields.Text(allow_none=True)
    reported_at = fields.Instant(attribute="created_at")
    approved_by = fields.Text(allow_none=True)
    approved_at = fields.Instant(allow_none=True)
    rejected_by = fields.Text(allow_none=True)
    rejected_at = fields.Instant(allow_none=True)


class RevisionList(fields.ListAnswer):
    """All of a cell, the newest first."""

    items = fields.Many(RevisionAnswer)


class CountList(fields.ListAnswer):
    """A page of counts."""

    items = fields.Many(CountAnswer)


class ModeVotes(fields.Answer):
    """Votes by mode; ``other`` are of totals of which the modes aren't known."""

    electronic = fields.Number()
    postal = fields.Number()
    in_person = fields.Number()
    other = fields.Number()


class TurnoutAnswer(fields.Answer):
    """Votes beside the list of voters of the same offices: those that published both."""

    offices = fields.Number()
    votes = fields.Number()
    listed = fields.Number()
    percent = fields.Decimals(allow_none=True)


class TallyAnswer(fields.Answer):
    """Several offices added up: how many published votes, of how many."""

    reported = fields.Number()
    expected = fields.Number()
    votes = fields.Number()
    by_mode = fields.One(ModeVotes)
    late_votes = fields.Number()
    vote_envelopes = fields.Number()
    turnout = fields.One(TurnoutAnswer)


class CountryTally(TallyAnswer):
    """The offices of a country."""

    country = fields.Text()


class OfficeTallyAnswer(fields.Answer):
    """What an office published: null where nothing of the kind. ``missing`` are the modes that it
    offers and hasn't published; ``corrections`` how many numbers took the place of another;
    ``differs``: its modes and its total don't add up for now."""

    consulate = fields.Text()
    country = fields.Text()
    votes = fields.Number(allow_none=True)
    by_mode = fields.One(ModeVotes)
    late_votes = fields.Number(allow_none=True)
    vote_envelopes = fields.Number(allow_none=True)
    registered = fields.Number(allow_none=True)
    missing = fields.Texts(fields.Word(Mode))
    corrections = fields.Number()
    differs = fields.Flag()
    published_at = fields.Instant(allow_none=True)


class BoardAnswer(TallyAnswer):
    """The board of an election after ``version`` published numbers, the last one at ``at``: the
    same version is the same board."""

    election = fields.Text()
    version = fields.Number()
    at = fields.Instant(allow_none=True)
    countries = fields.Many(CountryTally)
    offices = fields.Many(OfficeTallyAnswer)


class PublishedCount(fields.Answer):
    """A number of an office that is in force. Votes and envelopes are those of the day, the others
    all up to and with it. ``mode`` is null for all of them."""

    election = fields.Text()
    consulate = fields.Text()
    date = fields.CalendarDay()
    metric = fields.Text()
    mode = fields.Word(Mode, allow_none=True)
    value = fields.Number()
    revision = fields.Number()
    source = fields.Text()
    published_version = fields.Number()
    published_at = fields.Instant()


class PublishedCounts(fields.Answer):
    """The counts of an election after ``version`` published numbers, the last one at ``at``."""

    election = fields.Text()
    version = fields.Number()
    at = fields.Instant(allow_none=True)
    counts = fields.Many(PublishedCount)


class ComparedAnswer(fields.Answer):
    """The election before, and by how much per cent the votes grew since."""

    election = fields.Text()
    votes = fields.Number()
    percent = fields.Decimals()


class PastElectionAnswer(fields.Answer):
    """A total of votes that was published, with who published it and where it can be read.
    ``compared`` is null for the first."""

    election = fields.Text()
    votes = fields.Number()
    source = fields.Text()
    source_address = fields.Text(allow_none=True)
    compared = fields.One(ComparedAnswer, allow_none=True)


class HistoryAnswer(fields.ListAnswer):
    """The newest election first."""

    items = fields.Many(PastElectionAnswer)


class ElectionAnswer(fields.Answer):
    """Published by others, and approved counts of our offices; the two don't add up. ``version``
    grows with every approval or correction: until then the answer is the same."""

    year = fields.Text()
    version = fields.Number()
    published = fields.Many(CountAnswer)
    approved = fields.Many(CountAnswer)


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
