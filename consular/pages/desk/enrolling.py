"""Ask for an enrollment for a person who is at the window or on the telephone.

The same pages as the portal's (`consular.pages.portal.program_pages`), then a code to the person's
own e-mail or telephone. What is told goes to them, never to whoever helps.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from flask import Response, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from consular.access_log import record_reading
from consular.auth import HELPERS, account, actor, allow, now, vault
from consular.commands import notify_existing_holder
from consular.db import transaction
from consular.i18n import translated
from consular.input.identity import SeenSchema
from consular.name_warnings import unconfirmed
from consular.pages.desk.blueprint import pages
from consular.pages.desk.consenting import (
    code_goes_to,
    contact_of,
    prove_contact,
    send_code_to_person,
)
from consular.pages.drafts import answers, draft, draft_id, finish, keep_draft
from consular.pages.forms import Errors, check, go, pick, read_or_refuse
from consular.pages.portal.folder import WANTED
from consular.pages.portal.form_prefill import as_form, form_from_folder
from consular.pages.portal.names import offices
from consular.pages.portal.program_pages import (
    CHECK,
    FIRST,
    PERMISSIONS,
    FormPages,
    page_address,
    pages_of,
)
from consular.pages.portal.program_request import (
    open_program,
    read_answers,
    read_page,
    read_request,
)
from consular.pages.portal.program_views import (
    comes_first,
    form_page,
    names_page,
    page_values,
    send_page,
)
from consular.pages.portal.signing_in import CODE_SENT, MINUTES, SENT_AGAIN, code_sent, sent_at
from services.citizens.codes import Destination
from services.citizens.people import full_name, open_person
from services.enrollments.assisting import (
    Assistance,
    channel_of,
    needs_code,
    request_for_person,
)
from services.enrollments.choosing import keep_beside
from services.enrollments.errors import PrerequisiteMissing
from services.enrollments.planning import find_plan
from services.enrollments.programs.registry import open_programs
from services.enrollments.programs.schema import Program
from services.enrollments.queries import find_undecided, get_applicant, get_enrollment
from services.enrollments.requesting import RequestEnrollment
from services.enrollments.rules import Channel
from services.enrollments.warnings import list_warnings
from services.kernel.db import Scope
from services.kernel.identifiers import format_phone

VIEW = "desk.enroll"
OF_HELPER = frozenset({"document", "identity_checked"})
# In the draft: "sms" where the code goes to the telephone though there is an e-mail, else "email".
CODE_BY = "code_by"


@pages.get("/enrollments/new")
@allow(HELPERS)
def new_enrollment() -> str:
    """Show the programs that can be asked for here."""
    return _programs(None)


@pages.get("/enrollments/<uuid:id>/next")
@allow(HELPERS)
def enroll_other(id: UUID) -> str:
    """Show them for the person of a request, who has told their data."""
    with transaction() as session:
        get_enrollment(session, id)
    return _programs(id)


@pages.post("/enrollments/<uuid:id>/next/<code:program>")
@allow(HELPERS)
def enroll_next(id: UUID, program: str) -> Response:
    """Open the program's form with what the folder of a request holds, or else with its person; who
    can read that it was opened."""
    chosen = open_program(program)
    with transaction() as session:
        before = get_enrollment(session, id)
        folder, _plan = find_plan(session, before, vault()) or (None, [])
        if folder is None:
            record_reading(session, "enrollment", before)
            form = as_form(open_person(get_applicant(session, before), vault()))
        else:
            record_reading(session, "folder", folder)
            form = form_from_folder(session, folder.id, chosen)
    form |= {"notices": before.language, "consulate": before.consulate_code or ""}
    return _go_to(chosen, form)


@pages.get("/enrollments/new/<code:program>", defaults={"page": FIRST})
@pages.get("/enrollments/new/<code:program>/<code:page>")
@allow(HELPERS)
def enroll(program: str, page: str) -> Response | str:
    """A page of the program's form, about the person who is helped."""
    return form_page(open_program(program), page, draft().form, _show, view=VIEW)


@pages.post("/enrollments/new/<code:program>", defaults={"page": FIRST})
@pages.post("/enrollments/new/<code:program>/<code:page>")
@allow(HELPERS)
def enroll_send(program: str, page: str) -> Response:
    """Keep a page's answers and go on; after the last one, prove the contact or request it."""
    form, chosen = answers(), open_program(program)
    told = read_answers(chosen, form, {}) if page == CHECK else None
    first = _first_to_ask(chosen, told)
    if told and first:
        return _begin_with(first, told, form)
    command = send_page(chosen, page, form, _read_all, view=VIEW, own=OF_HELPER)
    if not isinstance(command, RequestEnrollment):
        return command
    if unconfirmed(form, list_warnings(command.applicant, command.data)):
        return go(url_for("desk.enroll_names", program=program, d=keep_draft(form)))
    contact = code_goes_to(command.applicant, form.get(CODE_BY))
    if contact is None:
        return _request(command, form, None)
    return _send_code(command, form, contact)


@pages.get("/enrollments/new/<code:program>/names")
@allow(HELPERS)
def enroll_names(program: str) -> Response | str:
    """Ask whether names that differ from the CURP are the person's as they are."""
    return names_page("desk/enroll_names.html", open_program(program), view=VIEW)


@pages.get("/enrollments/new/<code:program>/code")
@allow(HELPERS)
def enroll_code(program: str) -> Response | str:
    """Ask for the code that the person was sent."""
    chosen, form = open_program(program), draft().form
    command = read_request(chosen, form, {})
    contact = code_goes_to(command.applicant, form.get(CODE_BY)) if command else None
    if command is None or contact is None or CODE_SENT not in form:
        return go(page_address(chosen, FIRST, draft_id(), view=VIEW))
    return render_template(
        "desk/enroll_code.html",
        program=chosen,
        form_url=page_address(chosen, FIRST, draft_id(), view=VIEW),
        person=full_name(command.applicant),
        recipient=describe_recipient(command),
        channel=channel_of(actor()),
        sent_to=_shown(contact),
        sent_by=contact.channel,
        other_way=_other_way(command, contact),
        sent_at=sent_at(form),
        sent_again=SENT_AGAIN in form,
        minutes=MINUTES,
        code_only=needs_code(chosen),
        errors=draft().errors(),
    )


@pages.post("/enrollments/new/<code:program>/code")
@allow(HELPERS)
def enroll_code_use(program: str) -> Response:
    """Request it with the code that the person told, or without; or send another, or to their
    other contact."""
    form = answers()
    command = read_or_refuse(form, partial(_read_all, open_program(program)))
    contact = code_goes_to(command.applicant, form.get(CODE_BY))
    if contact is None or "without" in request.form:
        return _request(command, form, None)
    if "again" in request.form or CODE_BY in request.form:
        return _send_code(command, form, contact)
    return _request(command, form, prove_contact(contact, request.form.get("code", "")))


def describe_recipient(command: RequestEnrollment) -> str:
    """Say who gets news of the request, and in which language."""
    contact = contact_of(command.applicant)
    language = _("en inglés") if command.language == "en" else _("en español")
    if contact is None:
        return str(
            _("No dejó correo ni teléfono: nadie recibe avisos. Dale el folio para preguntar.")
        )
    sentence = _(
        "Los avisos van solo a la persona, a %(address)s, %(language)s. Quien ayuda no los recibe.",
        address=_shown(contact),
        language=language,
    )
    return str(sentence)


def _other_way(command: RequestEnrollment, contact: Destination) -> str:
    """The `CODE_BY` of their other contact; empty where they left one."""
    if not (command.applicant.email and command.applicant.phone):
        return ""
    return "email" if contact.channel == "sms" else "sms"


def _shown(contact: Destination) -> str:
    return format_phone(contact.address) if contact.channel == "sms" else contact.address


def _send_code(command: RequestEnrollment, form: dict[str, str], contact: Destination) -> Response:
    send_code_to_person(contact, command.language)
    kept = keep_draft({**form, **code_sent()})
    return go(url_for("desk.enroll_code", program=command.program, d=kept))


def _request(command: RequestEnrollment, form: dict[str, str], proved: UUID | None) -> Response:
    assistance = Assistance(document=form.get("document"), proved=proved)
    try:
        with notify_existing_holder(command), transaction(_scope(proved)) as session:
            enrollment = request_for_person(
                session, command, assistance, now=now(), actor=actor(), vault=vault()
            )
            if form.get(WANTED):
                _keep_for_later(session, enrollment.id, open_program(form[WANTED]), form)
    except PrerequisiteMissing:
        return _go_to(open_program(command.program), _without_permission(form))
    return finish(url_for("desk.enrollment", id=enrollment.id, new=1))


def _scope(proved: UUID | None) -> Scope:
    """With the account of whoever told the code: their folder may be another office's."""
    return replace(actor().scope, account=proved) if proved else actor().scope


def _keep_for_later(session: Session, id: UUID, program: Program, form: dict[str, str]) -> None:
    """What was asked for too early: in the plan, with its answers, until its turn comes."""
    told = read_answers(program, form, {})
    keep_beside(session, id, program.code, told.data if told else {}, vault=vault())


def _begin_with(first: Program, told: RequestEnrollment, form: dict[str, str]) -> Response:
    """Ask for what comes first, with the same answers; where that is under way, keep them in its
    plan until their turn comes."""
    with transaction() as session:
        under_way = _under_way(session, told, first)
        kept = under_way and keep_beside(session, under_way, told.program, told.data, vault=vault())
    if kept:
        return finish(url_for("desk.enrollment", id=under_way, kept=told.program))
    return _go_to(first, {**_without_permission(form), WANTED: told.program})


def _without_permission(form: dict[str, str]) -> dict[str, str]:
    """The answers for another form: the permission to pass them on is for one transfer."""
    given = {*PERMISSIONS, *OF_HELPER}
    return {name: value for name, value in form.items() if name not in given}


def _first_to_ask(program: Program, command: RequestEnrollment | None) -> Program | None:
    """The program to begin with, where others come before; None where nothing does."""
    before = comes_first(program, command)
    return before and (_first_to_ask(before, command) or before)


def _under_way(session: Session, told: RequestEnrollment, first: Program) -> UUID | None:
    """The person's request for what comes first, where the reader may see one under way."""
    own = account() if channel_of(actor()) is Channel.TELEPHONE else None
    curp = told.applicant.curp
    return find_undecided(session, curp, first.code, vault(), asked_by=own)


def _sees_plan(session: Session, id: UUID) -> bool:
    return find_plan(session, get_enrollment(session, id), vault()) is not None


def _first_shown(program: Program, command: RequestEnrollment | None) -> dict[str, Any] | None:
    """The program to begin with, the request for it where the reader may see one under way, and
    whether the answers can be kept beside it."""
    first = _first_to_ask(program, command)
    if first is None or command is None:
        return None
    with transaction() as session:
        under_way = _under_way(session, command, first)
        return {
            "name": translated(first.name),
            "short": translated(first.short),
            "address": url_for("desk.enrollment", id=under_way) if under_way else "",
            "keeps": under_way is not None and _sees_plan(session, under_way),
        }


def _show(
    form_pages: FormPages, page: str, form: dict[str, str], command: RequestEnrollment | None
) -> str:
    program = form_pages.program
    last = page == form_pages.last
    read = partial(_read_all, program) if last else partial(read_page, form_pages, page)
    with transaction() as session:
        choices = offices(session) if channel_of(actor()) is Channel.TELEPHONE else []
    values = page_values(form_pages, page, command, view=VIEW)
    return render_template(
        "desk/enroll.html",
        **{
            **values,
            "before": values["before"] or url_for("desk.new_enrollment"),
            "labels": {**values["labels"], "document": _("Documento que viste")},
        },
        channel=channel_of(actor()),
        recipient=describe_recipient(command) if command else "",
        first=_first_shown(program, command),
        code_only=needs_code(program),
        consulates=choices,
        form={"notices": "es", **form},
        errors=draft().errors(read),
    )


def _read_all(program: Program, form: dict[str, str], errors: Errors) -> RequestEnrollment | None:
    """The request, with what whoever helps has to say of the person; None with what is wrong."""
    command = read_request(program, form, errors)
    if channel_of(actor()) is Channel.IN_PERSON:
        checked = form.get("identity_checked") == "true"
        check(SeenSchema(), {**pick(form, "document"), "identity_checked": checked}, errors)
    return None if errors else command


def _go_to(program: Program, form: dict[str, str]) -> Response:
    """To the first page of its form where something is missing, else to the one that checks it."""
    last = pages_of(program, form).last
    return go(page_address(program, last, keep_draft(form), view=VIEW))


def _programs(id: UUID | None) -> str:
    return render_template("desk/enroll_program.html", programs=open_programs(), id=id)
