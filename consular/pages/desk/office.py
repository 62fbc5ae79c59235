"""A supervisor writes down what visitors of the office need to know besides its name."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Response, render_template, request, url_for
from marshmallow import Schema, post_load

from consular.auth import actor, allow, now
from consular.db import transaction
from consular.input.fields import Text
from consular.pages.desk.blueprint import pages
from consular.pages.desk.planned import SUPERVISOR
from consular.pages.drafts import answers, draft, finish
from consular.pages.forms import Errors, check, pick, read_or_refuse
from consular.pages.portal.names import office as shown_office
from services.consulates.details import FIELDS, Details, details_of, set_details


class _DetailsForm(Schema):
    address = Text(most=200, load_default="")
    directions = Text(most=300, load_default="")
    telephone = Text(most=60, load_default="")
    hours = Text(most=200, load_default="")
    payment = Text(most=200, load_default="")

    @post_load
    def _details(self, data: dict[str, Any], **_kwargs: Any) -> Details:
        return Details(**data)


@pages.get("/office")
@allow(SUPERVISOR)
def office() -> str:
    """Show what is written down, to change it."""
    with transaction() as session:
        place = shown_office(session, actor().consulate or "")
        known = asdict(details_of(session, place["code"]))
    return render_template(
        "desk/office.html",
        consulate=place,
        form={**known, **draft().form},
        saved="saved" in request.args,
        errors=draft().errors(_read),
    )


@pages.post("/office")
@allow(SUPERVISOR)
def office_save() -> Response:
    """Keep it: people who have an appointment see it from now on."""
    details = read_or_refuse(answers(), _read)
    with transaction() as session:
        set_details(session, details, now=now(), actor=actor())
    return finish(url_for("desk.office", saved="1"))


def _read(form: dict[str, str], errors: Errors) -> Details | None:
    details: Details | None = check(_DetailsForm(), pick(form, *FIELDS), errors)
    return details
