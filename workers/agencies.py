"""The agencies as the jobs know them, built from the registry and this process's settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from integrations.contracts import EnrollmentAgency, MessageSender, PayoutAgency, RateSource
from integrations.registry import Purpose, serving
from services.kernel.settings import Settings


@dataclass(frozen=True)
class Agencies:
    """Whom a job may call. In tests any of them can be another implementation."""

    payouts: PayoutAgency
    enrollments: Mapping[str, EnrollmentAgency]
    rates: RateSource
    notices: MessageSender


def build_agencies(settings: Settings) -> Agencies:
    """Clients with the addresses and secrets of this process. Raises `SettingsError`."""
    return Agencies(
        payouts=cast(PayoutAgency, _only(Purpose.PAYOUTS, settings)),
        enrollments=cast(
            Mapping[str, EnrollmentAgency],
            {agency.code: agency.connect(settings) for agency in serving(Purpose.ENROLLMENT)},
        ),
        rates=cast(RateSource, _only(Purpose.RATES, settings)),
        notices=cast(MessageSender, _only(Purpose.MESSAGES, settings)),
    )


def _only(purpose: Purpose, settings: Settings) -> Any:
    [agency] = serving(purpose)
    return agency.connect(settings)
