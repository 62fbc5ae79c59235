"""A token is taken when everything about it is right, and a second library would take it too."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwt as second
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from consular import tokens

ISSUER, AUDIENCE, KID = "https://issuer.example", "consular-api", "key-1"
LEEWAY = tokens.LEEWAY_SECONDS


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


PRIVATE, STRANGER = _new_key(), _new_key()
PUBLIC_PEM = tokens.public_key(_pem(PRIVATE))
ISSUERS = {ISSUER: tokens.issuer(ISSUER, AUDIENCE, "RS256", {KID: PUBLIC_PEM})}
JOSERFC_KEYS = {KID: RSAKey.import_key(PUBLIC_PEM)}
POLICY = second.JWTClaimsRegistry(
    leeway=LEEWAY,
    iss={"essential": True, "value": ISSUER},
    aud={"essential": True, "value": AUDIENCE},
    sub={"essential": True},
    exp={"essential": True},
    iat={"essential": True},
)


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    good = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ana", "iat": now, "nbf": now, "exp": now + 600}
    return {name: value for name, value in {**good, **changes}.items() if value is not _MISSING}


_MISSING = object()


def _sign(
    claims: Mapping[str, Any] | bytes,
    *,
    key: rsa.RSAPrivateKey = PRIVATE,
    header: Mapping[str, Any] | bytes | None = None,
) -> str:
    """A compact token with any header and payload, rightly signed by ``key``."""
    top = {"alg": "RS256", "typ": "JWT", "kid": KID} if header is None else header
    parts = [
        part if isinstance(part, bytes) else json.dumps(part).encode() for part in (top, claims)
    ]
    signed = ".".join(_base64(part) for part in parts)
    signature = key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{_base64(signature)}"


def _header(**changes: Any) -> dict[str, Any]:
    whole = {"alg": "RS256", "typ": "JWT", "kid": KID, **changes}
    return {name: value for name, value in whole.items() if value is not _MISSING}


def _hmac_with_public_key() -> str:
    """The classic confusion: the public key as the secret of an HMAC (CVE-2024-33663)."""
    parts = (_header(alg="HS256"), _claims())
    signed = ".".join(_base64(json.dumps(part).encode()) for part in parts)
    mac = hmac.HMAC(PUBLIC_PEM.encode(), hashes.SHA256())
    mac.update(signed.encode())
    return f"{signed}.{_base64(mac.finalize())}"


def _unsigned() -> str:
    parts = (_header(alg="none"), _claims())
    return ".".join(_base64(json.dumps(part).encode()) for part in parts) + "."


def _now(seconds: int) -> int:
    return int(time.time()) + seconds


# What is wrong -> such a token, made when the test runs, for times pass.
FORGED: dict[str, Callable[[], str]] = {
    "unsigned": _unsigned,
    "HMAC with the public key": _hmac_with_public_key,
    "signed by a stranger": lambda: _sign(_claims(), key=STRANGER),
    "another kid": lambda: _sign(_claims(), header=_header(kid="key-2")),
    "no kid": lambda: _sign(_claims(), header=_header(kid=_MISSING)),
    "kid that isn't text": lambda: _sign(_claims(), header=_header(kid=[KID])),
    "another algorithm is claimed": lambda: _sign(_claims(), header=_header(alg="RS512")),
    "no algorithm": lambda: _sign(_claims(), header=_header(alg=_MISSING)),
    "critical extension": lambda: _sign(_claims(), header=_header(crit=["exp"], exp=1)),
    "a key of its own": lambda: _sign(_claims(), header=_header(jwk={"kty": "RSA"})),
    "compressed": lambda: _sign(_claims(), header=_header(zip="DEF")),
    "payload not encoded": lambda: _sign(_claims(), header=_header(b64=False)),
    "empty crit": lambda: _sign(_claims(), header=_header(crit=[])),
    "no exp": lambda: _sign(_claims(exp=_MISSING)),
    "no aud": lambda: _sign(_claims(aud=_MISSING)),
    "no iss": lambda: _sign(_claims(iss=_MISSING)),
    "no sub": lambda: _sign(_claims(sub=_MISSING)),
    "no iat": lambda: _sign(_claims(iat=_MISSING)),
    "empty sub": lambda: _sign(_claims(sub="")),
    "sub is a number": lambda: _sign(_claims(sub=7)),
    "sub is null": lambda: _sign(_claims(sub=None)),
    "aud is a list": lambda: _sign(_claims(aud=[AUDIENCE])),
    "aud of another": lambda: _sign(_claims(aud="other-api")),
    "aud as part": lambda: _sign(_claims(aud=f"{AUDIENCE}2")),
    "foreign issuer": lambda: _sign(_claims(iss="https://elsewhere.example")),
    "issuer with a slash more": lambda: _sign(_claims(iss=f"{ISSUER}/")),
    "issuer is a list": lambda: _sign(_claims(iss=[ISSUER])),
    "exp as text": lambda: _sign(_claims(exp=str(_now(600)))),
    "exp as fraction": lambda: _sign(_claims(exp=_now(600) + 0.5)),
    "exp is true": lambda: _sign(_claims(exp=True)),
    "exp is null": lambda: _sign(_claims(exp=None)),
    "exp is infinite": lambda: _sign(json.dumps(_claims(exp=float("inf"))).encode()),
    "exp is 1e999": lambda: _sign(json.dumps(_claims()).replace(str(_now(600)), "1e999").encode()),
    "exp is an object": lambda: _sign(_claims(exp={})),
    "exp is negative": lambda: _sign(_claims(exp=-1)),
    "expired beyond the leeway": lambda: _sign(_claims(exp=_now(-LEEWAY - 5))),
    "not yet valid": lambda: _sign(_claims(nbf=_now(LEEWAY + 30))),
    "nbf as text": lambda: _sign(_claims(nbf="now")),
    "nbf is true": lambda: _sign(_claims(nbf=True)),
    "issued in the future": lambda: _sign(_claims(iat=_now(LEEWAY + 30))),
    "iat as text": lambda: _sign(_claims(iat="1")),
    "iat is true": lambda: _sign(_claims(iat=True)),
    "9 KiB": lambda: _sign(_claims(padding="x" * 9 * 1024)),
    "payload is an array": lambda: _sign(b"[1, 2]"),
    "payload is text": lambda: _sign(b'"ana"'),
    "payload is not JSON": lambda: _sign(b"{iss:}"),
    "payload is not UTF-8": lambda: _sign(b'{"iss": "\xff"}'),
    "payload nests deeply": lambda: _sign(b"[" * 4000),
    "header nests deeply": lambda: _sign(_claims(), header=b"[" * 4000),
    "header is an array": lambda: _sign(_claims(), header=b"[]"),
    "header is not JSON": lambda: _sign(_claims(), header=b"alg"),
    "number too long to read": lambda: _sign(b'{"iss": "x", "exp": ' + b"9" * 5000 + b"}"),
    "twice the same claim, the last one wrong": lambda: _sign(
        json.dumps(_claims()).replace("}", ', "aud": "other-api"}').encode()
    ),
    "empty": lambda: "",
    "two dots only": lambda: "..",
    "one part": lambda: "abc",
    "five parts": lambda: _sign(_claims()) + ".a.b",
    "no signature": lambda: _sign(_claims()).rpartition(".")[0] + ".",
    "truncated": lambda: _sign(_claims())[:-20],
    "bad base64": lambda: _sign(_claims()).replace(".", ".!*", 1),
    "a space within": lambda: _sign(_claims()).replace(".", ". ", 1),
    "a line break within": lambda: _sign(_claims()) + "\n",
    "padding at the end": lambda: _sign(_claims()) + "==",
    "letters beyond ASCII": lambda: _sign(_claims()) + "ñ",
    "a lone surrogate": lambda: _sign(_claims()) + "\ud800",
    "a null byte": lambda: _sign(_claims()) + "\0",
}


def _accepted(token: str) -> bool:
    try:
        tokens.verify(token, ISSUERS)
    except tokens.TokenRefused:
        return False
    return True


def _accepted_by_joserfc(token: str) -> bool:
    """The same policy in another library: one algorithm, the key of that kid, every claim."""
    try:
        head = json.loads(base64.urlsafe_b64decode(token.split(".", maxsplit=1)[0] + "==="))
        decoded = second.decode(token, JOSERFC_KEYS[head["kid"]], algorithms=["RS256"])
        POLICY.validate(decoded.claims)
    except (JoseError, ValueError, KeyError, TypeError, RecursionError):
        return False
    return True


def test_the_valid_token_is_taken_by_both_libraries() -> None:
    token = _sign(_claims())
    assert tokens.verify(token, ISSUERS)["sub"] == "ana"
    assert _accepted_by_joserfc(token)


def test_our_own_signing_is_taken_by_both_libraries() -> None:
    token = tokens.sign(
        {"iss": ISSUER, "aud": AUDIENCE, "sub": "ana"}, _pem(PRIVATE), key_id=KID, seconds=60
    )
    assert _accepted(token)
    assert _accepted_by_joserfc(token)


def test_a_clock_may_differ_by_less_than_the_leeway() -> None:
    assert _accepted(_sign(_claims(exp=_now(-LEEWAY + 20))))
    assert _accepted(_sign(_claims(nbf=_now(LEEWAY - 20), iat=_now(LEEWAY - 20))))


@pytest.mark.parametrize("wrong", FORGED)
def test_a_token_with_anything_wrong_is_refused(wrong: str) -> None:
    assert not _accepted(FORGED[wrong]())


@pytest.mark.parametrize("wrong", FORGED)
def test_refusals_tell_nothing_to_the_bearer(wrong: str) -> None:
    token = FORGED[wrong]()
    with pytest.raises(tokens.TokenRefused) as refused:
        tokens.verify(token, ISSUERS)
    assert not token or token not in str(refused.value)


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.sampled_from([ISSUER, AUDIENCE, KID, "RS256", "HS256", "none", "ana", ""]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=3,
)
_CHANGES = st.dictionaries(
    st.sampled_from(["iss", "aud", "sub", "iat", "nbf", "exp"]),
    _JSON | st.just(_MISSING),
    max_size=2,
)
_HEADERS = st.dictionaries(
    st.sampled_from(["alg", "kid", "crit", "typ", "jwk", "jku", "b64", "zip"]),
    _JSON | st.just(_MISSING),
    max_size=2,
)


@settings(deadline=None, max_examples=150)
@given(_CHANGES, _HEADERS)
def test_no_signed_token_is_taken_that_joserfc_refuses(
    claims: dict[str, Any], header: dict[str, Any]
) -> None:
    token = _sign(_claims(**claims), header=_header(**header))
    if _accepted(token):
        assert _accepted_by_joserfc(token)


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 2000), st.characters(max_codepoint=300))
def test_no_token_with_another_character_is_taken_that_joserfc_refuses(
    position: int, other: str
) -> None:
    good = _sign(_claims())
    at = position % len(good)
    token = good[:at] + other + good[at + 1 :]
    if _accepted(token):
        assert _accepted_by_joserfc(token)
