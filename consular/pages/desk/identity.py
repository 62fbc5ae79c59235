"""Check somebody's identity at a window, and give them what another account holds in their name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, render_template, request, url_for
from sqlalchemy.orm import Session

from consular.auth import DESK, actor, allow, now, vault
from consular.db import transaction
from consular.identity_checks import Done, corrected, released, taken_over, told_apart
from consular.input.identity import CheckSchema, HeldSchema
from consular.input.loading import load_fields
from consular.pages.desk.blueprint import pages
from consular.pages.drafts import answers, draft, finish
from consular.pages.forms import Errors, date_of, go, pick, read_fields, submitted
from consular.pages.portal.names import office, program_name, service_names
from consular.pages.posting import reopen
from services.citizens.people import full_name
from services.identity.checking import Held, Subject, check_identity, get_check, get_person
from services.identity.correcting import find_to_correct
from services.identity.homonyms import has_namesake
from services.kernel.db import NETWORK_SCOPE
from services.privacy.queries import find_open
from services.privacy.requesting import request_erasure_of
from services.processes.identity_checks import ActOnHeld, list_held, list_own

_PERSON = ("given_names", "first_surname", "second_surname", "curp")
_DONE = ("taken_over", "released", "told_apart", "corrected")


@pages.get("/identity")
@allow(DESK)
def identity() -> str:
    """Show the form of an identity check."""
    errors = _by_field(draft().errors(_read))
    return render_template("desk/identity.html", form=draft().form, errors=errors)


@pages.post("/identity")
@allow(DESK)
def identity_check() -> Response:
    """Record that the document was seen."""
    command = _read(answers(), None)
    with transaction(NETWORK_SCOPE) as session:
        outcome = check_identity(session, command, now=now(), actor=actor(), vault=vault())
    return finish(url_for("desk.identity_shown", id=outcome.id))


def _read(form: dict[str, str], errors: Errors | None) -> Any:
    return read_fields(CheckSchema(), _values(form), errors)


@pages.get("/identity/<uuid:id>")
@allow(DESK)
def identity_shown(id: UUID) -> str:
    """Show what other accounts hold in the person's name, and the actions open."""
    errors = draft().errors(also_under=True)
    # Of what was typed before only the consent is a field of this page.
    return _show(
        id, {name if name == "consents" else "form": said for name, said in errors.items()}
    )


reopen(pages, ["/identity/<uuid:id>/<code:step>"], "desk.identity_shown", DESK)


@pages.post("/identity/<uuid:id>/take-over")
@allow(DESK)
def identity_take_over(id: UUID) -> Response:
    """Transfer to the person what another account holds."""
    return _act(id, lambda session: taken_over(session, id, _held()))


@pages.post("/identity/<uuid:id>/release")
@allow(DESK)
def identity_release(id: UUID) -> Response:
    """Release what other accounts hold in the person's name."""
    return _act(id, lambda session: released(session, id, _held()))


@pages.post("/identity/<uuid:id>/tell-apart")
@allow(DESK)
def identity_tell_apart(id: UUID) -> Response:
    """Record that two people share name and birth date; each keeps their own."""
    return _act(id, lambda session: told_apart(session, id))


@pages.post("/identity/<uuid:id>/correct")
@allow(DESK)
def identity_correct(id: UUID) -> Response:
    """Correct the account's holder to who the document says."""
    return _act(id, lambda session: corrected(session, id))


@pages.post("/identity/<uuid:id>/erase")
@allow(DESK)
def identity_erase(id: UUID) -> Response:
    """Request the erasure of the person's data; another office decides."""
    with transaction(NETWORK_SCOPE) as session:
        request_erasure_of(session, id, now=now(), actor=actor())
    return go(url_for("desk.identity_shown", id=id))


def _values(form: dict[str, str]) -> dict[str, Any]:
    """The check that the form describes, as the API's schema reads it."""
    born = date_of(form, "birth_date")
    return {
        "person": {**pick(form, *_PERSON), **({"birth_date": born} if born else {})},
        "contact": pick(form, "email", "phone"),
        "identity_checked": form.get("identity_checked") == "true",
        **pick(form, "document", "folio"),
    }


def _by_field(errors: Errors) -> Errors:
    """Errors by the form's fields: those of the person and the contact without their path."""
    return {name.rpartition(".")[2]: messages for name, messages in errors.items()}


def _held() -> ActOnHeld:
    form = submitted()
    consents = [form["consents"]] if form.get("consents") else []
    values = {**pick(form, "kind", "service"), "consents": consents}
    held: ActOnHeld = load_fields(HeldSchema(), values)
    return held


def _act(id: UUID, do: Callable[[Session], Done]) -> Response:
    with transaction(NETWORK_SCOPE) as session:
        outcome = do(session).outcome
    kind = submitted().get("kind") or None
    return go(url_for("desk.identity_shown", id=id, done=outcome, kind=kind))


def _show(id: UUID, errors: Errors) -> str:
    done = request.args.get("done")
    with transaction(NETWORK_SCOPE) as session:
        check = get_check(session, id, now=now(), actor=actor())
        names = service_names(session)
        person = get_person(session, check)
        erasure = find_open(session, check=id)
        holder = find_to_correct(session, check, vault())
        return render_template(
            "desk/identity_shown.html",
            id=id,
            consulate=office(session, actor().consulate or ""),
            person={"name": full_name(person), "birth_date": person.birth_date},
            document=check.document,
            has_account=check.account_id is not None,
            held=[_line(held, names) for held in list_held(session, check)],
            own=[_line(held, names) for held in list_own(session, check)],
            namesake=has_namesake(session, check, vault()),
            correctable={"name": full_name(holder), "birth_date": holder.birth_date}
            if holder
            else None,
            done=done if done in _DONE else None,
            kind=Subject.ENROLLMENT if request.args.get("kind") == Subject.ENROLLMENT else None,
            erasure=erasure.folio if erasure else None,
            errors=errors,
        )


def _line(held: Held, names: dict[str, str]) -> dict[str, Any]:
    name = (
        program_name(held.service)
        if held.kind is Subject.ENROLLMENT
        else names.get(held.service, held.service)
    )
    return {
        "kind": held.kind.value,
        "service": held.service,
        "service_name": name,
        "here": held.here,
        "id": held.id,
        "folio": held.folio,
        "start": held.starts_at,
        "at_agency": held.at_agency,
    }
