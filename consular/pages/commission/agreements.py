"""What a session agreed on, and how agreements of earlier sessions are followed up."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, render_template, url_for

from consular.auth import actor, allow, now
from consular.db import transaction
from consular.i18n import words
from consular.input.commission import AgreementSchema, FollowUpSchema
from consular.pages.commission import presenters
from consular.pages.commission.blueprint import SESSIONS, WRITERS, pages
from consular.pages.drafts import answers, draft, finish
from consular.pages.forms import Errors, go, pick, read_fields
from services.commission.editing import FollowAgreement, add_agreement, follow_up, remove_agreement
from services.commission.queries import get_session
from services.commission.rules import FollowUpStatus
from services.kernel.errors import NotFound


@pages.get(f"{SESSIONS}/<uuid:id>/agreements/new")
@allow(WRITERS)
def new_agreement(id: UUID) -> str:
    """Ask what was agreed, who answers for it and by when."""
    with transaction() as session:
        commission = presenters.in_list(get_session(session, id))
    return render_template(
        "commission/agreement.html",
        session=commission,
        form=draft().form,
        errors=draft().errors(_read_agreement),
    )


@pages.post(f"{SESSIONS}/<uuid:id>/agreements/new")
@allow(WRITERS)
def save_agreement(id: UUID) -> Response:
    """Keep the agreement."""
    agreement = _read_agreement(answers(), None)
    with transaction() as session:
        add_agreement(session, id, agreement, now=now(), actor=actor())
    return finish(_step(id, "agreements"))


@pages.post(f"{SESSIONS}/<uuid:id>/steps/agreements/remove")
@allow(WRITERS)
def drop_agreement(id: UUID) -> Response:
    """Take an agreement out of the draft."""
    try:
        agreement = UUID(answers().get("agreement", ""))
    except ValueError:
        raise NotFound() from None
    with transaction() as session:
        remove_agreement(session, id, agreement, now=now(), actor=actor())
    return finish(_step(id, "agreements"))


@pages.get(f"{SESSIONS}/<uuid:id>/steps/agreements/remove")
@allow(WRITERS)
def back_to_agreements(id: UUID) -> Response:
    """Lead back to the agreements, which say why one wasn't removed."""
    return go(url_for("commission.step", id=id, code="agreements", d=draft().id))


@pages.get(f"{SESSIONS}/<uuid:id>/follow-up/<uuid:agreement>")
@allow(WRITERS)
def follow(id: UUID, agreement: UUID) -> str:
    """Ask how far an agreement of an earlier session is."""
    with transaction() as session:
        commission = get_session(session, id)
        carried = presenters.followed(session, commission)
        row = next((each for each in carried if each["id"] == agreement), None)
        if row is None:
            raise NotFound()
        return render_template(
            "commission/follow_up.html",
            session=presenters.in_list(commission),
            agreement=row,
            statuses=[
                {"value": status.value, "label": words("commission.follow_up", status)}
                for status in FollowUpStatus
            ],
            form=row["form"] | draft().form,
            errors=draft().errors(_read_follow_up),
        )


@pages.post(f"{SESSIONS}/<uuid:id>/follow-up/<uuid:agreement>")
@allow(WRITERS)
def save_follow_up(id: UUID, agreement: UUID) -> Response:
    """Keep how far it is."""
    values = _read_follow_up(answers(), None)
    status = FollowUpStatus(values["status"])
    command = FollowAgreement(agreement, status, values["evidence"], values["due_on"])
    with transaction() as session:
        follow_up(session, id, command, now=now(), actor=actor())
    return finish(_step(id, "follow-up"))


def _step(id: UUID, code: str) -> str:
    return url_for("commission.step", id=id, code=code)


def _read_agreement(form: dict[str, str], errors: Errors | None) -> Any:
    return read_fields(AgreementSchema(), pick(form, "agreed", "responsible", "due"), errors)


def _read_follow_up(form: dict[str, str], errors: Errors | None) -> Any:
    return read_fields(FollowUpSchema(), pick(form, "status", "evidence", "due"), errors)
