"""What a question is called, in the language of whoever reads about it."""

from __future__ import annotations

from collections.abc import Mapping

from babel import Locale
from sqlalchemy.orm import Session

from services.alerts.rules import Level, Watch
from services.alerts.words import ELECTION, LEVELS
from services.consulates.queries import get_consulate, list_consulates, list_services
from services.enrollments.programs.registry import PROGRAMS
from services.kernel.catalogue import translate
from services.kernel.errors import Invalid
from services.monitoring.dimensions import Dimension
from services.monitoring.indicators import INDICATORS, Indicator, Unit
from services.monitoring.words import PAYOUTS_AND_MODES, UNITS
from services.words import TABLES

_LOCALES = {"es": Locale("es", "MX"), "en": Locale("en", "US")}


def locale_of(language: str) -> Locale:
    """The locale of numbers and days."""
    return _LOCALES[language]


def name_of(
    session: Session, indicator: Indicator, dimension: Dimension, code: str | None, language: str
) -> str:
    """What a value of a dimension is called; a dash where there is none."""
    if code is None or code == "":
        return "–"
    if dimension is Dimension.CONSULATE:
        office = get_consulate(session, code)
        return office.name_en if language == "en" else office.name_es
    if dimension is Dimension.COUNTRY:
        return str(locale_of(language).territories.get(code, code))
    if dimension is Dimension.STATUS:
        return translate(TABLES[indicator.words].get(code, code), language)
    if dimension is Dimension.ELECTION:
        return translate(ELECTION, language) % {"year": code}
    return program_names(session, language).get(code, code)


def program_names(session: Session, language: str) -> Mapping[str, str]:
    """Every value that ``program`` may have: services, programs, payouts, modes of voting."""
    english = language == "en"
    return {
        **{row.code: row.name_en if english else row.name_es for row in list_services(session)},
        **{code: program.name.read_in(language) for code, program in PROGRAMS.items()},
        **{code: translate(said, language) for code, said in PAYOUTS_AND_MODES.items()},
    }


def check_narrowed(
    session: Session, consulate: str | None, country: str | None, program: str | None
) -> None:
    """Raise NotFound for an unknown office; Invalid ``alert_unknown_country``,
    ``alert_unknown_program``: under what nobody knows nothing is ever counted."""
    if consulate:
        get_consulate(session, consulate)
    if country and country not in {row.country for row in list_consulates(session)}:
        raise Invalid("alert_unknown_country", field="country")
    if program and program not in program_names(session, "es"):
        raise Invalid("alert_unknown_program", field="program")


def indicator_name(code: str, language: str) -> str:
    """What an indicator or a service level is called."""
    if code in frozenset(Level):
        return translate(LEVELS[code], language)
    indicator = INDICATORS[code]
    return indicator.name_en if language == "en" else indicator.name_es


def unit_of(code: str, language: str) -> str:
    """What one is, in words."""
    if code in frozenset(Level):
        unit = Unit.PEOPLE if code == Level.WAITING else Unit.ENROLLMENTS
        return translate(UNITS[unit], language)
    return translate(UNITS[INDICATORS[code].unit], language)


def question_name(session: Session, watch: Watch, language: str) -> str:
    """«Citas por estado (Atendida, Consulado de México en Chicago)»."""
    name = indicator_name(watch.indicator, language)
    # A service level has no words of statuses: none is asked of it.
    indicator = INDICATORS.get(watch.indicator, next(iter(INDICATORS.values())))
    parts = [
        name_of(session, indicator, dimension, code, language)
        for dimension, code in watch.only.items()
    ]
    if not watch.status and not watch.is_level:
        counted = [status for status in indicator.statuses if status in indicator.achieved]
        if len(counted) < len(indicator.statuses):
            said = TABLES[indicator.words]
            parts += [translate(said[status], language) for status in counted]
    return f"{name} ({', '.join(parts)})" if parts else name
