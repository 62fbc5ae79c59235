"""The charts of the overview and of one office: each is made of figures, with its table.

Page and picture are made by the same function, so that they can't differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

from babel.dates import format_date
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from consular.charts.drawing import Area, Bars, Chart, Funnel, Item, Line, Map, Span, Trend
from consular.i18n import city_in_language, number
from consular.pages.monitoring.blueprint import Question, days_in_words
from consular.pages.monitoring.notes import Pinned, marks_of_offices, pinned_notes
from consular.pages.monitoring.presenters import programs
from consular.pages.portal.names import service_names
from services.appointments.rules import CAME
from services.appointments.rules import Status as AppointmentStatus
from services.consulates.queries import list_consulates
from services.enrollments.rules import ANSWERED, APPROVED, NOT_SENT
from services.enrollments.rules import Status as EnrollmentStatus
from services.kernel.collation import alphabetical
from services.monitoring.dimensions import Dimension
from services.monitoring.key_figures import (
    KeyFigure,
    Month,
    by_dimension,
    by_month,
    by_status_of,
    targets_of_offices,
)
from services.monitoring.targets import Progress

BARS = 10
HOME = "US"
Draw = Callable[[Session, Question], Chart | None]


def served_trend(session: Session, question: Question) -> Chart | None:
    """Appointments served, month by month."""
    return _trend(session, question, KeyFigure.SERVED, _("Citas atendidas"))


def enrolled_trend(session: Session, question: Question) -> Chart | None:
    """People enrolled, by the month in which they asked."""
    return _trend(session, question, KeyFigure.ENROLLED, _("Inscripciones aprobadas"))


def unmet_trend(session: Session, question: Question) -> Chart | None:
    """Searches without a place, month by month."""
    return _trend(session, question, KeyFigure.UNMET, _("Búsquedas sin lugar"))


def _trend(session: Session, question: Question, figure: KeyFigure, what: str) -> Chart | None:
    months = by_month(session, figure, question.period)
    value, before = (sum(getattr(m, name) for m in months) for name in ("value", "before"))
    if not value and not before:
        return None
    notes = pinned_notes(session, question)
    labels = tuple(_month(month.first, with_year=False) for month in months)
    lines = (
        Line(_("Estos meses"), _known(months), number(months[-1].value)),
        Line(_("Año anterior"), tuple(m.before for m in months), number(months[-1].before)),
    )
    return Chart(
        _("%(what)s: %(value)s en %(months)s meses, %(change)s", what=what, value=number(value),
          months=len(months), change=change(value, before)),
        foot(question, months[0].first),
        Trend(labels, lines, _spans(months, notes)),
        (_("Mes"), _("Estos meses"), _("Año anterior"), _("Cambio"), _("Notas")),
        tuple(_month_row(m, notes, question.period.last) for m in reversed(months)),
    )  # fmt: skip


def _known(months: Sequence[Month]) -> tuple[int | None, ...]:
    """Nothing was counted before the first month that has something."""
    first = next((n for n, month in enumerate(months) if month.value), 0)
    return tuple(month.value if n >= first else None for n, month in enumerate(months))


def _spans(months: Sequence[Month], notes: Sequence[Pinned]) -> tuple[Span, ...]:
    """The months that each note touches."""
    ends = [*(month.first - timedelta(days=1) for month in months[1:]), date.max]
    spans = []
    for note in notes:
        touched = [
            n
            for n, month in enumerate(months)
            if note.first <= ends[n] and note.last >= month.first
        ]
        if touched:
            spans.append(Span(touched[0], touched[-1], note.mark))
    return tuple(spans)


def _month_row(month: Month, notes: Sequence[Pinned], last: date) -> tuple[str, ...]:
    end = min(_next_month(month.first) - timedelta(days=1), last)
    cut_short = end == last and _next_month(month.first) - timedelta(days=1) != last
    name = _month(month.first, with_year=True)
    said = _("%(month)s (parcial)", month=name) if cut_short else name
    marks = " ".join(n.mark for n in notes if n.first <= end and n.last >= month.first)
    return (
        said,
        number(month.value),
        number(month.before),
        percent(month.value, month.before),
        marks,
    )


def _next_month(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1)


def _month(day: date, *, with_year: bool) -> str:
    """«nov» or «nov 26»; January always with its year."""
    pattern = "LLL yy" if with_year or day.month == 1 else "LLL"
    said = str(format_date(day, pattern, locale=get_locale()))
    return said.replace(".", "").replace(" ", "\N{NO-BREAK SPACE}")


def map_of_offices(
    session: Session, question: Question, *, area: Area, figure: KeyFigure
) -> Chart | None:
    """Offices with their figure, where most of them are or everywhere."""
    offices = [office for office in offices_by_rank(session, question, figure) if office.code]
    if area is Area.UNITED_STATES:
        offices = [office for office in offices if office.country == HOME]
    total = sum(office.value for office in offices)
    if not total:
        return None
    said = {
        "where": _("En Estados Unidos") if area is Area.UNITED_STATES else _("En el mundo"),
        "value": number(total),
        "offices": number(sum(1 for office in offices if office.value)),
    }
    findings = {
        KeyFigure.SERVED: _("%(where)s: %(value)s citas atendidas en %(offices)s oficinas", **said),
        KeyFigure.ENROLLED: _(
            "%(where)s: %(value)s inscripciones aprobadas en %(offices)s oficinas", **said
        ),
    }
    return Chart(
        findings[figure],
        foot(question),
        Map(area, tuple(office.item for office in offices)),
        *office_table(question, offices, figure),
    )


@dataclass(frozen=True)
class Office:
    """One line of the ranking."""

    code: str
    country: str
    item: Item
    before: int
    target: Progress | None = None

    @property
    def value(self) -> int:
        """Its figure."""
        return self.item.value

    def row(self, *, with_target: bool) -> tuple[str, ...]:
        """Its cells."""
        compared = (number(self.before), percent(self.value, self.before))
        target = (self._of_target(),) if with_target else ()
        return (self.item.label, self.item.text, *compared, *target, self.item.mark)

    def _of_target(self) -> str:
        if self.target is None:
            return ""
        wanted = int(self.target.target.value)
        part = share(self.target.reached, wanted)
        return str(_("%(part)s de %(wanted)s", part=part, wanted=number(wanted)))


def ranking(session: Session, question: Question) -> Chart | None:
    """Offices by appointments served, the most first."""
    return _ranking(session, question, KeyFigure.SERVED)


def enrolled_ranking(session: Session, question: Question) -> Chart | None:
    """Offices by people enrolled, the most first."""
    return _ranking(session, question, KeyFigure.ENROLLED)


def _ranking(session: Session, question: Question, figure: KeyFigure) -> Chart | None:
    offices = offices_by_rank(session, question, figure)
    total = sum(office.value for office in offices)
    if not total:
        return None
    first = offices[0].item
    said = {"name": first.label, "most": first.text, "total": number(total)}
    findings = {
        KeyFigure.SERVED: _("%(name)s atiende %(most)s de %(total)s citas", **said),
        KeyFigure.ENROLLED: _("%(name)s: %(most)s de %(total)s inscripciones aprobadas", **said),
    }
    return Chart(
        findings[figure],
        foot(question),
        Bars(tuple(office.item for office in offices[:BARS] if office.value)),
        *office_table(question, offices, figure),
    )


def offices_by_rank(session: Session, question: Question, figure: KeyFigure) -> list[Office]:
    """Offices with their figure, now and a year before, the most first; what has no office has a
    line as well."""
    period = question.period
    now, before = (
        by_dimension(session, figure, each, Dimension.CONSULATE)
        for each in (period, period.year_before)
    )
    marks = marks_of_offices(pinned_notes(session, question))
    targets = targets_of_offices(session, figure, period)
    told = {*now, *before, *marks, *targets}
    offices = [
        Office(
            row.code,
            row.country,
            _item(row, now.get(row.code, 0), marks),
            before.get(row.code, 0),
            targets.get(row.code),
        )
        for row in list_consulates(session)
        if row.code in told
    ]
    if "" in now or "" in before:
        value = now.get("", 0)
        offices.append(
            Office("", "", Item(_("Sin oficina"), value, number(value)), before.get("", 0))
        )
    return sorted(offices, key=lambda office: (-office.value, alphabetical(office.item.label)))


def _item(office: Any, value: int, marks: Mapping[str, str]) -> Item:
    place = (float(office.latitude), float(office.longitude))
    name = city_in_language(office)
    return Item(name, value, number(value), marks.get(office.code, ""), place, office.code)


def office_table(
    question: Question, offices: Sequence[Office], figure: KeyFigure
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Head and rows of a ranking; with targets only where an office has one of its own."""
    enrolled = figure is KeyFigure.ENROLLED
    what = _("Inscripciones aprobadas") if enrolled else _("Citas atendidas")
    with_target = any(office.target for office in offices)
    of_year = _("Meta de %(year)s", year=question.period.last.year)
    target = (of_year,) if with_target else ()
    head = (_("Oficina"), what, _("Año anterior"), _("Cambio"), *target, _("Notas"))
    return head, tuple(office.row(with_target=with_target) for office in offices)


def enrollment_funnel(session: Session, question: Question) -> Chart | None:
    """How far the requests of the period came, all together and by program."""
    counts = by_status_of(session, "enrollments", question.period, Dimension.PROGRAM)
    steps = (
        (_("Pedidas"), frozenset(EnrollmentStatus)),
        (_("Enviadas"), frozenset(EnrollmentStatus) - NOT_SENT),
        (_("Con respuesta"), ANSWERED),
        (_("Aprobadas"), APPROVED),
    )
    return _funnel(
        question, counts, steps, programs({}), _("Programa"),
        lambda share: _("Se aprobó el %(share)s de las inscripciones", share=share),
    )  # fmt: skip


def appointment_funnel(session: Session, question: Question) -> Chart | None:
    """What became of the appointments of the period, all together and by service."""
    counts = by_status_of(session, "appointments", question.period, Dimension.PROGRAM)
    steps = (
        (_("Reservadas"), frozenset(AppointmentStatus)),
        (
            _("No canceladas"),
            frozenset(AppointmentStatus) - {AppointmentStatus.CANCELLED},
        ),
        (_("Llegaron"), CAME),
        (_("Atendidas"), frozenset({AppointmentStatus.COMPLETED})),
    )
    return _funnel(
        question, counts, steps, service_names(session), _("Trámite"),
        lambda share: _("Se atendió el %(share)s de las citas", share=share),
    )  # fmt: skip


def _funnel(
    question: Question,
    counts: Mapping[str, Mapping[str, int]],
    steps: Sequence[tuple[str, frozenset[str]]],
    names: Mapping[str, str],
    head: str,
    finding: Callable[[str], str],
) -> Chart | None:
    lines = {
        names.get(key, key): [sum(v for s, v in by.items() if s in step) for _name, step in steps]
        for key, by in counts.items()
    }
    whole = [sum(column) for column in zip(*lines.values(), strict=True)]
    if not whole or not whole[0]:
        return None
    items = [
        Item(
            name, value, number(value) if n == 0 else f"{number(value)} ({share(value, whole[0])})"
        )
        for n, ((name, _step), value) in enumerate(zip(steps, whole, strict=True))
    ]
    rows = sorted(lines.items(), key=lambda line: -line[1][0])
    return Chart(
        finding(share(whole[-1], whole[0])),
        foot(question),
        Funnel(tuple(items)),
        (head, *(name for name, _step in steps)),
        tuple((name, *map(number, values)) for name, values in rows),
    )


def unmet(session: Session, question: Question) -> Chart | None:
    """Searches for an appointment that found no place, by service."""
    counts = by_dimension(session, KeyFigure.UNMET, question.period, Dimension.PROGRAM)
    total = sum(counts.values())
    if total < 1:
        return None
    names = service_names(session)
    items = [
        Item(names.get(code, code), value, number(value))
        for code, value in sorted(counts.items(), key=lambda pair: -pair[1])
    ]
    return Chart(
        _("%(service)s: %(most)s de %(total)s búsquedas sin lugar", service=items[0].label,
          most=items[0].text, total=number(total)),
        foot(question),
        Bars(tuple(items[:BARS])),
        (_("Trámite"), _("Búsquedas sin lugar"), _("Parte")),
        tuple((item.label, item.text, share(item.value, total)) for item in items),
    )  # fmt: skip


CHARTS: Mapping[str, Draw] = {
    "served": served_trend,
    "enrolled": enrolled_trend,
    "unmet-trend": unmet_trend,
    "united-states": partial(map_of_offices, area=Area.UNITED_STATES, figure=KeyFigure.SERVED),
    "world": partial(map_of_offices, area=Area.WORLD, figure=KeyFigure.SERVED),
    "united-states-enrolled": partial(
        map_of_offices, area=Area.UNITED_STATES, figure=KeyFigure.ENROLLED
    ),
    "world-enrolled": partial(map_of_offices, area=Area.WORLD, figure=KeyFigure.ENROLLED),
    "offices": ranking,
    "offices-enrolled": enrolled_ranking,
    "enrollments": enrollment_funnel,
    "appointments": appointment_funnel,
    "unmet": unmet,
}


def foot(question: Question, first: date | None = None) -> str:
    """Under each chart: its days and its cutoff."""
    days = days_in_words(first or question.period.first, question.period.last)
    return str(_("Del %(days)s. Corte: %(when)s.", days=days, when=question.cutoff))


def change(value: int, before: int) -> str:
    """«8 % más que el año anterior», in words."""
    if not before:
        return str(_("sin datos del año anterior"))
    points = round(100 * abs(value - before) / before)
    if points == 0:
        same = _("igual que el año anterior")
        return str(same if value == before else _("casi igual que el año anterior"))
    by = f"{number(points)} %"
    if value > before:
        return str(_("%(by)s más que el año anterior", by=by))
    return str(_("%(by)s menos que el año anterior", by=by))


def percent(value: int, before: int) -> str:
    """«+8 %», «−8 %», or a dash where there is nothing to compare with."""
    if not before:
        return "–"
    points = round(100 * (value - before) / before)
    sign = "+" if points > 0 else "−" if points < 0 else ""
    return f"{sign}{number(abs(points))} %"


def share(value: int, whole: int) -> str:
    """«34 %»."""
    return f"{number(round(100 * value / whole))} %" if whole else "–"
