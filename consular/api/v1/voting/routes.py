"""Vote and registration counts over the API."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any
from uuid import UUID

from flask import Blueprint, Response
from sqlalchemy.orm import Session

from consular.api.contract import endpoint, run_once
from consular.api.v1.voting.answers import (
    BoardAnswer,
    CountAnswer,
    CountList,
    ElectionAnswer,
    HistoryAnswer,
    PastElectionAnswer,
    PublishedCounts,
    RevisionAnswer,
    RevisionList,
    render_board,
)
from consular.auth import ANYONE, DESK, MONITORS, actor, actor_id, now
from consular.counts import names_of
from consular.db import transaction
from consular.i18n import in_language
from consular.input.paging import SliceQuery, slice_of
from consular.input.voting import (
    CorrectionSchema,
    CountQuery,
    CountSchema,
    FigureSchema,
    RejectionSchema,
    VersionQuery,
)
from consular.published_counts import file_of, public, remembered, version_of
from consular.spreadsheets import CSV, JSON
from services.kernel.audit import Role
from services.voting.board import read_board
from services.voting.errors import FiguresDiffer
from services.voting.history import list_history
from services.voting.queries import CountFilter, election, get_revision, list_counts, list_revisions
from services.voting.reporting import (
    ReportCount,
    TypeFigure,
    approve_count,
    correct_count,
    figures_differ,
    reject_count,
    report_count,
)
from services.voting.rules import Impossible, Odd, Status, may_see_value

SETTLERS = DESK | {Role.ANALYST}
IMPOSSIBLE = tuple(wrong.value for wrong in Impossible)
ODD = tuple(odd.value for odd in Odd)
api = Blueprint("voting", __name__, url_prefix="/api/v1/voting")


@endpoint(
    api,
    "POST",
    "/counts",
    operation="reportCount",
    who=DESK,
    body=CountSchema(),
    answer=CountAnswer(),
    status=201,
    errors={
        404: ("not_found",),
        409: ("already_reported",),
        422: ("required", "out_of_range", *IMPOSSIBLE, *ODD),
    },
)
def create_count(command: ReportCount) -> dict[str, Any]:
    """Report a count, for another person to type once more from its source.

    Its number is shown to nobody else until then. What is odd needs a `note` that explains it.
    """
    return run_once(lambda session: _report(session, command), status=201)


@endpoint(
    api,
    "GET",
    "/counts",
    operation="listCounts",
    who=DESK | MONITORS,
    query=CountQuery(),
    answer=CountList(),
)
def list_all_counts(query: dict[str, Any]) -> dict[str, Any]:
    """List published counts, and those of one's office or, for analysts, of all."""
    which = CountFilter(
        election=query["election"],
        consulate=query["consulate"],
        metric=query["metric"],
        status=Status(query["status"]) if query["status"] else None,
    )
    with transaction() as session:
        page = list_counts(session, which, after=query["next"], limit=query["limit"])
        items = [_shown(count) for count in page.items]
    return CountList.render(items=items, next=str(page.next) if page.next else None)


@endpoint(
    api,
    "POST",
    "/counts/<uuid:count>/approve",
    operation="approveCount",
    who=SETTLERS,
    body=FigureSchema(),
    answer=CountAnswer(),
    errors={
        409: ("self_approval", "wrong_state", "figures_differ", "explanation_not_read"),
        422: ("reason_required", *IMPOSSIBLE),
    },
)
def approve(count: UUID, command: dict[str, Any]) -> dict[str, Any]:
    """Approve a count that somebody else reported, by typing its number from the source.

    Another number than the reported one is kept, and both people may see both from then on.
    """
    return _type(approve_count, TypeFigure(count, **command))


@endpoint(
    api,
    "POST",
    "/counts/<uuid:count>/correct",
    operation="correctCount",
    who=SETTLERS,
    body=CorrectionSchema(),
    answer=CountAnswer(),
    errors={
        409: ("wrong_state", "figures_differ", "self_approval", "explanation_not_read"),
        422: ("out_of_range", "reason_required", *IMPOSSIBLE, *ODD),
    },
)
def correct(count: UUID, command: dict[str, Any]) -> dict[str, Any]:
    """Correct one's own number of a count that waits: once both are equal, it is approved."""
    return _type(correct_count, TypeFigure(count, **command))


@endpoint(
    api,
    "POST",
    "/counts/<uuid:count>/reject",
    operation="rejectCount",
    who=SETTLERS,
    body=RejectionSchema(),
    answer=CountAnswer(),
    errors={409: ("wrong_state",)},
)
def reject(count: UUID, command: dict[str, Any]) -> dict[str, Any]:
    """Reject a count that waits, with the reason; the office may report it anew."""
    return run_once(
        lambda session: _shown(
            reject_count(session, count, command["reason"], now=now(), actor=actor())
        )
    )


@endpoint(
    api,
    "GET",
    "/counts/<uuid:count>/revisions",
    operation="listRevisions",
    who=DESK | MONITORS,
    query=SliceQuery(),
    answer=RevisionList(),
    errors={404: ("not_found",)},
)
def list_all_revisions(count: UUID, query: dict[str, Any]) -> dict[str, Any]:
    """List every report of what the count speaks of, with who reported and settled it, and when."""
    with transaction() as session:
        items = [_revision(session, revision) for revision in list_revisions(session, count)]
    return slice_of(items, query, "id")


@endpoint(
    api,
    "GET",
    "/counts/<uuid:count>/revisions/<int:number>",
    operation="showRevision",
    who=DESK | MONITORS,
    answer=RevisionAnswer(),
    errors={404: ("not_found",)},
)
def show_revision(count: UUID, number: int) -> dict[str, Any]:
    """Return one of them by its number, also one that is no longer in force."""
    with transaction() as session:
        return _revision(session, get_revision(session, count, number))


@endpoint(
    api,
    "GET",
    "/elections/<code:year>",
    operation="showElection",
    who=ANYONE,
    answer=ElectionAnswer(),
)
def show_election(year: str) -> dict[str, Any]:
    """Return what is published of an election."""
    with transaction() as session:
        counts = election(session, year)
        return ElectionAnswer.render(
            counts,
            published=[_shown(count) for count in counts.published],
            approved=[_shown(count) for count in counts.approved],
        )


@endpoint(
    api,
    "GET",
    "/elections",
    operation="listElections",
    who=ANYONE,
    query=SliceQuery(),
    answer=HistoryAnswer(),
)
def list_elections(query: dict[str, Any]) -> dict[str, Any]:
    """List the votes of each election since 2006.

    As others published them, each beside the one before.
    """
    with transaction() as session:
        items = [
            PastElectionAnswer.render(
                past,
                source=in_language(past.source, "name"),
                source_address=past.source.address or None,
            )
            for past in list_history(session)
        ]
    return slice_of(items, query, "election")


@endpoint(
    api,
    "GET",
    "/elections/<code:year>/board",
    operation="showBoard",
    who=ANYONE,
    query=VersionQuery(),
    cached=True,
    answer=BoardAnswer(),
)
def show_board(year: str, query: dict[str, Any]) -> Response:
    """Return what our offices published of an election, added up.

    As it is, or as it was after so many published numbers.
    """
    version = version_of(year) if query["version"] is None else query["version"]

    def render() -> bytes:
        with transaction() as session:
            board = read_board(session, year, version)
        return json.dumps(render_board(board), ensure_ascii=False).encode()

    body = remembered(("board", year, version), render)
    return public(Response(body, content_type=JSON), sha256(body).hexdigest())


@endpoint(
    api,
    "GET",
    "/elections/<code:year>/counts.csv",
    operation="downloadCountsAsCsv",
    who=ANYONE,
    query=VersionQuery(),
    cached=True,
    content=(CSV,),
)
def counts_csv(year: str, query: dict[str, Any]) -> Response:
    """Return the published counts of our offices: the same version is the same bytes."""
    with transaction() as session:
        return file_of(session, year, "csv", query["version"])


@endpoint(
    api,
    "GET",
    "/elections/<code:year>/counts.json",
    operation="downloadCountsAsJson",
    who=ANYONE,
    query=VersionQuery(),
    cached=True,
    answer=PublishedCounts(),
)
def counts_json(year: str, query: dict[str, Any]) -> Response:
    """Return the same as JSON."""
    with transaction() as session:
        return file_of(session, year, "json", query["version"])


def _report(session: Session, command: ReportCount) -> dict[str, Any]:
    return _shown(report_count(session, command, now=now(), actor=actor()))


def _type(settle: Callable[..., Any], command: TypeFigure) -> dict[str, Any]:
    """What was typed is kept whatever it is: that it differs is said after the commit."""
    differ: list[FiguresDiffer | None] = []

    def do(session: Session) -> dict[str, Any]:
        count = settle(session, command, now=now(), actor=actor())
        differ.append(figures_differ(count))
        return _shown(count)

    answer = run_once(do)
    if differ and differ[0]:
        raise differ[0]
    return answer


def _shown(count: Any) -> dict[str, Any]:
    return CountAnswer.render(count, **_hidden(count))


def _hidden(count: Any) -> dict[str, Any]:
    """What is left out for who may not see the number yet."""
    visible = may_see_value(count.status, actor_id(), count.reported_by, count.second_by)
    return {} if visible else {"value": None, "second_value": None, "warnings": []}


def _revision(session: Session, count: Any) -> dict[str, Any]:
    return RevisionAnswer.render(count, **_hidden(count), **names_of(session, count))
