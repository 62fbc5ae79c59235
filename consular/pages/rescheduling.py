"""Move an appointment to another time or office: choose, check, confirm; the same for its owner
and for the desk, each under an address of their own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, render_template, request, url_for
from marshmallow import Schema
from sqlalchemy.orm import Session

from consular import commands
from consular.access_log import read_appointment
from consular.auth import actor, allow, now
from consular.db import transaction
from consular.input.appointments import RescheduleSchema
from consular.input.fields import Code, Day, Identifier
from consular.input.loading import load_fields
from consular.pages.drafts import answers, draft, draft_id, finish
from consular.pages.forms import Errors, check, go, pick, read_or_refuse
from consular.pages.portal.alternatives import find_alternatives
from consular.pages.portal.names import at_mobile, office, offices, which
from consular.pages.portal.needs import at_place
from consular.pages.posting import reopen
from consular.pages.times import Week, free_week
from services.appointments.mobile import Mobile, get_mobile, list_mobile
from services.appointments.nearest import nearest_times
from services.appointments.rescheduling import RescheduleAppointment, party_to_move
from services.appointments.rules import Step
from services.appointments.seating import Party
from services.appointments.steps import list_actions
from services.kernel.audit import Role


class _Wanted(Schema):
    consulate = Code(load_default=None)
    mobile = Identifier(load_default=None)
    from_ = Day(data_key="from", load_default=None)


MOVE = ("consulate", "start", "place")


@dataclass(frozen=True)
class _Area:
    """Whose pages they are: a blueprint and the endpoint of an appointment's own page there."""

    blueprint: str
    appointment: str
    layout: str

    def context(self, session: Session, row: Any) -> dict[str, Any]:
        """What both pages say of the appointment as it is."""
        return {
            "area": self.blueprint,
            "layout": self.layout,
            "own_page": url_for(self.appointment, id=row.id),
            "appointment": {"id": row.id, "folio": row.folio, **which(session, row)},
        }

    def choose(self, id: UUID) -> Any:
        """Free times; an appointment that can't move leads to its own page."""
        refused = draft().form
        values = {
            **pick(refused, "consulate"),
            "mobile": refused.get("place", ""),
            **request.args.to_dict(),
        }
        wanted = load_fields(_Wanted(), pick(values, "consulate", "mobile", "from"))
        with transaction() as session:
            row = read_appointment(session, id)
            if Step.RESCHEDULE not in list_actions(session, [row], now=now())[id]:
                return go(url_for(self.appointment, id=id, d=draft_id() or None))
            party = _party_at(party_to_move(session, row), wanted)
            # Staff move within their own office.
            code = actor().consulate or wanted["consulate"] or row.consulate_code
            there = at_place(session, office(session, code), party.place)
            week = free_week(
                session, code, ZoneInfo(there["time_zone"]), party.services[0],
                first=wanted["from_"], party=party.people, further=party.services[1:], needs=party,
            )  # fmt: skip
            return render_template(
                "rescheduling/times.html",
                **self.context(session, row),
                there=there,
                offices=_offices(session),
                mobile=_mobile(session, code, party),
                nearest=_nearest(session, row) if row.orphaned_at else [],
                week=week,
                next_day=None if week.days else _next_day(session, there, week, party),
                errors=draft().errors(also_under=True),
            )

    def confirm(self, id: UUID) -> str:
        """The old time and the new one, before anything changes."""
        wanted = load_fields(RescheduleSchema(), pick(request.args.to_dict(), *MOVE))
        with transaction() as session:
            row = read_appointment(session, id)
            return render_template(
                "rescheduling/check.html",
                **self.context(session, row),
                there=at_place(
                    session,
                    office(session, wanted["consulate"] or row.consulate_code),
                    str(wanted["place"] or ""),
                    row.services[0],
                    wanted["start"],
                ),
                place=wanted["place"],
                start=wanted["start"],
            )

    def move(self, id: UUID) -> Response:
        """Move it; refused, it leads back to the times that are free."""
        wanted = read_or_refuse(answers(), _read)
        with transaction() as session:
            commands.reschedule(session, RescheduleAppointment(id, **wanted))
        return finish(url_for(self.appointment, id=id, cambiada=1))


def _party_at(party: Party, wanted: dict[str, Any]) -> Party:
    """At the place that was chosen; where none was, at the one where they are."""
    if wanted["mobile"] or wanted["consulate"]:
        return replace(party, place=str(wanted["mobile"] or ""))
    return party


def _nearest(session: Session, row: Any) -> list[dict[str, Any]]:
    """Times near its own, each with where that is."""
    here = office(session, row.consulate_code)
    return [
        {"start": time.start, "where": at_mobile(here, time.mobile)}
        for time in nearest_times(session, row, now=now())
    ]


def _mobile(session: Session, code: str, party: Party) -> list[Mobile]:
    """Mobile consulates of the office, to move to, other than the one that is shown."""
    to_come = list_mobile(session, first=now().date(), consulate=code, service=party.services[0])
    return [each for each in to_come if str(each.id) != party.place]


def _next_day(session: Session, there: dict[str, Any], week: Week, party: Party) -> date | None:
    """The first day with a time there, after a week that has none."""
    if party.place:
        day: date = get_mobile(session, there["code"], UUID(party.place)).day
        return day if day >= week.later else None
    start = find_alternatives(
        session, there["code"], party.services, week.begin, party.people, party
    ).start
    return start.astimezone(ZoneInfo(there["time_zone"])).date() if start else None


def _offices(session: Session) -> list[dict[str, str]]:
    """Where a citizen may go; staff have one office."""
    if actor().consulate:
        return []
    return [
        {"value": each["code"], "label": f"{each['city']} — {each['name']}"}
        for each in offices(session)
    ]


def _read(form: dict[str, str], errors: Errors) -> Any:
    return check(RescheduleSchema(), pick(form, *MOVE), errors)


def add_rescheduling(
    pages: Blueprint, at: str, words: tuple[str, str, str], *, layout: str, who: frozenset[Role]
) -> None:
    """Register the three pages under an appointment's address ``at``; ``words`` are the last parts
    of their addresses."""
    area = _Area(pages.name, f"{pages.name}.appointment", layout)
    times, checked, confirmed = (f"{at}/{word}" for word in words)
    pages.add_url_rule(times, "appointment_times", allow(who)(_view(area.choose)))
    pages.add_url_rule(checked, "appointment_check", allow(who)(_view(area.confirm)))
    reopen(pages, [confirmed], f"{pages.name}.appointment_times", who)
    pages.add_url_rule(
        confirmed, "appointment_move", allow(who)(_view(area.move)), methods=["POST"]
    )


def _view(method: Any) -> Any:
    """A bound method as a view that can carry who may call it."""

    def view(id: UUID) -> Any:
        return method(id)

    view.__doc__ = method.__doc__
    return view
