"""Identity providers as the pages use them: verified answers, or a domain error.

The providers themselves are given by `consular.app`; what they may raise is declared there too,
so that no page knows an agency.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from consular import tokens
from services.citizens.accounts import set_profile
from services.citizens.errors import IdentityBound
from services.citizens.people import PersonData
from services.kernel.crypto import Vault
from services.kernel.errors import Forbidden, Unavailable
from services.kernel.identifiers import parse_curp, parse_phone

_log = structlog.get_logger(__name__)


class Claims(Protocol):
    """What Llave MX tells of a citizen (`integrations.contracts.CitizenClaims`)."""

    subject: str
    given_names: str | None
    first_surname: str | None
    second_surname: str | None
    curp: str | None
    birth_date: date | None
    email: str | None
    phone: str | None


@dataclass(frozen=True)
class SignIn:
    """Both providers. ``failures``: (refused, everything else) of their exceptions."""

    citizens: Any
    staff: Any
    refused: type[Exception]
    failed: type[Exception]

    def citizen_address(self, **flow: str) -> str:
        """Where a citizen signs in. Raises Unavailable."""
        return str(self._ask(self.citizens.authorize_url, **flow))

    def official_address(self, **flow: str) -> str:
        """Where staff sign in, as their provider says now. Raises Unavailable."""
        return str(self._ask(self.staff.authorize_url, **flow))

    def citizen(self, *, code: str, redirect_uri: str) -> tuple[str, PersonData]:
        """Subject and profile of whoever came back. Raises Forbidden, Unavailable."""
        claims: Claims = self._exchange(self.citizens, code=code, redirect_uri=redirect_uri)
        return claims.subject, PersonData(
            given_names=claims.given_names or "",
            first_surname=claims.first_surname or "",
            second_surname=claims.second_surname,
            birth_date=claims.birth_date,
            curp=_good(parse_curp, claims.curp),
            email=claims.email,
            phone=_good(parse_phone, claims.phone),
        )

    def official(self, *, code: str, redirect_uri: str, code_verifier: str, nonce: str) -> str:
        """Subject of a verified identity token. Raises Forbidden, Unavailable."""
        grant = self._exchange(
            self.staff, code=code, redirect_uri=redirect_uri, code_verifier=code_verifier
        )
        keys = tokens.signing_keys(grant.jwks)
        try:
            known = tokens.issuer(grant.issuer, grant.client_id, tokens.ALGORITHM, keys)
            claims = tokens.verify(grant.id_token, {known.name: known})
        except (tokens.TokenRefused, tokens.KeyRefused) as refused:
            raise Forbidden("sign_in_refused") from refused
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise Forbidden("sign_in_refused")
        return str(claims["sub"])

    @staticmethod
    def remember(
        session: Session, account: UUID, profile: PersonData, *, now: datetime, vault: Vault
    ) -> None:
        """Llave MX verified these names: they become the account's, unless money was sent under
        others, which stay until somebody has checked them."""
        try:
            set_profile(session, account, profile, now=now, vault=vault)
        except IdentityBound:
            _log.warning("identity_differs", account=str(account), agency="llavemx")

    def _exchange(self, provider: Any, **arguments: str) -> Any:
        if not arguments["code"]:
            raise Forbidden("sign_in_refused")
        return self._ask(provider.exchange, **arguments)

    def _ask(self, ask: Callable[..., Any], **arguments: str) -> Any:
        try:
            return ask(**arguments)
        except self.refused as refused:
            raise Forbidden("sign_in_refused") from refused
        except self.failed as failed:
            raise Unavailable("sign_in_unavailable", retry_after=30) from failed


def _good(parse: Any, value: str | None) -> str | None:
    try:
        return str(parse(value)) if value else None
    except ValueError:
        return None
