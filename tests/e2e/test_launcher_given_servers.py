"""What `consular up` says about a DATABASE_URL or REDIS_URL that can't be used."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import psycopg
import pytest
from psycopg import sql

from consular.connections import check_redis
from consular.local.given_servers import given_databases
from consular.local.ports import free_port
from consular.startup import CannotStart
from services.kernel.db import Database
from services.kernel.logins import Duty
from tests.servers import Addresses, DatabaseUrls

PASSWORDS = {"web_password": "secret1", "worker_password": "secret2"}


def problem_of(database_url: str, **more: str) -> str:
    with pytest.raises(CannotStart) as refusal:
        given_databases({"DATABASE_URL": database_url, **more}, PASSWORDS)
    assert refusal.value.remedy
    return refusal.value.problem


@contextmanager
def a_server_that_speaks_http() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = Thread(target=_answer_in_http, args=[server])
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def _answer_in_http(server: socket.socket) -> None:
    while True:
        try:
            client, _ = server.accept()
        except OSError:
            return
        with client:
            client.recv(1024)
            client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def test_nobody_listens() -> None:
    assert "nobody listens there" in problem_of(f"postgresql://a:b@127.0.0.1:{free_port()}/c")


def test_a_wrong_password(database: DatabaseUrls) -> None:
    host = database.owner_url.rpartition("@")[2]
    said = problem_of(f"postgresql://consular_owner:wrong@{host}")
    assert "refuses the user or the password" in said
    assert "wrong" not in said


def test_a_database_that_is_not_there(servers: Addresses) -> None:
    assert "no such database" in problem_of(servers.named("nowhere").owner_url)


def test_another_kind_of_database() -> None:
    assert "PostgreSQL only" in problem_of("mysql://a:b@127.0.0.1/c")


def test_no_address_at_all() -> None:
    assert "is not an address" in problem_of("consular")


def test_something_else_listens() -> None:
    with a_server_that_speaks_http() as port:
        assert "is not PostgreSQL" in problem_of(f"postgresql://a:b@127.0.0.1:{port}/c")


def test_a_plain_login_without_an_owner(database: DatabaseUrls) -> None:
    assert "may not create roles" in problem_of(database.app_url)


def test_an_application_login_that_bypasses_row_security(
    servers: Addresses, database: DatabaseUrls
) -> None:
    superuser = servers.superuser_url.rpartition("/")[0] + f"/{database.name}"
    said = problem_of(superuser, DATABASE_OWNER_URL=database.owner_url)
    assert "may bypass row-level security" in said


@pytest.fixture
def forgotten(servers: Addresses, database: DatabaseUrls) -> Iterator[list[str]]:
    """Logins that a test made: they don't outlive their database."""
    databases: list[str] = []
    yield databases
    url = servers.superuser_url.rpartition("/")[0] + f"/{database.name}"
    with psycopg.connect(url, autocommit=True) as connection:
        for login in databases:
            role = sql.Identifier(login)
            connection.execute(sql.SQL("DROP OWNED BY {}").format(role))
            connection.execute(sql.SQL("DROP ROLE {}").format(role))


def _fit(url: str, duty: Duty) -> None:
    Database(url, duty=duty, apart=True, pool_size=1).refuse_unfit()


def test_an_owner_is_given_a_login_for_the_web_and_one_for_the_workers(
    database: DatabaseUrls, forgotten: list[str]
) -> None:
    forgotten += [f"{database.name}_portal", f"{database.name}_jobs"]
    urls = given_databases({"DATABASE_URL": database.owner_url}, PASSWORDS)
    again = given_databases({"DATABASE_URL": database.owner_url}, PASSWORDS)

    assert urls == again
    host = database.owner_url.rpartition("@")[2]
    assert urls.web == f"postgresql://{forgotten[0]}:secret1@{host}"
    assert urls.worker == f"postgresql://{forgotten[1]}:secret2@{host}"
    assert urls.owner == database.owner_url
    _fit(urls.web, Duty.WEB)
    _fit(urls.worker, Duty.WORKER)


def test_a_plain_login_beside_an_owner_serves_the_web_and_the_workers_get_one(
    servers: Addresses, database: DatabaseUrls, forgotten: list[str]
) -> None:
    name = f"mine_{database.name}"
    forgotten += [f"{database.name}_portal", f"{database.name}_jobs", name]
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        role = sql.Identifier(name)
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'secret3'").format(role))
        connection.execute(
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                sql.Identifier(database.name), role
            )
        )
    mine = f"postgresql://{name}:secret3@{database.owner_url.rpartition('@')[2]}"
    urls = given_databases(
        {"DATABASE_URL": mine, "DATABASE_OWNER_URL": database.owner_url}, PASSWORDS
    )
    assert (urls.web, urls.owner) == (mine, database.owner_url)
    _fit(urls.web, Duty.WEB)
    _fit(urls.worker, Duty.WORKER)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://127.0.0.1:{port}/0", "does not answer as Redis"),
        ("http://127.0.0.1/", "is no address"),
    ],
)
def test_a_redis_that_is_none(url: str, said: str) -> None:
    with pytest.raises(CannotStart, match=said):
        check_redis(url.format(port=free_port()))


def test_a_redis_that_refuses_the_password(redis_url: str) -> None:
    host = redis_url.rpartition("@")[2]
    with pytest.raises(CannotStart, match="refuses the password"):
        check_redis(f"redis://:wrong@{host}")


def test_a_redis_that_asks_for_a_password(redis_url: str) -> None:
    host = redis_url.rpartition("@")[2]
    with pytest.raises(CannotStart, match=r"refuses the password|answers with an error"):
        check_redis(f"redis://{host}")
