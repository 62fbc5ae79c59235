"""Liveness, readiness and Prometheus metrics, for operators."""

from __future__ import annotations

import ipaddress
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import redis
from flask import Blueprint, Response, current_app, g, json, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, values
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from consular.agencies import agency_codes
from consular.auth import ANYONE, allow
from consular.db import database
from services.agencies.queries import list_agencies
from services.agencies.rules import State
from services.incidents.queries import count_open, suspense_age
from services.incidents.rules import Kind
from services.kernel.db import NETWORK_SCOPE
from services.kernel.errors import NotFound
from services.kernel.logins import NotAdopted, UnsafeDatabase
from services.operations.heartbeats import list_alive
from services.operations.queries import count_parked
from services.operations.rules import Liveness

health = Blueprint("health", __name__)

# Of a file of one process's metrics; prometheus_client doubles it when it is full.
METRICS_BYTES = 2**20
_counting = True
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
REQUESTS = Counter("consular_requests_total", "Requests answered", ["method", "route", "status"])
SEARCHES_GIVEN_UP = Counter(
    "consular_seat_searches_given_up_total",
    "Bookings and moves refused because a search hit its bound",
    ["command"],
)
SECONDS = Histogram("consular_request_seconds", "Time to answer", ["route"])

_STATE = text(
    """
    SELECT (SELECT version_num FROM alembic_version) AS version,
           pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean AS read_only,
           (SELECT count(*) FROM (SELECT 1 FROM outbox WHERE done_at IS NULL LIMIT 100000) o)
               AS waiting,
           (SELECT extract(epoch FROM clock_timestamp() - min(created_at))::float
              FROM outbox WHERE done_at IS NULL AND ring_at <= (SELECT clock_timestamp())) AS oldest
    """
)


_LIVENESS = {Liveness.ALIVE: "ok", Liveness.STARTING: "starting", Liveness.DEAD: "dead"}


@health.get("/health/live")
@allow(ANYONE)
def live() -> dict[str, str]:
    """Report that the process is alive."""
    return {"status": "live"}


@health.get("/health/ready")
@allow(ANYONE)
def ready() -> Response:
    """200 when orders can be taken: PostgreSQL answers, can be written to by a login that is fit
    for it, and migrations are at their head.

    Redis holds ids of what is due, no more: without it orders are still accepted, so it only shows
    as degraded. So do a relay, workers, a schedule or the books' process that are dead.
    """
    parts, good = _parts()
    body = {
        "status": ("ready" if all(v == "ok" for v in parts.values()) else "degraded")
        if good
        else "unavailable",
        "parts": parts,
    }
    return Response(json.dumps(body), 200 if good else 503, content_type="application/json")


@health.get("/metrics")
@allow(ANYONE)
def metrics() -> Response:
    """Prometheus, for this machine and private networks only."""
    if not _from_inside(request.remote_addr):
        raise NotFound()
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REQUESTS)
        registry.register(SECONDS)
        registry.register(SEARCHES_GIVEN_UP)
    registry.register(OutboxCollector())
    registry.register(IncidentCollector())
    registry.register(ProcessCollector())
    registry.register(AgencyCollector())
    return Response(generate_latest(registry), content_type="text/plain; version=0.0.4")


def init_health(app: Any) -> None:
    """Routes, and a measurement of every request."""
    app.register_blueprint(health)
    app.before_request(_begin)
    app.after_request(_measure)


def _parts() -> tuple[dict[str, str], bool]:
    parts = {"postgresql": "ok", "migrations": "ok", "redis": "ok", "outbox": "ok"}
    try:
        with database().transaction(NETWORK_SCOPE) as session:
            database().refuse_unfit(session)
            state = session.execute(_STATE).one()
            processes = list_alive(session)
    except NotAdopted:
        return {**parts, "postgresql": "not_adopted", "migrations": "unknown"}, False
    except UnsafeDatabase:
        return {**parts, "postgresql": "unfit_login", "migrations": "unknown"}, False
    except SQLAlchemyError:
        return {**parts, "postgresql": "unavailable", "migrations": "unknown"}, False
    if state.read_only:
        parts["postgresql"] = "read_only"
    elif database().commits.hang:
        parts["postgresql"] = "commits_hang"
    if state.version != current_app.config["MIGRATIONS_HEAD"]:
        parts["migrations"] = "behind"
    if state.oldest is not None and state.oldest > 120:
        parts["outbox"] = "late"
    parts["redis"] = _redis()
    parts |= {
        process.value: _LIVENESS[standing.liveness] for process, standing in processes.items()
    }
    return parts, parts["postgresql"] == parts["migrations"] == "ok"


def _redis() -> str:
    """Whether the queues can be written to: a replica, or a full one, answers a ping too."""
    client = cast(redis.Redis, current_app.extensions["consular.redis"])
    try:
        client.set("consular:ready", "1", ex=60)
    except redis.exceptions.ReadOnlyError:
        # It stays a replica for this connection: another may lead to the new primary.
        client.connection_pool.disconnect()
        return "read_only"
    except redis.exceptions.OutOfMemoryError:
        return "full"
    except redis.ResponseError as error:
        return "full" if str(error).startswith("MISCONF") else "unavailable"
    except redis.RedisError:
        return "unavailable"
    return "ok"


class OutboxCollector(Collector):
    """What waits in the outbox now, asked of the database at each scrape."""

    def collect(self) -> Iterable[Metric]:
        """Nothing when the database is away: that shows as absent, not as zero."""
        try:
            with database().transaction(NETWORK_SCOPE) as session:
                state = session.execute(_STATE).one()
                parked = count_parked(session)
        except (SQLAlchemyError, UnsafeDatabase):
            return
        yield GaugeMetricFamily(
            "consular_outbox_waiting", "Outbox items not done", value=state.waiting
        )
        yield GaugeMetricFamily(
            "consular_outbox_oldest_seconds", "Age of the oldest due", value=state.oldest or 0
        )
        yield GaugeMetricFamily(
            "consular_outbox_parked", "Items given up, for a person to look at", value=parked
        )


class IncidentCollector(Collector):
    """What a person has to look at, by kind: alarm on the age of the oldest."""

    def collect(self) -> Iterable[Metric]:
        """Nothing when the database is away."""
        try:
            with database().transaction(NETWORK_SCOPE) as session:
                counts = count_open(session)
                suspense = suspense_age(session)
        except (SQLAlchemyError, UnsafeDatabase):
            return
        still_open = GaugeMetricFamily(
            "consular_incidents_open", "Incidents that no person has resolved", labels=["kind"]
        )
        oldest = GaugeMetricFamily(
            "consular_incidents_oldest_seconds", "Age of the oldest open one", labels=["kind"]
        )
        by_kind = {each.kind: each for each in counts}
        for kind in Kind:
            state = by_kind.get(kind)
            still_open.add_metric([kind], state.count if state else 0)
            oldest.add_metric([kind], state.oldest_seconds if state else 0)
        yield still_open
        yield oldest
        yield GaugeMetricFamily(
            "consular_suspense_oldest_seconds",
            "Age of the oldest money in suspense",
            value=suspense,
        )


class ProcessCollector(Collector):
    """How many processes of each kind are alive: alarm where there is none."""

    def collect(self) -> Iterable[Metric]:
        """Nothing when the database is away."""
        try:
            with database().transaction(NETWORK_SCOPE) as session:
                processes = list_alive(session)
        except (SQLAlchemyError, UnsafeDatabase):
            return
        alive = GaugeMetricFamily(
            "consular_processes_alive", "Processes that gave a sign of life", labels=["process"]
        )
        for process, standing in processes.items():
            alive.add_metric([process], standing.alive)
        yield alive


class AgencyCollector(Collector):
    """Breakers, pauses and what waits, by agency."""

    def collect(self) -> Iterable[Metric]:
        """Nothing when the database is away."""
        try:
            with database().transaction(NETWORK_SCOPE) as session:
                agencies = list_agencies(session, agency_codes())
        except (SQLAlchemyError, UnsafeDatabase):
            return
        for name, what, value in (
            ("closed", "1 where calls go through", lambda a: a.state is State.CLOSED),
            ("paused", "1 where staff stopped all calls", lambda a: a.pause is not None),
            ("waiting", "Outbox items that wait until it may be called", lambda a: a.waiting),
        ):
            gauge = GaugeMetricFamily(f"consular_agency_{name}", what, labels=["agency"])
            for agency in agencies:
                gauge.add_metric([agency.agency], int(value(agency)))
            yield gauge


def add_up_processes(directory: Path) -> None:
    """Let the processes that are forked from here add up what they count, in ``directory``.

    The library looked for that setting as it was imported, and looks again at each new label.
    """
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(directory)
    values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call]


def prepare_metrics() -> None:
    """In a process just forked: give the files of its metrics their whole size on disk.

    They are mapped into memory, and a page that a full disk can't hold would end the process. Where
    there is no room now, this process counts nothing. A file gets its name when it is whole:
    another process may be adding all of them up, and an empty one would be an error to it.
    """
    global _counting  # noqa: PLW0603 - of the process, as the metrics are
    directory = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if not directory:
        return
    try:
        for kind in ("counter", "histogram"):
            begun = Path(directory) / f"{kind}_{os.getpid()}.begun"
            begun.write_bytes(bytes(METRICS_BYTES))
            begun.replace(begun.with_suffix(".db"))
    except OSError:
        _counting = False


def _from_inside(address: str | None) -> bool:
    """Whether a caller's address is this machine's or a private network's.

    A proxy may pass on anything as an address; what is none is not from inside.
    """
    try:
        caller = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    caller = getattr(caller, "ipv4_mapped", None) or caller
    return caller.is_loopback or (caller.is_private and not caller.is_unspecified)


def _begin() -> None:
    g.began = time.perf_counter()


def _measure(response: Response) -> Response:
    if not _counting:
        return response
    rule, method = request.url_rule, request.method
    route = str(rule) if rule else "unmatched"
    # Callers may invent methods, and each new label is a series kept for ever.
    method = method if method in METHODS else "other"
    REQUESTS.labels(method, route, response.status_code).inc()
    began = g.get("began")
    if began is not None:
        SECONDS.labels(route).observe(time.perf_counter() - began)
    return response
