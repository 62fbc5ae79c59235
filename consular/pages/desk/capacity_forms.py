"""Forms of opening hours: weekdays, hours, desks in groups, and where a mobile consulate is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from babel.dates import get_timezone_location
from flask import request
from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from consular.i18n import in_order, weekday_names, words
from consular.pages.forms import Errors, pick
from consular.pages.portal.names import bookable_services
from services.appointments.hours import breaks_from_json
from services.appointments.planning import DeskPlan
from services.appointments.reserves import Share, reserves_from_json
from services.appointments.rules import Skilled
from services.consulates.queries import list_consulates

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
# How often, by the form's choice: every so many weeks, or the n-th such weekday of a month.
WEEKS = {"week": 1, "two_weeks": 2, "three_weeks": 3, "four_weeks": 4}
NTH = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
EVERY = {
    "week": _("Cada semana"),
    **{code: _("Cada %(weeks)s semanas", weeks=n) for code, n in WEEKS.items() if n > 1},
    "first": _("El primero de cada mes"),
    "second": _("El segundo de cada mes"),
    "third": _("El tercero de cada mes"),
    "fourth": _("El cuarto de cada mes"),
    "last": _("El último de cada mes"),
}
SKILLS = {
    "language:en": _("Hablan inglés"),
    "interpreter:maya": _("Intérprete de maya"),
    "interpreter:mixteco": _("Intérprete de mixteco"),
    "interpreter:nahuatl": _("Intérprete de náhuatl"),
    "interpreter:zapoteco": _("Intérprete de zapoteco"),
    "interpreter:lsm": _("Intérprete de lengua de señas mexicana"),
    "accessible": _("Accesibles para todas las personas"),
}
MOST_GROUPS = 8
LEAST_LIMITS, MOST_LIMITS = 2, 12
# As the form asks; desks and places follow.
_FROM_TOP = (
    "date", "weekdays", "every", "first_day", "from", "until", "scope", "opens", "closes", "breaks",
    "slot_minutes",
)  # fmt: skip
_SHARE = "appointments.share"
_BREAK = re.compile(r"\s*([0-9:]+)\s*(?:-|–|a)\s*([0-9:]+)\s*")
_WORDS_OF = {
    "desks": _("Escribe cómo se llama al menos una ventanilla."),
    "name": _("Escribe cómo se llaman, con nombres cortos y separadas con comas."),
    "services": _("Marca al menos un trámite que atiendan."),
    "rrule": _("Marca al menos un día de la semana."),
    "breaks": _("Escribe cada pausa así: 13:00-14:00."),
}


def series_values(form: Mapping[str, str], consulate: str) -> dict[str, Any]:
    """The series that a form describes, as `SeriesForm` reads it."""
    values = session_values(form, consulate) | pick(dict(form), "first_day", "until", "reason")
    if rule := _rule_of(form):
        values["rrule"] = rule
    return values


def session_values(form: Mapping[str, str], consulate: str) -> dict[str, Any]:
    """The session that a form describes, as `SessionSchema` reads it."""
    values = _hours_values(form) | pick(dict(form), "date", "reason")
    if place := pick(dict(form), "place_name", "place_address"):
        zone = form.get("place_zone", "")
        values["place"] = {n.removeprefix("place_"): v for n, v in place.items()}
        values["place"]["time_zone"] = zone
    return {**values, "consulate": consulate, "slot_minutes": minutes_of(form)}


def asks_for_more(form: dict[str, str]) -> bool:
    """Whether the button was pressed that adds a group of desks: the form has one more then."""
    if "more" not in request.form:
        return False
    form["groups"] = str(groups_of(form) + 1)
    return True


def change_values(form: Mapping[str, str]) -> dict[str, Any]:
    """The changes that a form describes, as `ChangeHoursForm` reads them."""
    return {**_hours_values(form), **pick(dict(form), "scope", "from", "until", "reason")}


def minutes_of(form: Mapping[str, str]) -> int:
    """The minutes of a slot; what is no number is refused by the schema's range, in words."""
    written = form.get("slot_minutes", "").strip()
    return int(written) if re.fullmatch("[0-9]{1,4}", written) else 0


def _hours_values(form: Mapping[str, str]) -> dict[str, Any]:
    desks = [
        {"name": name, "services": _marked(form, f"service_{n}_"), **_skills(form, n)}
        for n, name in _named_desks(form)
    ]
    return {
        **pick(dict(form), "opens", "closes"),
        "breaks": _breaks(form),
        "desks": desks,
        "reserves": [
            {"share": share, "places": _number(form[f"reserve_{share}"]), **_release(form, share)}
            for share in _reserved(form)
        ],
        "daily_maximums": {
            form[f"max_service_{n}"]: _number(form.get(f"max_{n}", "")) for n in _limited(form)
        },
    }


def _reserved(form: Mapping[str, str]) -> list[Share]:
    """Whom the form keeps places for."""
    return [share for share in Share if form.get(f"reserve_{share}", "").strip()]


def _release(form: Mapping[str, str], share: Share) -> dict[str, Any]:
    hours = form.get(f"release_{share}", "").strip()
    return {"release_hours": _number(hours)} if hours else {}


def _limited(form: Mapping[str, str]) -> list[int]:
    """The lines of the form that name a service to hold to a maximum."""
    return [n for n in range(1, limits_of(form) + 1) if form.get(f"max_service_{n}")]


def limits_of(form: Mapping[str, str]) -> int:
    """How many lines for maximums the form has."""
    filled = [n for n in range(1, MOST_LIMITS + 1) if form.get(f"max_service_{n}")]
    return min(max([LEAST_LIMITS, *(n + 1 for n in filled)]), MOST_LIMITS)


def _number(written: str) -> int | str:
    """As a number; what isn't one is refused by the schema, in words."""
    return int(written) if re.fullmatch("[0-9]{1,6}", written.strip()) else written


def _named_desks(form: Mapping[str, str]) -> list[tuple[int, str]]:
    """(group, desk) of all that were named; one without a name where only services were marked."""
    named: list[tuple[int, str]] = []
    for n in range(1, groups_of(form) + 1):
        names = [each.strip() for each in form.get(desks_field(n), "").split(",") if each.strip()]
        if not names and _marked(form, f"service_{n}_"):
            names = [""]
        named += [(n, name) for name in names]
    return named


def desks_field(group: int) -> str:
    """The field with the names of a group's desks; the first one's is where errors lead."""
    return "desks" if group == 1 else f"desks_{group}"


def groups_of(form: Mapping[str, str]) -> int:
    """How many groups of desks the form has."""
    written = form.get("groups", "")
    return min(max(int(written), 1), MOST_GROUPS) if re.fullmatch("[0-9]", written) else 1


def _marked(form: Mapping[str, str], prefix: str) -> list[str]:
    return [n.removeprefix(prefix) for n, value in form.items() if n.startswith(prefix) and value]


class _Skills(Skilled):
    def __init__(self, skills: Sequence[str]) -> None:
        self.skills = skills


def _skills(form: Mapping[str, str], group: int) -> dict[str, Any]:
    marked = _Skills(_marked(form, f"skill_{group}_"))
    return {
        "languages": marked.languages,
        "interpreters": marked.interpreters,
        "accessible": marked.accessible,
    }


def _breaks(form: Mapping[str, str]) -> list[dict[str, str]]:
    breaks = []
    for written in form.get("breaks", "").split(","):
        if written.strip():
            match = _BREAK.fullmatch(written)
            begins, ends = (_clock(each) for each in match.groups()) if match else ("", "")
            breaks.append({"begins": begins, "ends": ends})
    return breaks


def _clock(written: str) -> str:
    """«9:00» and «9» as 09:00."""
    hour, _colon, minute = written.partition(":")
    return f"{hour.zfill(2)}:{minute or '00'}"


def _rule_of(form: Mapping[str, str]) -> str:
    """The RRULE of the weekdays that are marked, or none."""
    days = [day for day in WEEKDAYS if form.get(f"weekday_{day}")]
    every, until = form.get("every", ""), form.get("until", "").replace("-", "")
    end = f";UNTIL={until}" if re.fullmatch("[0-9]{8}", until) else ""
    if not days:
        return ""
    if every in NTH:
        return f"FREQ=MONTHLY;BYDAY={','.join(f'{NTH[every]}{day}' for day in days)}{end}"
    interval = WEEKS.get(every, 1)
    step = f";INTERVAL={interval}" if interval > 1 else ""
    return f"FREQ=WEEKLY{step};BYDAY={','.join(days)}{end}"


def rule_in_words(rule: str) -> str:
    """«Cada dos semanas: lunes, miércoles»; a rule that no form makes shows as it is."""
    parts = dict(part.partition("=")[::2] for part in rule.split(";"))
    days = [re.fullmatch(r"(-?\d)?([A-Z]{2})", each) for each in parts.get("BYDAY", "").split(",")]
    nth = {day[1] for day in days if day}
    interval = parts.get("INTERVAL", "1")
    known = {"FREQ", "BYDAY", "UNTIL"} | ({"INTERVAL"} if parts["FREQ"] == "WEEKLY" else set())
    if not all(days) or len(nth) != 1 or parts.keys() - known:
        return rule
    (which,) = nth
    by_number = {str(n): c for c, n in (WEEKS if which is None else NTH).items()}
    code = by_number.get(interval if which is None else which)
    if code is None or (which is None) != (parts["FREQ"] == "WEEKLY"):
        return rule
    names = dict(zip(WEEKDAYS, (name for _n, name in weekday_names()), strict=True))
    return f"{EVERY[code]}: {', '.join(names[day[2]] for day in days if day)}"


def form_field_errors(errors: Errors, form: Mapping[str, str]) -> Errors:
    """Errors by the form's fields, in its words."""
    by_field: Errors = {}
    groups = [n for n, _name in _named_desks(form)]
    for name, messages in errors.items():
        field, code = _field_of(name, groups)
        field = _kept_field(name, form) or field
        if code == "rrule" and _rule_of(form):
            code = ""
        said = [str(_WORDS_OF[code])] if code in _WORDS_OF else messages
        known = by_field.setdefault(field, [])
        known += [message for message in said if message not in known]
    return {name: by_field[name] for name in sorted(by_field, key=_place_in_form)}


def _kept_field(name: str, form: Mapping[str, str]) -> str:
    """The field of an error about kept places or a maximum; none for one about something else."""
    field, at, what = [*name.split("."), "", ""][:3]
    if field == "reserves":
        share = _reserved(form)[int(at)] if at else Share.WALK_INS
        return f"{'release' if what == 'release_hours' else 'reserve'}_{share}"
    if field == "daily_maximums":
        return f"max_{next((n for n in _limited(form) if form[f'max_service_{n}'] == at), 1)}"
    return ""


def _place_in_form(field: str) -> int:
    return _FROM_TOP.index(field) if field in _FROM_TOP else len(_FROM_TOP)


def _field_of(name: str, groups: list[int]) -> tuple[str, str]:
    """The form's field of an error, and which of the words above say what is wrong with it."""
    field, _dot, rest = name.partition(".")
    if field == "desks" and rest:
        at, _dot, what = rest.partition(".")
        return desks_field(groups[int(at)]), what.partition(".")[0]
    if field == "desks":
        return field, "" if groups else "desks"
    if field == "place":
        return {"time_zone": "place_zone"}.get(rest, f"place_{rest}"), ""
    if field == "rrule":
        return "weekdays", "rrule"
    return field, "breaks" if field == "breaks" and rest else ""


def form_of_hours(thing: Any, desks: Iterable[DeskPlan]) -> dict[str, str]:
    """The form's answers that describe a session, or a series, as it is."""
    breaks = ", ".join(f"{begins}-{ends}" for begins, ends in thing.breaks)
    form = {"opens": f"{thing.opens:%H:%M}", "closes": f"{thing.closes:%H:%M}", "breaks": breaks}
    alike: dict[tuple[frozenset[str], frozenset[str]], list[str]] = {}
    for desk in desks:
        alike.setdefault((frozenset(desk.services), frozenset(desk.skills)), []).append(desk.name)
    for n, ((services, skills), names) in enumerate(alike.items(), start=1):
        form[desks_field(n)] = ", ".join(names)
        form |= {f"service_{n}_{code}": "1" for code in services}
        form |= {f"skill_{n}_{skill}": "1" for skill in skills}
    for kept in reserves_from_json(thing.reserves):
        form[f"reserve_{kept.share}"] = str(kept.places)
        form[f"release_{kept.share}"] = (
            "" if kept.release_hours is None else str(kept.release_hours)
        )
    for n, (service, most) in enumerate(sorted(thing.daily_maximums.items()), start=1):
        form |= {f"max_service_{n}": service, f"max_{n}": str(most)}
    return {**form, "groups": str(max(1, len(alike)))}


def choices(session: Session, form: Mapping[str, str], zone: str) -> dict[str, Any]:
    """What the form offers: services, skills, time zones, weekdays, and groups of desks."""
    zones = {row.time_zone for row in list_consulates(session)} | {form.get("place_zone") or zone}
    return {
        "services": bookable_services(session),
        "skills": [{"value": code, "label": words} for code, words in SKILLS.items()],
        "zones": in_order([{"value": each, "label": _zone_name(each)} for each in sorted(zones)]),
        "weekdays": [
            {"value": code, "label": name}
            for code, (_number, name) in zip(WEEKDAYS, weekday_names(), strict=True)
        ],
        "every": [{"value": code, "label": words} for code, words in EVERY.items()],
        "groups": range(1, groups_of(form) + 1),
        "most_groups": MOST_GROUPS,
        "shares": [{"value": each.value, "label": words(_SHARE, each)} for each in Share],
        "limits": range(1, limits_of(form) + 1),
        "labels": _labels(form),
    }


def _labels(form: Mapping[str, str]) -> dict[str, str]:
    """Words of the fields of which there are several."""
    labels = {}
    for share in Share:
        who = words(_SHARE, share)
        labels[f"reserve_{share}"] = gettext("%(who)s: lugares en cada turno", who=who)
        said = gettext("%(who)s: horas antes de abrir en que se sueltan", who=who)
        labels[f"release_{share}"] = said
    for n in range(1, limits_of(form) + 1):
        labels[f"max_service_{n}"] = gettext("Trámite %(number)s", number=n)
        labels[f"max_{n}"] = gettext("Cuántos al día, trámite %(number)s", number=n)
    for n in range(2, groups_of(form) + 1):
        labels[desks_field(n)] = gettext("Ventanillas, grupo %(number)s", number=n)
    return labels


def _zone_name(zone: str) -> str:
    return str(get_timezone_location(zone, locale=get_locale(), return_city=True))


def changed(wanted: dict[str, Any], current: Any, desks: Sequence[DeskPlan]) -> dict[str, Any]:
    """The same changes, without what stays as it is."""
    kept = {
        "opens": current.opens,
        "closes": current.closes,
        "breaks": list(breaks_from_json(current.breaks)),
        "daily_maximums": dict(current.daily_maximums),
    }
    same = {name for name, value in kept.items() if wanted[name] == value}
    if _as_set(wanted["desks"]) == _as_set(desks):
        same.add("desks")
    if set(wanted["reserves"] or ()) == set(reserves_from_json(current.reserves)):
        same.add("reserves")
    return {name: None if name in same else value for name, value in wanted.items()}


def _as_set(desks: Iterable[DeskPlan]) -> set[tuple[str, frozenset[str], frozenset[str]]]:
    return {(desk.name, frozenset(desk.services), frozenset(desk.skills)) for desk in desks}


def kept_in_words(thing: Any, names: Mapping[str, str]) -> list[str]:
    """Places that a session or a series keeps, and its maximums, a line each."""
    lines = []
    for each in reserves_from_json(thing.reserves):
        values = {"who": words(_SHARE, each.share), "places": each.places}
        if each.release_hours is None:
            lines.append(gettext("%(who)s: %(places)s en cada turno", **values))
        else:
            said = gettext(
                "%(who)s: %(places)s en cada turno, hasta %(hours)s horas antes de abrir",
                hours=each.release_hours,
                **values,
            )
            lines.append(said)
    for code, most in sorted(thing.daily_maximums.items()):
        service = names.get(code, code)
        lines.append(gettext("A lo más %(most)s al día: %(service)s", most=most, service=service))
    return lines
