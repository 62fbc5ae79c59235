"""Headers of every answer, and protection of forms against other sites."""

from __future__ import annotations

import hmac
import secrets
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request

from services.kernel.audit import Role
from services.kernel.errors import Forbidden

_CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:;"
    " font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
_NO_CAMERA = "camera=(), microphone=(), geolocation=()"
# One page tries them before a video call.
CAMERA_ALLOWED = "camera=(self), microphone=(self), geolocation=()"
_EVERYWHERE = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
)
_UNLESS_SET = (
    ("Content-Security-Policy", _CSP),
    ("Cache-Control", "no-store"),
    ("Permissions-Policy", _NO_CAMERA),
)
BROWSER_SECONDS = 24 * 3600


def init_security(app: Flask) -> None:
    """Headers, and checks before every unsafe request to a page."""
    app.before_request(_check_form)
    app.after_request(_headers)
    app.jinja_env.globals["csrf_token"] = csrf_token


def csrf_token() -> str:
    """For a hidden field: bound to the browser's own cookie, useless in another browser."""
    # Whoever is shown a form gets the browser's cookie too: drafts and sent forms go by it.
    browser = browser_secret()
    alive = g.get("actor") and request.cookies.get(session_cookie())
    return _token_for(str(g.get("session_secret") or alive or browser))


def browser_secret() -> str:
    """The secret of this browser, whoever signs in with it; made when it has none, and sent
    again with every form so that it outlives the day only while it is used."""
    if "browser_secret" not in g:
        g.browser_secret = request.cookies.get(browser_cookie()) or secrets.token_urlsafe(24)
    g.keep_browser = True
    return str(g.browser_secret)


def browser_cookie() -> str:
    """The name of the cookie that tells browsers apart; see `session_cookie` for the prefix."""
    return "__Host-consular-form" if current_app.config["SECURE"] else "consular-form"


def session_cookie() -> str:
    """``__Host-`` binds the cookie to this host over https; development speaks plain http."""
    return "__Host-consular" if current_app.config["SECURE"] else "consular-session"


def _token_for(secret: str) -> str:
    key: bytes = current_app.config["FORM_KEY"]
    return hmac.digest(key, secret.encode(), "sha256").hex()


def _check_form() -> None:
    if not is_page_form():
        return
    fault = form_fault()
    if fault:
        raise Forbidden(fault)


def is_page_form() -> bool:
    """Whether this request sends a form to one of our pages."""
    safe = request.method in ("GET", "HEAD", "OPTIONS")
    return not (safe or request.path.startswith("/api/") or request.routing_exception)


def form_fault() -> str | None:
    """Why a form can't be taken for one of ours in this browser; None when it is one."""
    if _from_elsewhere():
        return "form_from_elsewhere"
    token = request.form.get("csrf_token", "").encode()
    known = (request.cookies.get(name) for name in _cookies_that_count())
    good = any([hmac.compare_digest(_token_for(c).encode(), token) for c in known if c])
    return None if good else "form_expired"


def came_from_here() -> bool:
    """Whether the browser itself says that the form was on a page of ours."""
    origin = request.headers.get("Origin")
    if origin:
        return urlsplit(origin).netloc == request.host
    return request.headers.get("Sec-Fetch-Site") == "same-origin"


def _from_elsewhere() -> bool:
    origin = request.headers.get("Origin")
    if origin and origin != "null" and urlsplit(origin).netloc != request.host:
        return True
    return request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site")


def _cookies_that_count() -> list[str]:
    """Where only somebody signed in may act, the session's; elsewhere also the browser's, for the
    form may be from before the sign-in."""
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "who", None) == frozenset(Role) or session_cookie() not in request.cookies:
        return [session_cookie(), browser_cookie()]
    return [session_cookie()]


def _headers(response: Response) -> Response:
    # To ask for a header that isn't there costs an exception each time.
    present = {name.lower() for name, _value in response.headers}
    response.headers.extend(pair for pair in _UNLESS_SET if pair[0].lower() not in present)
    response.headers.extend(_EVERYWHERE)
    response.headers["X-Request-ID"] = g.get("request_id", "")
    if current_app.config["SECURE"]:
        response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if g.get("session_over") and request.method in ("GET", "HEAD"):
        # From here on the browser's reader is nobody; a form that was open is still known by it.
        response.delete_cookie(session_cookie(), path="/", secure=current_app.config["SECURE"])
    if g.get("keep_browser"):
        response.set_cookie(
            browser_cookie(), browser_secret(), max_age=BROWSER_SECONDS, httponly=True,
            samesite="Lax", secure=current_app.config["SECURE"], path="/",
        )  # fmt: skip
    return response
