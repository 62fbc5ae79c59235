"""Queues, agencies and parked jobs as the duty officer's pages show them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from consular.i18n import translated
from services.agencies.queries import AgencyOverview
from services.enrollments.programs.registry import PROGRAMS
from services.operations.heartbeats import list_alive
from services.operations.queries import (
    ParkedJob,
    list_oldest_requests,
    list_queues,
    list_unknown,
)
from services.staff.accounts import find_name

LINES = 50


def processes(session: Session, now: datetime) -> list[dict[str, Any]]:
    """Each kind of process, and how many are alive."""
    return [
        {
            "process": process.value,
            "liveness": standing.liveness.value,
            "alive": standing.alive,
            "last_beat": standing.last_beat,
            "minutes": minutes(standing.last_beat, now),
        }
        for process, standing in list_alive(session).items()
    ]


def queues(session: Session, now: datetime) -> list[dict[str, Any]]:
    """Each topic, with the age of its oldest item."""
    return [
        {
            **asdict(queue),
            "done_a_minute": Decimal(str(queue.done_a_minute)),
            "minutes": minutes(queue.oldest, now),
        }
        for queue in list_queues(session)
    ]


def unknown(session: Session, now: datetime) -> list[dict[str, Any]]:
    """What nobody knows the answer of, with its age."""
    return [
        {
            **asdict(each),
            "minutes": minutes(each.since, now),
            "has_time": isinstance(each.answer_by, datetime),
        }
        for each in list_unknown(session, limit=LINES)
    ]


def oldest_requests(session: Session, now: datetime) -> list[dict[str, Any]]:
    """Of each program the oldest request about which nobody has decided, with its age."""
    return [
        {
            **asdict(each),
            "program": translated(PROGRAMS[each.program].short),
            "minutes": minutes(each.since, now),
        }
        for each in list_oldest_requests(session)
    ]


def agency(session: Session, overview: AgencyOverview, now: datetime) -> dict[str, Any]:
    """One agency, and by whom it is paused."""
    return {
        "code": overview.agency,
        "state": overview.state.value,
        "minutes": minutes(overview.since, now),
        "last_code": overview.last_code,
        "calls": overview.calls,
        "waiting": overview.waiting,
        "pause": pause(session, overview.pause) if overview.pause else None,
    }


def pause(session: Session, row: Any) -> dict[str, Any]:
    """A pause in words: who paused it and why, and who lifted that."""
    return {
        "reason": row.reason,
        "by": _who(session, row.paused_by),
        "at": row.paused_at,
        "lift_reason": row.lift_reason,
        "lifted_by": _who(session, row.lifted_by),
        "lifted_at": row.lifted_at,
    }


def parked(session: Session, job: ParkedJob) -> dict[str, Any]:
    """A job that was given up, as one line."""
    decided = job.decision
    return {
        "id": job.id,
        "topic": job.topic,
        "ref": job.ref,
        "attempts": job.attempts,
        "last_error": job.last_error,
        "created_at": job.created_at,
        "parked_at": job.parked_at,
        "decision": decided.decision if decided else None,
        "reason": decided.reason if decided else None,
        "decided_by": _who(session, decided.decided_by) if decided else None,
        "decided_at": decided.decided_at if decided else None,
    }


def minutes(since: datetime | None, now: datetime) -> int | None:
    """Whole minutes since then; None where there is no then."""
    return int((now - since).total_seconds() // 60) if since else None


def _who(session: Session, staff: UUID | None) -> str | None:
    return find_name(session, staff) if staff else None
