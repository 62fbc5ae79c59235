"""Manage staff accounts: role, office, end."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, url_for

from consular.auth import account, actor, allow, now
from consular.db import transaction
from consular.pages.admin.schemas import ROLES, AssignSchema, StaffSchema
from consular.pages.drafts import answers, draft, finish
from consular.pages.forms import Errors, go, pick, read_fields
from consular.pages.portal.names import offices
from consular.pages.posting import reopen
from services.kernel.audit import Role
from services.kernel.collation import alphabetical
from services.kernel.errors import NotFound
from services.staff.accounts import assign, end_account, find_active, list_accounts, make_account

pages = Blueprint("admin", __name__, url_prefix="/admin")
ADMIN = frozenset({Role.ADMIN})


@pages.get("/")
@allow(ADMIN)
def staff() -> str:
    """List staff accounts, active ones first."""
    with transaction() as session:
        cities = {place["code"]: place["city"] for place in offices(session, every=True)}
        accounts = [
            {
                "id": row.id,
                "subject": row.subject,
                "name": row.name,
                "email": row.email,
                "role": row.role,
                "city": cities.get(row.consulate_code or ""),
                "since": row.created_at.date(),
                "ended": row.ended_at.date() if row.ended_at else None,
                "own": row.id == account(),
            }
            for row in sorted(list_accounts(session), key=_by_name)
        ]
    return render_template("admin/staff.html", accounts=accounts, errors={})


def _by_name(row: Any) -> tuple[bool, str]:
    return row.ended_at is not None, alphabetical(row.name)


@pages.get("/staff/new")
@allow(ADMIN)
def staff_new() -> str:
    """Show the form of a new staff account."""
    return _ask("admin/staff_form.html", draft().form, draft().errors(_read_account))


@pages.post("/staff/new")
@allow(ADMIN)
def staff_make() -> Response:
    """Create a staff account."""
    command = _read_account(answers(), None)
    with transaction() as session:
        make_account(session, command, now=now(), actor=actor())
    return finish(url_for("admin.staff"))


@pages.get("/staff/<uuid:id>")
@allow(ADMIN)
def staff_assign(id: UUID) -> str:
    """Show the form that changes role or office, or ends the account."""
    with transaction() as session:
        member = find_active(session, id)
    if member is None:
        raise NotFound()
    current = {"role": member.role, "consulate": member.consulate_code or ""}
    person = {"id": member.id, "name": member.name, "own": member.id == account()}
    errors = draft().errors(_read_assignment, also_under=True)
    form = {**current, **draft().form}
    return _ask("admin/staff_assign.html", form, errors, account=person)


@pages.post("/staff/<uuid:id>")
@allow(ADMIN)
def staff_assign_save(id: UUID) -> Response:
    """Assign role and office; in force from the account's next request on."""
    values = _read_assignment(answers(), None)
    with transaction() as session:
        assign(session, id, now=now(), actor=actor(), **values)
    return finish(url_for("admin.staff"))


reopen(pages, ["/staff/<uuid:id>/end"], "admin.staff_assign", ADMIN)


@pages.post("/staff/<uuid:id>/end")
@allow(ADMIN)
def staff_end(id: UUID) -> Response:
    """End the account and every browser that is signed in with it, at once."""
    with transaction() as session:
        end_account(session, id, now=now(), actor=actor())
    return go(url_for("admin.staff"))


def _read_account(form: dict[str, str], errors: Errors | None) -> Any:
    values = pick(form, "subject", "name", "email", "role", "consulate")
    return read_fields(StaffSchema(), values, errors)


def _read_assignment(form: dict[str, str], errors: Errors | None) -> Any:
    return read_fields(AssignSchema(), pick(form, "role", "consulate"), errors)


def _ask(template: str, form: dict[str, str], errors: Errors, **more: Any) -> str:
    with transaction() as session:
        places = offices(session, every=True)
    return render_template(
        template, form=form, errors=errors, consulates=places, roles=ROLES, **more
    )
