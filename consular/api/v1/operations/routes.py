"""Operations over the API, for whoever is on duty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint
from sqlalchemy.orm import Session

from consular.agencies import agency_codes, known_agency
from consular.api.contract import endpoint, run_once
from consular.api.v1.operations.answers import (
    AgencyList,
    DecidedAnswer,
    OverviewAnswer,
    ParkedJobAnswer,
    ParkedJobList,
    PauseAnswer,
    PauseList,
    ProcessAnswer,
    UnknownAnswer,
)
from consular.auth import DUTY, actor
from consular.db import database_now, transaction
from consular.input.operations import MOST_JOBS, DecideSchema, ReasonSchema
from consular.input.paging import PageQuery
from services.agencies.pausing import lift, pause
from services.agencies.queries import list_agencies, list_pauses
from services.operations.heartbeats import list_alive
from services.operations.parked import decide
from services.operations.queries import (
    count_parked,
    get_parked,
    list_parked,
    list_queues,
    list_unknown,
)
from services.operations.rules import Decision

api = Blueprint("operations", __name__, url_prefix="/api/v1/operations")


@endpoint(api, "GET", "", operation="getOperations", who=DUTY, answer=OverviewAnswer())
def overview() -> dict[str, Any]:
    """Processes, queues, answers that nobody knows, and how many jobs are parked."""
    with transaction() as session:
        processes = [
            ProcessAnswer.render(standing, process=process)
            for process, standing in list_alive(session).items()
        ]
        unanswered = [
            UnknownAnswer.render(
                each, answer_by=each.answer_by.isoformat() if each.answer_by else None
            )
            for each in list_unknown(session, limit=MOST_JOBS)
        ]
        return OverviewAnswer.render(
            processes=processes,
            queues=list_queues(session),
            unanswered=unanswered,
            parked=count_parked(session),
        )


@endpoint(api, "GET", "/agencies", operation="listAgencies", who=DUTY, answer=AgencyList())
def list_all_agencies() -> dict[str, Any]:
    """Breakers and pauses of the agencies that workers call."""
    with transaction() as session:
        return AgencyList.page(list_agencies(session, agency_codes()))


@endpoint(
    api,
    "GET",
    "/agencies/<code:agency>/pauses",
    operation="listAgencyPauses",
    who=DUTY,
    answer=PauseList(),
)
def list_agency_pauses(agency: str) -> dict[str, Any]:
    """List an agency's pauses: who paused it, why, and who lifted it."""
    with transaction() as session:
        return PauseList.page(list_pauses(session, known_agency(agency), limit=MOST_JOBS))


@endpoint(
    api,
    "POST",
    "/agencies/<code:agency>/pause",
    operation="pauseAgency",
    who=DUTY,
    body=ReasonSchema(),
    answer=PauseAnswer(),
    errors={409: ("agency_already_paused",)},
)
def pause_agency(agency: str, command: dict[str, Any]) -> dict[str, Any]:
    """Stop all calls to an agency; what is for it waits."""
    return _change(pause, agency, command["reason"])


@endpoint(
    api,
    "POST",
    "/agencies/<code:agency>/lift",
    operation="liftAgencyPause",
    who=DUTY,
    body=ReasonSchema(),
    answer=PauseAnswer(),
    errors={409: ("agency_not_paused",)},
)
def lift_agency_pause(agency: str, command: dict[str, Any]) -> dict[str, Any]:
    """Let calls to an agency go on; what waited is done."""
    return _change(lift, agency, command["reason"])


def _change(step: Callable[..., Any], agency: str, reason: str) -> dict[str, Any]:
    def run(session: Session) -> dict[str, Any]:
        who: dict[str, Any] = {"now": database_now(session), "actor": actor()}
        return PauseAnswer.render(step(session, known_agency(agency), reason, **who))

    return run_once(run)


@endpoint(
    api,
    "GET",
    "/parked-jobs",
    operation="listParkedJobs",
    who=DUTY,
    query=PageQuery(),
    answer=ParkedJobList(),
)
def list_parked_jobs(query: dict[str, Any]) -> dict[str, Any]:
    """Jobs that were given up and about which nobody has decided, the oldest first."""
    with transaction() as session:
        jobs, following = list_parked(session, limit=query["limit"], after=query["next"])
        return ParkedJobList.page(jobs, following)


@endpoint(
    api,
    "GET",
    "/parked-jobs/<uuid:job>",
    operation="getParkedJob",
    who=DUTY,
    answer=ParkedJobAnswer(),
)
def show_parked_job(job: UUID) -> dict[str, Any]:
    """One of them, and what was decided about it."""
    with transaction() as session:
        return ParkedJobAnswer.render(get_parked(session, job))


@endpoint(
    api,
    "POST",
    "/parked-jobs/release",
    operation="releaseParkedJobs",
    who=DUTY,
    body=DecideSchema(),
    answer=DecidedAnswer(),
    errors={404: ("not_found",), 409: ("job_already_decided",)},
)
def release_parked_jobs(command: dict[str, Any]) -> dict[str, Any]:
    """Try parked jobs once more: all of them, or none where one can't be."""
    return _decide(Decision.RELEASED, command)


@endpoint(
    api,
    "POST",
    "/parked-jobs/end",
    operation="endParkedJobs",
    who=DUTY,
    body=DecideSchema(),
    answer=DecidedAnswer(),
    errors={404: ("not_found",), 409: ("job_already_decided",)},
)
def end_parked_jobs(command: dict[str, Any]) -> dict[str, Any]:
    """Leave parked jobs undone for good: all of them, or none where one can't be."""
    return _decide(Decision.ENDED, command)


def _decide(decision: Decision, command: dict[str, Any]) -> dict[str, Any]:
    def act(session: Any) -> dict[str, Any]:
        decide(
            session,
            command["jobs"],
            decision,
            command["reason"],
            now=database_now(session),
            actor=actor(),
        )
        return DecidedAnswer.render(
            decided=len(set(command["jobs"])), released=decision is Decision.RELEASED
        )

    return run_once(act)
