"""The web's, the workers' and the owner's login to a PostgreSQL that the user gave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from sqlalchemy.engine import URL

from consular.connections import check_server, connect, parse_url, url_text
from consular.local.roles import DatabaseUrls, fit_out_login, provision
from consular.startup import CannotStart
from services.kernel.logins import Duty


def given_databases(environ: Mapping[str, str], passwords: Mapping[str, str]) -> DatabaseUrls:
    """The web's, the workers' and the owner's address from the user's ``DATABASE_URL``.

    An address that may create roles is the owner's, and both logins are made with ``passwords``;
    a plain login needs ``DATABASE_OWNER_URL`` beside it, and the workers get the login of
    ``WORKER_DATABASE_URL`` or one that is made. Raises CannotStart with what is wrong: unreachable,
    refused, not PostgreSQL, too old, without the rights.
    """
    url = parse_url("DATABASE_URL", environ["DATABASE_URL"])
    owner_url = environ.get("DATABASE_OWNER_URL")
    if owner_url:
        owner = parse_url("DATABASE_OWNER_URL", owner_url)
        check_server("DATABASE_OWNER_URL", owner)
        web = _fitted_out("DATABASE_URL", url, owner, Duty.WEB)
        return DatabaseUrls(web, _worker(environ, owner, passwords), owner_url)
    if not _may_own(url):
        raise CannotStart(
            f"The login of DATABASE_URL ({url.username}) may not create roles, so it can't own "
            "the tables.",
            "Give DATABASE_OWNER_URL too (a login that owns the database, for migrations), or let "
            "DATABASE_URL be such a login: Consular then makes the web's and the workers' own.",
        )
    return _provisioned(url, passwords)


def _worker(environ: Mapping[str, str], owner: URL, passwords: Mapping[str, str]) -> str:
    text = environ.get("WORKER_DATABASE_URL")
    if text:
        url = parse_url("WORKER_DATABASE_URL", text)
        return _fitted_out("WORKER_DATABASE_URL", url, owner, Duty.WORKER)
    return _provisioned(owner, passwords).worker


def _rights(connection: psycopg.Connection[Any]) -> tuple[bool, bool]:
    """(may create roles, may bypass row-level security) of the login we are."""
    row = connection.execute(
        "SELECT rolcreaterole OR rolsuper, rolbypassrls OR rolsuper FROM pg_roles"
        " WHERE rolname = current_user"
    ).fetchone()
    return (bool(row[0]), bool(row[1])) if row else (False, False)


def _may_own(url: URL) -> bool:
    check_server("DATABASE_URL", url)
    with connect("DATABASE_URL", url) as connection:
        return _rights(connection)[0]


def _fitted_out(name: str, url: URL, owner: URL, duty: Duty) -> str:
    """A plain login that the user made, with what its processes need."""
    with connect(name, url) as connection:
        if _rights(connection)[1]:
            raise CannotStart(
                f"The login of {name} ({url.username}) may bypass row-level security.",
                f"Let {name} be a plain login that is a member of {duty}, or unset "
                "DATABASE_OWNER_URL: Consular then makes the logins itself.",
            )
    try:
        fit_out_login(url_text(owner), url.username or "", duty)
    except psycopg.Error as error:
        raise CannotStart(
            f"The login of {name} could not be fitted out: {_first_line(error)}.",
            f"As a superuser: GRANT {duty} TO {url.username}; and let DATABASE_OWNER_URL be a "
            "login with CREATEROLE.",
        ) from error
    return url_text(url)


def _provisioned(owner: URL, passwords: Mapping[str, str]) -> DatabaseUrls:
    try:
        urls = provision(url_text(owner), **passwords)
    except psycopg.Error as error:
        raise CannotStart(
            f"The application's logins could not be made: {_first_line(error)}.",
            "Let DATABASE_URL be a login with CREATEROLE that owns the database.",
        ) from error
    for url in (urls.web, urls.worker):
        name = "DATABASE_URL, as the application's own login"
        connect(name, parse_url(name, url)).close()
    return urls


def _first_line(error: psycopg.Error) -> str:
    return str(error).strip().splitlines()[0]
