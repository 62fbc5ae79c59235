"""What a supervisor decides for a service at the office from a day on: how many people a day takes,
and how long one takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from marshmallow import Schema
from sqlalchemy.orm import Session

from consular.auth import actor, allow, now
from consular.db import transaction
from consular.input.sessions import DurationSchema, MaximumSchema
from consular.pages.desk.blueprint import pages
from consular.pages.desk.planned import SUPERVISOR
from consular.pages.drafts import answers, draft, finish
from consular.pages.forms import Errors, check, pick, read_or_refuse
from consular.pages.portal.names import bookable_services, office, service_names
from services.appointments.durations import durations_of, set_duration
from services.appointments.maximums import maximums_of, set_maximum


@dataclass(frozen=True)
class Rule:
    """``name`` is its address; ``number``, the field of what is decided, which may be empty."""

    name: str
    number: str
    schema: Schema
    rows: Callable[[Session, str], Sequence[Any]]
    save: Callable[..., Any]
    say: Callable[[int | None], str]
    title: Any
    lead: Any
    label: Any
    hint: Any


def _people(most: int | None) -> str:
    return str(_("Sin máximo") if most is None else _("A lo más %(most)s al día", most=most))


def _minutes(minutes: int | None) -> str:
    return str(_("Un turno") if minutes is None else _("%(n)s minutos", n=minutes))


RULES = (
    Rule(
        name="maximums",
        number="most",
        schema=MaximumSchema(),
        rows=lambda session, code: maximums_of(session, code).rows,
        save=set_maximum,
        say=_people,
        title=lazy_gettext("Máximos al día"),
        lead=lazy_gettext(
            "Cuántas personas al día atiende la oficina de un trámite, aunque haya más lugares."
            " Quien ya tiene cita la conserva."
        ),
        label=lazy_gettext("Personas al día"),
        hint=lazy_gettext("Vacío: sin máximo"),
    ),
    Rule(
        name="durations",
        number="minutes",
        schema=DurationSchema(),
        rows=lambda session, code: durations_of(session, code).rows,
        save=set_duration,
        say=_minutes,
        title=lazy_gettext("Cuánto dura cada trámite"),
        lead=lazy_gettext(
            "Minutos de ventanilla para cada persona. Quien ya tiene cita conserva su hora y lo que"
            " dura."
        ),
        label=lazy_gettext("Minutos por persona"),
        hint=lazy_gettext("Vacío: un turno"),
    ),
)


def _add(rule: Rule) -> None:
    """Its page and its form."""
    here = f"desk.{rule.name}"

    def read(form: dict[str, str], errors: Errors) -> Any:
        values: dict[str, Any] = pick(form, "service", rule.number, "from")
        text = values.get(rule.number, "").strip()
        values[rule.number] = int(text) if text.isdecimal() and len(text) < 6 else text or None
        return check(rule.schema, values, errors)

    def show() -> str:
        with transaction() as session:
            place = office(session, actor().consulate or "")
            names = service_names(session)
            services = [
                {"value": each["code"], "label": each["name"]}
                for each in bookable_services(session)
            ]
            items = [
                {
                    "from": row.valid_from,
                    "service": names[row.service_code],
                    "decided": rule.say(getattr(row, rule.number)),
                }
                for row in rule.rows(session, place["code"])
            ]
        return render_template(
            "desk/service_rule.html",
            consulate=place,
            rule=rule,
            here=url_for(here),
            services=services,
            items=items,
            form=draft().form,
            saved="saved" in request.args,
            errors=draft().errors(read),
        )

    def save() -> Response:
        command = read_or_refuse(answers(), read)
        with transaction() as session:
            rule.save(session, command, now=now(), actor=actor())
        return finish(url_for(here, saved="1"))

    pages.get(f"/{rule.name}", endpoint=rule.name)(allow(SUPERVISOR)(show))
    pages.post(f"/{rule.name}", endpoint=f"{rule.name}_save")(allow(SUPERVISOR)(save))


for _rule in RULES:
    _add(_rule)
