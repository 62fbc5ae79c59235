"""Every topic of the outbox has a job, and every job is asked for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from integrations.registry import calling_back
from services.outbox import delivery
from services.outbox.inbox import callback_topic
from tests.architecture.source import ROOT, Module, literal, modules, written
from workers.queues import Queue
from workers.routes import ROUTES
from workers.rq_worker import RUN

# Topics named after the agency that calls back (services/outbox/inbox.py).
CALLBACKS = {callback_topic(agency.code) for agency in calling_back()}
ENQUEUE = {"enqueue", "delivery.enqueue", "enqueue_once_a_day"}
# At a status: the effect of a move.
ENQUEUE_AT = "enqueue_at"
# Or handed on by the outbox itself, from a call that is looked at.
MADE_AT_RUN_TIME = {
    "services/outbox/delivery.py",
    "services/outbox/inbox.py",
    "workers/schedule.py",
    "services/operations/parked.py",
    # The callback's own again, while nothing of ours is found.
    "workers/jobs/incidents.py",
}


def _text(module: Module, node: ast.expr) -> str | None:
    """A constant, or the name of one at the top of the module."""
    assigned = (each for each in module.tree.body if isinstance(each, ast.Assign))
    for statement in assigned:
        if written(node) in map(written, statement.targets):
            return literal(statement.value)
    return literal(node)


def _enqueued() -> Iterator[tuple[str, str | None]]:
    """(where, topic) of each call of enqueue; the topic is None when it isn't a constant."""
    for module in modules("services", "workers", "consular"):
        for call in module.calls():
            if written(call.func) in ENQUEUE and len(call.args) > 1:
                yield module.path, _text(module, call.args[1])
            elif written(call.func) == ENQUEUE_AT:
                yield module.path, _text(module, call.args[0])
    for file in (ROOT / "migrations" / "versions").glob("*.py"):
        inserts = re.findall(
            r"INSERT INTO outbox \(id, topic, ref\)\s+(?:VALUES|SELECT)\W+gen_random_uuid\(\),"
            r"\s+'([\w.]+)'",
            file.read_text(encoding="utf-8"),
        )
        yield from ((file.name, topic) for topic in inserts)
    for file in ROOT.glob("services/*/functions.sql"):
        topics = re.findall(r"put_into_outbox\('([\w.]+)'", file.read_text(encoding="utf-8"))
        yield from ((str(file.relative_to(ROOT)), topic) for topic in topics)


def test_every_topic_that_is_enqueued_has_a_job() -> None:
    assert {
        (where, topic) for where, topic in _enqueued() if topic and topic not in ROUTES
    } == set()


def test_topics_are_constants_but_for_callbacks_and_the_schedule() -> None:
    assert {where for where, topic in _enqueued() if topic is None} <= MADE_AT_RUN_TIME


# What databases of earlier versions may hold: a row waits for its job across an upgrade.
STORED = {
    "appointments.cancelled",
    "appointments.close_days",
    "appointments.compare_people",
    "appointments.confirmation",
    "appointments.free_places",
    "appointments.identity_check",
    "citizens.login_code",
    "enrollments.decided",
    "enrollments.identity_check",
    "enrollments.refresh",
    "enrollments.submit",
    "finabien.callback",
    "housekeeping.sweep",
    "incidents.clear_suspense",
    "incidents.watch",
    "rates.fetch",
    "remittances.cancel",
    "remittances.paid",
    "remittances.payout",
    "remittances.refunded",
    "sat.callback",
}


def test_what_waits_in_a_database_or_a_queue_is_done_after_an_upgrade() -> None:
    """A topic or the queues' function that is renamed goes on under its old name too."""
    assert set(ROUTES) >= STORED
    assert RUN == "workers.jobs.run.run_outbox"
    assert {str(name) for name in Queue} >= {"money", "notices", "agencies", "housekeeping"}


def test_every_callback_has_a_job() -> None:
    assert set(ROUTES) >= CALLBACKS


def test_every_job_does_something_that_is_asked_for() -> None:
    """By a use case, the schedule, or a job that asks for another."""
    topics = {topic for _, topic in _enqueued() if topic} | CALLBACKS
    named = {
        text
        for module in modules("workers")
        if module.path != "workers/routes.py"
        for node in module.calls()
        for text in map(literal, [*node.args, *(k.value for k in node.keywords)])
        if text
    }
    assert set(ROUTES) - topics - named == set()


def test_the_database_function_that_books_is_among_those_looked_at() -> None:
    booking = ("services/appointments/functions.sql", "appointments.confirmation")
    assert booking in set(_enqueued())
    assert delivery.enqueue.__name__ == "enqueue"
