"""Headers of every answer, and protection of forms against other sites."""

from __future__ import annotations

import hmac
import secrets
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request

from services.kernel.errors import Forbidden

_CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:;"
    " font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
ANONYMOUS_COOKIE = "consular-form"


def init_security(app: Flask) -> None:
    """Headers, and checks before every unsafe request to a page."""
    app.before_request(_check_form)
    app.after_request(_headers)
    app.jinja_env.globals["csrf_token"] = csrf_token


def csrf_token() -> str:
    """For a hidden field: bound to the browser's own cookie, useless in another browser."""
    return _token_for(_browser_secret())


def _browser_secret() -> str:
    """The session's secret, also of one that begins with this answer, or one made for a browser
    that isn't signed in."""
    cookie = request.cookies.get(session_cookie()) or request.cookies.get(ANONYMOUS_COOKIE)
    if known := g.get("session_secret") or cookie:
        return str(known)
    if "form_secret" not in g:
        g.form_secret = secrets.token_urlsafe(24)
    return str(g.form_secret)


def session_cookie() -> str:
    """``__Host-`` binds the cookie to this host over https; development speaks plain http."""
    return "__Host-consular" if current_app.config["SECURE"] else "consular-session"


def _token_for(secret: str) -> str:
    key: bytes = current_app.config["FORM_KEY"]
    return hmac.digest(key, secret.encode(), "sha256").hex()


def _check_form() -> None:
    if request.method in ("GET", "HEAD", "OPTIONS") or request.path.startswith("/api/"):
        return
    if request.routing_exception is not None:
        return
    origin = request.headers.get("Origin")
    if origin and origin != "null" and urlsplit(origin).netloc != request.host:
        raise Forbidden("form_from_elsewhere")
    if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        raise Forbidden("form_from_elsewhere")
    cookie = request.cookies.get(session_cookie()) or request.cookies.get(ANONYMOUS_COOKIE)
    given = request.form.get("csrf_token", "")
    if not cookie or not hmac.compare_digest(_token_for(cookie).encode(), given.encode()):
        raise Forbidden("form_expired")


def _headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", _CSP)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
    response.headers["X-Request-ID"] = g.get("request_id", "")
    if current_app.config["SECURE"]:
        response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    if "form_secret" in g:
        response.set_cookie(
            ANONYMOUS_COOKIE, g.form_secret, max_age=86400, httponly=True, samesite="Lax",
            secure=current_app.config["SECURE"],
        )  # fmt: skip
    return response
