"""The pages of Working Group 4, and the question that each of them answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from consular.i18n import date_short, moment
from consular.input.monitoring import EARLIEST_YEAR, IndicatorQuery
from consular.pages.forms import Errors, check, form_errors, pick
from services.kernel.errors import Invalid
from services.monitoring.dimensions import Dimension
from services.monitoring.figures import AskIndicator, require_moment
from services.monitoring.key_figures import Period

pages = Blueprint("monitoring", __name__, url_prefix="/monitoring")
# The Secretary's clocks.
ZONE = "America/Mexico_City"
ASKED = ("consulate", "from", "to", "as_of")
# A day with its time, as a browser's field sends them.
_WALL_CLOCK = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")


@dataclass(frozen=True)
class Question:
    """Which days, as of when, of which office or of all. ``asked`` is the address's own part of it;
    what it leaves open is this year up to the cutoff."""

    period: Period
    asked: dict[str, str]

    @property
    def consulate(self) -> str | None:
        """The office's code."""
        return self.period.only.get(Dimension.CONSULATE)

    @property
    def days(self) -> str:
        """The period in words."""
        return days_in_words(self.period.first, self.period.last)

    @property
    def cutoff(self) -> str:
        """The moment in words, on the Secretary's clocks."""
        return moment(self.period.as_of, ZONE, True)

    @cached_property
    def pinned(self) -> dict[str, str]:
        """The question for addresses: asked again, it gives the same numbers."""
        return {**self.asked, "as_of": self.period.as_of.astimezone(UTC).isoformat()}

    def at(self, consulate: str) -> Question:
        """The same about one office."""
        only = {Dimension.CONSULATE: consulate}
        asked = {**self.asked, "consulate": consulate}
        return Question(replace(self.period, only=only), asked)


def days_in_words(first: date, last: date) -> str:
    """«1 ene 2026 al 26 nov 2026»."""
    return str(_("%(first)s al %(last)s", first=date_short(first), last=date_short(last)))


def asked_of_address() -> dict[str, str]:
    """What the address asks for, as it is written there."""
    return pick(request.args, *ASKED)


def with_moment(asked: dict[str, str]) -> dict[str, str]:
    """A moment that was typed, on the Secretary's clocks, as addresses have it."""
    written = asked.get("as_of", "")
    try:
        typed = datetime.fromisoformat(written) if _WALL_CLOCK.fullmatch(written) else None
    except ValueError:
        typed = None
    return {**asked, "as_of": typed.replace(tzinfo=ZoneInfo(ZONE)).isoformat()} if typed else asked


def read_question(session: Session, errors: Errors) -> Question | None:
    """The question of the address, None with what is wrong with it in ``errors``."""
    asked = with_moment(asked_of_address())
    query: AskIndicator | None = check(IndicatorQuery(), asked, errors)
    if query is None or _too_early(query, errors):
        return None
    try:
        as_of = require_moment(session, query.as_of)
    except Invalid as refused:
        errors |= form_errors(refused)
        return None
    return Question(_period(query, as_of), asked)


def show(
    session: Session, template: str, shown: Callable[[Question], Mapping[str, Any]], **always: Any
) -> str:
    """The page that answers the question of the address by what is ``shown`` of it; where the
    question is refused, with what is wrong with it."""
    errors: Errors = {}
    question = read_question(session, errors)
    answer = shown(question) if question else {}
    return render_template(template, filters=asked_of_address(), errors=errors, **always, **answer)


def _too_early(query: AskIndicator, errors: Errors) -> bool:
    """The same days of the year before are asked for too."""
    for name, day in (("from", query.first), ("to", query.last)):
        if day and day.year < EARLIEST_YEAR:
            errors[name] = [_("Esa fecha no se puede usar.")]
    return bool(errors)


def _period(query: AskIndicator, as_of: datetime) -> Period:
    today = as_of.astimezone(ZoneInfo(ZONE)).date()
    last = query.last or max(today, query.first or today)
    return Period(query.first or last.replace(month=1, day=1), last, as_of, query.only)


def page_links(endpoint: str, question: Question, **path: str) -> dict[str, Any]:
    """Addresses of a page for the same question: as of this moment, and as of now. ``path``: what
    its address has besides; an office's page has its ``code`` there."""
    left_out = {"as_of", "consulate"} if "code" in path else {"as_of"}
    asked: dict[str, Any] = {k: v for k, v in question.asked.items() if k not in left_out}
    now = url_for(endpoint, **{**asked, **path})
    pinned = url_for(endpoint, **{**asked, **path, "as_of": question.pinned["as_of"]})
    return {"same_url": pinned, "now_url": now if "as_of" in question.asked else None}
