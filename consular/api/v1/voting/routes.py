"""Vote and registration counts over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint
from sqlalchemy.orm import Session

from consular.api.contract import deed, endpoint
from consular.api.v1.appointments.schemas import NothingSchema
from consular.api.v1.voting.schemas import (
    CountAnswer,
    CountList,
    CountQuery,
    CountSchema,
    ElectionAnswer,
)
from consular.auth import ANYONE, DESK, MONITORS, actor, now
from consular.db import transaction
from services.kernel.audit import Role
from services.voting.queries import CountFilter, election, list_counts
from services.voting.reporting import ReportCount, approve_count, report_count
from services.voting.rules import Status

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
    errors={404: ("not_found",), 422: ("required", "out_of_range")},
)
def create_count(command: ReportCount) -> dict[str, Any]:
    """Report a count, for another person to approve."""
    return deed(lambda session: _report(session, command), status=201)


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
    return {"items": items, "next": str(page.next) if page.next else None}


@endpoint(
    api,
    "POST",
    "/counts/<uuid:count>/approve",
    operation="approveCount",
    who=DESK | {Role.ANALYST},
    body=NothingSchema(),
    answer=CountAnswer(),
    errors={409: ("self_approval", "wrong_state")},
)
def approve(count: UUID, command: dict[str, Any]) -> dict[str, Any]:
    """Approve a count that somebody else reported."""
    return deed(lambda session: _shown(approve_count(session, count, now=now(), actor=actor())))


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
        found = election(session, year)
        return {
            "year": year,
            "published": [_shown(count) for count in found.published],
            "approved": [_shown(count) for count in found.approved],
        }


def _report(session: Session, command: ReportCount) -> dict[str, Any]:
    return _shown(report_count(session, command, now=now(), actor=actor()))


def _shown(count: Any) -> dict[str, Any]:
    return {
        "id": str(count.id),
        "election": count.election,
        "metric": count.metric,
        "mode": count.mode,
        "dimension": count.dimension,
        "key": count.key,
        "consulate": count.consulate_code,
        "date": count.day.isoformat() if count.day else None,
        "value": float(count.value) if count.value % 1 else int(count.value),
        "unit": count.unit,
        "status": count.status,
        "source": count.source,
    }
