"""A person lets a helper book one appointment for them, by a link; the helper needs no account and
sees nothing of theirs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, current_app, g, render_template, request, url_for

from consular import commands
from consular.auth import ANYONE, CITIZEN, account, actor, allow, now
from consular.db import transaction
from consular.i18n import current_language
from consular.pages.asked_at_once import office_choices, read_booking, week_of
from consular.pages.clock import reader_clock
from consular.pages.drafts import answers, draft, drop, keep_draft
from consular.pages.forms import Errors, go, read_or_refuse
from consular.pages.portal.blueprint import pages
from consular.pages.portal.names import bookable_services
from consular.pages.posting import reopen
from services.appointments.booking import BookAppointment, Booked
from services.citizens import helping
from services.kernel.audit import Actor, Role
from services.kernel.db import NETWORK_SCOPE
from services.kernel.errors import DomainError, NotFound

SECRET = "secret"  # noqa: S105 - the name of a field


@pages.get("/mis-datos/ayuda")
@allow(CITIZEN)
def helper_links() -> str:
    """List the links that were given, and show the newest once."""
    with transaction() as session:
        links = helping.list_links(session, account())
    secret = draft().form.get(SECRET)
    return render_template(
        "portal/helper_links.html",
        links=[
            {
                "id": link.id,
                "since": link.consented_at,
                "until": link.expires_at,
                "appointment": link.appointment_id,
                "good": not (link.used_at or link.revoked_at) and link.expires_at > now(),
            }
            for link in links
        ],
        address=f"{_site()}{url_for('portal.helper_link', secret=secret)}" if secret else None,
        days=helping.VALID.days,
        clock=reader_clock(),
        errors=draft().errors(),
    )


@pages.post("/mis-datos/ayuda")
@allow(CITIZEN)
def helper_links_make() -> Response:
    """Consent to be helped: make a link."""
    with transaction() as session:
        secret = helping.make_link(session, account(), now=now(), actor=actor())
    return go(url_for("portal.helper_links", d=keep_draft({SECRET: secret})))


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
    """Show the helper the form, or that the link is good no more. Opening it does nothing."""
    form = draft().form
    with transaction(NETWORK_SCOPE) as session:
        good = helping.is_good(session, secret, now=now())
    with transaction() as session:
        return render_template(
            "portal/helper_link.html",
            good=good,
            done="lista" in request.args,
            address=url_for("portal.helper_link", secret=secret),
            form=form,
            errors=draft().errors(_read),
            services=_choices(bookable_services(session)) if good else [],
            offices=office_choices(session) if good else [],
            **(week_of(session, form) if good else {}),
        )


@pages.post("/ayuda/<code:secret>")
@allow(ANYONE)
def helper_link_use(secret: str) -> Response:
    """Show free times, keeping every answer; or book for the person who gave the link."""
    form, here = answers(), url_for("portal.helper_link", secret=secret)
    if "later" in request.form:
        form["from"] = request.form["later"]
    if "times" in request.form or "later" in request.form:
        return go(f"{here}?d={keep_draft(form)}")
    command = read_or_refuse(form, _read)
    try:
        _book(secret, command)
    except NotFound:
        # Used or taken back meanwhile: its page says so.
        return go(f"{here}?d={keep_draft(form)}")
    drop()
    return go(f"{here}?lista=1")


def _read(form: dict[str, str], errors: Errors) -> BookAppointment | None:
    return read_booking(form, errors, language=current_language())


def _book(secret: str, command: BookAppointment) -> Booked:
    """In the name of whoever gave the link, which is used up; refused, it is good again."""
    with transaction(NETWORK_SCOPE) as session:
        link = helping.take_link(session, secret, now=now())
    asking, g.actor = g.actor, Actor(Role.CITIZEN, link.account_id, None, g.request_id)
    try:
        booked = commands.book(None, command)
        with transaction() as session:
            helping.note_use(session, link, booked.id, now=now(), actor=g.actor)
    except DomainError:
        with transaction() as session:
            helping.give_link_back(session, link.id)
        raise
    finally:
        g.actor = asking
    return booked


def _choices(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [{"value": each["code"], "label": each["name"]} for each in rows]


def _site() -> str:
    return str(current_app.extensions["consular.settings"].public_url)
