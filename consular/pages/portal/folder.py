"""A person's folder: their plan of enrollments, what they told, what they consented to."""

from __future__ import annotations

import json
from uuid import UUID

from flask import Response, render_template, request, url_for
from marshmallow import Schema

from consular.auth import CITIZEN, account, actor, allow, now, vault
from consular.clock import reader_clock
from consular.db import transaction
from consular.i18n import current_language, translated
from consular.input.fields import Choice
from consular.input.programs import load_answers
from consular.pages.drafts import answers, draft, keep_draft
from consular.pages.forms import go, pick, read_fields
from consular.pages.portal.blueprint import pages
from consular.pages.portal.folder_shown import (
    consent_shown,
    field_for_number,
    shown_answers,
    shown_plan,
)
from consular.pages.portal.form_prefill import form_from_folder
from consular.pages.portal.program_form import PREFIX, data_of
from consular.pages.portal.program_pages import page_address, pages_of
from consular.pages.portal.program_request import open_program
from consular.pages.posting import reopen
from services.citizens.errors import ProfileRequired
from services.citizens.people import full_name, open_person
from services.enrollments.choosing import (
    ChoosePlan,
    add_to_plan,
    choose_plan,
    latest_person,
    leave_out,
    set_starts_next,
    tell_ahead,
)
from services.enrollments.consenting import withdraw_consent
from services.enrollments.planning import read_known, steps_of
from services.enrollments.programs.order import in_order
from services.enrollments.programs.registry import PROGRAMS, open_programs
from services.folders.keeping import open_answers
from services.folders.queries import get_folder, get_person, list_consents, list_folders
from services.kernel.errors import NotFound

# Of the draft of somebody who chose before they told who they are.
WANTED = "wanted"


class _ProgramSchema(Schema):
    program = Choice(PROGRAMS, required=True)


@pages.get("/mi-carpeta")
@allow(CITIZEN)
def folders() -> Response | str:
    """The reader's folder; whose, where the account named several people; or begin one."""
    with transaction() as session:
        rows = list_folders(session, account())
        people = [
            {"id": folder.id, "name": full_name(get_person(session, folder))} for folder in rows
        ]
    if not people:
        return go(url_for("portal.plan_choice"))
    if len(people) == 1:
        return go(url_for("portal.folder", id=people[0]["id"]))
    return render_template("portal/folders.html", people=people)


def next_step() -> str | None:
    """What is next in the plan of the reader, in words; None without a plan."""
    with transaction() as session:
        for row in list_folders(session, account()):
            known = read_known(session, row, vault())
            plan = shown_plan(steps_of(row.wanted, known), starts_next=False, known=known)
            if plan["next"]:
                return str(plan["next"]["name"])
    return None


@pages.get("/mi-carpeta/elegir")
@allow(CITIZEN)
def plan_choice() -> str:
    """Ask what the person wants to have in the end."""
    return _choices(url_for("portal.plan_choice"), ())


@pages.post("/mi-carpeta/elegir")
@allow(CITIZEN)
def plan_choice_send() -> Response:
    """Begin the holder's plan; who hasn't told their data tells them with the first request."""
    program = _chosen()
    command = ChoosePlan((program,), language=current_language())
    try:
        with transaction() as session:
            folder = choose_plan(session, command, now=now(), actor=actor(), vault=vault()).id
    except ProfileRequired:
        first = PROGRAMS[in_order([program])[0]]
        kept = keep_draft({WANTED: program})
        return go(page_address(first, pages_of(first, {}).codes[0], kept))
    return go(url_for("portal.folder", id=folder))


@pages.get("/mi-carpeta/<uuid:id>")
@allow(CITIZEN)
def folder(id: UUID) -> str:
    """Show a person's plan, and the one thing to do next."""
    with transaction() as session:
        row = get_folder(session, id)
        person, known = get_person(session, row), read_known(session, row, vault())
        plan = shown_plan(steps_of(row.wanted, known), known, starts_next=row.starts_next)
    return render_template(
        "portal/folder.html",
        id=id,
        name=full_name(person),
        plan=plan,
        starts_next=row.starts_next,
        saved=request.args.get("guardado") in PROGRAMS
        and translated(PROGRAMS[request.args["guardado"]].name),
        form=draft().form,
        errors=draft().errors(also_under=True),
    )


@pages.get("/mi-carpeta/<uuid:id>/agregar")
@allow(CITIZEN)
def plan_addition(id: UUID) -> str:
    """Ask what else the person wants."""
    with transaction() as session:
        wanted = tuple(get_folder(session, id).wanted)
    return _choices(url_for("portal.plan_addition", id=id), wanted)


@pages.post("/mi-carpeta/<uuid:id>/agregar")
@allow(CITIZEN)
def plan_addition_send(id: UUID) -> Response:
    """Add it to the plan."""
    with transaction() as session:
        add_to_plan(session, id, _chosen())
    return go(url_for("portal.folder", id=id))


reopen(
    pages,
    [
        f"/mi-carpeta/<uuid:id>/{step}"
        for step in (
            "pedir/<code:step>", "quitar/<code:step>", "numero/<code:step>", "solo/<code:step>"
        )
    ],
    "portal.folder",
    CITIZEN,
)  # fmt: skip


@pages.post("/mi-carpeta/<uuid:id>/pedir/<code:step>")
@allow(CITIZEN)
def plan_request(id: UUID, step: str) -> Response:
    """Open the program's form, filled in with what the folder holds, where something is missing."""
    program = open_program(step)
    with transaction() as session:
        form = form_from_folder(session, id, program)
    return go(page_address(program, pages_of(program, form).last, keep_draft(form)))


@pages.post("/mi-carpeta/<uuid:id>/numero/<code:step>")
@allow(CITIZEN)
def plan_number(id: UUID, step: str) -> Response:
    """Keep a number that the person has already."""
    program, field = field_for_number(step)
    if program is None or field is None:
        raise NotFound()
    number = data_of([field], answers(), PREFIX) or {field.name: ""}
    with transaction() as session:
        tell_ahead(session, id, program.code, load_answers(program, number), vault=vault())
    return go(url_for("portal.folder", id=id))


@pages.post("/mi-carpeta/<uuid:id>/quitar/<code:step>")
@allow(CITIZEN)
def plan_removal(id: UUID, step: str) -> Response:
    """Take a program out of the plan."""
    with transaction() as session:
        leave_out(session, id, step)
    return go(url_for("portal.folder", id=id))


@pages.post("/mi-carpeta/<uuid:id>/solo/<code:step>")
@allow(CITIZEN)
def plan_by_itself(id: UUID, step: str) -> Response:
    """Let what is prepared begin by itself, or no longer."""
    with transaction() as session:
        set_starts_next(session, id, step == "si")
    return go(url_for("portal.folder", id=id))


@pages.get("/mi-carpeta/<uuid:id>/permisos")
@allow(CITIZEN)
def folder_consents(id: UUID) -> str:
    """List the permissions to pass data to agencies."""
    with transaction() as session:
        consents = list_consents(session, [get_folder(session, id).id])
    return render_template(
        "portal/consents.html",
        id=id,
        consents=[consent_shown(consent) for consent in consents],
        clock=reader_clock(),
        errors=draft().errors(also_under=True),
    )


reopen(pages, ["/mi-carpeta/<uuid:id>/permisos/<uuid:consent>"], "portal.folder_consents", CITIZEN)


@pages.post("/mi-carpeta/<uuid:id>/permisos/<uuid:consent>")
@allow(CITIZEN)
def consent_withdraw(id: UUID, consent: UUID) -> Response:
    """Withdraw a permission to share data."""
    with transaction() as session:
        gone = withdraw_consent(session, consent, now=now(), actor=actor())
    notice = "enviado" if gone.at_agency else "si"
    return go(url_for("portal.folder_consents", id=id, retirado=notice))


@pages.get("/mi-carpeta/<uuid:id>/respuestas")
@allow(CITIZEN)
def folder_answers(id: UUID) -> str:
    """Show what the person told, to print or to take along."""
    with transaction() as session:
        row = get_folder(session, id)
        person = open_person(latest_person(session, row), vault())
        answered = open_answers(session, row, vault=vault())
    return render_template(
        "portal/answers.html",
        id=id,
        sections=shown_answers(person, answered),
        name=full_name(person),
    )


@pages.get("/mi-carpeta/<uuid:id>/respuestas.json")
@allow(CITIZEN)
def folder_answers_file(id: UUID) -> Response:
    """Send the answers as a file for programs."""
    with transaction() as session:
        answered = open_answers(session, get_folder(session, id), vault=vault())
    body = json.dumps(answered, ensure_ascii=False, indent=2)
    named = {"Content-Disposition": 'attachment; filename="respuestas.json"'}
    return Response(body, headers=named, content_type="application/json; charset=utf-8")


def _chosen() -> str:
    chosen: dict[str, str] = read_fields(_ProgramSchema(), pick(answers(), "program"), None)
    return open_program(chosen["program"]).code


def _choices(action: str, wanted: tuple[str, ...]) -> str:
    """The page that asks for one of the programs that aren't in the plan."""
    choices = [
        {
            "value": program.code,
            "label": translated(program.name),
            "hint": translated(program.summary) if program.summary else "",
        }
        for program in open_programs()
        if program.code not in wanted
    ]
    return render_template(
        "portal/plan_choice.html",
        action=action,
        choices=choices,
        form=draft().form,
        errors=draft().errors(),
    )
