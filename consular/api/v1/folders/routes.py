"""One's plans and consents over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint
from sqlalchemy.orm import Session

from consular.api.contract import endpoint, run_once
from consular.api.v1.folders.answers import (
    ConsentAnswer,
    ConsentList,
    FolderAnswer,
    PlanAnswer,
    PlanList,
    PlanStepAnswer,
    WithdrawnConsentAnswer,
)
from consular.auth import CITIZEN, account, actor, now, vault
from consular.db import transaction
from consular.input.appointments import NothingSchema
from consular.input.paging import SliceQuery, slice_of
from consular.input.plans import PlanSchema
from services.enrollments.choosing import ChoosePlan, choose_plan, leave_out
from services.enrollments.consenting import withdraw_consent
from services.enrollments.planning import StepState, read_plan
from services.folders.keeping import open_answers
from services.folders.queries import get_person, list_consents, list_folders

api = Blueprint("folders", __name__, url_prefix="/api/v1/me")


@endpoint(
    api,
    "GET",
    "/plans",
    operation="listPlans",
    who=CITIZEN,
    query=SliceQuery(),
    answer=PlanList(),
    errors={},
)
def list_plans(query: dict[str, Any]) -> dict[str, Any]:
    """List the plans of the people whom the account named.

    Each has its programs in order, and how far each is.
    """
    with transaction() as session:
        items = [_plan(session, folder) for folder in list_folders(session, account())]
    return slice_of(items, query, "id")


@endpoint(
    api,
    "POST",
    "/plans",
    operation="choosePlan",
    who=CITIZEN,
    body=PlanSchema(),
    answer=PlanAnswer(),
    status=201,
    errors={
        409: ("profile_required",),
        422: (
            "program_not_available",
            "consent_required",
            "unknown_field",
            "curp_invalid",
            "curp_birth_date_differs",
        ),
    },
)
def choose(command: ChoosePlan) -> dict[str, Any]:
    """Add programs to a person's plan, and prepare them ahead.

    What can begin now is asked for with POST /enrollments. With `starts_next` the rest begins by
    itself, once what comes before it is active and its data and consents are there.
    """
    return run_once(lambda session: _choose(session, command), status=201)


@endpoint(
    api,
    "DELETE",
    "/plans/<uuid:plan>/programs/<string:program>",
    operation="leaveOutOfPlan",
    who=CITIZEN,
    answer=PlanAnswer(),
    errors={},
)
def leave_program_out(plan: UUID, program: str) -> dict[str, Any]:
    """Take a program out of the plan. A request that was made for it stays."""
    with transaction() as session:
        return _plan(session, leave_out(session, plan, program))


@endpoint(
    api,
    "GET",
    "/consents",
    operation="listConsents",
    who=CITIZEN,
    query=SliceQuery(),
    answer=ConsentList(),
    errors={},
)
def list_own_consents(query: dict[str, Any]) -> dict[str, Any]:
    """List every consent to pass one's data to an agency, the newest first."""
    with transaction() as session:
        folders = [folder.id for folder in list_folders(session, account())]
        items = ConsentAnswer.each_within(list_consents(session, folders))
    return slice_of(items, query, "id")


@endpoint(
    api,
    "POST",
    "/consents/<uuid:consent>/withdraw",
    operation="withdrawConsent",
    who=CITIZEN,
    body=NothingSchema(),
    answer=WithdrawnConsentAnswer(),
    errors={},
)
def withdraw_own_consent(consent: UUID, command: dict[str, Any]) -> dict[str, Any]:
    """Withdraw every consent for that program.

    A request that isn't decided is withdrawn with it; what the agency has can't be called back.
    """
    return run_once(
        lambda session: WithdrawnConsentAnswer.render(
            withdraw_consent(session, consent, now=now(), actor=actor())
        )
    )


def _choose(session: Session, command: ChoosePlan) -> dict[str, Any]:
    folder = choose_plan(session, command, now=now(), actor=actor(), vault=vault())
    return _plan(session, folder)


def _plan(session: Session, folder: Any) -> dict[str, Any]:
    person, steps = get_person(session, folder), read_plan(session, folder, vault())
    ready = [step.program for step in steps if step.state is StepState.READY]
    return PlanAnswer.render(
        folder,
        given_names=person.given_names,
        first_surname=person.first_surname,
        second_surname=person.second_surname,
        steps=steps,
        next=next(iter(ready), None),
    )


def whole_folder(session: Session, folder: Any) -> dict[str, Any]:
    """All that a folder holds, opened for whom it belongs to."""
    return FolderAnswer.render(
        folder,
        answers=open_answers(session, folder, vault=vault()),
        plan=PlanStepAnswer.each_within(read_plan(session, folder, vault())),
        consents=list_consents(session, [folder.id]),
    )
