"""Ask for an RFC, and follow it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, render_template, request, url_for
from flask_babel import gettext as _

from consular.auth import CITIZEN, actor, allow, now, vault
from consular.commands import telling_holders
from consular.db import transaction
from consular.errors import FieldsInvalid
from consular.i18n import current_language
from consular.input.enrollments import ApplicantSchema
from consular.pages.clock import reader_clock
from consular.pages.drafts import answers, draft, drop
from consular.pages.forms import Errors, check, date_of, go, phone_of, pick
from consular.pages.portal.blueprint import pages
from consular.pages.portal.known import known_form
from consular.pages.portal.names import offices, program_name
from services.enrollments.queries import get_enrollment, list_history, open_result
from services.enrollments.requesting import RequestEnrollment, request_enrollment
from services.enrollments.rules import DECIDED, UNDECIDED, Action, Status, actions
from services.enrollments.withdrawing import withdraw

REFRESH_SECONDS = 5
FIELDS = ("given_names", "first_surname", "second_surname", "curp", "email")


@pages.get("/rfc")
@allow(CITIZEN)
def rfc() -> str:
    """The form, with what the account's holder told before."""
    with transaction() as session:
        choices = offices(session)
    return render_template(
        "portal/rfc_form.html",
        consulates=choices,
        form={**known_form(), **draft().form},
        errors=draft().errors(_command),
    )


@pages.post("/rfc")
@allow(CITIZEN)
def rfc_send() -> Response:
    """Ask for the RFC."""
    errors: Errors = {}
    command = _command(answers(), errors)
    if command is None:
        raise FieldsInvalid(errors)
    with telling_holders(command), transaction() as session:
        made = request_enrollment(session, command, now=now(), actor=actor(), vault=vault()).id
    drop()
    return go(url_for("portal.enrollment", id=made, nueva=1))


def _command(form: dict[str, str], errors: Errors) -> RequestEnrollment | None:
    """The request that the form describes, or None with what is wrong."""
    born = date_of(form, "birth_date")
    values: dict[str, Any] = {**pick(form, *FIELDS), **phone_of(form)}
    applicant = check(
        ApplicantSchema(), {**values, **({"birth_date": born} if born else {})}, errors
    )
    if form.get("consents") != "transfer_to_agency":
        errors["consents"] = [_("Sin este permiso no se puede hacer la inscripción.")]
    if errors:
        return None
    return RequestEnrollment(
        program="rfc",
        applicant=applicant,
        consents=("transfer_to_agency",),
        consulate=form.get("consulate") or None,
        language=current_language(),
    )


@pages.get("/inscripciones/<uuid:id>")
@allow(CITIZEN)
def enrollment(id: UUID) -> str:
    """How far it is."""
    return _show(id, draft().errors(also_under=True))


@pages.get("/inscripciones/<uuid:id>/retirar")
@allow(CITIZEN)
def back_to_enrollment(id: UUID) -> Response:
    """The address of the withdrawal, opened after a refusal or a sign-in."""
    return go(url_for("portal.enrollment", id=id, d=request.args.get("d")))


@pages.post("/inscripciones/<uuid:id>/retirar")
@allow(CITIZEN)
def enrollment_withdraw(id: UUID) -> Any:
    """Take it back."""
    with transaction() as session:
        withdraw(session, id, now=now(), actor=actor())
    return go(url_for("portal.enrollment", id=id))


def _show(id: UUID, errors: Errors) -> str:
    with transaction() as session:
        found = get_enrollment(session, id)
        history = [
            {"status": step.status, "at": step.at, "detail": _reason(step.reason_code)}
            for step in list_history(session, id)
        ]
        result = open_result(session, found, vault()) or {}
    waiting = found.status in UNDECIDED
    return render_template(
        "portal/enrollment.html",
        enrollment={
            "id": found.id,
            "folio": found.folio,
            "program": found.program,
            "program_name": program_name(found.program),
            "status": found.status,
            "history": history,
            "result": result,
            "reason": _reason(found.reason_code),
            "waiting": waiting,
            "over": found.status in DECIDED,
            "can_withdraw": Action.WITHDRAW in actions(Status(found.status)),
        },
        clock=reader_clock(),
        just_sent="nueva" in request.args,
        refresh_seconds=REFRESH_SECONDS if waiting else None,
        form={},
        errors=errors,
    )


def _reason(code: str | None) -> str:
    words: dict[str, str] = {
        "data_mismatch": _("Los datos no coinciden con los de tu CURP."),
        "already_registered": _("El SAT ya tiene un RFC con tu CURP."),
        "identity_checked": _(
            "Se retiró después de una revisión de identidad. Si crees que es un error, ve a"
            " cualquier consulado con tus documentos."
        ),
    }
    return words.get(code or "", "")
