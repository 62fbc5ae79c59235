"""What `consular up` says about a DATABASE_URL or REDIS_URL that can't be used."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import psycopg
import pytest
from psycopg import sql

from consular.embedded import CannotStart, database_url, free_port
from consular.instance import check_redis, given_databases
from tests.servers import Addresses, DatabaseUrls


def problem_of(database_url: str, **more: str) -> str:
    with pytest.raises(CannotStart) as refusal:
        given_databases({"DATABASE_URL": database_url, **more}, "unused")
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


def test_an_owner_is_given_an_application_login_of_its_own(
    servers: Addresses, database: DatabaseUrls
) -> None:
    port = int(database.owner_url.rpartition(":")[2].partition("/")[0])
    app_url, owner_url = given_databases({"DATABASE_URL": database.owner_url}, "secret1")
    again, _ = given_databases({"DATABASE_URL": database.owner_url}, "secret1")

    login = f"{database.name}_app"
    assert app_url == again == database_url(login, "secret1", port, database.name)
    assert owner_url == database.owner_url
    with psycopg.connect(app_url) as connection:
        row = connection.execute(
            "SELECT rolsuper OR rolbypassrls OR rolcreaterole,"
            " pg_has_role(current_user, 'consular_application', 'USAGE')"
            " FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    assert row == (False, True)
    _forget(servers, database.name, login)


def _forget(servers: Addresses, database: str, login: str) -> None:
    url = servers.superuser_url.rpartition("/")[0] + f"/{database}"
    with psycopg.connect(url, autocommit=True) as connection:
        role = sql.Identifier(login)
        connection.execute(sql.SQL("DROP OWNED BY {}").format(role))
        connection.execute(sql.SQL("DROP ROLE {}").format(role))


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
