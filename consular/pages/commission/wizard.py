"""Write a session report: one decision a page, each kept when it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, render_template, request, url_for
from sqlalchemy.orm import Session

from consular.auth import allow
from consular.db import transaction
from consular.pages.commission import presenters
from consular.pages.commission.blueprint import SESSIONS, WRITERS, pages
from consular.pages.commission.steps import WIZARD, Step, boxes, next_step
from consular.pages.drafts import answers, draft, drop
from consular.pages.forms import Errors, go
from services.commission.queries import get_session
from services.kernel.errors import NotFound


@pages.get(f"{SESSIONS}/<uuid:id>/steps/<code:code>")
@allow(WRITERS)
def step(id: UUID, code: str) -> str:
    """Show a page of the way."""
    page = _get_step(code)
    with transaction() as session:
        commission = get_session(session, id)
        return render_template(
            "commission/step.html",
            session=presenters.in_list(commission),
            step=page,
            next=next_step(code),
            check=request.args.get("check") or draft().form.get("check", ""),
            **_shown(session, commission, page),
        )


@pages.post(f"{SESSIONS}/<uuid:id>/steps/<code:code>")
@allow(WRITERS)
def save_step(id: UUID, code: str) -> Response:
    """Keep the answer, and go on to the next page or back to the report."""
    page = _get_step(code)
    if page.read is None or page.save is None:
        raise NotFound()
    form = answers()
    values = page.read(form, None)
    with transaction() as session:
        page.save(session, id, values)
    drop()
    following = None if form.get("check") else next_step(code)
    if following is None:
        return go(url_for("commission.session", id=id))
    return go(url_for("commission.step", id=id, code=following))


def _get_step(code: str) -> Step:
    page = WIZARD.get(code)
    if page is None:
        raise NotFound()
    return page


def _shown(session: Session, commission: Any, page: Step) -> Mapping[str, Any]:
    """The form, or the list of a page that has none."""
    errors: Errors = {}
    form: Mapping[str, str] = {}
    if page.fill and page.read:
        errors = draft().errors(page.read)
        form = page.fill(session, commission) | draft().form
    return {
        "form": form,
        "errors": errors or draft().errors(),
        "boxes": presenters.boxes(boxes(session, page, commission.number))
        if _has_boxes(page)
        else None,
        "followed": presenters.followed(session, commission) if page.code == "follow-up" else [],
        "agreements": presenters.agreements(session, commission),
        "typed": presenters.typed(session, commission) if page.code == "english" else None,
    }


def _has_boxes(page: Step) -> bool:
    return page.group is not None or page.code == "annexes"
