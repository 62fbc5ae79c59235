"""Rules about offices that need no database: kinds, closed days, rounding, distances."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_DOWN, Decimal
from math import asin, cos, radians, sin, sqrt

from services.kernel.money import Money

HOME_COUNTRY = "MX"
_EARTH_RADIUS_KM = 6371.0088
_SATURDAY = 5
_SUNDAY = 6
_MONDAY = 0
_THURSDAY = 3


@dataclass(frozen=True)
class ClosedDay:
    """A day on which offices of a country close, and why."""

    country: str
    day: date
    name_es: str
    name_en: str
    source: str


def round_pesos(amount: Money) -> Money:
    """Pesos to the nearest multiple of 5, a tie goes down (Ley Federal de Derechos, art. 26-A).

    Other currencies stay as they are.
    """
    if amount.currency != "MXN":
        return amount
    fives = (Decimal(amount.minor) / 500).to_integral_value(ROUND_HALF_DOWN)
    return Money(int(fives) * 500, amount.currency)


_LFPA = "Ley Federal de Procedimiento Administrativo art. 28 (reform DOF 14-11-2025)"
# The law fixes dates: they don't move to Mondays, as the labour law's holidays do.
_MEXICAN = (
    (1, 1, "Año Nuevo", "New Year's Day"),
    (2, 5, "Día de la Constitución", "Constitution Day"),
    (3, 21, "Natalicio de Benito Juárez", "Benito Juárez's Birthday"),
    (5, 1, "Día del Trabajo", "Labour Day"),
    (5, 5, "Batalla de Puebla", "Battle of Puebla"),
    (9, 1, "Informe presidencial", "Presidential Report"),
    (9, 16, "Día de la Independencia", "Independence Day"),
    (11, 20, "Día de la Revolución", "Revolution Day"),
    (12, 25, "Navidad", "Christmas Day"),
)


def mexican_days(year: int) -> list[ClosedDay]:
    """Federal non-working days of LFPA art. 28, beside Saturdays and Sundays.

    Art. 28 still says 1 December for the change of the executive every six years (2030 is the
    next), although it has moved to 1 October: the law's letter is followed, and 1 December 2030
    is a Sunday. Days that agencies publish in the DOF are not known here.
    """
    rows = list(_MEXICAN)
    if year % 6 == 2030 % 6:
        rows.append((12, 1, "Cambio del Poder Ejecutivo", "Change of the Federal Executive"))
    return [
        ClosedDay(HOME_COUNTRY, date(year, month, day), es, en, _LFPA)
        for month, day, es, en in sorted(rows)
    ]


_USC = "5 U.S.C. 6103(a)"
_USC_OBSERVED = "5 U.S.C. 6103(b); Executive Order 11582"


def us_days(year: int) -> list[ClosedDay]:
    """Legal public holidays of the United States, with the weekday on which each is observed.

    One on a Saturday is observed the Friday before, one on a Sunday the Monday after; the first
    may lie in the year before. Inauguration Day, which holds around Washington only, is left out.
    """
    days = [ClosedDay("US", day, es, en, _USC) for day, es, en in _us_holidays(year)]
    observed = [
        ClosedDay(
            "US",
            _observed(day.day),
            f"{day.name_es} (día de descanso)",
            f"{day.name_en} (observed)",
            _USC_OBSERVED,
        )
        for day in days
        if _observed(day.day) != day.day
    ]
    return sorted(days + observed, key=lambda day: day.day)


def _us_holidays(year: int) -> list[tuple[date, str, str]]:
    return [
        (date(year, 1, 1), "Año Nuevo", "New Year's Day"),
        (
            _nth(year, 1, _MONDAY, 3),
            "Día de Martin Luther King, Jr.",
            "Birthday of Martin Luther King, Jr.",
        ),
        (_nth(year, 2, _MONDAY, 3), "Natalicio de Washington", "Washington's Birthday"),
        (_last_monday_of_may(year), "Día de los Caídos", "Memorial Day"),
        (date(year, 6, 19), "Juneteenth", "Juneteenth"),
        (date(year, 7, 4), "Independencia de Estados Unidos", "Independence Day"),
        (_nth(year, 9, _MONDAY, 1), "Día del Trabajo de Estados Unidos", "Labor Day"),
        (_nth(year, 10, _MONDAY, 2), "Día de Colón", "Columbus Day"),
        (date(year, 11, 11), "Día de los Veteranos", "Veterans Day"),
        (_nth(year, 11, _THURSDAY, 4), "Día de Acción de Gracias", "Thanksgiving Day"),
        (date(year, 12, 25), "Navidad", "Christmas Day"),
    ]


def _nth(year: int, month: int, weekday: int, n: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))


def _last_monday_of_may(year: int) -> date:
    last = date(year, 5, 31)
    return last - timedelta(days=last.weekday())


def _observed(day: date) -> date:
    shift = {_SATURDAY: -1, _SUNDAY: 1}.get(day.weekday(), 0)
    return day + timedelta(days=shift)


# Host countries whose days are known. Offices elsewhere close on Mexico's days only, until a
# supervisor adds the local ones to the office's schedule.
CLOSED_DAY_RULES: Mapping[str, Callable[[int], list[ClosedDay]]] = {
    HOME_COUNTRY: mexican_days,
    "US": us_days,
}


def great_circle_km(start: tuple[float, float], end: tuple[float, float]) -> float:
    """Distance in km between two (latitude, longitude) in degrees, on a sphere (haversine)."""
    lat_1, lon_1, lat_2, lon_2 = map(radians, (*start, *end))
    chord = sin((lat_2 - lat_1) / 2) ** 2 + cos(lat_1) * cos(lat_2) * sin((lon_2 - lon_1) / 2) ** 2
    return 2 * _EARTH_RADIUS_KM * asin(min(1.0, sqrt(chord)))
