"""A person lets a helper book one appointment for them by a link, and move or cancel it; the helper
needs no account and sees of theirs only what that appointment is for, where and when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from flask import Response, current_app, g, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import Schema
from sqlalchemy.orm import Session

from consular import commands
from consular.auth import ANYONE, CITIZEN, account, actor, allow, now
from consular.clock import reader_clock
from consular.db import transaction
from consular.i18n import current_language, date_long, time_at
from consular.input.appointments import RescheduleSchema
from consular.input.fields import Code, Identifier
from consular.pages.asked_at_once import office_choices, read_booking, wants_times, week_of
from consular.pages.drafts import answers, draft, finish, keep_draft
from consular.pages.forms import Errors, check, go, pick, read_or_refuse
from consular.pages.portal.blueprint import pages
from consular.pages.portal.names import bookable_services, office, service_names
from consular.pages.posting import reopen
from services.appointments.booking import BookAppointment, Booked
from services.appointments.queries import find_appointment, get_appointment, list_appointments
from services.appointments.rescheduling import RescheduleAppointment, party_to_move
from services.appointments.rules import Status, Step
from services.appointments.steps import list_actions
from services.citizens import helping
from services.citizens.helping import Consent, Right
from services.kernel.audit import Actor, Role
from services.kernel.db import NETWORK_SCOPE
from services.kernel.errors import DomainError, NotFound

SECRET = "secret"  # noqa: S105 - the name of a field
_STEPS = {Step.RESCHEDULE: Right.MOVE, Step.CANCEL: Right.CANCEL}
_DONE = {Right.MOVE: "cambiada", Right.CANCEL: "cancelada"}


class _Allowed(Schema):
    appointment = Identifier(load_default=None)
    may_move = Code(load_default=None)
    may_cancel = Code(load_default=None)


@pages.get("/mis-datos/ayuda")
@allow(CITIZEN)
def helper_links() -> str:
    """List the links that were given, and show the newest once."""
    with transaction() as session:
        links = [_shown(link) for link in helping.list_links(session, account())]
        appointments = _own_appointments(session)
    secret = draft().form.get(SECRET)
    return render_template(
        "portal/helper_links.html",
        links=links,
        appointments=appointments,
        form=draft().form,
        address=f"{_site()}{url_for('portal.helper_link', secret=secret)}" if secret else None,
        days=helping.VALID.days,
        clock=reader_clock(),
        errors=draft().errors(_read_consent),
    )


def _shown(link: Any) -> dict[str, Any]:
    return {
        "id": link.id,
        "since": link.consented_at,
        "until": link.expires_at,
        "appointment": link.appointment_id,
        "done": [
            right
            for right, at in (
                (Right.BOOK, link.may_book and link.appointment_id),
                (Right.MOVE, link.moved_at),
                (Right.CANCEL, link.cancelled_at),
            )
            if at
        ],
        "may": sorted(helping.rights(link, now())),
    }


def _own_appointments(session: Session) -> list[dict[str, str]]:
    """Those that a helper could move or cancel, to choose from."""
    rows = list_appointments(session, account=account(), status=Status.BOOKED).items
    may = list_actions(session, rows, now=now())
    coming = [row for row in rows if _STEPS.keys() & set(may[row.id])]
    return [{"value": str(row.id), "label": _in_words(session, row)} for row in coming]


def _in_words(session: Session, row: Any) -> str:
    """What it is for, where and when: all of it that a helper sees."""
    names, there = service_names(session), office(session, row.consulate_code)
    services = ", ".join(names.get(code, code) for code in row.services)
    zone = there["time_zone"]
    when = f"{date_long(row.starts_at, zone)}, {time_at(row.starts_at, zone)}"
    return f"{services} — {there['city']}, {when}"


@pages.post("/mis-datos/ayuda")
@allow(CITIZEN)
def helper_links_make() -> Response:
    """Consent to be helped: make a link."""
    consent = read_or_refuse(answers(), _read_consent)
    with transaction() as session:
        if consent.appointment:
            get_appointment(session, consent.appointment)
        secret = helping.make_link(session, account(), consent, now=now(), actor=actor())
    return go(url_for("portal.helper_links", d=keep_draft({SECRET: secret})))


def _read_consent(form: dict[str, str], errors: Errors) -> Consent | None:
    values = check(_Allowed(), pick(form, "appointment", "may_move", "may_cancel"), errors)
    if values is None:
        return None
    consent = Consent(
        values["appointment"], values["may_move"] is not None, values["may_cancel"] is not None
    )
    if consent.appointment and not (consent.may_move or consent.may_cancel):
        errors["may_move"] = [
            _("Elige si quien te ayuda puede cambiarla, cancelarla o las dos cosas.")
        ]
        return None
    return consent


reopen(pages, ["/mis-datos/ayuda/<uuid:id>/quitar"], "portal.helper_links", CITIZEN)


@pages.post("/mis-datos/ayuda/<uuid:id>/quitar")
@allow(CITIZEN)
def helper_link_revoke(id: UUID) -> Response:
    """Take a link back."""
    with transaction() as session:
        helping.revoke_link(session, id, now=now(), actor=actor())
    return go(url_for("portal.helper_links"))


@pages.get("/ayuda/<code:secret>")
@allow(ANYONE)
def helper_link(secret: str) -> str:
    """Show the helper what they may do, or that the link is good no more. Opening it does
    nothing."""
    form = draft().form
    with transaction(NETWORK_SCOPE) as session:
        link = helping.find_link(session, secret, now=now())
        subject = _subject(session, link, form) if link else {"may": []}
    may = subject["may"]
    with transaction() as session:
        return render_template(
            "portal/helper_link.html",
            **subject,
            done=request.args.get("lista"),
            address=url_for("portal.helper_link", secret=secret),
            move_address=url_for("portal.helper_link_move", secret=secret),
            cancel_address=url_for("portal.helper_link_cancel", secret=secret),
            form=form,
            errors=draft().errors(_read if Right.BOOK in may else _read_move, also_under=True),
            services=_choices(bookable_services(session)) if Right.BOOK in may else [],
            offices=office_choices(session) if may else [],
            **(week_of(session, form) if Right.BOOK in may else {}),
        )


def _subject(session: Session, link: Any, form: dict[str, str]) -> dict[str, Any]:
    """What may be done and with which appointment, with free times to move it to."""
    may = helping.rights(link, now())
    if link.appointment_id is None:
        return {"may": may}
    row = find_appointment(session, link.appointment_id)
    # At a window it may have been given to whom it names.
    if row is None or row.account_id != link.account_id:
        return {"may": []}
    steps = list_actions(session, [row], now=now())[row.id]
    may = frozenset(right for step, right in _STEPS.items() if step in steps and right in may)
    asked = {"consulate": row.consulate_code, **form, "service": row.services[0]}
    week = week_of(session, asked, moving=party_to_move(session, row))
    return {"may": may, "appointment": _in_words(session, row), **week}


@pages.post("/ayuda/<code:secret>")
@allow(ANYONE)
def helper_link_use(secret: str) -> Response:
    """Show free times, keeping every answer; or book for the person who gave the link."""
    form, here = answers(), url_for("portal.helper_link", secret=secret)
    if wants_times(form):
        return go(f"{here}?d={keep_draft(form)}")
    command = read_or_refuse(form, _read)
    try:
        _book(secret, command)
    except NotFound:
        # Used or taken back meanwhile: its page says so.
        return go(f"{here}?d={keep_draft(form)}")
    return finish(f"{here}?lista=1")


@pages.post("/ayuda/<code:secret>/cambiar")
@allow(ANYONE)
def helper_link_move(secret: str) -> Response:
    """Show free times, keeping every answer; or move the appointment to one of them."""
    form, here = answers(), url_for("portal.helper_link", secret=secret)
    if wants_times(form):
        return go(f"{here}?d={keep_draft(form)}")
    wanted = read_or_refuse(form, _read_move)
    return _act(
        secret,
        Right.MOVE,
        lambda session, id: commands.reschedule(session, RescheduleAppointment(id, **wanted)),
    )


@pages.post("/ayuda/<code:secret>/cancelar")
@allow(ANYONE)
def helper_link_cancel(secret: str) -> Response:
    """Cancel the appointment; its place is free for others after a while."""
    return _act(secret, Right.CANCEL, commands.cancel)


@pages.get("/ayuda/<code:secret>/cambiar")
@pages.get("/ayuda/<code:secret>/cancelar")
@allow(ANYONE)
def helper_link_back(secret: str) -> Response:
    """Lead back to the page with the draft: what was refused is said there."""
    return go(url_for("portal.helper_link", secret=secret, d=request.args.get("d")))


def _act(secret: str, right: Right, do: Callable[[Session, UUID], object]) -> Response:
    """In the name of whoever gave the link, in one transaction with the right that it uses up."""
    here = url_for("portal.helper_link", secret=secret)
    with transaction(NETWORK_SCOPE) as session:
        link = helping.find_link(session, secret, now=now())
        owner = link.account_id if link else None
    if owner is None:
        return go(here)
    try:
        with _acting_for(owner), transaction() as session:
            do(session, helping.use_right(session, secret, right, now=now(), actor=actor()))
    except NotFound:
        # Used or taken back meanwhile, or the appointment isn't theirs any more.
        return go(here)
    return finish(f"{here}?lista={_DONE[right]}")


def _read(form: dict[str, str], errors: Errors) -> BookAppointment | None:
    return read_booking(form, errors, language=current_language())


def _read_move(form: dict[str, str], errors: Errors) -> Any:
    return check(RescheduleSchema(), pick(form, "consulate", "start"), errors)


def _book(secret: str, command: BookAppointment) -> Booked:
    """In the name of whoever gave the link, which is used up; refused, it is good again."""
    with transaction(NETWORK_SCOPE) as session:
        link = helping.take_link(session, secret, now=now())
    with _acting_for(link.account_id):
        try:
            booked = commands.book(None, command)
            with transaction() as session:
                helping.note_use(session, link, booked.id, now=now(), actor=actor())
        except DomainError:
            with transaction() as session:
                helping.give_link_back(session, link.id)
            raise
    return booked


@contextmanager
def _acting_for(owner: UUID) -> Iterator[None]:
    asking, g.actor = g.actor, Actor(Role.CITIZEN, owner, None, g.request_id)
    try:
        yield
    finally:
        g.actor = asking


def _choices(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [{"value": each["code"], "label": each["name"]} for each in rows]


def _site() -> str:
    return str(current_app.extensions["consular.settings"].public_url)
