"""Figures of the working groups as the pages and the file show them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from consular.i18n import (
    MEXICO_CITY,
    date_long,
    in_language,
    in_order,
    in_own_language,
    number,
    words,
)
from services.monitoring.queries import Reported
from services.monitoring.rules import ReportedUnit
from services.staff.accounts import find_name


def group_name(group: int) -> str:
    """«Grupo 3»."""
    return str(_("Grupo %(number)s", number=group))


def value_of(value: Decimal) -> str:
    """The number as people read it, with the decimals that it has."""
    return str(number(int(value) if value == value.to_integral_value() else value.normalize()))


def revised(row: Any) -> str:
    """Since when a published value stands in the place of another of its period; empty where there
    was no other."""
    if row.revised_at is None:
        return ""
    day, before = date_long(row.revised_at, MEXICO_CITY), value_of(row.value_before)
    return str(_("Revisada el %(day)s; antes decía %(value)s.", day=day, value=before))


def by_group(rows: Sequence[Reported]) -> list[dict[str, Any]]:
    """Each group that reported anything, with its figures."""
    return [
        {"name": group_name(group), "rows": [figure(row) for row in figures]}
        for group, figures in groupby(rows, key=attrgetter("group_number"))
    ]


def figure(row: Reported) -> dict[str, Any]:
    """One figure in the reader's language."""
    return {
        "id": row.id,
        "row": row,
        "name": in_language(row, "name"),
        "group": group_name(row.group_number),
        "session": row.session_number,
        "period": row.period,
        "value": f"{value_of(row.value)} {words('monitoring.unit', row.unit)}",
        "cut_off": row.cut_off,
        "source": in_own_language(row, "source"),
        "note": in_own_language(row, "note"),
        "revision": row.revision,
        "reason": row.reason,
        "at": row.entered_at,
    }


def shown(session: Session, row: Reported) -> dict[str, Any]:
    """A revision, with who wrote it down: nobody for what came with the program."""
    by = find_name(session, row.entered_by) if row.entered_by else None
    return {**figure(row), "by": by}


def typed(row: Reported) -> dict[str, str]:
    """The figure in force, as the form to correct it has it at first."""
    return {
        "value": f"{row.value.normalize():f}",
        "cut_off": row.cut_off.isoformat() if row.cut_off else "",
        "source": in_own_language(row, "source"),
        "note": in_own_language(row, "note") or "",
    }


def line(row: Reported) -> list[Any]:
    """A line of the file, in the order of its columns; a reason is for a correction to give."""
    value = f"{row.value.normalize():f}"
    return [row.session_number, row.period, row.code, value, row.unit, row.cut_off,
            row.source, row.note, None]  # fmt: skip


def indicator_choices(rows: Sequence[Any]) -> list[dict[str, str]]:
    """«Grupo 3: Vacantes (vacantes)», for a list of choices."""
    return [
        {
            "value": row.code,
            "label": f"{group_name(row.group_number)}: {in_language(row, 'name')}"
            f" ({words('monitoring.unit', row.unit)})",
        }
        for row in rows
    ]


def unit_choices() -> Sequence[Any]:
    """Units in the alphabet of the reader."""
    return in_order(
        [{"value": unit.value, "label": words("monitoring.unit", unit)} for unit in ReportedUnit]
    )
