"""The FIX exchange rate from Banco de México's SIE (series SF43718, pesos for one US dollar).

Shape and header as its public API documents them:
https://www.banxico.org.mx/SieAPIRest/service/v1/doc/consultaDatosSerieOp
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from integrations.base import TokenClient
from integrations.contracts import ExchangeRate

FIX_SERIES = "SF43718"
NOT_AVAILABLE = "N/E"


class BanxicoClient(TokenClient):
    """Implements `contracts.RateSource`. `base_url` ends before `/series`."""

    agency = "banxico"
    credential_header = "Bmx-Token"
    credential_prefix = ""

    def latest(self) -> list[ExchangeRate]:
        """The newest published rates, oldest first. Raises `Retryable` when there is none."""
        return self._ask("latest", f"series/{FIX_SERIES}/datos/oportuno", _rates)


def _rates(body: Mapping[str, Any]) -> list[ExchangeRate]:
    [series] = [s for s in body["bmx"]["series"] if s["idSerie"] == FIX_SERIES]
    rates = [
        ExchangeRate(value=_value(datum["dato"]), valid_on=_day(datum["fecha"]))
        for datum in series["datos"]
        if datum["dato"] != NOT_AVAILABLE
    ]
    if not rates:
        raise ValueError("no rate published")
    return sorted(rates, key=lambda rate: rate.valid_on)


def _value(text: str) -> Decimal:
    value = Decimal(text.replace(",", ""))
    # A rate ten times off is a broken feed, not a crisis: better none than that one.
    if not Decimal(1) < value < Decimal(1000):
        raise ValueError("not a plausible rate")
    return value


def _day(text: str) -> date:
    day, month, year = text.split("/")
    return date(int(year), int(month), int(day))
