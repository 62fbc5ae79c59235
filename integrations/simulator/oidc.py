"""A small OpenID Connect provider for staff: discovery, PKCE, nonce, RS256 by hand.

The signature is made here with `cryptography` alone: the product has one module that handles
tokens, and a test double must not share its mistakes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from flask import Blueprint, jsonify, render_template, request
from werkzeug.wrappers import Response

from integrations.simulator import sign_in
from integrations.simulator.personas import OFFICIALS
from integrations.simulator.world import World, refuse

AGENCY = "oidc"
TOKEN_SECONDS = 300


class Signer:
    """An RSA key that lives in the data directory."""

    def __init__(self, path: Path) -> None:
        self._key = _load_or_make(path)
        numbers = self._key.public_key().public_numbers()
        self.jwk = {
            "kty": "RSA",
            "n": _base64(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8)),
            "e": _base64(numbers.e.to_bytes(3)),
            "use": "sig",
            "alg": "RS256",
        }
        # RFC 7638: the thumbprint over the required members in order.
        members = json.dumps({name: self.jwk[name] for name in ("e", "kty", "n")})
        self.jwk["kid"] = _base64(hashlib.sha256(members.replace(" ", "").encode()).digest())

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A compact JWS (RS256)."""
        header = {"alg": "RS256", "typ": "JWT", "kid": self.jwk["kid"]}
        text = ".".join(_base64(json.dumps(part).encode()) for part in (header, claims))
        signature = self._key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{text}.{_base64(signature)}"


class SimulatedAgency:
    """The provider's endpoints."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._signer: Signer | None = None
        self._making = Lock()

    def blueprint(self) -> Blueprint:
        """The provider's routes, under /oidc."""
        routes = Blueprint(AGENCY, __name__, url_prefix="/oidc")
        routes.add_url_rule("/.well-known/openid-configuration", "discovery", self.discovery)
        routes.add_url_rule("/jwks", "jwks", self.jwks)
        routes.add_url_rule("/authorize", "authorize", self.authorize, methods=["GET", "POST"])
        routes.add_url_rule("/token", "token", self.token, methods=["POST"])
        return routes

    def _key(self) -> Signer:
        """Made when it is first needed: most who start a simulator sign nobody in."""
        with self._making:
            if self._signer is None:
                self._signer = Signer(self._world.directory / "oidc-key.pem")
            return self._signer

    def discovery(self) -> Response:
        """What the provider says of itself, at the address it was asked by."""
        issuer = _issuer()
        return jsonify(
            issuer=issuer,
            authorization_endpoint=f"{issuer}/authorize",
            token_endpoint=f"{issuer}/token",
            jwks_uri=f"{issuer}/jwks",
            response_types_supported=["code"],
            subject_types_supported=["public"],
            id_token_signing_alg_values_supported=["RS256"],
            code_challenge_methods_supported=["S256"],
            token_endpoint_auth_methods_supported=["client_secret_basic"],
        )

    def jwks(self) -> Response:
        """Return the public key."""
        return jsonify(keys=[self._key().jwk])

    def authorize(self) -> Response | str | tuple[str, int]:
        """Show the staff; on POST, return with a code for the one chosen."""
        if not self._sound(request.args):
            return render_template("refused.html"), 400
        chosen = OFFICIALS.get(request.form.get("persona", ""))
        if chosen is None:
            return render_template("oidc.html", officials=OFFICIALS.values())
        code = sign_in.new_secret()
        back = request.args["redirect_uri"]
        payload = {
            "subject": chosen.subject,
            "back": back,
            "challenge": request.args["code_challenge"],
            "nonce": request.args.get("nonce"),
        }
        expires = self._world.now() + sign_in.CODE_SECONDS
        self._world.memory.grant("oidc-code", code, payload, expires)
        return sign_in.send_back(back, code, request.args.get("state", ""))

    def token(self) -> Response:
        """A code, once and with its PKCE verifier, for an identity token."""
        sign_in.require_client(self._world, AGENCY)
        code = request.form.get("code", "")
        granted = self._world.memory.redeem("oidc-code", code, self._world.now(), keep=False)
        if (
            granted is None
            or granted["back"] != request.form.get("redirect_uri")
            or not _verifies(request.form.get("code_verifier", ""), granted["challenge"])
        ):
            raise refuse(400, {"error": "invalid_grant"})
        id_token = self._key().sign(self._claims(granted))
        return jsonify(
            access_token=sign_in.new_secret(),
            token_type="Bearer",  # noqa: S106 - the type's name, no secret
            expires_in=TOKEN_SECONDS,
            id_token=id_token,
        )

    def _sound(self, query: Mapping[str, str]) -> bool:
        return (
            query.get("client_id") == self._world.client(AGENCY)[0]
            and query.get("response_type") == "code"
            and "openid" in query.get("scope", "").split()
            and query.get("code_challenge_method") == "S256"
            and bool(query.get("code_challenge"))
            and sign_in.may_return_to(self._world, query.get("redirect_uri", ""))
        )

    def _claims(self, granted: Mapping[str, Any]) -> dict[str, Any]:
        official = OFFICIALS[granted["subject"]]
        now = int(self._world.now())
        claims = {
            "iss": _issuer(),
            "sub": official.subject,
            "aud": self._world.client(AGENCY)[0],
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "email": official.email,
            "email_verified": True,
            "name": official.name,
        }
        return claims if granted["nonce"] is None else claims | {"nonce": granted["nonce"]}


def _issuer() -> str:
    return request.host_url.rstrip("/") + "/oidc"


def _verifies(verifier: str, challenge: str) -> bool:
    digest = _base64(hashlib.sha256(verifier.encode()).digest())
    return secrets.compare_digest(digest.encode(), challenge.encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _load_or_make(path: Path) -> rsa.RSAPrivateKey:
    if path.exists():
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError(f"{path} holds no RSA key")
        return key
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    return key
