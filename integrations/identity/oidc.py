"""Staff sign in with OpenID Connect: authorization code, PKCE (S256) and nonce.

The identity token comes back raw, with the keys to verify it: one module of the project verifies
tokens, and it is not here.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from integrations.base import Call, SignInClient
from integrations.contracts import StaffGrant
from integrations.identity.keys import CACHE_SECONDS, KeyCache, read_jwks

REFUSALS: Mapping[str, str] = {
    "invalid_grant": "invalid_grant",
    "invalid_request": "invalid_request",
    "invalid_client": "invalid_client",
    "unauthorized_client": "invalid_client",
}
MAX_TOKEN_CHARACTERS = 8 * 1024


@dataclass(frozen=True, slots=True)
class Discovery:
    """What the provider says of itself; every endpoint lies on the issuer's origin."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class OidcClient(SignInClient):
    """Implements `contracts.StaffSignIn`. `base_url` is the issuer.

    Discovery is kept ten minutes, and the keys as `KeyCache` says.
    """

    agency = "oidc"
    error_field = "error"
    detail_field = "error_description"
    refusals = REFUSALS

    def _begin(self) -> None:
        self._discovery: tuple[float, Discovery] | None = None
        self._keys = KeyCache(self._fetch_keys)

    def authorize_url(
        self, *, state: str, redirect_uri: str, nonce: str, code_verifier: str
    ) -> str:
        """Where to send the browser. Asks the provider for its endpoints when they are stale."""
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "scope": "openid email profile",
            "state": state,
            "nonce": nonce,
            "code_challenge": _challenge(code_verifier),
            "code_challenge_method": "S256",
        }
        return f"{self._discovered().authorization_endpoint}?{urlencode(query)}"

    def exchange(self, *, code: str, redirect_uri: str, code_verifier: str) -> StaffGrant:
        """The raw identity token of a code, and the provider's keys."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": code_verifier,
        }
        url = self._discovered().token_endpoint
        credentials = {"Authorization": _basic(self._client_id, self._client_secret)}
        call = Call("token", "POST", url, changes=True, form=form, headers=credentials)
        id_token = self._call(call, _id_token)
        return StaffGrant(
            id_token=id_token,
            jwks=self.keys(key_id(id_token)),
            issuer=self._base_url,
            client_id=self._client_id,
        )

    def keys(self, wanted: str | None = None) -> Mapping[str, Any]:
        """The provider's JWKS, fresh enough to hold `wanted` if the provider publishes it."""
        return self._keys.get(wanted)

    def _fetch_keys(self) -> Mapping[str, Any]:
        return self._ask("keys", self._discovered().jwks_uri, read_jwks)

    def _discovered(self) -> Discovery:
        now = time.monotonic()
        if self._discovery is None or now - self._discovery[0] > CACHE_SECONDS:
            path = ".well-known/openid-configuration"
            self._discovery = now, self._ask("discovery", path, self._described)
        return self._discovery[1]

    def _described(self, body: Mapping[str, Any]) -> Discovery:
        """ValueError unless it is this issuer speaking of its own origin."""
        if body["issuer"] != self._base_url:
            raise ValueError("another issuer")
        discovery = Discovery(
            issuer=self._base_url,
            authorization_endpoint=body["authorization_endpoint"],
            token_endpoint=body["token_endpoint"],
            jwks_uri=body["jwks_uri"],
        )
        for url in (discovery.authorization_endpoint, discovery.token_endpoint, discovery.jwks_uri):
            if _origin(url) != _origin(self._base_url):
                raise ValueError("an endpoint on another origin")
        return discovery


def key_id(id_token: str) -> str | None:
    """The `kid` a token claims, unverified: good for nothing but choosing when to fetch keys."""
    try:
        head = id_token.partition(".")[0]
        header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
        return str(header["kid"])
    except (binascii.Error, ValueError, KeyError, TypeError, RecursionError):
        return None


def _challenge(code_verifier: str) -> str:
    """The PKCE challenge of a verifier (RFC 7636, S256)."""
    digest = hashlib.sha256(code_verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def _basic(client_id: str, client_secret: str) -> str:
    # RFC 6749, 2.3.1: both halves are form-encoded before they are joined.
    pair = f"{quote(client_id, safe='')}:{quote(client_secret, safe='')}"
    return "Basic " + base64.b64encode(pair.encode("ascii")).decode("ascii")


def _id_token(body: Mapping[str, Any]) -> str:
    token = body["id_token"]
    if not isinstance(token, str) or len(token) > MAX_TOKEN_CHARACTERS or token.count(".") != 2:
        raise ValueError("not a signed token")
    return token


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
