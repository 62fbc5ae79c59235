"""Each indicator on a page of its own: what it is, its figures, targets, what others published."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from sqlalchemy.orm import Session

from consular.auth import ANALYSTS, MONITORS, actor, allow, now
from consular.db import transaction
from consular.input.monitoring import IndicatorQuery
from consular.input.reported import TargetSchema, numbers_of
from consular.pages.drafts import answers, draft, finish
from consular.pages.forms import Errors, check, form_errors, pick, read_fields
from consular.pages.indicators import presenters
from consular.pages.monitoring.blueprint import with_moment
from consular.pages.monitoring.downloads import links_to
from consular.pages.portal.names import offices
from services.consulates.queries import get_consulate
from services.kernel.errors import Invalid, NotFound
from services.monitoring.dimensions import Dimension
from services.monitoring.figures import AskIndicator, figures
from services.monitoring.indicators import INDICATORS, Indicator
from services.monitoring.published import list_series
from services.monitoring.targets import list_progress, list_target_revisions, list_until, set_target

pages = Blueprint("indicator_pages", __name__, url_prefix="/monitoring/indicators")
PERIOD = ("from", "to", "as_of")
NARROWED = ("consulate", "country", "program", "mode", "election", "status")
_EVERYTHING: dict[str, Any] = dict.fromkeys(NARROWED)
TARGET = ("period", "program", "consulate", "value", "source", "reason")


@pages.get("/")
@allow(MONITORS)
def indicators() -> str:
    """List the indicators, each with its unit and what it is about."""
    return render_template(
        "indicators/indicators.html",
        indicators=[presenters.entry(each) for each in INDICATORS.values()],
    )


@pages.get("/<code:code>")
@allow(MONITORS)
def indicator(code: str) -> str:
    """Show one: its record, its figures by the chosen dimensions, targets, published series."""
    known = _get(code)
    chosen = [name for part in request.args.getlist("by") for name in part.split(",") if name]
    form: dict[str, Any] = pick(request.args.to_dict(), *PERIOD, *NARROWED, "compare")
    errors: Errors = {}
    asked = with_moment(form)
    ask = check(IndicatorQuery(), {**asked, **({"by": ",".join(chosen)} if chosen else {})}, errors)
    context: dict[str, Any] = {}
    with transaction() as session:
        try:
            context = _figures(session, known, replace(ask, code=code)) if ask else {}
        except Invalid as refused:
            errors |= form_errors(refused)
        as_of = context.get("as_of")
        rivals = [presenters.published(row) for row in list_series(session, known.rivals, as_of)]
        consulates = offices(session, every=True) if known.has_offices else []
    return render_template(
        "indicators/indicator.html",
        indicator=presenters.entry(known),
        record=presenters.record(known),
        choices=presenters.dimension_choices(known, chosen),
        consulates=consulates,
        rivals=rivals,
        may_set=actor().role in ANALYSTS,
        filters=form,
        errors=errors,
        **context,
    )


@pages.get("/<code:code>/targets")
@allow(MONITORS)
def targets(code: str) -> str:
    """List every target that was set, with the form that sets one."""
    known = _get(code)
    with transaction() as session:
        names = presenters.names_of(session, known)
        history = [
            presenters.target_revision(session, row, names)
            for row in list_target_revisions(session, code)
        ]
    return render_template(
        "indicators/targets.html",
        indicator=presenters.entry(known),
        programs=presenters.choices_of(names[Dimension.PROGRAM]),
        consulates=presenters.choices_of(names[Dimension.CONSULATE]) if known.has_offices else [],
        history=history,
        may_set=actor().role in ANALYSTS,
        done="done" in request.args,
        form=draft().form,
        errors=draft().errors(_read_target),
    )


@pages.post("/<code:code>/targets")
@allow(ANALYSTS)
def target_set(code: str) -> Response:
    """Set a target; the one before stays readable."""
    command = replace(_read_target(answers(), None), indicator=code)
    with transaction() as session:
        set_target(session, command, now=now(), actor=actor())
    return finish(url_for(".targets", code=code, done="1"))


def _figures(session: Session, known: Indicator, ask: AskIndicator) -> dict[str, Any]:
    """The figures as asked, and the targets and published series as of the same moment. Raises
    NotFound for an office that doesn't exist, and as `figures`."""
    if office := ask.only.get(Dimension.CONSULATE):
        get_consulate(session, office)
    counted = figures(session, ask)
    names = presenters.names_of(session, known)
    printed = list_series(session, known.published, counted.as_of)
    until = list_until(session, known, [row.day or row.period for row in printed], counted.as_of)
    same: dict[str, Any] = {
        "by": ",".join(ask.by) or None,
        "from": ask.first,
        "to": ask.last,
        "compare": "previous" if ask.compare else None,
        **{dimension.value: value for dimension, value in ask.only.items()},
    }
    return {
        "as_of": counted.as_of,
        "same_url": url_for(".indicator", code=known.code, as_of=counted.as_of.isoformat(), **same),
        "table": presenters.table(counted, ask.by, names, compared=ask.compare),
        "election": counted.election,
        "elections_url": url_for(
            ".indicator", code=known.code, **{**same, "by": ",".join([*ask.by, Dimension.ELECTION])}
        ),
        "files": links_to(replace(ask, as_of=counted.as_of), known.code, *ask.by),
        "only": presenters.narrowed(ask.only, names),
        "whole_url": url_for(".indicator", code=known.code, **{**same, **_EVERYTHING}),
        "targets": [
            presenters.progress(each, names)
            for each in list_progress(session, known, counted.as_of)
        ],
        "published": [
            presenters.beside(row, ours) for row, ours in zip(printed, until, strict=True)
        ],
    }


def _get(code: str) -> Indicator:
    if code not in INDICATORS:
        raise NotFound()
    return INDICATORS[code]


def _read_target(form: dict[str, str], errors: Errors | None) -> Any:
    return read_fields(TargetSchema(), numbers_of(pick(form, *TARGET)), errors)
