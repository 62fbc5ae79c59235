"""The reader's language: remembered in a cookie for a year."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Flask, Response, current_app, request

from consular.i18n import LANGUAGE_COOKIE
from consular.pages.forms import go
from services.kernel.catalogue import LANGUAGES

A_YEAR = 365 * 24 * 3600


def init_language(app: Flask) -> None:
    """A page opened with ``language`` is remembered in that language and shown without it; one
    with ``lang`` is shown with it, and remembered too: what its forms answer is in that language.
    """
    app.before_request(_switch)
    app.after_request(_follow)


def remember_language(response: Response, language: str) -> Response:
    """Remember the reader's language, from the next page on."""
    response.set_cookie(
        LANGUAGE_COOKIE, language, max_age=A_YEAR, samesite="Lax",
        secure=current_app.config["SECURE"], httponly=True,
    )  # fmt: skip
    return response


def _follow(response: Response) -> Response:
    language = request.args.get("lang")
    page = request.method == "GET" and response.mimetype == "text/html"
    # What others keep is nobody's own.
    if (
        page
        and not response.cache_control.public
        and language in LANGUAGES
        and language != request.cookies.get(LANGUAGE_COOKIE)
    ):
        return remember_language(response, language)
    return response


def _switch() -> Response | None:
    if request.method != "GET" or request.path.startswith("/api/v"):
        return None
    language = request.args.get("language")
    if language not in LANGUAGES:
        return None
    rest = [(name, value) for name, value in request.args.items(multi=True) if name != "language"]
    address = f"{request.path}?{urlencode(rest)}" if rest else request.path
    return remember_language(go(address), language)
