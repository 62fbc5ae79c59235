"""The office's queue of enrollments, one of them, and what may be done with it or with several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from flask import Response, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from consular.access_log import record_list, record_reading
from consular.auth import HELPERS, account, actor, allow, now, vault
from consular.db import transaction
from consular.i18n import translated
from consular.pages.desk import enrollment_presenters as presenters
from consular.pages.desk.blueprint import pages
from consular.pages.desk.schemas import QueueQuery
from consular.pages.drafts import answers, draft, drop, finish, keep_draft
from consular.pages.forms import Errors, check_filters, go, next_page, pick, read_or_refuse
from consular.pages.portal.form_prefill import as_form
from consular.pages.portal.program_form import labels_of
from consular.pages.portal.requested_corrections import (
    RequestedCorrections,
    read_answer,
    requested_corrections,
)
from consular.pages.posting import reopen
from consular.printing.enrollments import as_file, print_enrollment
from services.citizens.people import open_person
from services.enrollments.answering import answer
from services.enrollments.office_queue import QueueFilter, count_queue, list_queue
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.programs.schema import Program
from services.enrollments.queries import (
    find_by_folio,
    get_applicant,
    get_enrollment,
    last_day,
    open_details,
)
from services.enrollments.resending_notices import resend_notice
from services.enrollments.rules import Action, Paper, Status, WaitsFor, actions
from services.enrollments.terms import home_day
from services.enrollments.withdrawing import withdraw
from services.kernel.audit import Role
from services.kernel.errors import DomainError, Invalid, NotFound

LINES = 50
FILTERS = ("waits", "status", "program", "lapsing", "q", "next")
# Terms that end within so many days.
SOON = timedelta(days=7)
CHOSEN = "pick-"
ACTIONS: dict[str, Callable[[Session, UUID], Any]] = {
    "tell": lambda session, id: resend_notice(session, id, now=now(), actor=actor()),
    "withdraw": lambda session, id: withdraw(session, id, now=now(), actor=actor()),
}


@pages.get("/enrollments")
@allow(HELPERS)
def enrollments() -> Response | str:
    """List requests, oldest first; filters stay in the address. A folio leads to its request."""
    values = pick(request.args, *FILTERS)
    errors: Errors = draft().errors()
    query = check_filters(QueueQuery(), values, errors)
    with transaction() as session:
        by_folio = find_by_folio(session, query["q"]) if query["q"] else None
        if by_folio:
            return go(url_for("desk.enrollment", id=by_folio))
        if query["q"] and not errors:
            errors["q"] = [_("No hay una solicitud con ese folio aquí.")]
        return render_template(
            "desk/enrollments.html", errors=errors, **_queue(session, query, values)
        )


def _queue(session: Session, query: dict[str, Any], values: dict[str, str]) -> dict[str, Any]:
    # Whoever is on the telephone sees those that they asked for, and others by their folio.
    own = account() if actor().role is Role.AGENT else None
    wanted = QueueFilter(
        waits=WaitsFor(query["waits"]) if query["waits"] else None,
        status=Status(query["status"]) if query["status"] else None,
        program=query["program"],
        lapsing_by=home_day(now()) + SOON if query["lapsing"] else None,
        asked_by=own,
        over=None if query["waits"] or query["status"] or query["q"] else False,
    )
    page = list_queue(session, wanted, limit=LINES, after=query["next"])
    record_list(session, "enrollment", [line.enrollment for line in page.items])
    counts = count_queue(session, asked_by=own)
    return {
        "lines": [presenters.line(line) for line in page.items],
        "sums": presenters.sums(counts),
        "numbers": presenters.by_status(counts) if actor().role is Role.SUPERVISOR else None,
        "filters": values,
        "programs": list(PROGRAMS.values()),
        "statuses": list(Status),
        "waits": list(WaitsFor),
        "soon": SOON.days,
        "own_only": own is not None,
        "more": next_page("desk.enrollments", values, page.next),
        "zone": presenters.zone(session),
    }


@pages.get("/enrollments/<uuid:id>")
@allow(HELPERS)
def enrollment(id: UUID) -> str:
    """Show one request with its person, history and actions; the person can read that it was."""
    errors = draft().errors(also_under=True)
    with transaction() as session:
        row = get_enrollment(session, id)
        record_reading(session, "enrollment", row)
        return render_template(
            "desk/enrollment.html",
            enrollment=presenters.opened(session, row, vault()),
            plan=presenters.plan_beside(session, row, vault()),
            zone=presenters.zone(session, row),
            just_asked="new" in request.args,
            told_again="told" in request.args,
            kept=request.args.get("kept") in PROGRAMS
            and translated(PROGRAMS[request.args["kept"]].name),
            errors=errors,
        )


reopen(
    pages,
    ["/enrollments/<uuid:id>/<code:step>", "/enrollments/<uuid:id>/next/<code:program>"],
    "desk.enrollment",
    HELPERS,
)


@pages.get("/enrollments/<uuid:id>/answer")
@allow(HELPERS)
def enrollment_answer(id: UUID) -> Response | str:
    """Ask for what the agency wants corrected, as the person says it now."""
    with transaction() as session:
        row = get_enrollment(session, id)
        record_reading(session, "enrollment", row)
        program, corrections = _corrections(session, row)
        person = as_form(open_person(get_applicant(session, row), vault()))
    if Action.ANSWER not in actions(Status(row.status)):
        return go(url_for("desk.enrollment", id=id))
    return render_template(
        "desk/enrollment_answer.html",
        id=id,
        program_name=translated(program.name),
        asked=corrections,
        last_day=last_day(row),
        labels=dict(labels_of(corrections.fields)),
        form={**person, **draft().form},
        errors=draft().errors(partial(read_answer, program, corrections)),
    )


@pages.post("/enrollments/<uuid:id>/answer")
@allow(HELPERS)
def enrollment_answer_send(id: UUID) -> Response:
    """Give the agency what it wants corrected."""
    with transaction() as session:
        program, corrections = _corrections(session, get_enrollment(session, id))
    corrected = read_or_refuse(answers(), partial(read_answer, program, corrections))
    with transaction() as session:
        answer(session, id, corrected, now=now(), actor=actor(), vault=vault())
    return finish(url_for("desk.enrollment", id=id))


def _corrections(session: Session, enrollment: Any) -> tuple[Program, RequestedCorrections]:
    program = PROGRAMS[enrollment.program]
    return program, requested_corrections(
        session, enrollment, open_details(session, enrollment, vault()).requested
    )


@pages.post("/enrollments/<uuid:id>/tell-again")
@allow(HELPERS)
def enrollment_tell_again(id: UUID) -> Response:
    """Have the person told again how it stands."""
    with transaction() as session:
        ACTIONS["tell"](session, id)
    return go(url_for("desk.enrollment", id=id, told=1))


@pages.post("/enrollments/<uuid:id>/withdraw")
@allow(HELPERS)
def enrollment_withdraw(id: UUID) -> Response:
    """Withdraw it at the person's wish."""
    with transaction() as session:
        ACTIONS["withdraw"](session, id)
    return go(url_for("desk.enrollment", id=id))


@pages.get("/enrollments/<uuid:id>/acknowledgement.pdf", defaults={"paper": Paper.ACKNOWLEDGEMENT})
@pages.get("/enrollments/<uuid:id>/payment.pdf", defaults={"paper": Paper.PAYMENT})
@pages.get("/enrollments/<uuid:id>/proof.pdf", defaults={"paper": Paper.PROOF})
@allow(HELPERS)
def enrollment_paper(id: UUID, paper: Paper) -> Response:
    """Print it for the person."""
    with transaction() as session:
        document = print_enrollment(session, id, paper)
        record_reading(session, "enrollment", get_enrollment(session, id))
    return as_file(document, paper)


@pages.get("/enrollments/bulk")
@allow(HELPERS)
def bulk() -> Response | str:
    """Say what is about to happen to the chosen requests, and what can't."""
    form = draft().form
    chosen, action = _chosen(form), form.get("action", "")
    if not chosen or action not in ACTIONS:
        return go(url_for("desk.enrollments"))
    with transaction() as session:
        lines = presenters.planned(session, chosen, action)
        record_list(session, "enrollment", [line["enrollment"] for line in lines])
        return render_template("desk/enrollments_bulk.html", action=action, lines=lines, done=False)


@pages.post("/enrollments/bulk")
@allow(HELPERS)
def bulk_choose() -> Response:
    """Keep what was chosen, to be confirmed."""
    form = answers()
    if not _chosen(form) or form.get("action") not in ACTIONS:
        back = url_for("desk.enrollments")
        refused = keep_draft({}, Invalid("nothing_chosen"), at=back)
        return go(url_for("desk.enrollments", d=refused))
    return go(url_for("desk.bulk", d=keep_draft(form)))


@pages.get("/enrollments/bulk/done")
@allow(HELPERS)
def bulk_done() -> Response | str:
    """Say what was done, and what wasn't and why."""
    form = draft().form
    chosen, action = _chosen(form), form.get("action", "")
    if not chosen or action not in ACTIONS or "outcome" not in form:
        return go(url_for("desk.enrollments"))
    refused = dict(part.split(" ") for part in form["outcome"].split(",") if part)
    with transaction() as session:
        lines = presenters.planned(session, chosen, action)
        for line in lines:
            code = refused.get(str(line["id"]))
            line["problem"] = presenters.why(code or "")
        return render_template("desk/enrollments_bulk.html", action=action, lines=lines, done=True)


@pages.post("/enrollments/bulk/done")
@allow(HELPERS)
def bulk_do() -> Response:
    """Do it to each that it can be done to, one by one: one that can't holds up no other."""
    form = answers()
    action = ACTIONS.get(form.get("action", ""))
    if action is None:
        raise NotFound()
    refused = {id: code for id in _chosen(form) if (code := _try(action, id))}
    drop()
    outcome = ",".join(f"{id} {code}" for id, code in refused.items())
    kept = {name: value for name, value in form.items() if name.startswith(CHOSEN)}
    return go(
        url_for(
            "desk.bulk_done",
            d=keep_draft({**kept, "action": form["action"], "outcome": outcome}),
        )
    )


def _try(action: Callable[[Session, UUID], Any], id: UUID) -> str | None:
    """The code of why it can't be done; None once it is done."""
    try:
        with transaction() as session:
            action(session, id)
    except DomainError as refused:
        return refused.code
    return None


def _chosen(form: dict[str, str]) -> Sequence[UUID]:
    """The requests that were picked, as the form's boxes name them."""
    chosen = []
    for name, value in form.items():
        if name.startswith(CHOSEN) and value:
            try:
                chosen.append(UUID(name.removeprefix(CHOSEN)))
            except ValueError:
                continue
    return chosen[:LINES]
