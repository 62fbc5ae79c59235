"""Readiness means that orders can be taken; the other parts show as degraded."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg

from consular.embedded import free_port
from services.kernel.db import EVERYTHING
from services.kernel.settings import Settings
from services.remittances.rates import store_rate
from tests.factories.web import Web, running_web, running_web_without_data

RECIPIENT = {"given_names": "Rosa", "first_surname": "Demo", "clabe": "002010077777777771"}


def _without_redis(settings: Settings) -> Settings:
    return replace(settings, redis_url=f"redis://127.0.0.1:{free_port()}/0")


def _rate(web: Web) -> None:
    now = datetime.now(UTC)
    with web.database.transaction(EVERYTHING) as session:
        store_rate(
            session, series="SF43718", base="USD", quote="MXN", value=Decimal("18.4321"),
            valid_on=(now - timedelta(days=1)).date(), now=now,
        )  # fmt: skip


def _order(web: Web) -> dict[str, Any]:
    token = web.token("citizen", subject="ana", name="Ana|Demo|Prueba")
    quote = web.call(
        "POST",
        "/quotes",
        {
            "send": {"amount": "300.00", "currency": "USD"},
            "funding": "bank_account",
            "payout": "account",
        },
        token=token,
    )
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
        assert _order(web)["status"] == "funded"
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
