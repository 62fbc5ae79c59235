"""What an employer would pay into the housing account: a share of the income. Who saves
voluntarily is free to pay another amount (LINFONAVIT 59 Bis)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from services.enrollments.programs.schema import Bilingual, Estimate, Part
from services.enrollments.tariffs.independent_workers import PERIODS
from services.enrollments.tariffs.tables import in_force, since, sources
from services.kernel.money import Money, percent_half_up

_NAME = Bilingual("Ahorro en la subcuenta de vivienda", "Savings in the housing account")


def work_out(answers: Mapping[str, Any], on: date) -> Estimate:
    """One part: the share of a ``period``'s income. Raises TariffUnknown."""
    rows = in_force("infonavit_rates", on)
    months = Fraction(12, PERIODS[answers["period"]])
    earned = Money.parse(**answers["income"]).minor * months
    amount = Money(percent_half_up(earned, rows[0].number("percent")), "MXN")
    return Estimate(
        parts=(Part("savings", _NAME, amount, rows[0]["legal"]),),
        valid_from=since(rows),
        sources=sources(rows),
    )
