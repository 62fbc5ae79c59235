"""Prefill forms with what the reader entered before."""

from __future__ import annotations

from uuid import UUID

from flask import g
from sqlalchemy.orm import Session

from consular.auth import account, now, vault
from consular.db import transaction
from consular.pages.forms import DATE_PARTS
from consular.pages.portal.program_form import form_of
from services.citizens.accounts import find_holder, suggest_holder
from services.citizens.codes import find_signed_in_with
from services.citizens.people import PersonData, curp_index, open_person
from services.enrollments.choosing import latest_person
from services.enrollments.planning import read_known
from services.enrollments.programs.schema import Program
from services.folders.queries import find_folder, get_folder
from services.kernel.db import NETWORK_SCOPE
from services.kernel.identifiers import parse_curp

TEXTS = ("given_names", "first_surname", "second_surname", "curp", "email", "phone")
# Says that the answers come from another request and may be somebody else's.
SUGGESTED = "suggested"


def prefilled_form() -> dict[str, str]:
    """The holder's data; before they told them, those of their latest request, marked as suggested.
    Nothing for whoever isn't signed in as a citizen."""
    if g.actor is None or not g.actor.is_citizen:
        return {}
    with transaction() as session:
        holder = find_holder(session, account())
        person = holder or suggest_holder(session, account(), now().date())
        if person is None:
            return {}
        form = as_form(open_person(person, vault()))
    return form if holder else {**form, SUGGESTED: "yes"}


def prefilled_with_contact() -> dict[str, str]:
    """`prefilled_form`, and where nobody told an e-mail or a telephone, the one that the reader
    signed in with: there they can be told."""
    told = prefilled_form()
    if g.actor is None or not g.actor.is_citizen or told.get("email") or told.get("phone"):
        return told
    return {**told, **_contact_of_sign_in()}


def _contact_of_sign_in() -> dict[str, str]:
    with transaction(NETWORK_SCOPE) as session:
        used = find_signed_in_with(session, account(), vault())
    if used is None:
        return {}
    return {"email" if used.channel == "email" else "phone": used.address}


def as_form(profile: PersonData) -> dict[str, str]:
    """A profile as the form of one's data holds it."""
    form = {name: getattr(profile, name) or "" for name in TEXTS}
    if profile.birth_date:
        form |= {f"birth_date-{p}": str(getattr(profile.birth_date, p)) for p in DATE_PARTS}
    return form


def told_before(program: Program, form: dict[str, str]) -> dict[str, str]:
    """What the account's folder of whoever the form names holds for the program; nothing for
    somebody new."""
    try:
        curp = parse_curp(form.get("curp", ""))
    except ValueError:
        return {}
    with transaction() as session:
        folder = find_folder(session, account(), curp_index(curp, vault()))
        if folder is None:
            return {}
        known = read_known(session, get_folder(session, folder), vault())
    return form_of(program.fields, known.data_for(program))


def form_from_folder(session: Session, id: UUID, program: Program) -> dict[str, str]:
    """The program's form with what the folder holds: whose it is, and what was told before. Raises
    NotFound."""
    folder = get_folder(session, id)
    person = open_person(latest_person(session, folder), vault())
    known = read_known(session, folder, vault())
    return {**as_form(person), **form_of(program.fields, known.data_for(program))}
