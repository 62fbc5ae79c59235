"""Wait for a place: ask to be told of one, see what was found, take it, stop.

Opening a page shows and does nothing; only its button begins, moves or stops.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, render_template, request, url_for
from sqlalchemy.orm import Session

from consular.auth import CITIZEN, account, allow, now, vault
from consular.db import transaction
from consular.i18n import current_language, in_language
from consular.input.catalogue import EarlierSchema, WatchSchema
from consular.input.loading import load_fields
from consular.pages.drafts import answers, draft, finish
from consular.pages.forms import Errors, check, go, pick, read_or_refuse
from consular.pages.portal.blueprint import pages
from consular.pages.portal.names import office, service_names, which
from consular.pages.portal.needs import Needs, at_place, fields_of, read_needs
from consular.pages.posting import reopen
from services.appointments import watching
from services.appointments.queries import get_appointment
from services.appointments.rules import WATCH_DAYS, Step
from services.appointments.steps import list_actions
from services.appointments.watching import FoundPlace, WatchPlaces
from services.citizens.accounts import find_contact
from services.consulates.queries import get_consulate, get_service, near

NEAREST = 3


@pages.get("/citas/avisos/nuevo")
@allow(CITIZEN)
def watch_new() -> str:
    """Say what waiting means, before it begins."""
    form = {**draft().form, **request.args.to_dict()}
    wanted, needs = load_fields(WatchSchema(), _asked(form)), read_needs(form)
    with transaction() as session:
        service = get_service(session, wanted["service"])
        return render_template(
            "portal/watch_new.html",
            service={"code": service.code, "name": in_language(service, "name")},
            offices=[office(session, code) for code in wanted["consulates"]],
            party=wanted["party"],
            needs=needs.fields,
            needs_words=needs.words,
            reached=any(find_contact(session, account(), vault())),
            days=WATCH_DAYS,
            errors=draft().errors(),
        )


@pages.post("/citas/avisos/nuevo")
@allow(CITIZEN)
def watch_begin() -> Response:
    """Begin to wait for a place."""
    form = answers()
    wanted, needs = read_or_refuse(form, _read_watch), read_needs(form)
    command = WatchPlaces(
        wanted["service"],
        wanted["consulates"],
        wanted["party"],
        language=current_language(),
        skills=tuple(needs.skills),
        share=needs.share,
    )
    return _begin(command)


@pages.get("/citas/avisos/<uuid:id>")
@allow(CITIZEN)
def watch(id: UUID) -> str:
    """Show what somebody waits for, and the place that there is now."""
    with transaction() as session:
        row = watching.get_watch(session, id)
        place = None if row.ended_at else watching.find_place(session, row, now=now())
        return render_template(
            "portal/watch.html",
            watch={
                "id": row.id,
                "ending": row.ending,
                "service": row.service_code,
                "service_name": service_names(session).get(row.service_code, row.service_code),
                "offices": [office(session, code) for code in row.consulate_codes],
                "people": row.people,
                "needs": fields_of(row.skills, row.share),
                "needs_words": Needs(fields_of(row.skills, row.share)).words,
                "appointment": row.appointment_id,
                "until": row.before or row.expires_at,
            },
            current=_current(session, row),
            place=place and _shown(session, place),
            errors=draft().errors(also_under=True),
        )


@pages.post("/citas/avisos/<uuid:id>/parar")
@allow(CITIZEN)
def watch_stop(id: UUID) -> Response:
    """Stop waiting; no more messages."""
    with transaction() as session:
        watching.stop(session, id, now=now())
    return go(url_for("portal.watch", id=id))


@pages.get("/citas/<uuid:id>/antes")
@allow(CITIZEN)
def earlier(id: UUID) -> Response | str:
    """Ask where an earlier place than the appointment's would do; it stays as it is meanwhile."""
    with transaction() as session:
        row = get_appointment(session, id)
        waited = watching.find_watch_of(session, id)
        if waited is not None:
            return go(url_for("portal.watch", id=waited.id))
        if Step.RESCHEDULE not in list_actions(session, [row], now=now())[id]:
            return go(url_for("portal.appointment", id=id))
        return render_template(
            "portal/watch_earlier.html",
            id=id,
            here=office(session, row.consulate_code),
            appointment=which(session, row),
            nearest=[office(session, code) for code in _nearest(session, row.consulate_code)],
            form=draft().form,
            errors=draft().errors(_read_where),
        )


@pages.post("/citas/<uuid:id>/antes")
@allow(CITIZEN)
def earlier_begin(id: UUID) -> Response:
    """Begin to wait for an earlier place."""
    where = read_or_refuse(answers(), _read_where)["where"]
    with transaction() as session:
        row = get_appointment(session, id)
        others = _nearest(session, row.consulate_code) if where == "near" else []
        command = WatchPlaces(
            row.services[0],
            (row.consulate_code, *others),
            appointment=id,
            language=current_language(),
        )
    return _begin(command)


reopen(pages, ["/citas/avisos/<uuid:id>/parar"], "portal.watch", CITIZEN)


def _begin(command: WatchPlaces) -> Response:
    with transaction() as session:
        begun = watching.watch(session, command, account=account(), now=now(), vault=vault())
    return finish(url_for("portal.watch", id=begun))


def _asked(form: dict[str, str]) -> dict[str, str]:
    return pick(form, "service", "consulates", "party")


def _read_watch(form: dict[str, str], errors: Errors) -> Any:
    return check(WatchSchema(), _asked(form), errors)


def _read_where(form: dict[str, str], errors: Errors) -> Any:
    return check(EarlierSchema(), pick(form, "where"), errors)


def _nearest(session: Session, code: str) -> list[str]:
    here = get_consulate(session, code)
    around = near(
        session,
        float(here.latitude),
        float(here.longitude),
        limit=NEAREST + 1,
        include_assumed=False,
    )
    return [nearby.consulate.code for nearby in around if nearby.consulate.code != code][:NEAREST]


def _current(session: Session, row: Any) -> dict[str, Any] | None:
    """The appointment that would move."""
    if row.appointment_id is None:
        return None
    appointment = get_appointment(session, row.appointment_id)
    return {"id": appointment.id, **which(session, appointment)}


def _shown(session: Session, place: FoundPlace) -> dict[str, Any]:
    mobile = str(place.mobile.id) if place.mobile else ""
    where = at_place(session, office(session, place.consulate), mobile)
    local = place.start.astimezone(ZoneInfo(where["time_zone"]))
    return {"consulate": where, "start": local, "mobile": mobile}
