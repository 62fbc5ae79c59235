"""The agencies as the jobs know them, built from the registry and this process's settings.

Every client stands behind the gate (`workers.gate`): none is called past it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

from integrations.contracts import (
    BatchEnrollmentAgency,
    CredentialCountSource,
    EnrollmentAgency,
    MessageSender,
    PaymentProvider,
    PayoutAgency,
    PopulationRegister,
    RateSource,
)
from integrations.notices.mail import MailSender, Relay
from integrations.registry import Purpose, serving
from services.kernel.settings import Settings, SettingsError
from workers.gate import Gate, Guarded


@dataclass(frozen=True)
class Agencies:
    """The agencies that a job may call. In tests any of them can be another implementation."""

    payouts: PayoutAgency
    payments: PaymentProvider
    enrollments: Mapping[str, EnrollmentAgency]
    batches: Mapping[str, BatchEnrollmentAgency]
    curps: PopulationRegister
    credentials: CredentialCountSource
    rates: RateSource
    notices: MessageSender


def build_agencies(settings: Settings, gate: Gate) -> Agencies:
    """Clients with the addresses and secrets of this process. Raises `SettingsError`."""
    return Agencies(
        payouts=cast(PayoutAgency, only(Purpose.PAYOUTS, settings, gate)),
        payments=cast(PaymentProvider, only(Purpose.PAYMENTS, settings, gate)),
        enrollments=cast(
            Mapping[str, EnrollmentAgency], _by_code(Purpose.ENROLLMENT, settings, gate)
        ),
        batches=cast(
            Mapping[str, BatchEnrollmentAgency],
            _by_code(Purpose.BATCH_ENROLLMENT, settings, gate),
        ),
        curps=cast(PopulationRegister, only(Purpose.POPULATION_REGISTER, settings, gate)),
        credentials=cast(CredentialCountSource, only(Purpose.CREDENTIAL_COUNTS, settings, gate)),
        rates=cast(RateSource, only(Purpose.RATES, settings, gate)),
        notices=build_notices(settings, gate),
    )


def build_notices(settings: Settings, gate: Gate) -> MessageSender:
    """The gateway; e-mail goes by SMTP where a relay is set. Raises `SettingsError`."""
    [agency] = serving(Purpose.MESSAGES)
    sender: Any = agency.connect(settings)
    if address := settings.values.get("CONSULAR_MAIL_RELAY"):
        try:
            relay = Relay.parse(address)
        except ValueError as wrong:
            raise SettingsError(f"CONSULAR_MAIL_RELAY: {wrong}.") from None
        host = urlsplit(settings.public_url).hostname or "localhost"
        usual = f"citas@{host if '.' in host else 'consular.invalid'}"
        sender = MailSender(
            relay, sender, sender=settings.values.get("CONSULAR_MAIL_FROM") or usual
        )
    return cast(MessageSender, Guarded(gate, agency.code, sender))


def _by_code(purpose: Purpose, settings: Settings, gate: Gate) -> Any:
    return {
        agency.code: Guarded(gate, agency.code, agency.connect(settings))
        for agency in serving(purpose)
    }


def only(purpose: Purpose, settings: Settings, gate: Gate) -> Any:
    """The one agency that serves a purpose."""
    [agency] = serving(purpose)
    return Guarded(gate, agency.code, agency.connect(settings))


def code_of(purpose: Purpose) -> str:
    """The code of the one agency that serves a purpose."""
    [agency] = serving(purpose)
    return agency.code
