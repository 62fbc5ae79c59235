"""What independent workers pay IMSS: the whole employer's and worker's quota of five insurances
(LSS 222-II-a, 227, 228-II). An estimate: no table of IMSS was found, and it sets the class of risk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from services.enrollments.programs.schema import Bilingual, Estimate, Part
from services.enrollments.tariffs.tables import Row, in_force, since, sources
from services.kernel.money import Money, percent_half_up

# A month's pay is that of thirty days (LSS 29-II); quotas are due for each day of the calendar.
DAYS_OF_PAY = 30
DAYS_OF_YEAR = 365
PERIODS = {"monthly": 12, "two_monthly": 6, "half_yearly": 2, "yearly": 1}
# Of the law's five classes of risk (LSS 73), three in words.
CLASSES = {"low": "1", "middle": "3", "high": "5"}
INSURANCES: Mapping[str, Bilingual] = {
    "sickness": Bilingual("Enfermedades y maternidad", "Sickness and maternity"),
    "risk": Bilingual("Riesgos de trabajo", "Accidents at work"),
    "disability": Bilingual("Invalidez y vida", "Disability and life"),
    "old_age": Bilingual("Retiro, cesantía y vejez", "Retirement and old age"),
    "day_care": Bilingual("Guarderías y prestaciones sociales", "Day care and social benefits"),
}
LIMIT_UMA = 25  # LSS 28, in UMA since the decree of 2016-01-27
_FLOOR = Bilingual(
    "Se calcula con el salario mínimo de la zona, que es lo menos con que se puede cotizar.",
    "It is worked out with the zone's minimum wage, the least on which one can pay.",
)
_CEILING = Bilingual(
    "Se calcula con el tope de la ley, porque ganas más.",
    "It is worked out with the limit of the law, because you earn more.",
)


class Charge(NamedTuple):
    """A rate in force: the insurance, what it is a percentage of, and its row."""

    insurance: str
    base: str
    percent: Decimal
    row: Row


class Bases(NamedTuple):
    """Centavos a day: what rates are a percentage of."""

    income: Fraction
    uma: Fraction
    wage: Fraction

    def of(self, name: str) -> Fraction:
        """The base by its name in the table."""
        if name == "over_3_uma":
            return max(Fraction(0), self.income - 3 * self.uma)
        return self.uma if name == "uma" else self.income


def work_out(answers: Mapping[str, Any], on: date) -> Estimate:
    """A part for each insurance, for a whole ``period``. ``income`` is a month's in pesos, ``zone``
    the minimum wage's, ``risk`` how dangerous the work is. Raises TariffUnknown."""
    values = {row["code"]: row for row in in_force("imss_daily_values", on, key=_code)}
    earned = Fraction(Money.parse(**answers["income"]).minor, DAYS_OF_PAY)
    bases = _bases(earned, values, answers["zone"])
    charges = list(_charges(bases, CLASSES[answers["risk"]], on))
    rows = [*values.values(), *(charge.row for charge in charges)]
    days = Fraction(DAYS_OF_YEAR, PERIODS[answers["period"]])
    return Estimate(
        parts=tuple(_part(name, charges, bases, days) for name in INSURANCES),
        valid_from=since(rows),
        sources=sources(rows),
        notes=_notes(earned, bases.income),
    )


def _code(row: Row) -> str:
    return row["code"]


def _bases(earned: Fraction, values: Mapping[str, Row], zone: str) -> Bases:
    """The day's income within the law's limits (LSS 28, 227)."""
    uma, wage = (_centavos(values[code]) for code in ("uma", f"wage_{zone}"))
    return Bases(min(max(earned, wage), LIMIT_UMA * uma), uma, wage)


def _centavos(row: Row) -> Fraction:
    return Fraction(Money.parse(row["mxn"], "MXN").minor)


def _charges(bases: Bases, risk: str, on: date) -> Iterator[Charge]:
    rates = in_force("imss_rates", on, key=lambda row: (row["insurance"], row["legal"]))
    for row in rates:
        yield Charge(row["insurance"], row["base"], row.number("percent"), row)
    for row in in_force("imss_risk_rates", on):
        if row["class"] == risk:
            yield Charge("risk", "income", row.number("percent"), row)
    old_age = next(row for row in in_force("imss_old_age_rates", on) if _reaches(row, bases))
    yield Charge("old_age", "income", old_age.number("percent"), old_age)


def _reaches(row: Row, bases: Bases) -> bool:
    """Whether the income is within the bracket, of which the narrower ones stand first."""
    match row["up_to_uma"]:
        case "wage":
            return bases.income <= bases.wage
        case "":
            return True
        case limit:
            return bases.income <= Fraction(limit) * bases.uma


def _part(name: str, charges: list[Charge], bases: Bases, days: Fraction) -> Part:
    """What the insurance costs for so many days, rounded once."""
    own = [charge for charge in charges if charge.insurance == name]
    exact = sum(bases.of(charge.base) * Fraction(charge.percent) for charge in own) * days
    legal = "; ".join(dict.fromkeys(charge.row["legal"] for charge in own))
    amount = Money(percent_half_up(Fraction(exact), Decimal(1)), "MXN")
    return Part(name, INSURANCES[name], amount, legal)


def _notes(earned: Fraction, counted: Fraction) -> tuple[Bilingual, ...]:
    if earned == counted:
        return ()
    return (_FLOOR,) if earned < counted else (_CEILING,)
