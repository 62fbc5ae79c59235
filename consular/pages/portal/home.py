"""Home page, dashboard, language, privacy notice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Response, current_app, g, render_template, request, url_for
from flask_babel import gettext as _

from consular.auth import ANYONE, CITIZEN, STAFF, account, allow
from consular.db import transaction
from consular.pages.forms import go, local
from consular.pages.language import remember_language
from consular.pages.portal.blueprint import pages
from consular.pages.portal.folder import next_step
from consular.pages.portal.names import city_of, offices_of, program_name, service_names
from consular.pages.portal.ready_documents import of_account
from consular.pages.portal.signing_in import first_page
from services.appointments.queries import list_appointments
from services.appointments.watching import list_watches
from services.enrollments.programs.registry import open_programs
from services.enrollments.queries import is_paid_by_transfer, list_enrollments
from services.kernel.audit import Actor, Role
from services.kernel.catalogue import LANGUAGES
from services.remittances.queries import list_remittances


@dataclass(frozen=True)
class Principal:
    """Whoever is signed in, for the head of the page."""

    role: str
    display_name: str
    consulate: str | None


@pages.app_context_processor
def who_and_where() -> dict[str, Any]:
    """Return the template variables that every page has; a view's own come before them."""
    settings = current_app.extensions["consular.settings"]
    inbox = f"{settings.simulator_url}/_simulator/messages" if settings.development else None
    return {
        "form": {},
        "errors": {},
        "principal": _principal(g.get("actor")),
        "demo": settings.development,
        "open_programs": open_programs,
        "demo_inbox_url": inbox and inbox.replace("127.0.0.1", request.host.split(":")[0]),
    }


def _principal(actor: Actor | None) -> Principal | None:
    if actor is None:
        return None
    words: dict[str, str] = {
        Role.CITIZEN: _("Mi cuenta"),
        Role.OFFICER: _("Oficial"),
        Role.SUPERVISOR: _("Supervisión"),
        Role.AGENT: _("Centro telefónico"),
        Role.ANALYST: _("Análisis, Grupo 4"),
        Role.TREASURY: _("Tesorería"),
        Role.COMPLIANCE: _("Cumplimiento"),
        Role.AUDITOR: _("Auditoría"),
        Role.ADMIN: _("Administración"),
    }
    city = city_of(actor.consulate) if actor.consulate else None
    return Principal(actor.role, words.get(actor.role, actor.role), city)


@pages.get("/")
@allow(ANYONE)
def home() -> Any:
    """Show the home page for citizens; staff are sent to their own."""
    if g.actor and g.actor.role in STAFF:
        return go(first_page(g.actor.role))
    citizen = g.actor is not None and g.actor.is_citizen
    return render_template("portal/home.html", next_step=next_step() if citizen else None)


@pages.get("/aviso-de-privacidad")
@allow(ANYONE)
def privacy() -> str:
    """The full privacy notice."""
    return render_template("portal/privacy.html")


@pages.get("/idioma/<code:lang>")
@allow(ANYONE)
def set_language(lang: str) -> Response:
    """Remember the reader's language and go back."""
    response = go(local(request.args.get("next"), url_for("portal.home")))
    return remember_language(response, lang) if lang in LANGUAGES else response


@pages.get("/mis-tramites")
@allow(CITIZEN)
def dashboard() -> str:
    """Show the citizen's appointments, enrollments and remittances."""
    with transaction() as session:
        names = service_names(session)
        rows = list_appointments(session, account=account(), limit=100).items
        where = offices_of(session, rows)
        appointments = [
            {
                "id": a.id,
                "folio": a.folio,
                "status": a.status,
                "service_name": ", ".join(names.get(code, code) for code in a.services),
                "start": a.starts_at,
                "consulate": where[a.id],
            }
            for a in rows
        ]
        enrollments = [
            {
                "id": e.id,
                "folio": e.folio,
                "status": e.status,
                "paid": is_paid_by_transfer(session, e),
                "program_name": program_name(e.program),
            }
            for e in list_enrollments(session, limit=100).items
        ]
        remittances = [
            {
                "id": r.id,
                "folio": r.folio,
                "status": r.status,
                "recipient_name": r.recipient_name,
                "dues": r.enrollment_id is not None,
                "total_to_recipient": r.total_to_recipient,
            }
            for r in list_remittances(session, account=account(), limit=50).items
        ]
        documents = of_account(session, account())
        watches = [
            {
                "id": w.id,
                "service_name": names.get(w.service_code, w.service_code),
                "earlier": w.appointment_id is not None,
            }
            for w in list_watches(session, account())
        ]
    return render_template(
        "portal/dashboard.html",
        appointments=appointments,
        documents=documents,
        watches=watches,
        enrollments=enrollments,
        remittances=remittances,
    )
