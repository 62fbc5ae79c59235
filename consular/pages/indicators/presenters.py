"""An indicator as its page shows it: record, figures, targets, and what others published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from consular.i18n import (
    country_name,
    date_short,
    in_language,
    in_order,
    in_own_language,
    number,
    words,
)
from consular.pages.group_figures.presenters import revised, value_of
from consular.pages.monitoring.presenters import programs
from consular.pages.portal.names import offices, service_names
from services.consulates.queries import list_states
from services.enrollments.programs.registry import PROGRAMS
from services.facts.people import AgeBand, Sex
from services.monitoring.dimensions import Dimension
from services.monitoring.figures import Figures
from services.monitoring.indicators import DayZone, Flow, Indicator, Subject
from services.monitoring.targets import Progress
from services.remittances.rules import Payout
from services.staff.accounts import find_name
from services.voting.rules import Mode

# A table of more is for a file.
MOST_ROWS = 300
Names = Mapping[Dimension, Mapping[str, str]]


def entry(indicator: Indicator) -> dict[str, Any]:
    """An indicator in a list."""
    said = {name: in_language(indicator, name) for name in ("name", "counts", "day", "program")}
    unit = words("monitoring.unit", indicator.unit)
    return {**said, "code": indicator.code, "unit": unit, "group": indicator.group}


def record(indicator: Indicator) -> list[dict[str, Any]]:
    """What an indicator is, line by line."""
    said = entry(indicator)
    return [
        {"label": _("Qué cuenta"), "value": said["counts"]},
        {"label": _("Unidad"), "value": said["unit"]},
        {"label": _("Personas o solicitudes"), "value": _subjects()[indicator.subject]},
        {"label": _("Se suma entre periodos"), "value": _flows()[indicator.flow]},
        {"label": _("Día al que pertenece"), "value": said["day"]},
        {"label": _("Reloj de ese día"), "value": _zones()[indicator.zone]},
        {"label": _("De qué trata"), "value": said["program"]},
        {"label": _("De dónde sale"), "value": in_language(indicator, "source")},
        {"label": _("Grupo de trabajo"), "value": str(indicator.group)},
        {"label": _("Código"), "value": indicator.code},
    ]


def dimension_choices(indicator: Indicator, chosen: Sequence[str]) -> list[dict[str, Any]]:
    """The boxes to split the figures by; by status they always are."""
    return [
        {
            "value": each.value,
            "label": words("monitoring.dimension", each),
            "chosen": each.value in chosen,
        }
        for each in indicator.dimensions
        if each is not Dimension.STATUS
    ]


def names_of(session: Session, indicator: Indicator) -> Names:
    """What the values of each dimension are called."""
    kinds = _kinds(session, indicator)
    places = {place["code"]: place["name"] for place in offices(session, every=True)}
    return {
        Dimension.PROGRAM: kinds,
        Dimension.MODE: kinds,
        Dimension.CONSULATE: places,
        Dimension.ORIGIN: {state.curp_code: state.name_es for state in list_states(session)},
        Dimension.SEX: {sex.value: words("monitoring.sex", sex) for sex in Sex},
        Dimension.AGE: {b.value: words("monitoring.age_band", b) for b in AgeBand},
        Dimension.STATUS: {s.value: words(indicator.words, s) for s in indicator.statuses},
    }


def _kinds(session: Session, indicator: Indicator) -> dict[str, str]:
    """What ``program`` is of its facts, by code: services, programs, payouts or modes of voting."""
    services = service_names(session)
    known = programs(services)
    if Dimension.PROGRAM not in indicator.dimensions:
        own: set[str] = set()
    elif indicator.kind == "enrollment":
        own = set(PROGRAMS)
    elif indicator.kind == "remittance":
        own = {*Payout}
    elif indicator.kind.startswith("vote_count"):
        own = {*Mode, "all"}
    else:
        own = set(services)
    return {code: name for code, name in known.items() if code in own}


def table(
    figures: Figures, by: Sequence[Dimension], names: Names, *, compared: bool = False
) -> dict[str, Any]:
    """A line for each combination of the chosen dimensions and the status, and their sum;
    ``compared`` with as many days before."""
    split = [each for each in by if each is not Dimension.STATUS] + [Dimension.STATUS]
    shown = figures.rows[:MOST_ROWS]
    measured = ("value", "compared") if compared else ("value",)
    totals = {name: sum(row[name] for row in figures.rows) for name in measured}
    return {
        "head": [*(words("monitoring.dimension", each) for each in split)],
        "beside": [_("Periodo anterior"), _("Diferencia")] if compared else [],
        "rows": [
            [*(_value(each, row[each.value], names) for each in split), *_numbers(row)]
            for row in shown
        ],
        "foot": [_("Total"), *[""] * (len(split) - 1), *_numbers(totals)],
        "hidden": number(len(figures.rows) - len(shown)) if len(figures.rows) > MOST_ROWS else "",
    }


def _numbers(row: Mapping[str, Any]) -> list[str]:
    """A line's value; where it is compared, also that of before and the difference."""
    if "compared" not in row:
        return [number(row["value"])]
    more = row["value"] - row["compared"]
    return [
        number(row["value"]),
        number(row["compared"]),
        f"{'+' if more > 0 else ''}{number(more)}",
    ]


def narrowed(only: Mapping[Dimension, str], names: Names) -> str:
    """«Oficina: Consulado de México en Chicago; Estado: Atendida», or nothing."""
    parts = (
        f"{words('monitoring.dimension', each)}: {_value(each, value, names)}"
        for each, value in only.items()
    )
    return "; ".join(parts)


def published(row: Any) -> dict[str, Any]:
    """One figure of a published series, as printed."""
    return {
        "label": in_language(row, "label"),
        "programme": row.programme,
        "period": in_own_language(row, "period"),
        "value": f"{value_of(row.value)} {words('monitoring.unit', row.unit)}",
        "note": in_own_language(row, "note"),
        "source": in_own_language(row, "source"),
        "revised": revised(row),
    }


def beside(row: Any, ours: int | None) -> dict[str, Any]:
    """The same, beside what was counted here up to the end of its period."""
    return {**published(row), "ours": "" if ours is None else number(ours)}


def progress(each: Progress, names: Names) -> dict[str, Any]:
    """A target in force, and how far it is."""
    value = int(each.target.value)
    share = f"{number(round(Decimal(100 * each.reached) / value, 1))} %" if value else ""
    return {
        **_target(each.target, names),
        "reached": number(each.reached),
        "share": share,
    }


def target_revision(session: Session, row: Any, names: Names) -> dict[str, Any]:
    """A target that was set, by whom, when and why."""
    by = find_name(session, row.entered_by) if row.entered_by else None
    said = {"revision": row.revision, "reason": row.reason, "by": by, "at": row.entered_at}
    return {**_target(row, names), **said}


def choices_of(names: Mapping[str, str]) -> Sequence[Any]:
    """What a target may be for: one of these."""
    return in_order([{"value": code, "label": name} for code, name in names.items()])


def _target(row: Any, names: Names) -> dict[str, Any]:
    program = _value(Dimension.PROGRAM, row.program, names) if row.program else _("Todos")
    office = row.consulate_code
    return {
        "period": row.period,
        "program": program,
        "office": _value(Dimension.CONSULATE, office, names) if office else _("Toda la red"),
        "value": value_of(row.value),
        "source": row.source,
    }


def _value(dimension: Dimension, value: Any, names: Names) -> str:
    if value is None:
        return str(_("Sin dato"))
    if dimension is Dimension.DAY:
        return str(date_short(value))
    if dimension is Dimension.COUNTRY:
        return country_name(value)
    return str(names.get(dimension, {}).get(value, value))


def _subjects() -> dict[Subject, str]:
    return {
        Subject.PEOPLE: _("Personas: cada quien cuenta una vez"),
        Subject.REQUESTS: _("Solicitudes: una persona puede tener varias"),
    }


def _flows() -> dict[Flow, str]:
    return {
        Flow.FLOW: _("Sí: cuenta lo que pasó en cada día"),
        Flow.STOCK: _("No: cuenta cuántos hay al final"),
    }


def _zones() -> dict[DayZone, str]:
    return {
        DayZone.OFFICE: _("El de cada oficina, en su zona horaria"),
        DayZone.MEXICO_CITY: _("El de la Ciudad de México (America/Mexico_City)"),
    }
