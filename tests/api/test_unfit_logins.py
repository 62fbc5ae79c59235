"""The web works with a login that row security binds and that is no worker's, or not at all."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from psycopg import sql

from consular import doctor
from consular.app import create_app
from services.kernel.logins import UnsafeDatabase
from services.kernel.settings import Settings
from tests.factories.web import running_web, with_token_key
from tests.servers import Addresses, DatabaseUrls


@pytest.fixture
def superuser(servers: Addresses, database: DatabaseUrls) -> Iterator[psycopg.Connection]:
    """In the test's own database."""
    url = f"{servers.superuser_url.rpartition('/')[0]}/{database.name}"
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def login(superuser: psycopg.Connection, database: DatabaseUrls) -> Iterator[str]:
    """A plain login like the web's; its address."""
    name = f"web_{secrets.token_hex(4)}"
    role = sql.Identifier(name)
    superuser.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'secret1'").format(role))
    superuser.execute(
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(database.name), role)
    )
    _alter(superuser, name, "SET timezone = 'UTC'")
    _alter(superuser, name, "SET lock_timeout = '5s'")
    _alter(superuser, name, "SET statement_timeout = '30s'")
    yield f"postgresql://{name}:secret1@{database.web_url.rpartition('@')[2]}"
    superuser.execute(sql.SQL("DROP OWNED BY {}").format(role))
    superuser.execute(sql.SQL("DROP ROLE {}").format(role))


def _name(url: str) -> str:
    return url.split("//")[1].split(":", maxsplit=1)[0]


def _alter(superuser: psycopg.Connection, name: str, change: str) -> None:
    superuser.execute(f'ALTER ROLE "{name}" {change}'.encode())


def _grant(superuser: psycopg.Connection, name: str, *groups: str) -> None:
    for group in groups:
        superuser.execute(f'GRANT {group} TO "{name}"'.encode())


def _with(settings: Settings, url: str, env: str = "test") -> Settings:
    return with_token_key(replace(settings, database_url=url, env=env))


def test_a_superuser_is_refused_at_start(settings: Settings, servers: Addresses) -> None:
    url = f"{servers.superuser_url.rpartition('/')[0]}/{settings.database_url.rpartition('/')[2]}"
    with pytest.raises(UnsafeDatabase, match="row-level security"):
        create_app(_with(settings, url))


def test_a_login_that_bypasses_row_security_is_refused_at_start(
    settings: Settings, superuser: psycopg.Connection, login: str
) -> None:
    _grant(superuser, _name(login), "consular_web")
    _alter(superuser, _name(login), "BYPASSRLS")
    with pytest.raises(UnsafeDatabase, match="row-level security"):
        create_app(_with(settings, login))


def test_a_login_that_may_become_one_that_bypasses_is_refused_at_start(
    settings: Settings, superuser: psycopg.Connection, login: str
) -> None:
    _grant(superuser, _name(login), "consular_web")
    superuser.execute("CREATE ROLE passes_by NOLOGIN BYPASSRLS")
    try:
        superuser.execute(f'GRANT passes_by TO "{_name(login)}"'.encode())
        with pytest.raises(UnsafeDatabase, match="row-level security"):
            create_app(_with(settings, login))
    finally:
        superuser.execute("DROP ROLE passes_by")


def test_the_owner_of_the_tables_is_refused_at_start(
    settings: Settings, database: DatabaseUrls
) -> None:
    with pytest.raises(UnsafeDatabase, match="owns tables"):
        create_app(_with(settings, database.owner_url))


@pytest.mark.parametrize("groups", [(), ("consular_application",), ("consular_worker",)])
def test_a_login_of_another_kind_is_refused_at_start(
    settings: Settings, superuser: psycopg.Connection, login: str, groups: tuple[str, ...]
) -> None:
    _grant(superuser, _name(login), *groups)
    with pytest.raises(UnsafeDatabase, match="no member of consular_web"):
        create_app(_with(settings, login))


def test_one_login_for_both_serves_development_only(
    settings: Settings, superuser: psycopg.Connection, login: str
) -> None:
    _grant(superuser, _name(login), "consular_web", "consular_worker")
    create_app(_with(settings, login)).extensions["consular.database"].dispose()
    with pytest.raises(UnsafeDatabase, match="workers' login too"):
        create_app(
            replace(
                _with(settings, login, "production"),
                values={
                    **settings.values,
                    **{
                        f"CONSULAR_{agency}_URL": "https://agency.example"
                        for agency in ("FINABIEN", "SAT", "RATES", "NOTICES", "LLAVEMX", "OIDC")
                    },
                },
            )
        )


@pytest.mark.parametrize("name", ["lock_timeout", "statement_timeout", "timezone"])
def test_a_login_without_its_settings_is_refused_at_start(
    settings: Settings, superuser: psycopg.Connection, login: str, name: str
) -> None:
    _grant(superuser, _name(login), "consular_web")
    value = "'America/Mexico_City'" if name == "timezone" else "0"
    _alter(superuser, _name(login), f"SET {name} = {value}")
    with pytest.raises(UnsafeDatabase, match=f"ALTER ROLE .* SET {name}"):
        create_app(_with(settings, login))


def test_a_login_that_becomes_unfit_is_not_ready_and_shows_nothing(
    settings: Settings, superuser: psycopg.Connection, login: str
) -> None:
    _grant(superuser, _name(login), "consular_web")
    with running_web(replace(settings, database_url=login)) as web:
        assert web.client.get("/health/ready").status_code == 200
        _alter(superuser, _name(login), "BYPASSRLS")
        answer = web.client.get("/health/ready")
        assert answer.status_code == 503
        assert answer.get_json()["parts"]["postgresql"] == "unfit_login"
        web.app.extensions["consular.database"].dispose()
        shown = web.call("GET", "/consulates")
        assert (shown.status_code, shown.get_json()["code"]) == (503, "unavailable")


def test_the_doctor_says_which_login_is_unfit_and_what_to_do(
    settings: Settings, database: DatabaseUrls
) -> None:
    swapped = replace(
        settings, database_url=database.worker_url, worker_database_url=database.web_url,
        values={**settings.values, "DATABASE_URL": database.worker_url},
    )  # fmt: skip
    findings = {finding.part: finding for finding in doctor.examine(swapped)}
    assert "GRANT consular_web TO" in findings["Web's login"].remedy
    assert "GRANT consular_worker TO" in findings["Workers' login"].remedy
    findings = {finding.part: finding for finding in doctor.examine(settings)}
    assert findings["Web's login"].well
    assert findings["Workers' login"].well
