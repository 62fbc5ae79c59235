"""Readiness means that orders can be taken; the other parts show as degraded."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import redis

from consular.local.ports import free_port
from consular.local.valkey import ValkeyServer
from services.kernel.db import NETWORK_SCOPE
from services.kernel.settings import Settings
from services.remittances.rates import store_rate
from tests.factories.web import Web, running_web, running_web_without_data
from tests.servers import Addresses

RECIPIENT = {"given_names": "Rosa", "first_surname": "Demo", "clabe": "002010077777777771"}


def _without_redis(settings: Settings) -> Settings:
    return replace(settings, redis_url=f"redis://127.0.0.1:{free_port()}/0")


def _rate(web: Web) -> None:
    now = datetime.now(UTC)
    with web.database.transaction(NETWORK_SCOPE) as session:
        store_rate(
            session, series="SF43718", base="USD", quote="MXN", value=Decimal("18.4321"),
            valid_on=(now - timedelta(days=1)).date(), now=now,
        )  # fmt: skip


def _order(web: Web) -> dict[str, Any]:
    token = web.token("citizen", subject="ana", name="Ana|Demo|Prueba")
    quote = web.quote("300.00", token)
    assert quote.status_code == 201, quote.text
    answer = web.call(
        "POST",
        "/remittances",
        {"quote": quote.get_json()["id"], "recipient": RECIPIENT, "purpose": "family"},
        token=token,
        headers={"Idempotency-Key": "one"},
    )
    assert answer.status_code == 202, answer.text
    return dict(answer.get_json())


def test_orders_are_accepted_while_valkey_is_down(settings: Settings) -> None:
    with running_web(_without_redis(settings)) as web:
        _rate(web)
        web.session()
        booked = web.book(web.free()[0]["start"], token=web.token("citizen", subject="ana"))
        assert booked.status_code == 201
        # The workers ask for its payment once they hear of it again.
        assert _order(web)["status"] == "registered"
        ready = web.client.get("/health/ready")
        assert ready.status_code == 200
        assert ready.get_json()["status"] == "degraded"
        assert ready.get_json()["parts"]["redis"] == "unavailable"


def test_without_postgresql_it_is_alive_but_not_ready(settings: Settings) -> None:
    with running_web(settings) as web:
        assert web.client.get("/health/ready").status_code == 200
        dead = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    broken = replace(settings, database_url=dead)
    with running_web_without_data(broken) as web:
        assert web.client.get("/health/live").status_code == 200
        answer = web.client.get("/health/ready")
        assert answer.status_code == 503
        refused = web.call("GET", "/consulates")
        assert (refused.status_code, refused.get_json()["code"]) == (503, "unavailable")
        assert refused.headers["Retry-After"]


def test_a_database_that_is_behind_is_not_ready(settings: Settings) -> None:
    with running_web(settings) as web:
        with psycopg.connect(settings.database_owner_url) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '0001'")
        answer = web.client.get("/health/ready")
        assert answer.status_code == 503
        assert answer.get_json()["parts"]["migrations"] == "behind"


def test_metrics_are_for_the_inside(settings: Settings) -> None:
    with running_web(settings) as web:
        web.call("GET", "/consulates")
        inside = web.client.get("/metrics")
        assert "consular_requests_total" in inside.text
        assert "consular_outbox_waiting 0.0" in inside.text
        outside = web.client.get("/metrics", environ_base={"REMOTE_ADDR": "8.8.8.8"})
        assert outside.status_code == 404


def _set(servers: Addresses, web: Web, setting: str) -> None:
    name = web.settings.database_url.rpartition("/")[2]
    with psycopg.connect(servers.superuser_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} {setting}".encode())
    web.app.extensions["consular.database"].dispose()


def test_a_database_that_became_read_only_is_not_ready_and_asks_to_come_back(
    settings: Settings, servers: Addresses
) -> None:
    with running_web(settings) as web:
        _rate(web)
        web.session()
        token, start = web.token("citizen", subject="ana"), web.free()[0]["start"]
        _set(servers, web, "SET default_transaction_read_only = on")
        ready = web.client.get("/health/ready")
        assert ready.status_code == 503
        assert ready.get_json()["parts"]["postgresql"] == "read_only"
        quote = {"send": {"amount": "300.00", "currency": "USD"},
                 "funding": "bank_account", "payout": "account"}  # fmt: skip
        for answer in (
            web.book(start, token=token),
            web.call("POST", "/quotes", quote, token=token),
        ):
            assert (answer.status_code, answer.get_json()["code"]) == (503, "unavailable")
            assert answer.headers["Retry-After"]
        assert web.call("GET", "/appointments", token=token).status_code == 200
        _set(servers, web, "RESET default_transaction_read_only")
        assert web.book(start, token=token).status_code == 201


def test_a_full_and_a_read_only_valkey_show_as_degraded(settings: Settings, tmp_path: Path) -> None:
    valkey = ValkeyServer(tmp_path / "valkey", log=tmp_path / "valkey.log")
    valkey.start()
    try:
        with running_web(replace(settings, redis_url=valkey.url)) as web:
            assert web.client.get("/health/ready").get_json()["parts"]["redis"] == "ok"
            with redis.Redis.from_url(valkey.url) as client:
                client.config_set("maxmemory", "1")
                _degraded(web, "full")
                client.config_set("maxmemory", "0")
                client.replicaof("127.0.0.1", free_port())
                _degraded(web, "read_only")
                client.replicaof("NO", "ONE")
            assert web.client.get("/health/ready").get_json()["parts"]["redis"] == "ok"
    finally:
        valkey.stop()


def _degraded(web: Web, state: str) -> None:
    answer = web.client.get("/health/ready")
    assert (answer.status_code, answer.get_json()["status"]) == (200, "degraded")
    assert answer.get_json()["parts"]["redis"] == state
