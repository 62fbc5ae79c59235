"""Figures as the page shows them: tables by status and by day, one chart, published series."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from flask_babel import gettext as _

from consular.i18n import date_short, in_language, in_own_language, number, words
from consular.pages.group_figures.presenters import revised, value_of
from consular.pages.portal.names import program_name
from services.appointments.rules import ENDS, LIVE
from services.appointments.rules import Status as AppointmentStatus
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.rules import Status as EnrollmentStatus
from services.kernel.collation import alphabetical
from services.monitoring.dimensions import Dimension
from services.monitoring.figures import Figures
from services.monitoring.words import PAYOUTS_AND_MODES

BARS = 10
_CANCELLED = AppointmentStatus.CANCELLED.value


# What a line of days says of each indicator: these statuses, added up.
_BY_DAY: Mapping[str, Sequence[Collection[str]]] = {
    "appointments": (
        frozenset(AppointmentStatus) - {AppointmentStatus.CANCELLED},
        LIVE,
        *({status} for status in ENDS),
    ),
    "enrollments": (frozenset(EnrollmentStatus), {EnrollmentStatus.ACTIVE}),
}


def table(figures: Figures, by: Dimension, names: Mapping[str, str]) -> dict[str, Any]:
    """Return an indicator as a table: programs or offices down, statuses across, with totals."""
    by_name = _sums(figures.rows, by.value, names)
    present = {row["status"] for row in figures.rows}
    order = [str(status) for status in figures.indicator.statuses]
    statuses = sorted(present, key=lambda s: (order.index(s) if s in order else len(order), s))
    return {
        "title": _titles().get((figures.indicator.code, by)) or name_of(figures),
        "head": _("Oficina") if by is Dimension.CONSULATE else _("Programa o trámite"),
        "statuses": [words(figures.indicator.words, s) for s in statuses],
        "rows": [
            {"name": name, "values": _line(counts, statuses)}
            for name, counts in sorted(by_name.items(), key=lambda pair: alphabetical(pair[0]))
        ],
        "totals": _line(_total(by_name), statuses) if len(by_name) > 1 else None,
    }


def by_day(figures: Sequence[Figures], first: date, last: date) -> dict[str, Any]:
    """Days down; across, how each indicator went that day. Days without anything are left out."""
    codes = [each.indicator.code for each in figures]
    lines: dict[date, list[int]] = defaultdict(list)
    for day in sorted({row["day"] for each in figures for row in each.rows}):
        for each in figures:
            counts = {row["status"]: row["value"] for row in each.rows if row["day"] == day}
            lines[day] += [sum(counts.get(s, 0) for s in c) for c in _BY_DAY[each.indicator.code]]
    days = {day: values for day, values in lines.items() if any(values)}
    totals = [number(sum(column)) for column in zip(*days.values(), strict=True)]
    return {
        "caption": _("Del %(first)s al %(last)s", first=date_short(first), last=date_short(last)),
        "head": [words for code in codes for words in _day_words()[code]],
        "rows": [[_day(day), *map(number, values)] for day, values in days.items()],
        "totals": [_("Total"), *totals] if len(days) > 1 else None,
        "notes": [_day_notes()[code] for code in codes],
    }


def chart(figures: Figures, by: Dimension, names: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the bar chart of appointments not cancelled, largest first, with its finding."""
    counts: dict[str, int] = defaultdict(int)
    for row in figures.rows:
        if row["status"] != _CANCELLED:
            counts[row[by.value] or ""] += row["value"]
    named = [(names.get(key, key), value) for key, value in counts.items()]
    rows = sorted(named, key=lambda pair: (-pair[1], alphabetical(pair[0])))
    if not rows or rows[0][1] < 1:
        return None
    return {
        "title": _finding(rows),
        "axis": _("Citas sin contar las canceladas"),
        "caption": _("Citas por oficina") if by is Dimension.CONSULATE else _("Citas por trámite"),
        "head": _("Oficina") if by is Dimension.CONSULATE else _("Trámite"),
        "rows": [
            {"label": name, "value": value, "text": number(value)}
            for name, value in rows[:BARS]
            if value > 0
        ],
        "table_rows": [[name, number(value)] for name, value in rows],
    }


def name_of(figures: Figures) -> str:
    """The indicator in the reader's language."""
    return str(in_language(figures.indicator, "name"))


def programs(services: Mapping[str, str]) -> dict[str, str]:
    """Every value that `program` may have, in words: services, programs, payouts, modes."""
    return {
        **services,
        **{code: program_name(code) for code in PROGRAMS},
        **{code: words("monitoring.program", code) for code in PAYOUTS_AND_MODES},
    }


def published(row: Any) -> list[str]:
    """One line of a published series, with the reservations of its source."""
    value = f"{value_of(row.value)} {words('monitoring.unit', row.unit)}"
    period, note, source = (in_own_language(row, name) for name in ("period", "note", "source"))
    said = f"{source} ({note})" if note else source
    said = " ".join(filter(None, (said, revised(row))))
    return [in_language(row, "label"), row.programme, period, value, said]


def meaning(figures: Figures) -> str:
    """Return what one unit of the indicator is, and on which day it counts."""
    return " ".join(in_language(figures.indicator, name) for name in ("counts", "day"))


def _day(day: date) -> str:
    """Format a day so that it stays on one line in a narrow column."""
    return date_short(day).replace(" ", "\N{NO-BREAK SPACE}")


def _titles() -> dict[tuple[str, Dimension], str]:
    """Where the indicator's own name doesn't tell one table from another."""
    return {("enrollments", Dimension.CONSULATE): _("Inscripciones por oficina y estado")}


def _day_words() -> dict[str, list[str]]:
    return {
        "appointments": [
            _("Citas"),
            _("Pendientes"),
            *(words("appointments.counted", status) for status in ENDS),
        ],
        "enrollments": [_("Inscripciones pedidas"), _("De ellas, aprobadas")],
    }


def _day_notes() -> dict[str, str]:
    return {
        "appointments": _(
            "Citas: en el día de la cita, sin las canceladas. Pendientes son las reservadas, las"
            " que están en la sala de espera y las que están en ventanilla."
        ),
        "enrollments": _(
            "Inscripciones: en el día en que se pidieron. Las aprobadas son las que lo están en el"
            " corte, aunque se hayan aprobado otro día."
        ),
    }


def _finding(rows: Sequence[tuple[str, int]]) -> str:
    name, most = rows[0]
    total = sum(value for _name, value in rows)
    if len(rows) == 1:
        return str(_("%(name)s: %(total)s citas", name=name, total=number(total)))
    return str(
        _(
            "%(name)s reúne %(most)s de %(total)s citas",
            name=name,
            most=number(most),
            total=number(total),
        )
    )


def _sums(
    rows: Sequence[Mapping[str, Any]], by: str, names: Mapping[str, str]
) -> dict[str, dict[str, int]]:
    sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        name = names.get(row[by], row[by]) or _("Sin oficina")
        sums[name][row["status"]] += row["value"]
    return sums


def _total(by_name: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = defaultdict(int)
    for counts in by_name.values():
        for status, value in counts.items():
            total[status] += value
    return total


def _line(counts: Mapping[str, int], statuses: Sequence[str]) -> list[str]:
    """Formatted counts in the order of the columns; their sum comes last."""
    return [*(number(counts.get(s, 0)) for s in statuses), number(sum(counts.values()))]
