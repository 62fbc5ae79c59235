"""Rules that watch figures, as their pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from consular.auth import actor
from consular.i18n import (
    MEXICO_CITY,
    country_name,
    current_language,
    date_short,
    in_order,
    moment,
    words,
)
from consular.pages.portal.names import offices
from services.alerts.names import indicator_name, program_names, question_name
from services.alerts.queries import Told, list_readers, reading_of
from services.alerts.reading import Reading
from services.alerts.reporting import about, write_report
from services.alerts.rules import Condition, Covers, Every, Level, Span, Watch
from services.alerts.saying import address_of, say_condition, say_figure
from services.alerts.scheduling import BY
from services.consulates.queries import list_consulates
from services.kernel.audit import OFFICE_ROLES
from services.messages.queries import list_about
from services.monitoring.indicators import INDICATORS
from services.staff.accounts import find_name

Choices = Sequence[Any]


def listed(session: Session, rule: Any) -> dict[str, Any]:
    """A line of the list."""
    return {
        "id": rule.id,
        "question": question_name(session, rule.watch, current_language()),
        "span": words("alerts.span", rule.span),
        "condition": say_condition(rule.watch, current_language()),
        "paused": rule.paused_at is not None,
        "looked_at": rule.looked_at,
    }


def shown(session: Session, rule: Any) -> dict[str, Any]:
    """A rule with who made it, why, and whom it tells."""
    readers = list_readers(session, rule.id)
    return {
        **listed(session, rule),
        "why": rule.why,
        "made_by": find_name(session, rule.made_by) or "",
        "made_at": rule.made_at,
        "paused_by": find_name(session, rule.paused_by) if rule.paused_by else None,
        "paused_at": rule.paused_at,
        "readers": [each.name for each in readers if not each.stopped],
        "stopped": [each.name for each in readers if each.stopped],
        "tells_me": any(each.account == actor().account_id and not each.stopped
                        for each in readers),
    }  # fmt: skip


def reading(session: Session, watch: Watch, seen: Reading) -> dict[str, Any]:
    """What a rule finds, in a sentence, and whether it would tell."""
    return {
        "said": say_figure(session, watch, seen, current_language()),
        "holds": seen.holds,
        "cutoff": moment(seen.as_of, MEXICO_CITY, True),
        "address": address_of(watch, seen),
    }


def question(session: Session, watch: Watch) -> list[dict[str, str]]:
    """What is asked and when it tells, for a summary."""
    language = current_language()
    return [
        {"label": str(_("Qué se vigila")), "value": question_name(session, watch, language)},
        {"label": str(_("De cuándo")), "value": words("alerts.span", watch.span)},
        {"label": str(_("Avisa si")), "value": say_condition(watch, language)},
    ]


def told(session: Session, watch: Watch, each: Told) -> dict[str, Any]:
    """What was told, and what became of the message to each reader."""
    return {
        **reading(session, watch, reading_of(each.notice)),
        "state": words("alerts.state", each.notice.state),
        "at": _when(each.notice.at),
        "readers": ", ".join(
            f"{delivery.name} ({_delivery(delivery.state)})" for delivery in each.deliveries
        ),
    }


def _delivery(state: str | None) -> str:
    return words("messages.state", state).lower() if state else str(_("por enviar"))


def _when(at: datetime) -> str:
    return moment(at, MEXICO_CITY)


def choices(session: Session) -> dict[str, Choices]:
    """What may be chosen for a rule: by an office's staff, their own service levels."""
    levels = [_choice(level, indicator_name(level, current_language())) for level in Level]
    programs = program_names(session, current_language())
    common = {"programs": in_order([_choice(*each) for each in programs.items()])}
    if actor().role in OFFICE_ROLES:
        simple = (Condition.ABOVE, Condition.BELOW)
        return {**common, "indicators": levels, "spans": _words("alerts.span", (Span.NOW,)),
                "conditions": _words("alerts.condition", simple)}  # fmt: skip
    indicators = [_choice(code, indicator_name(code, current_language())) for code in INDICATORS]
    countries = {row.country for row in list_consulates(session)}
    places = [
        _choice(p["code"], f"{p['city']} — {p['name']}") for p in offices(session, every=True)
    ]
    return {
        **common,
        "indicators": indicators + levels,
        "consulates": places,
        "countries": in_order([_choice(code, country_name(code)) for code in countries]),
        "statuses": _statuses(),
        "spans": _words("alerts.span", Span),
        "conditions": _words("alerts.condition", Condition),
    }


def report_choices(session: Session) -> dict[str, Choices]:
    """What may be chosen for a report."""
    known = choices(session)
    own = [each for each in known["indicators"] if each["value"] in INDICATORS]
    return {
        **{name: known[name] for name in ("programs", "consulates", "countries", "statuses")},
        "indicators": own,
        "dimensions": [_choice(each, words("monitoring.dimension", each)) for each in BY],
        "covers": _words("alerts.covers", Covers),
        "every": _words("alerts.every", Every),
        "hours": [_choice(str(hour), f"{hour}:00") for hour in range(24)],
    }


def report(session: Session, row: Any) -> dict[str, Any]:
    """A report by schedule: what, when and to whom."""
    return {
        "id": row.id,
        "question": about(session, row, current_language()),
        "by": words("monitoring.dimension", row.by),
        "covers": words("alerts.covers", row.covers),
        "when": str(
            _(
                "%(every)s a las %(hour)s (hora de la Ciudad de México)",
                every=words("alerts.every", row.every),
                hour=f"{row.hour}:00",
            )
        ),
        "reader": find_name(session, row.staff_id) or "",
        "made_by": find_name(session, row.made_by) or "",
        "stopped_at": row.stopped_at,
    }


def run(session: Session, row: Any, sent: Any) -> dict[str, Any]:
    """A report that was sent, and what became of its message."""
    written = write_report(session, row, sent)
    states = [words("messages.state", each.state).lower() for each in list_about(session, sent.id)]
    return {
        "on": date_short(sent.due_on),
        "total": written.total,
        "days": written.days,
        "page": written.page,
        "state": ", ".join(states) or str(_("por enviar")),
    }


def _statuses() -> Choices:
    """Those of every indicator, each once: «Atendida» is of appointments, people and services."""
    said: dict[str, list[str]] = {}
    for indicator in INDICATORS.values():
        for status in indicator.statuses:
            text = words(indicator.words, status)
            if text not in said.setdefault(status.value, []):
                said[status.value].append(text)
    return in_order([_choice(code, " / ".join(texts)) for code, texts in said.items()])


def _words(table: str, codes: Any) -> Choices:
    return [_choice(code, words(table, code)) for code in codes]


def _choice(value: str, label: str) -> dict[str, str]:
    return {"value": str(value), "label": label}
