"""Public pages of the vote abroad: the board of an election night, and the elections before.

They are the same for everybody who isn't signed in, so that each is rendered once a version and
language, and a crowd is answered from memory, or with 304.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from flask import Blueprint, Response, current_app, render_template, request

from consular.auth import ANYONE, actor_id, allow
from consular.db import transaction
from consular.i18n import current_language
from consular.input.loading import load_fields
from consular.input.voting import VersionQuery
from consular.pages.elections.presenters import board_shown, history_shown
from consular.pages.forms import pick
from consular.published_counts import public
from services.voting.board import read_board
from services.voting.history import list_credentials, list_history
from services.voting.queries import find_version

pages = Blueprint("elections", __name__, url_prefix="/voto")
# Of a few elections in two languages; old versions come and go.
MOST_PAGES = 64


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
    version = _version(year) if asked is None else asked

    def render() -> str:
        with transaction() as session:
            shown = board_shown(session, read_board(session, year, version))
        return render_template("elections/board.html", **shown, live=asked is None)

    key = (year, str(version), str(asked is None), current_language())
    plain = not actor_id() and set(request.args) <= {"version"}
    return _answer(_remembered(key, render) if plain else render())


def _version(year: str) -> int:
    with transaction() as session:
        found = find_version(session, year)
        return found.version if found else 0


def _remembered(key: tuple[str, ...], render: Callable[[], str]) -> str:
    """The page of ``key``, rendered the first time that this process is asked for it."""
    kept: dict[tuple[str, ...], str] = current_app.extensions.setdefault("consular.boards", {})
    page = kept.get(key)
    if page is None:
        page = render()
        while len(kept) >= MOST_PAGES:
            kept.pop(next(iter(kept)), None)
        kept[key] = page
    return page


def _answer(page: str) -> Response:
    """Everybody's caches may keep it, by language; that of somebody signed in has their name."""
    data = page.encode()
    answer = Response(data, content_type="text/html; charset=utf-8")
    answer.headers["Vary"] = "Cookie"
    public(answer, sha256(data).hexdigest())
    if actor_id():
        answer.headers["Cache-Control"] = "private, no-cache"
    return answer
