"""Whatever is put into the outbox, somebody does."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from integrations.registry import calling_back
from services.outbox import delivery
from services.outbox.inbox import callback_topic
from tests.architecture.source import ROOT, Module, literal, modules, written
from workers.routes import ROUTES

# Topics named after the agency that calls back (services/outbox/inbox.py).
CALLBACKS = {callback_topic(agency.code) for agency in calling_back()}
PUTS = {"put", "delivery.put", "put_once_a_day"}
# At a status: the effect of a move.
PUT_AT = "put_at"
# Or handed on by the outbox itself, from a call that is looked at.
MADE_AT_RUN_TIME = {
    "services/outbox/delivery.py",
    "services/outbox/inbox.py",
    "workers/schedule.py",
}


def _text(module: Module, node: ast.expr) -> str | None:
    """A constant, or the name of one at the top of the module."""
    assigned = (found for found in module.tree.body if isinstance(found, ast.Assign))
    for statement in assigned:
        if written(node) in map(written, statement.targets):
            return literal(statement.value)
    return literal(node)


def _put() -> Iterator[tuple[str, str | None]]:
    """(where, topic) of each call of put; the topic is None when it isn't a constant."""
    for module in modules("services", "workers", "consular"):
        for call in module.calls():
            if written(call.func) in PUTS and len(call.args) > 1:
                yield module.path, _text(module, call.args[1])
            elif written(call.func) == PUT_AT:
                yield module.path, _text(module, call.args[0])
    for file in (ROOT / "migrations" / "versions").glob("*.py"):
        inserts = re.findall(
            r"INSERT INTO outbox \(id, topic, ref\)\s+(?:VALUES|SELECT)\W+gen_random_uuid\(\),"
            r"\s+'([\w.]+)'",
            file.read_text(encoding="utf-8"),
        )
        yield from ((file.name, topic) for topic in inserts)
    for file in ROOT.glob("services/*/functions.sql"):
        asked = re.findall(r"put_into_outbox\('([\w.]+)'", file.read_text(encoding="utf-8"))
        yield from ((str(file.relative_to(ROOT)), topic) for topic in asked)


def test_every_topic_that_is_put_has_a_job() -> None:
    assert {(where, topic) for where, topic in _put() if topic and topic not in ROUTES} == set()


def test_topics_are_constants_but_for_callbacks_and_the_schedule() -> None:
    assert {where for where, topic in _put() if topic is None} <= MADE_AT_RUN_TIME


def test_every_callback_has_a_job() -> None:
    assert set(ROUTES) >= CALLBACKS


def test_every_job_does_something_that_is_asked_for() -> None:
    """By a use case, the schedule, or a job that asks for another."""
    asked = {topic for _, topic in _put() if topic} | CALLBACKS
    named = {
        text
        for module in modules("workers")
        if module.path != "workers/routes.py"
        for node in module.calls()
        for text in map(literal, [*node.args, *(k.value for k in node.keywords)])
        if text
    }
    assert set(ROUTES) - asked - named == set()


def test_the_database_function_that_books_is_among_those_looked_at() -> None:
    booking = ("services/appointments/functions.sql", "appointments.confirmation")
    assert booking in set(_put())
    assert delivery.put.__name__ == "put"
