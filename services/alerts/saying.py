"""Say a rule and what it found in a sentence: the same on the page and in the message."""

from __future__ import annotations

from datetime import UTC, date
from decimal import Decimal
from urllib.parse import urlencode

from babel.dates import format_date
from babel.numbers import format_decimal
from sqlalchemy.orm import Session

from services.alerts.names import locale_of, question_name, unit_of
from services.alerts.reading import Reading, asked_days, of_one_election
from services.alerts.rules import COMPARES, Span, Watch
from services.alerts.words import (
    CONDITIONS_SAID,
    DAY,
    DAYS,
    FIGURE,
    NO_TARGET,
    NOTHING_BEFORE,
    NOW,
    VERDICTS,
)
from services.kernel.catalogue import translate


def say_figure(session: Session, watch: Watch, reading: Reading, language: str) -> str:
    """«Citas por estado (Atendida), 24 nov 2026: 128 citas. Es menos que el mínimo de 150.»"""
    watch = of_one_election(session, watch, reading.first, reading.last, reading.as_of)
    figure = translate(FIGURE, language) % {
        "about": question_name(session, watch, language),
        "days": say_days(watch.span, reading.first, reading.last, language),
        "value": number(reading.value, language),
        "unit": unit_of(watch.indicator, language),
    }
    return f"{figure} {_verdict(watch, reading, language)}"


def _verdict(watch: Watch, reading: Reading, language: str) -> str:
    if reading.against is None or reading.holds is None:
        return translate(NO_TARGET, language)
    if watch.condition in COMPARES and not reading.against:
        return translate(NOTHING_BEFORE, language)
    text = VERDICTS[watch.condition, reading.holds]
    return translate(text, language) % {
        "against": number(reading.against, language),
        "limit": number(watch.limit or 0, language),
        "change": change(reading.value, reading.against, language),
    }


def say_condition(watch: Watch, language: str) -> str:
    """«Menos de 150»."""
    text = translate(CONDITIONS_SAID[watch.condition], language)
    return text % {"limit": number(watch.limit or 0, language)}


def say_days(span: Span, first: date, last: date, language: str) -> str:
    """Its days in words; what is looked at now has none."""
    if span is Span.NOW:
        return translate(NOW, language)
    days = [format_date(day, "d MMM y", locale=locale_of(language)) for day in (first, last)]
    if first == last:
        return translate(DAY, language) % {"day": days[0]}
    return translate(DAYS, language) % {"first": days[0], "last": days[1]}


def number(value: Decimal | int, language: str) -> str:
    """With separators, and a decimal only where there are some."""
    return str(format_decimal(value, "#,##0.#", locale=locale_of(language)))


def change(value: int, before: Decimal | int, language: str) -> str:
    """«+12.5 %»; a dash where there was nothing before."""
    if not before:
        return "–"
    percent = (Decimal(value) - before) * 100 / before
    said = format_decimal(percent, "+#,##0.#;-#,##0.#", locale=locale_of(language))
    return f"{said}\N{NO-BREAK SPACE}%"


def address_of(watch: Watch, reading: Reading) -> str:
    """The page's address of the same question with the same cutoff; a service level's page shows
    how it is when it is opened."""
    if watch.is_level:
        office = {"consulate": watch.consulate} if watch.consulate else {}
        return f"/monitoring/service-levels?{urlencode(office)}".rstrip("?")
    first, last = asked_days(watch, reading.first, reading.last)
    asked = {
        **{dimension.value: value for dimension, value in watch.only.items()},
        **({"from": first} if first else {}),
        **({"to": last} if last else {}),
        "as_of": reading.as_of.astimezone(UTC).isoformat(),
    }
    return f"/monitoring/indicators/{watch.indicator}?{urlencode(asked)}"
