"""The agencies we speak with: one record each, from which all that names an agency derives.

Workers and web connect to them, the doctor looks at them, a development instance makes their
secrets, the simulator plays them, and the tests ask for what belongs to each
(docs/add-an-agency.md).
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from integrations.base import AgencyClient
from integrations.finabien.client import FinabienClient
from integrations.identity.llavemx import LlaveMxClient
from integrations.identity.oidc import OidcClient
from integrations.imss.client import ImssClient
from integrations.ine.client import IneClient
from integrations.infonavit.client import InfonavitClient
from integrations.notices.client import NoticesClient
from integrations.payments.client import PaymentsClient
from integrations.rates.client import BanxicoClient
from integrations.renapo.client import RenapoClient
from integrations.sat.client import SatClient


class Purpose(StrEnum):
    """What we need an agency for. Several may enroll people, one request at a time or by file; one
    serves each other purpose."""

    PAYOUTS = "payouts"
    PAYMENTS = "payments"
    ENROLLMENT = "enrollment"
    BATCH_ENROLLMENT = "batch_enrollment"
    POPULATION_REGISTER = "population_register"
    CREDENTIAL_COUNTS = "credential_counts"
    RATES = "rates"
    MESSAGES = "messages"
    CITIZEN_SIGN_IN = "citizen_sign_in"
    STAFF_SIGN_IN = "staff_sign_in"


class Configuration(Protocol):
    """What a process was told from outside (`services.kernel.settings.Settings`)."""

    @property
    def values(self) -> Mapping[str, str]:
        """The agency's settings by name."""
        ...

    def require(self, name: str) -> str:
        """The value of a setting that must be there."""
        ...

    def agency_url(self, name: str, path: str) -> str:
        """Base URL of the agency ``name``, or the simulator's under ``path``."""
        ...


@dataclass(frozen=True, slots=True)
class Agency:
    """One agency. ``code`` names it in addresses, topics, faults and the simulator's modules.

    ``name`` stands in its settings, ``CONSULAR_<NAME>_URL`` and so on; ``open`` ones may be called
    without a secret.
    """

    code: str
    name: str
    purpose: Purpose
    client: type[AgencyClient]
    calls_back: bool = False
    open: bool = False

    @property
    def path(self) -> str:
        """The path under which the simulator plays it."""
        return f"/{self.code}"

    @property
    def secret_setting(self) -> str:
        """The setting with what we show the agency: a token, or ``id:secret`` of a client."""
        return f"CONSULAR_{self.name}_{self.client.setting_suffix}"

    @property
    def callback_setting(self) -> str:
        """The setting with the secrets that sign its callbacks (Standard Webhooks)."""
        return f"CONSULAR_{self.name}_SECRET"

    def url(self, configuration: Configuration) -> str:
        """The agency's base URL."""
        return configuration.agency_url(self.name, self.path)

    def secret(self, configuration: Configuration) -> str:
        """What we show it; empty when it is open and none is set."""
        if self.open:
            return configuration.values.get(self.secret_setting, "")
        return configuration.require(self.secret_setting)

    def connect(self, configuration: Configuration) -> AgencyClient:
        """A client with the address and secret of this process."""
        page = configuration.values.get(f"CONSULAR_{self.name}_PAGE_URL")
        return self.client.connect(self.url(configuration), self.secret(configuration), page)


AGENCIES: Mapping[str, Agency] = {
    agency.code: agency
    for agency in (
        Agency("finabien", "FINABIEN", Purpose.PAYOUTS, FinabienClient, calls_back=True),
        Agency("payments", "PAYMENTS", Purpose.PAYMENTS, PaymentsClient, calls_back=True),
        Agency("sat", "SAT", Purpose.ENROLLMENT, SatClient, calls_back=True),
        Agency("imss", "IMSS", Purpose.ENROLLMENT, ImssClient),
        Agency("infonavit", "INFONAVIT", Purpose.BATCH_ENROLLMENT, InfonavitClient),
        Agency("renapo", "RENAPO", Purpose.POPULATION_REGISTER, RenapoClient),
        Agency("ine", "INE", Purpose.CREDENTIAL_COUNTS, IneClient),
        Agency("banxico", "RATES", Purpose.RATES, BanxicoClient, open=True),
        Agency("notices", "NOTICES", Purpose.MESSAGES, NoticesClient, calls_back=True, open=True),
        Agency("llavemx", "LLAVEMX", Purpose.CITIZEN_SIGN_IN, LlaveMxClient),
        Agency("oidc", "OIDC", Purpose.STAFF_SIGN_IN, OidcClient),
    )
}


def serving(purpose: Purpose) -> list[Agency]:
    """The agencies that serve a purpose, in the registry's order."""
    return [agency for agency in AGENCIES.values() if agency.purpose is purpose]


def calling_back() -> list[Agency]:
    """The agencies that tell us of changes."""
    return [agency for agency in AGENCIES.values() if agency.calls_back]


def new_secrets() -> dict[str, str]:
    """Random secrets of all agencies under their settings' names, for an instance of one's own."""
    tokens = {
        agency.secret_setting: agency.client.new_secret()
        for agency in AGENCIES.values()
        if not agency.open
    }
    return tokens | {agency.callback_setting: _signing_secret() for agency in calling_back()}


def _signing_secret() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
