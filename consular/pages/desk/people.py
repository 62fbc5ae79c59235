"""One person written twice: near matches, both side by side, merged and taken apart again."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from flask import Response, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import Schema
from sqlalchemy.orm import Session

from consular.access_log import record_reading
from consular.auth import DESK, actor, allow, now, vault
from consular.db import transaction
from consular.errors import FieldsInvalid
from consular.input.fields import Choice, Folio, Identifier
from consular.input.identity import SeenSchema
from consular.input.loading import load_fields
from consular.pages.desk.blueprint import pages
from consular.pages.desk.presenters import name_shown
from consular.pages.drafts import draft, finish
from consular.pages.forms import Errors, pick, read_fields, submitted
from consular.pages.portal.names import office, program_name, service_names
from consular.pages.posting import reopen
from services.appointments.duplicates import (
    get_person_of_office,
    list_near,
    list_same_name,
    list_visits,
)
from services.appointments.queries import find_by_folio, list_party
from services.citizens.people import open_person
from services.enrollments.queries import list_of_people
from services.identity.merging import MergePeople, list_merges, list_same, merge
from services.kernel.db import NETWORK_SCOPE
from services.processes.taking_apart import take_apart

END_OF_CURP = 4


class FolioForm(Schema):
    """Of an appointment of the other one."""

    folio = Folio(required=True)


class OtherForm(Schema):
    """Beside whom somebody is shown."""

    other = Identifier(required=True)


class UnmergeForm(Schema):
    """Which merge is taken back."""

    merge = Identifier(required=True)


class MergeForm(OtherForm, SeenSchema):
    """Whose names are right."""

    right = Choice(("one", "other"), required=True)


@pages.get("/people/<uuid:id>")
@allow(DESK)
def person(id: UUID) -> str:
    """Show somebody's visits, what they were merged from, and who looks like them."""
    with transaction() as session:
        row = get_person_of_office(session, id, actor().consulate or "")
        record_reading(session, "person", row)
        same = _same(session, row)
        return render_template(
            "desk/person.html",
            consulate=office(session, row.consulate_code or ""),
            one=_shown(session, row, same),
            merges=_merges(session, same),
            near=[
                {"id": each.person.id, "reason": each.reason, **_named(each.person)}
                for each in list_near(session, row, but=same, vault=vault())
            ],
            form=draft().form,
            errors=draft().errors(_read_folio, also_under=True),
        )


@pages.post("/people/<uuid:id>/find")
@allow(DESK)
def person_find(id: UUID) -> Response:
    """Lead to whom an appointment's folio names, beside this person."""
    folio = _read_folio(submitted(), None)["folio"]
    with transaction() as session:
        appointment = find_by_folio(session, folio)
        party = list_party(session, [appointment.id])[appointment.id] if appointment else []
        other = next((p for p in party if p.folio == folio), party[0] if party else None)
    if other is None or other.person.id == id:
        raise FieldsInvalid({"folio": [str(_("No hay otra persona con ese folio en tu oficina."))]})
    return finish(url_for("desk.people_compared", id=id, other=other.person.id))


@pages.get("/people/<uuid:id>/compare")
@allow(DESK)
def people_compared(id: UUID) -> str:
    """Both side by side, and the form that merges them."""
    values = {**pick(draft().form, "other"), **pick(dict(request.args), "other")}
    other = load_fields(OtherForm(), values)["other"]
    with transaction() as session:
        code = actor().consulate or ""
        rows = [get_person_of_office(session, each, code) for each in (id, other)]
        for row in rows:
            record_reading(session, "person", row)
        one, two = (_shown(session, row, _same(session, row)) for row in rows)
        return render_template(
            "desk/people_compared.html",
            consulate=office(session, code),
            one=one,
            other=two,
            form=draft().form,
            errors=draft().errors(_read_merge, also_under=True),
        )


@pages.post("/people/<uuid:id>/compare/merge")
@allow(DESK)
def people_merge(id: UUID) -> Response:
    """Merge them: they are one person, by the document that was seen."""
    fields = _read_merge(submitted(), None)
    other = fields["other"]
    right, wrong = (id, other) if fields["right"] == "one" else (other, id)
    command = MergePeople(right, wrong, fields["document"])
    with transaction(NETWORK_SCOPE) as session:
        merge(session, command, now=now(), actor=actor(), vault=vault())
    return finish(url_for("desk.person", id=right))


@pages.post("/people/<uuid:id>/unmerge")
@allow(DESK)
def people_unmerge(id: UUID) -> Response:
    """Take a merge back: they are two people after all."""
    merged = load_fields(UnmergeForm(), pick(submitted(), "merge"))["merge"]
    with transaction(NETWORK_SCOPE) as session:
        take_apart(session, merged, now=now(), actor=actor(), vault=vault())
    return finish(url_for("desk.person", id=id))


reopen(
    pages,
    ["/people/<uuid:id>/find", "/people/<uuid:id>/unmerge"],
    "desk.person",
    DESK,
)
reopen(pages, ["/people/<uuid:id>/compare/merge"], "desk.people_compared", DESK)


def _read_folio(form: dict[str, str], errors: Errors | None) -> Any:
    return read_fields(FolioForm(), pick(form, "folio"), errors)


def _read_merge(form: dict[str, str], errors: Errors | None) -> Any:
    checked = {"identity_checked": True} if form.get("identity_checked") == "true" else {}
    return read_fields(MergeForm(), {**pick(form, "right", "document", "other"), **checked}, errors)


def _same(session: Session, row: Any) -> set[UUID]:
    """All rows that are this person: of the same name on other visits, and merged ones."""
    return list_same(session, list_same_name(session, row))


def _named(row: Any) -> dict[str, Any]:
    return {"name": name_shown(row), "birth_date": row.birth_date}


def _shown(session: Session, row: Any, same: Collection[UUID]) -> dict[str, Any]:
    """Everything by which an officer tells whether two are one; of a CURP only its end."""
    known, names = open_person(row, vault()), service_names(session)
    visits = list_visits(session, same)
    return {
        "id": row.id,
        **_named(row),
        "curp": _("Termina en %(end)s", end=known.curp[-END_OF_CURP:]) if known.curp else None,
        "email": known.email,
        "phone": known.phone,
        "account": row.account_id is not None,
        "visits": [
            {
                "id": appointment.id,
                "folio": member.folio,
                "start": appointment.starts_at,
                "services": ", ".join(names.get(code, code) for code in appointment.services),
                "status": member.status,
            }
            for appointment, member in visits
        ],
        "enrollments": [
            {"id": each.id, "folio": each.folio, "program": program_name(each.program)}
            for each in list_of_people(session, same)
        ],
    }


def _merges(session: Session, same: Collection[UUID]) -> list[dict[str, Any]]:
    """Each merge once, with how the names were written."""
    merges: dict[UUID, dict[str, Any]] = {}
    code = actor().consulate or ""
    for row in list_merges(session, same):
        written = get_person_of_office(session, row.merged_id, code)
        shown = merges.setdefault(
            row.id, {"id": row.id, "at": row.merged_at, "document": row.document, "names": []}
        )
        if name_shown(written) not in shown["names"]:
            shown["names"].append(name_shown(written))
    return list(merges.values())
