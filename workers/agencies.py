"""The agencies as the jobs know them, built from settings."""

from __future__ import annotations

from dataclasses import dataclass

from integrations.contracts import MessageSender, PayoutAgency, RateSource, TaxRegistry
from integrations.finabien.client import FinabienClient
from integrations.notices.client import NoticesClient
from integrations.rates.client import BanxicoClient
from integrations.sat.client import SatClient
from services.kernel.settings import Settings


@dataclass(frozen=True)
class Agencies:
    """Whom a job may call. In tests any of them can be another implementation."""

    payouts: PayoutAgency
    tax: TaxRegistry
    rates: RateSource
    notices: MessageSender


def build_agencies(settings: Settings) -> Agencies:
    """Adapters with the addresses and secrets of this process. Raises `SettingsError`."""
    return Agencies(
        payouts=FinabienClient(
            settings.agency_url("FINABIEN", "/finabien"),
            settings.require("CONSULAR_FINABIEN_TOKEN"),
        ),
        tax=SatClient(
            settings.agency_url("SAT", "/sat"),
            settings.require("CONSULAR_SAT_TOKEN"),
        ),
        rates=BanxicoClient(
            settings.agency_url("RATES", "/banxico"),
            settings.values.get("CONSULAR_RATES_TOKEN", ""),
        ),
        notices=NoticesClient(
            settings.agency_url("NOTICES", "/notices"),
            settings.values.get("CONSULAR_NOTICES_TOKEN", ""),
        ),
    )
