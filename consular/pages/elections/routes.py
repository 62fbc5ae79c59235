"""Public pages of the vote abroad: the board of an election night, and the elections before.

They are the same for everybody who isn't signed in, so that each is rendered once a version and
language, and a crowd is answered from memory, or with 304.
"""

from __future__ import annotations

from hashlib import sha256

from flask import Blueprint, Response, render_template, request

from consular.auth import ANYONE, actor_id, allow
from consular.db import transaction
from consular.i18n import current_language
from consular.input.loading import load_fields
from consular.input.voting import VersionQuery
from consular.pages.elections.presenters import board_shown, history_shown
from consular.pages.forms import pick
from consular.published_counts import public, remembered, version_of
from services.voting.board import read_board
from services.voting.history import list_credentials, list_history

pages = Blueprint("elections", __name__, url_prefix="/voto")


@pages.get("/")
@allow(ANYONE)
def history() -> Response:
    """List the elections since 2006 beside each other, and the voter cards issued abroad."""
    with transaction() as session:
        shown = history_shown(list_history(session), list_credentials(session))
    return _answer(render_template("elections/history.html", **shown))


@pages.get("/<code:year>")
@allow(ANYONE)
def board(year: str) -> Response:
    """Show what the offices published of an election so far, or up to a ``version``."""
    asked = load_fields(VersionQuery(), pick(request.args, "version"))["version"]
    version = version_of(year) if asked is None else asked

    def render() -> str:
        with transaction() as session:
            shown = board_shown(session, read_board(session, year, version))
        return render_template("elections/board.html", **shown, live=asked is None)

    key = ("page", year, version, asked is None, current_language())
    plain = not actor_id() and set(request.args) <= {"version"}
    return _answer(remembered(key, render) if plain else render())


def _answer(page: str) -> Response:
    """Everybody's caches may keep it, by language; that of somebody signed in has their name."""
    data = page.encode()
    answer = Response(data, content_type="text/html; charset=utf-8")
    answer.headers["Vary"] = "Cookie"
    public(answer, sha256(data).hexdigest())
    if actor_id():
        answer.headers["Cache-Control"] = "private, no-cache"
    return answer
