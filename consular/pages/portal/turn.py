"""A turn in the queue, for whoever holds its link: on their ticket, or from their appointment."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, make_response, render_template, request, url_for
from marshmallow import Schema
from sqlalchemy.orm import Session

from consular.auth import ANYONE, allow, now, vault
from consular.db import transaction
from consular.i18n import current_language
from consular.input.fields import Choice
from consular.input.loading import load_fields
from consular.pages.forms import go, pick, submitted
from consular.pages.portal.blueprint import pages
from consular.pages.portal.names import office
from services.appointments.boards import TAIL
from services.appointments.next_in_queue import Turn, ask_for_message, get_turn, turn_key
from services.appointments.queries import find_by_folio
from services.appointments.rules import AT_THE_OFFICE, Status
from services.kernel.db import NETWORK_SCOPE
from services.kernel.errors import NotFound
from services.kernel.ids import parse_folio

# Often enough to walk back in time, seldom enough for three hundred telephones.
REFRESH = timedelta(seconds=20)


class MessageForm(Schema):
    """Whether the person wants to be told when they are next."""

    wanted = Choice(("yes", "no"), required=True)


@pages.get("/turno")
@allow(ANYONE)
def turn_search() -> Response:
    """Lead to where a folio and a birth date find an appointment, and its turn."""
    return go(url_for("portal.find_appointment"))


@pages.get("/turno/<folio>/<key>")
@allow(ANYONE)
def turn(folio: str, key: str) -> Response:
    """How many are called before, or to which window: the browser asks again by itself."""
    with transaction(NETWORK_SCOPE) as session:
        written, place = _place(session, folio)
        shown = _find(session, written, key, place)
    answer = make_response()
    version = hashlib.sha256(repr((current_language(), shown)).encode()).hexdigest()[:32]
    answer.set_etag(version)
    answer.headers["Cache-Control"] = "private, no-cache"
    if shown.here:
        answer.headers["Refresh"] = str(int(REFRESH.total_seconds()))
    answer.set_data(
        render_template(
            "portal/turn.html",
            consulate=place,
            turn=shown,
            tail=written[-TAIL:],
            address={"folio": written, "key": key},
            may_be_told=shown.waits and not shown.walk_in,
        )
    )
    answer.make_conditional(request)
    return answer


@pages.post("/turno/<folio>/<key>/avisos")
@allow(ANYONE)
def turn_message(folio: str, key: str) -> Response:
    """Ask for a message when the turn is next, or stop it."""
    wanted = load_fields(MessageForm(), pick(submitted(), "wanted"))["wanted"] == "yes"
    with transaction(NETWORK_SCOPE) as session:
        written, place = _place(session, folio)
        turn = _find(session, written, key, place)
        ask_for_message(session, turn, wanted=wanted, now=now())
    return go(url_for("portal.turn", folio=written, key=key))


@pages.get("/turno/<folio>/<key>/avisos")
@allow(ANYONE)
def turn_message_refused(folio: str, key: str) -> Response:
    """Lead a refused form back to the turn, which says how it stands."""
    return go(url_for("portal.turn", folio=folio, key=key))


def turn_address(folio: str, endpoint: str = "portal.turn") -> str:
    """Where a turn can be followed, below the site."""
    return url_for(endpoint, folio=folio, key=turn_key(folio, vault()))


def turn_of(folio: str, status: str) -> dict[str, Any] | None:
    """Where somebody who is at the office today sees their place in the queue, and where they ask
    to be told; None for anybody else."""
    if Status(status) not in AT_THE_OFFICE:
        return None
    with transaction(NETWORK_SCOPE) as session:
        try:
            _written, place = _place(session, folio)
            turn = _find(session, folio, turn_key(folio, vault()), place)
        except NotFound:
            return None
    return {
        "address": turn_address(folio),
        "messages": turn_address(folio, "portal.turn_message"),
        "may_ask": turn.waits and not (turn.walk_in or turn.wants_message),
    }


def _place(session: Session, folio: str) -> tuple[str, dict[str, Any]]:
    """The folio as it is kept, and its office. Raises NotFound."""
    written = parse_folio(folio)
    appointment = find_by_folio(session, written) if written else None
    if written is None or appointment is None:
        raise NotFound()
    return written, office(session, appointment.consulate_code)


def _find(session: Session, folio: str, key: str, place: dict[str, Any]) -> Turn:
    today = now().astimezone(ZoneInfo(place["time_zone"])).date()
    return get_turn(session, folio, key, today=today, vault=vault())
