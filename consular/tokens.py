"""Bearer tokens: the only module that imports ``jose``.

python-jose 3.5.0 trusts too much by default (no algorithm pinned, missing ``aud`` and ``exp``
accepted, ``kid`` and ``crit`` ignored), so everything that matters is pinned here: one algorithm
per issuer, a known ``kid``, exactly one key, required claims, exact issuer and audience.
RFC 8725 (JWT best current practices) is the rule behind each check.
"""

from __future__ import annotations

import json
import re
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from jose import jwk, jwt
from jose.exceptions import JOSEError

MAX_BYTES = 8192
LEEWAY_SECONDS = 60
DEVELOPMENT_ISSUER = "urn:consular:development"
AUDIENCE = "consular-api"
ALGORITHM = "RS256"
DEVELOPMENT_KEY_ID = "development-1"
# RFC 7515: three parts of base64url without padding. Decoders skip other characters unless told.
_FORM = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
# A header names its key and nothing that would change how it is read (crit, b64, zip, jwk, jku).
_HEADER = frozenset({"alg", "kid", "typ", "x5t", "x5t#S256"})


class TokenRefused(Exception):
    """The token proves nothing. Why is for the log, never for the bearer."""


# Brackets within brackets end in RecursionError, long before 8 KiB are read.
_UNREADABLE = (
    JOSEError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError,
)  # fmt: skip


class KeyRefused(Exception):
    """A key that can't verify what it is published for."""


class Keys(Protocol):
    """Keys by ``kid``."""

    def get(self, kid: str, /) -> Any:
        """The key, or None."""


@dataclass(frozen=True)
class Issuer:
    """An issuer whose tokens are taken, under which single algorithm and which keys by ``kid``."""

    name: str
    audience: str
    algorithm: str
    keys: Keys


class PublishedKeys:
    """The RSA signing keys of a JWKS that ``fetch`` returns, fresh enough to hold a ``kid``."""

    def __init__(self, fetch: Callable[[str], Mapping[str, Any]]) -> None:
        self._fetch = fetch
        self._source: Mapping[str, Any] = {}
        self._parsed: Mapping[str, Any] = {}

    def get(self, kid: str, /) -> Any:
        """The key, or None. Raises what ``fetch`` raises."""
        source = self._fetch(kid)
        if source is not self._source:
            self._parsed, self._source = _parsed_each(signing_keys(source)), source
        return self._parsed.get(kid)


def signing_keys(jwks: Mapping[str, Any]) -> dict[str, Any]:
    """kid -> JWK. A provider may publish keys of other kinds beside those that sign."""
    return {
        key["kid"]: key
        for key in jwks.get("keys", [])
        if key.get("kty") == "RSA" and key.get("use", "sig") == "sig" and key.get("kid")
    }


def issuer(name: str, audience: str, algorithm: str, keys: Mapping[str, Any]) -> Issuer:
    """``keys``: kid -> PEM text or a JWK as a dictionary. Keys are parsed once.

    Raises `KeyRefused`.
    """
    try:
        parsed = {kid: jwk.construct(key, algorithm) for kid, key in keys.items()}
    except (JOSEError, ValueError) as error:
        raise KeyRefused(type(error).__name__) from error
    return Issuer(name, audience, algorithm, parsed)


def verify(
    token: str, issuers: Mapping[str, Issuer], *, access_token: str | None = None
) -> dict[str, Any]:
    """The claims of a token that one of ``issuers`` signed for us. Raises `TokenRefused`."""
    if len(token) > MAX_BYTES or not _FORM.fullmatch(token):
        raise TokenRefused("form")
    try:
        header = _part(token, 0)
        known = issuers.get(_text(_part(token, 1).get("iss")))
        if known is None:
            raise TokenRefused("issuer")
        if header.get("alg") != known.algorithm or not _plain(header):
            raise TokenRefused("header")
        key = known.keys.get(_text(header.get("kid")))
        if key is None:
            raise TokenRefused("kid")
        claims = _decode(token, key, known, access_token)
    except TokenRefused:
        raise
    except _UNREADABLE as refused:
        raise TokenRefused(type(refused).__name__) from refused
    if claims.get("aud") != known.audience or not _text(claims.get("sub")):
        raise TokenRefused("claims")
    return claims


class Verifier:
    """`verify` that remembers what it verified, so that a token's signature is computed once.

    A remembered token is still refused once it has expired. Too many, and all are forgotten.
    """

    def __init__(self, issuers: Mapping[str, Issuer], *, most: int = 4096) -> None:
        self._issuers = issuers
        self._most = most
        self._known: dict[str, dict[str, Any]] = {}

    def claims(self, token: str) -> dict[str, Any]:
        """The claims. Raises `TokenRefused`."""
        known = self._known.get(token)
        if known is not None and known["exp"] + LEEWAY_SECONDS > time.time():
            return known
        claims = verify(token, self._issuers)
        if len(self._known) >= self._most:
            self._known.clear()
        self._known[token] = claims
        return claims


def sign(claims: Mapping[str, Any], private_key: str, *, key_id: str, seconds: int) -> str:
    """A token of the development issuer, valid for ``seconds`` from now."""
    now = int(time.time())
    return str(
        jwt.encode(
            {**claims, "iat": now, "nbf": now, "exp": now + seconds},
            _signing_key(private_key),
            algorithm=ALGORITHM,
            headers={"kid": key_id},
        )
    )


def _parsed_each(keys: Mapping[str, Any]) -> dict[str, Any]:
    """The keys that can be parsed: one bad key of a provider must not take the others away."""
    parsed = {}
    for kid, key in keys.items():
        try:
            parsed[kid] = jwk.construct(key, ALGORITHM)
        except (JOSEError, ValueError):
            continue
    return parsed


def _decode(token: str, key: Any, known: Issuer, access_token: str | None) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(
        token,
        key,
        algorithms=[known.algorithm],
        audience=known.audience,
        issuer=known.name,
        access_token=access_token,
        options={
            "require_aud": True,
            "require_exp": True,
            "require_iat": True,
            "require_iss": True,
            "require_sub": True,
            "verify_at_hash": access_token is not None,
            "leeway": LEEWAY_SECONDS,
        },
    )
    for name in ("exp", "iat", "nbf"):
        if name in claims and (isinstance(claims[name], bool) or not isinstance(claims[name], int)):
            raise TokenRefused(name)
    if claims["iat"] > time.time() + LEEWAY_SECONDS:
        raise TokenRefused("iat")
    return claims


def _part(token: str, index: int) -> dict[str, Any]:
    part = token.split(".")[index]
    decoded = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    if not isinstance(decoded, dict):
        raise TokenRefused("form")
    return decoded


def _plain(header: Mapping[str, Any]) -> bool:
    return set(header) <= _HEADER and all(isinstance(value, str) for value in header.values())


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def public_key(private_pem: str) -> str:
    """The public half of a private key, as PEM."""
    public: bytes = _signing_key(private_pem).public_key().to_pem()
    return public.decode()


@lru_cache(maxsize=1)
def _signing_key(private_pem: str) -> Any:
    """The development issuer's key: its check when it is read takes 30 ms, a signature one."""
    return jwk.construct(private_pem, ALGORITHM)
