"""Figures and the lines that they add up, as tables to take away: of API and pages alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from consular.db import transaction
from consular.i18n import MEXICO_CITY, in_language, translated, words
from consular.spreadsheets import Column, Table, as_file
from services.consulates.queries import list_consulates, list_services
from services.enrollments.programs.registry import PROGRAMS
from services.monitoring.dimensions import Dimension
from services.monitoring.figures import AskIndicator, Figures, figures
from services.monitoring.indicators import Indicator
from services.monitoring.lines import Line, count_lines, read_lines
from services.monitoring.targets import targets_of_rows
from services.monitoring.words import PAYOUTS_AND_MODES

# Those whose values are codes, with words beside them.
_NAMED = (Dimension.PROGRAM, Dimension.CONSULATE, Dimension.MODE, Dimension.STATUS)


@dataclass(frozen=True)
class Names:
    """What codes are called in the reader's language, and the clocks of the offices."""

    offices: Mapping[str, str]
    programs: Mapping[str, str]
    zones: Mapping[str, str]
    statuses: str

    def of(self, dimension: Dimension, code: str | None) -> str | None:
        """The words of a code; the code where it has none."""
        if code is None:
            return None
        if dimension == Dimension.STATUS:
            return words(self.statuses, code)
        known = self.offices if dimension == Dimension.CONSULATE else self.programs
        return known.get(code, code)


def export_figures(form: str, ask: AskIndicator) -> Response:
    """The figures of a question, as the API answers them, with words beside codes."""
    with transaction() as session:
        counted = figures(session, ask)
        names = read_names(session, counted.indicator)
        targets = targets_of_rows(session, counted, ask)
        return as_file(_figures_table(counted, ask, names, targets), form)


def export_lines(form: str, ask: AskIndicator) -> Response:
    """The lines that the question's figure adds up."""
    with transaction() as session:
        # Its moment is one before which nothing more can be recorded: the lines stay the same.
        by = tuple(dimension for dimension in ask.by if dimension is Dimension.ELECTION)
        counted = figures(session, replace(ask, by=by, compare=False, since=None))
        ask = replace(ask, as_of=counted.as_of, only=counted.only)
        names = read_names(session, counted.indicator)
        count = count_lines(session, ask)
        of_election = Dimension.ELECTION in counted.indicator.by
        rows = (_line(line, names, of_election) for line in read_lines(session, ask))
        about = _about(counted, ask)
        table = Table(
            _name("lines", counted, count), _line_columns(of_election), rows, count, about
        )
        return as_file(table, form)


def _figures_table(
    counted: Figures, ask: AskIndicator, names: Names, targets: Sequence[Decimal | None]
) -> Table:
    dimensions = [d for d in ask.by if d is not Dimension.STATUS] + [Dimension.STATUS]
    columns = [column for d in dimensions for column in _columns_of(d)]
    columns.append(Column("value", str(_("Valor"))))
    if ask.compare:
        columns.append(Column("compared", str(_("Periodo anterior"))))
    if ask.since:
        columns.append(Column("before", str(_("Antes"))))
    if ask.compare or ask.since:
        columns.append(Column("difference", str(_("Diferencia"))))
    rows = [_figure(row, dimensions, names) for row in counted.rows]
    if any(target is not None for target in targets):
        columns.append(Column("target", str(_("Meta"))))
        for row, target in zip(rows, targets, strict=True):
            row.append(None if target is None else int(target))
    name = _name("figures", counted, len(rows))
    return Table(name, columns, rows, about=_about(counted, ask))


def _figure(row: Mapping[str, Any], dimensions: Sequence[Dimension], names: Names) -> list[Any]:
    cells: list[Any] = []
    for dimension in dimensions:
        code = row[dimension]
        cells += [code, names.of(dimension, code)] if dimension in _NAMED else [code]
    cells.append(row["value"])
    if "compared" in row:
        cells += [row["compared"], row["value"] - row["compared"]]
    if "before" in row:
        cells += [row["before"], row["difference"]]
    return cells


def _columns_of(dimension: Dimension) -> list[Column]:
    said = words("monitoring.dimension", dimension)
    if dimension not in _NAMED:
        return [Column(dimension.value, said)]
    code = Column(dimension.value, str(_("%(what)s (clave)", what=said)))
    return [code, Column(f"{dimension}_name", said)]


def _line_columns(of_election: bool) -> list[Column]:
    election = (Dimension.ELECTION,) if of_election else ()
    split = (Dimension.DAY, Dimension.CONSULATE, Dimension.PROGRAM, *election, Dimension.STATUS)
    return [
        *(column for dimension in split for column in _columns_of(dimension)),
        Column("value", str(_("Valor"))),
        # Excel reads no day with its time from a CSV, but it reads the day.
        Column("recorded_on", str(_("Día en que se registró"))),
        Column("recorded_at", str(_("Registrado (reloj de la oficina)"))),
        Column("time_zone", str(_("Zona horaria"))),
        Column("utc_offset", str(_("Diferencia con UTC"))),
    ]


def _line(line: Line, names: Names, of_election: bool) -> list[Any]:
    zone = names.zones.get(line.consulate or "", MEXICO_CITY)
    recorded = line.recorded_at.astimezone(ZoneInfo(zone)).replace(microsecond=0)
    return [
        line.day,
        line.consulate,
        names.of(Dimension.CONSULATE, line.consulate),
        line.program,
        names.of(Dimension.PROGRAM, line.program),
        *([line.election] if of_election else []),
        line.status,
        names.of(Dimension.STATUS, line.status),
        line.value,
        recorded.date(),
        recorded,
        zone,
        f"UTC{_offset(recorded)}",
    ]


def _offset(moment: datetime) -> str:
    """As ``-08:00``."""
    return moment.isoformat()[-6:]


def _about(counted: Figures, ask: AskIndicator) -> list[tuple[Column, Any]]:
    """What was asked, what it means and as of when: enough to ask it again."""
    indicator = counted.indicator
    cut_off = counted.as_of.astimezone(ZoneInfo(MEXICO_CITY))
    asked: list[tuple[str, Any, Any]] = [
        ("indicator", _("Indicador"), indicator.code),
        ("name", _("Nombre"), in_language(indicator, "name")),
        ("counts", _("Qué cuenta"), in_language(indicator, "counts")),
        ("unit", _("Unidad (clave)"), indicator.unit.value),
        ("cut_off", _("Corte"), cut_off.replace(microsecond=0)),
        ("cut_off_zone", _("Zona horaria del corte"), MEXICO_CITY),
        ("as_of", _("Corte exacto, para preguntar lo mismo (as_of)"), _iso(counted.as_of)),
        ("from", _("Desde (día de la oficina, incluido)"), ask.first),
        ("to", _("Hasta (día de la oficina, incluido)"), ask.last),
        ("by", _("Desglose"), ",".join(ask.by) or None),
        ("since", _("Cambios desde (exacto)"), _iso(ask.since) if ask.since else None),
        ("filters", _("Solo"), ",".join(f"{d}={v}" for d, v in counted.only.items()) or None),
        ("total", _("Suma de los valores"), sum(row["value"] for row in counted.rows)),
        ("source", _("Fuente"), str(_("Consular: hechos que registró este sistema"))),
    ]
    return [(Column(code, str(said)), value) for code, said, value in asked]


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def _name(kind: str, counted: Figures, count: int) -> str:
    """A file's name, which says how many rows it must have: nothing is lost unnoticed."""
    moment = counted.as_of.astimezone(UTC)
    return f"{counted.indicator.code}-{kind}-{moment:%Y%m%dT%H%M%SZ}-{count}-rows"


def read_names(session: Session, indicator: Indicator) -> Names:
    """What the codes of an indicator are called."""
    offices = list_consulates(session)
    services = {row.code: in_language(row, "name") for row in list_services(session)}
    programs = {code: translated(program.name) for code, program in PROGRAMS.items()}
    others = {code: words("monitoring.program", code) for code in PAYOUTS_AND_MODES}
    return Names(
        offices={row.code: in_language(row, "name") for row in offices},
        programs={**services, **programs, **others},
        zones={row.code: row.time_zone for row in offices},
        statuses=indicator.words,
    )
