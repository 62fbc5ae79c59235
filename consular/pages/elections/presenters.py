"""The board and the history as their pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from babel import Locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from consular.i18n import city_in_language, current_language, in_language, number, words
from consular.published_counts import FORMATS, read_rows
from services.kernel.collation import alphabetical
from services.voting.board import BEFORE_ELECTION, Board, OfficeTally, Tally
from services.voting.deadlines import deadlines, election_days, polls_abroad
from services.voting.history import PastElection, is_total_of_votes
from services.voting.queries import cell_of
from services.voting.rules import Dimension, Mode, Unit
from services.voting.sources import NamedSource, name_source

Shown = dict[str, Any]
# Published figures that the history shows beside the votes, in their order.
WHOLE = (Dimension.TOTAL, Dimension.MODE)
BESIDE = ("registered", "lnere", "registration_requests", "votes", "vote_envelopes", "votes_share",
          "turnout")  # fmt: skip


def board_shown(session: Session, board: Board) -> Shown:
    """The template's variables."""
    rows = read_rows(session, board)
    offices = sorted(board.offices, key=lambda each: alphabetical(_city(each)))
    return {
        "board": board,
        "day": election_days().get(board.election),
        "deadlines": deadlines(board.election),
        "polls_abroad": polls_abroad(board.election),
        "modes": _modes(board),
        "countries": _countries(board),
        "offices": [_office(each) for each in offices if each.published_at],
        "missing": _missing(board),
        "corrections": _corrections(offices),
        "steps": [
            {"label": words("voting.metric", step), "value": value, "offices": known}
            for step in BEFORE_ELECTION
            for value, known in [board.step(step)]
            if known
        ],
        "files": {
            kind: sha256(write(board, rows)).hexdigest() for kind, (_, write) in FORMATS.items()
        },
    }


def history_shown(past: Sequence[PastElection], credentials: Sequence[Any]) -> Shown:
    """The template's variables."""
    return {
        "past": [
            {
                "election": each,
                "source": _named(each.source),
                "figures": [_figure(row) for row in _beside(each)],
            }
            for each in past
        ],
        "credentials": [_figure(row) for row in credentials if row.dimension != Dimension.STATE],
        "elections": [day for day in election_days().values() if day.election > past[0].election]
        if past
        else [],
    }


def _modes(tally: Tally | OfficeTally) -> list[Shown]:
    """Votes by mode, and those of which the mode isn't known."""
    rows = [
        {"label": words("voting.mode", mode), "value": tally.by_mode[mode]}
        for mode in Mode
        if mode in tally.by_mode
    ]
    without = {"label": _("Sin modalidad"), "value": tally.without_mode}
    return [*rows, without] if tally.without_mode else rows


def _countries(board: Board) -> list[list[str]]:
    """Cells by country, those with the most votes first."""
    rows = sorted(board.countries.items(), key=lambda row: (-row[1].votes, _country(row[0])))
    return [
        [
            _country(code),
            _("%(reported)s de %(expected)s", reported=tally.reported, expected=tally.expected),
            number(tally.votes),
        ]
        for code, tally in rows
    ]


def _office(tally: OfficeTally) -> Shown:
    return {
        "tally": tally,
        "city": _city(tally),
        "country": _country(tally.office.country),
        "modes": _modes(tally),
        "missing": [words("voting.mode", mode) for mode in tally.missing],
    }


def _missing(board: Board) -> list[Shown]:
    """Offices that published no votes yet, by country."""
    groups = [
        {
            "country": _country(code),
            "cities": sorted(
                (_city(each) for each in tally.offices if each.votes is None), key=alphabetical
            ),
        }
        for code, tally in board.countries.items()
        if tally.reported < tally.expected
    ]
    return sorted(groups, key=lambda group: alphabetical(group["country"]))


def _corrections(offices: Sequence[OfficeTally]) -> list[Shown]:
    """Numbers that took the place of others, the newest first."""
    rows = [
        {
            "city": _city(office),
            "metric": words("voting.metric", cell_of(each.after).metric),
            "mode": words("voting.mode", each.after.mode or ""),
            "before": int(each.before.value),
            "after": int(each.after.value),
            "at": each.after.published_at,
            "version": each.after.published_version,
        }
        for office in offices
        for each in office.corrections
    ]
    return sorted(rows, key=lambda row: -row["version"])


def _beside(past: PastElection) -> list[Any]:
    """What else is published of all abroad, or by mode: no countries and states."""
    rows = [
        row
        for row in past.figures
        if row.metric in BESIDE and row.dimension in WHOLE and not is_total_of_votes(row)
    ]
    return sorted(rows, key=lambda row: (BESIDE.index(row.metric), -row.value))


def _figure(row: Any) -> Shown:
    return {
        "label": words("voting.published", row.metric),
        "mode": words("voting.mode", row.mode) if row.mode else "",
        "place": _country(row.key) if row.dimension == "country" else "",
        "value": row.value.normalize(),
        "percent": row.unit == Unit.PERCENT,
        "period": row.period,
        "note": words("voting.note", row.note) if row.note else "",
        "source": _source(row),
    }


def _source(row: Any) -> Shown:
    """Who published it, in words, and where it can be read."""
    return _named(name_source(row.source, row.election))


def _named(named: NamedSource) -> Shown:
    return {"name": in_language(named, "name"), "address": named.address}


def _city(tally: OfficeTally) -> str:
    return city_in_language(tally.office)


def _country(code: str) -> str:
    return str(Locale.parse(current_language()).territories.get(code, code))
