"""The screen in the waiting room, and the addresses under which it needs no sign-in."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from flask import Blueprint, Response, make_response, render_template, url_for
from sqlalchemy.orm import Session

from consular.auth import ANYONE, DESK, actor, allow, now
from consular.db import transaction
from consular.input.loading import load_fields
from consular.pages.desk.agenda import today_at
from consular.pages.desk.blueprint import pages
from consular.pages.desk.schemas import BoardForm
from consular.pages.drafts import draft, finish
from consular.pages.forms import go, pick, submitted
from consular.pages.portal.names import office
from consular.pages.posting import reopen
from services.appointments.boards import list_links, make_link, office_of, read_board, revoke_link
from services.kernel.audit import Role
from services.kernel.db import NETWORK_SCOPE, Scope

screens = Blueprint("screens", __name__)
SUPERVISOR = frozenset({Role.SUPERVISOR})
REFRESH = timedelta(seconds=5)


@pages.get("/board")
@allow(DESK)
def board() -> Response:
    """Who is called to which window: by the end of the folio, no names."""
    with transaction() as session:
        return _screen(session, actor().consulate or "")


@screens.get("/board/<token>")
@allow(ANYONE)
def screen(token: str) -> Response:
    """The same for a television that nobody signs in at, until its address is revoked."""
    with transaction(NETWORK_SCOPE) as session:
        code = office_of(session, token)
    with transaction(Scope(consulate=code)) as session:
        return _screen(session, code)


def _screen(session: Session, code: str) -> Response:
    place = office(session, code)
    shown = read_board(session, consulate=code, day=today_at(place))
    answer = make_response(
        render_template("desk/board.html", consulate=place, board=shown, now=now())
    )
    # Old televisions run no script of today: the browser itself loads the page again.
    answer.headers["Refresh"] = str(int(REFRESH.total_seconds()))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@pages.get("/boards")
@allow(SUPERVISOR)
def boards() -> str:
    """List the addresses of the office's screens."""
    with transaction() as session:
        return render_template(
            "desk/boards.html",
            links=list_links(session, actor().consulate or ""),
            address=None,
            form=draft().form,
            errors=draft().errors(lambda form, errors: None),
        )


@pages.post("/boards")
@allow(SUPERVISOR)
def make_board() -> Response:
    """Make an address for one screen; it is shown once."""
    name = load_fields(BoardForm(), pick(submitted(), "name"))["name"]
    with transaction() as session:
        _link, token = make_link(session, actor().consulate or "", name, now=now(), actor=actor())
    return finish(url_for("screens.screen", token=token))


reopen(pages, ["/boards/<uuid:id>/revoke"], "desk.boards", SUPERVISOR)


@pages.post("/boards/<uuid:id>/revoke")
@allow(SUPERVISOR)
def revoke_board(id: UUID) -> Response:
    """Revoke an address: the screen shows nothing any more."""
    with transaction() as session:
        revoke_link(session, id, now=now(), actor=actor())
    return go(url_for("desk.boards"))
