"""Servers and settings for every test.

Sockets are closed except to this machine (pytest-socket): a test that calls an agency for real is a
mistake. What a test may ask for:

- ``database``: a fresh migrated database to commit to; dropped afterwards;
- ``shared_database``: one for the whole process, for tests that roll everything back;
- ``redis_url``: an empty Valkey database;
- ``settings``: Settings over a fresh ``database`` and ``redis_url``, with random keys;
- ``chromium``: the browser's path, in tests marked ``browser``: skipped where there is none,
  unless CONSULAR_REQUIRE_BROWSER=1.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import redis
from pytest_socket import enable_socket, socket_allow_hosts

from services.kernel.settings import Settings
from tests.factories import chance, compiled, statements
from tests.servers import (
    REFERENCE,
    TEMPLATE,
    Addresses,
    DatabaseUrls,
    Servers,
    find_chromium,
    settings_over,
)

_SERVERS = pytest.StashKey[Servers]()
_ADDRESSES = pytest.StashKey[Addresses]()
_FAILURE = pytest.StashKey[str]()
_SENT = "consular_servers"
_FAILED = "consular_servers_failed"
_NO_BROWSER = "There is no Chromium on this machine (Debian, Ubuntu: apt-get install chromium)."


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--durable``: the tests' PostgreSQL keeps fsync on. ``--full``: long runs at full length."""
    parser.addoption("--durable", action="store_true", help="keep fsync on in PostgreSQL")
    parser.addoption("--full", action="store_true", help="long runs at their full length")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Only this machine may be called; a test of the browser needs one; invented people are the
    same at each run of a test."""
    chance.begin(item.nodeid)
    enable_socket()
    socket_allow_hosts(["127.0.0.1", "localhost", "::1"], allow_unix_socket=True)
    if item.get_closest_marker("browser") and find_chromium() is None:
        if os.environ.get("CONSULAR_REQUIRE_BROWSER") == "1":
            pytest.fail(_NO_BROWSER, pytrace=False)
        pytest.skip(_NO_BROWSER)


def pytest_configure(config: pytest.Config) -> None:
    """Every statement is watched. In a worker: take the servers that the controller started."""
    _take_time_for_examples(always_the_same=not config.getoption("--full"))
    statements.watch()
    compiled.share()
    received = getattr(config, "workerinput", {})
    if received.get(_SENT):
        config.stash[_ADDRESSES] = Addresses.arrive(received[_SENT])
    if received.get(_FAILED):
        config.stash[_FAILURE] = received[_FAILED]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """In xdist's controller, before each worker starts: servers for all of them.

    A failure travels too, so that tests without a server still run and the others say why not.
    """
    config: pytest.Config = node.config  # type: ignore[attr-defined]
    if _FAILURE not in config.stash:
        try:
            _addresses(config)
        except Exception:
            config.stash[_FAILURE] = traceback.format_exc()
    sent: dict[str, object] = node.workerinput  # type: ignore[attr-defined]
    sent[_FAILED] = config.stash.get(_FAILURE, "")
    sent[_SENT] = config.stash[_ADDRESSES].travel() if _ADDRESSES in config.stash else {}


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what this process started, also after failures and Ctrl-C."""
    servers = config.stash.get(_SERVERS, None)
    if servers is not None:
        servers.stop()


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> Addresses:
    """The addresses of this run's PostgreSQL and Valkey, with the superuser's."""
    return _addresses(pytestconfig)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the system's Chromium, for tests marked ``browser``."""
    path = find_chromium()
    if path is None:
        pytest.skip(_NO_BROWSER)
    return path


@pytest.fixture
def database(servers: Addresses, request: pytest.FixtureRequest) -> Iterator[DatabaseUrls]:
    """A fresh migrated database: tests may commit. About 50 ms. With reference data for tests of
    the ``web``, else empty."""
    template = REFERENCE if "web" in request.fixturenames else TEMPLATE
    with servers.fresh_database(template) as urls:
        yield urls


@pytest.fixture(scope="session")
def shared_database(servers: Addresses) -> Iterator[DatabaseUrls]:
    """A migrated database for all the tests of this process that leave nothing behind."""
    with servers.fresh_database() as urls:
        yield urls


@pytest.fixture
def redis_url(servers: Addresses) -> str:
    """An empty Valkey database, which no other worker of this run uses."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    url = servers.redis(int(worker) % 64)
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url


@pytest.fixture
def settings(database: DatabaseUrls, redis_url: str, tmp_path: Path) -> Settings:
    """Settings of the environment ``test``, over servers of this run."""
    return settings_over(database, tmp_path, redis_url)


def _take_time_for_examples(*, always_the_same: bool) -> None:
    """How long this machine needs for one of Hypothesis' examples says nothing of us."""
    hypothesis.settings.register_profile(
        "consular",
        derandomize=always_the_same,
        deadline=None,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
    hypothesis.settings.load_profile("consular")


def _addresses(config: pytest.Config) -> Addresses:
    if _FAILURE in config.stash:
        pytest.fail(f"The servers did not start.\n{config.stash[_FAILURE]}", pytrace=False)
    if _ADDRESSES not in config.stash:
        servers = Servers(durable=config.getoption("--durable"))
        config.stash[_SERVERS] = servers
        config.stash[_ADDRESSES] = servers.start()
    return config.stash[_ADDRESSES]
