"""One appointment at the desk, and the steps that move it on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import Schema
from sqlalchemy.orm import Session

from consular import commands
from consular.access_log import read_appointment
from consular.auth import DESK, actor, allow, now, vault
from consular.db import transaction
from consular.i18n import words
from consular.input.appointments import CallSchema, CheckInSchema, NothingSchema, NotServedSchema
from consular.input.loading import load_fields
from consular.messages import messages_about
from consular.pages.desk import presenters
from consular.pages.desk.blueprint import pages
from consular.pages.desk.pre_application import pre_applications_of
from consular.pages.desk.ready_documents import waiting_for
from consular.pages.desk.schemas import PersonForm
from consular.pages.drafts import draft, drop
from consular.pages.forms import Errors, check, go, local, pick, submitted
from consular.pages.portal.names import offices_of
from consular.pages.portal.needs import SKILLS
from consular.pages.posting import reopen
from consular.pages.rescheduling import add_rescheduling
from services.appointments.desk import TakeStep, take_step
from services.appointments.queries import list_attendees, needs_of
from services.appointments.returning import day_at_desk
from services.appointments.rules import Step

Form = dict[str, str]


@pages.get("/appointments/<uuid:id>")
@allow(DESK)
def appointment(id: UUID) -> str:
    """Show one appointment; recorded in the access log of the person."""
    return _show(id, draft().form, _by_field(draft().errors(_read_not_served, also_under=True)))


add_rescheduling(
    pages,
    "/appointments/<uuid:id>",
    ("times", "times/check", "times/confirm"),
    layout="layouts/staff.html",
    who=DESK,
)
reopen(pages, ["/appointments/<uuid:id>/<code:step>"], "desk.appointment", DESK)


@pages.post("/appointments/<uuid:id>/check-in")
@allow(DESK)
def check_in(id: UUID) -> Response:
    """Check in a person who showed their document."""
    checked = submitted().get("identity_checked") == "true"
    return _step(id, Step.CHECK_IN, CheckInSchema(), {"identity_checked": True} if checked else {})


@pages.post("/appointments/<uuid:id>/call")
@allow(DESK)
def call(id: UUID) -> Response:
    """Call the person to a window."""
    return _step(id, Step.CALL, CallSchema(), pick(submitted(), "desk"))


@pages.post("/appointments/<uuid:id>/back-to-waiting")
@allow(DESK)
def back_to_waiting(id: UUID) -> Response:
    """Undo a call: the person waits again, for any window."""
    return _step(id, Step.BACK_TO_WAITING, NothingSchema(), {})


@pages.post("/appointments/<uuid:id>/no-show")
@allow(DESK)
def no_show(id: UUID) -> Response:
    """Mark the person as absent."""
    return _step(id, Step.NO_SHOW, NothingSchema(), {})


@pages.post("/appointments/<uuid:id>/not-served")
@allow(DESK)
def not_served(id: UUID) -> Response:
    """Mark an appointment as not served: why, and what to bring next time."""
    return _step(id, Step.NOT_SERVED, NotServedSchema(), _not_served(submitted()))


def _not_served(form: Form) -> dict[str, Any]:
    bring = [line.strip() for line in form.get("bring", "").splitlines() if line.strip()]
    return {**pick(form, "reason"), "bring": bring}


def _read_not_served(form: Form, errors: Errors) -> Any:
    return check(NotServedSchema(), _not_served(form), errors) if "reason" in form else None


@pages.post("/appointments/<uuid:id>/cancel")
@allow(DESK)
def cancel(id: UUID) -> Response:
    """Cancel an appointment, or one person of it; the place is free again."""
    return take(lambda session: commands.cancel(session, id, only=chosen_person()))


def _step(id: UUID, step: Step, schema: Schema, values: dict[str, Any]) -> Response:
    details = load_fields(schema, values)
    desk = details.pop("desk", None)
    command = TakeStep(id, step, desk=desk, details=details, only=chosen_person())
    return take(lambda session: take_step(session, command, now=now(), actor=actor()))


def take(step: Callable[[Session], Any]) -> Response:
    """Run the command in a transaction and redirect back to where it was sent from."""
    with transaction() as session:
        appointment = step(session)
        day = day_at_desk(session, appointment)
    drop()
    back = local(submitted().get("back"), url_for("desk.today", day=day.isoformat()))
    stays = "stay" in submitted()
    return go(same_row(back, appointment.id, chosen_person() or 1) if stays else back)


def chosen_person() -> int | None:
    """Who of the appointment the form is about; None for everybody."""
    return person_of(submitted())


def person_of(form: Mapping[str, str]) -> int | None:
    """The number that a form or an address names."""
    number: int | None = load_fields(PersonForm(), pick(dict(form), "n"))["n"]
    return number


def same_row(agenda: str, appointment: UUID, n: int) -> str:
    """The agenda's address with one of its people beside it and their row in view."""
    more = urlencode({"at": appointment, "n": n, "done": 1})
    return f"{agenda}{'&' if '?' in agenda else '?'}{more}#a-{appointment}-{n}"


def _by_field(errors: Errors) -> Errors:
    """Errors by the forms' own fields; those without a field are told on top."""
    fields = {"identity_checked": "form", "desk": "form"}
    by_field: Errors = {}
    for name, messages in errors.items():
        first = name.partition(".")[0]
        by_field.setdefault(fields.get(first, first), []).extend(messages)
    return {field: list(dict.fromkeys(messages)) for field, messages in by_field.items()}


def _show(id: UUID, form: Form, errors: Errors) -> str:
    desk = own_desk()
    with transaction() as session:
        appointment = read_appointment(session, id)
        return render_template(
            "desk/appointment.html",
            consulate=offices_of(session, [appointment])[id],
            appointment=presenters.opened(session, appointment, vault()),
            waiting=waiting_for(
                session, appointment.consulate_code, list_attendees(session, [id])[id]
            ),
            pre_applications=pre_applications_of(session, appointment),
            needs=_needs(session, id),
            desk=desk,
            here=url_for("desk.appointment", id=id, desk=desk),
            agenda_url=url_for(
                "desk.today", day=day_at_desk(session, appointment).isoformat(), desk=desk
            ),
            messages=messages_about(session, id),
            just_booked="nueva" in request.args,
            form={"n": request.args.get("n", ""), **form},
            errors=errors,
        )


def _needs(session: Session, id: UUID) -> list[Any]:
    """What it needs of a window, and why it may use a place that is kept, in words."""
    skills, share = needs_of(session, id)
    said = [str(SKILLS.get(skill, skill)) for skill in skills]
    if share:
        whom = words("appointments.share", share)
        said.append(_("Lugar apartado para: %(whom)s. Revísalo al recibirla.", whom=whom))
    return said


def own_desk() -> str | None:
    """The reader's window, as the address remembers it, or a form that is to be mended."""
    told = (request.form, request.args, draft().form)
    return next((form["desk"] for form in told if "desk" in form), "")[:20] or None
