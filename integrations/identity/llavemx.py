"""Citizens sign in with Llave MX: OAuth 2.0 with names of its own, not OpenID Connect.

As public implementations describe it (Open edX's "LlaveMXOAuth2", which cites the Manual Técnico
LlaveMX): `redirect_url` at the authorize page but `redirect_uri` at the token endpoint, client
credentials by HTTP Basic, the token in a header called `accessToken`, camelCase answers, errors
told in the body. Not the official manual: check it before going live.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

from integrations.base import Call, Json, SignInClient
from integrations.contracts import CitizenClaims
from integrations.errors import Refused

REFUSALS: Mapping[str, str] = {
    "invalid_token": "invalid_token",
    "invalid_grant": "invalid_grant",
    "invalid_request": "invalid_request",
    "invalid_client": "invalid_client",
}
_CURP = re.compile(r"[A-Z]{4}[0-9]{6}[HMX][A-Z]{5}[A-Z0-9][0-9]")


class LlaveMxClient(SignInClient):
    """Client of Llave MX. Implements `contracts.CitizenSignIn`.

    `base_url` is the API's (production: https://api.llave.gob.mx), `page_url` that of the page
    people see (production: https://www.llave.gob.mx), the same by default.
    """

    agency = "llavemx"
    error_field = "error"
    detail_field = "errorDescription"
    refusals = REFUSALS

    def _begin(self) -> None:
        pair = f"{self._client_id}:{self._client_secret}".encode()
        self._headers["Authorization"] = f"Basic {b64encode(pair).decode()}"

    def authorize_url(self, *, state: str, redirect_uri: str) -> str:
        """Where to send the browser; it comes back to `redirect_uri` with `code` and `state`."""
        query = {
            "client_id": self._client_id,
            "redirect_url": redirect_uri,
            "response_type": "code",
            "state": state,
        }
        return f"{self._page_url}/oauth.xhtml?{urlencode(query)}"

    def exchange(self, *, code: str, redirect_uri: str) -> CitizenClaims:
        """The person behind a code. A code works once: on any error the person signs in again."""
        token = self._token(code, redirect_uri)
        return self._ask(
            "userinfo",
            "ws/rest/oauth/datosUsuario",
            lambda body: _claims(self._answered("userinfo", body)),
            headers={"accessToken": token},
        )

    def _token(self, code: str, redirect_uri: str) -> str:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
        }
        call = Call("token", "POST", "ws/rest/oauth/obtenerToken", changes=True, form=form)
        return self._call(call, lambda body: _text(self._answered("token", body)["accessToken"]))

    def _answered(self, operation: str, body: Json) -> Json:
        """Errors may come with status 200 and say so in the body only."""
        error = body.get("error")
        if error:
            code = REFUSALS.get(str(error), "sign_in_refused")
            raise Refused(self.agency, operation, code, str(body.get("errorDescription"))[:200])
        return body


def _claims(body: Mapping[str, Any]) -> CitizenClaims:
    return CitizenClaims(
        subject=_text(body["idUsuario"]),
        given_names=_optional(body.get("nombre")),
        first_surname=_optional(body.get("primerApellido")),
        second_surname=_optional(body.get("segundoApellido")),
        curp=_curp(body),
        birth_date=_birth_date(_optional(body.get("fechaNacimiento"))),
        email=_verified(body, "correo", "correoVerificado"),
        phone=_verified(body, "telVigente", "telefonoVerificado"),
    )


def _text(value: object) -> str:
    text = _optional(value)
    if text is None:
        raise ValueError("a value is missing")
    return text


def _optional(value: object) -> str | None:
    if value is None or isinstance(value, dict | list | bool):
        return None
    return str(value).strip()[:200] or None


def _curp(body: Mapping[str, Any]) -> str | None:
    """`curp` may be empty; then `login` often is the CURP."""
    for field in ("curp", "login"):
        text = (_optional(body.get(field)) or "").upper()
        if _CURP.fullmatch(text):
            return text
    return None


def _birth_date(text: str | None) -> date | None:
    """`dd/mm/yyyy` or ISO; which one Llave MX sends is not documented."""
    if text is None:
        return None
    if "/" in text:
        day, month, year = text.split("/")
        return date(int(year), int(month), int(day))
    return date.fromisoformat(text[:10])


def _verified(body: Mapping[str, Any], field: str, flag: str) -> str | None:
    return _optional(body.get(field)) if body.get(flag) in (True, "true", 1, "1") else None
