"""One place reads the time of day, and the edges alone end transactions."""

from __future__ import annotations

import ast

from tests.architecture.source import Module, modules, written

CLOCKS = {
    "datetime.now", "datetime.utcnow", "datetime.today", "datetime.datetime.now",
    "datetime.datetime.utcnow", "datetime.date.today", "date.today", "time.time", "time.time_ns",
    "time.localtime", "time.gmtime",
}  # fmt: skip
# Who may read it besides, and why. Elapsed time (monotonic, perf_counter) is another matter.
MAY_READ = {
    "services/kernel/clock.py": "the clock",
    "services/kernel/ids.py": "the time within a UUIDv7 decides nothing",
    "consular/tokens.py": "a token's validity is checked against real time, never a test's",
    "consular/doctor.py": "compares this host's clock with the database's",
    "integrations/simulator/app.py": "the simulator is another system with a clock of its own",
    "integrations/simulator/callbacks.py": "the same",
}


def _reads_clock(module: Module) -> list[str]:
    nodes = (node for node in module.nodes if isinstance(node, ast.Attribute))
    return [f"{module.path}:{node.lineno}" for node in nodes if written(node) in CLOCKS]


def test_nobody_else_reads_the_clock() -> None:
    readers = [line for m in modules() if m.path not in MAY_READ for line in _reads_clock(m)]
    assert readers == []


def test_every_exception_is_still_needed() -> None:
    readers = {module.path for module in modules() if _reads_clock(module)}
    assert set(MAY_READ) - readers == set()


def test_use_cases_never_end_a_transaction() -> None:
    ends = {"commit", "rollback", "begin", "begin_nested"}
    faults = [
        f"{module.path}:{call.lineno} {call.func.attr}"
        for module in modules("services")
        for call in module.calls()
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in ends
        and module.path != "services/kernel/db.py"
        and written(call.func) != "idempotency.begin"
    ]
    assert faults == []


def test_use_cases_read_no_environment_and_open_no_connection() -> None:
    forbidden = {"os.environ", "os.getenv", "create_engine", "psycopg.connect"}
    allowed = {"services/kernel/settings.py", "services/kernel/db.py"}
    faults = [
        f"{module.path}:{node.lineno} {written(node)}"
        for module in modules("services")
        for node in module.nodes
        if isinstance(node, ast.Attribute | ast.Name)
        and written(node) in forbidden
        and module.path not in allowed
    ]
    assert faults == []
