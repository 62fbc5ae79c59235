"""``python -m benchmarks.run [--full] [--only NAME]``: measure, print a table, and of all figures
write ``results/latest.json``.

Every figure is the median of interleaved runs against a floor on the same server, and the ratio
the median of the pairs' ratios: absolute figures move with the machine, ratios hardly.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

import httpx

from benchmarks import client, enrollments, facts, ledger, orders, remittances, surge
from benchmarks import stage as stages
from benchmarks.report import Result, alone, compared, show
from benchmarks.stage import AGENDA, DAYS, FEW, HOT, MANY, OFFICE, SOLD_OUT, Stage, http_request
from consular.local.launcher import WORKERS
from consular.local.ports import HOST
from services.kernel.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "latest.json"
CONNECTIONS = 16
BARE_BOOKING = "bare Flask view, the same rows in one raw psycopg statement, same server"
BARE_ORDER = "bare Flask views, the rows of quote and order in one raw statement each, same server"
NO_OP = "RQ's own no-op jobs/s, as many SimpleWorkers as the product has, same Valkey"
ENROLLING_RUNS = 3
WARM_UP = 50
TICKETS = "/desk/tickets"
BARE_FREE = "bare Flask view, one raw psycopg query, same server"


@dataclass(frozen=True)
class Size:
    """How many runs of how many requests."""

    runs: int
    bookings: int
    reads: int
    enrollments: int
    orders: int
    # How many times the 70,000 bookings to come lie in the past as well.
    past: int


SHORT = Size(runs=5, bookings=600, reads=100, enrollments=400, orders=200, past=1)
# 8 rounds of 3 x 1,200 fit into the 32,000 places of the hot slot, a smallint's reach.
FULL = Size(runs=7, bookings=1200, reads=600, enrollments=400, orders=600, past=15)


@dataclass(frozen=True)
class Run:
    """The answers of one load, as the client saw them."""

    seconds: float
    statuses: dict[str, int]
    body_bytes: int
    latencies: list[float]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    @property
    def p50(self) -> float:
        """Median of the answers' milliseconds."""
        return median(self.latencies)

    @property
    def p95(self) -> float:
        """95th percentile of the answers' milliseconds."""
        return quantiles(self.latencies, n=20)[-1]


def send(settings: Settings, requests: Sequence[bytes], connections: int, status: int) -> Run:
    """Let the client send them. Raises RuntimeError when an answer has another status."""
    with TemporaryDirectory() as directory:
        path = Path(directory) / "requests"
        client.write_requests(path, requests)
        command = [sys.executable, "-m", client.__name__, HOST, str(settings.port)]
        done = subprocess.run(
            [*command, str(connections), str(path)], cwd=ROOT, capture_output=True, check=True
        )
    run = Run(**json.loads(done.stdout))
    if set(run.statuses) != {str(status)}:
        raise RuntimeError(f"expected {status} only, got {run.statuses}")
    return run


def booking(stage: Stage, size: Size, name: str, office: str, status: int = 201) -> Result:
    """Bookings a second at one office, product and floor in turn."""
    pairs = []
    for number in range(-1, size.runs):  # the first pair only warms up
        # The floor is faster: give it more, so that both run about as long.
        ours = stage.bookings(office, size.bookings, f"{name}-ours-{number}")
        floors = stage.bookings(office, size.bookings * 2, f"{name}-floor-{number}")
        mine = send(stage.product, ours, CONNECTIONS, status)
        bare = send(stage.floor, floors, CONNECTIONS, status)
        pairs.append((mine.rate, bare.rate))
    return compared(name, "requests/s", pairs[1:], BARE_BOOKING)


def availability(stage: Stage, size: Size) -> list[Result]:
    """Free times of sixty days at one office: latency of one client, few and many bookings."""
    path = f"/api/v1/consulates/{OFFICE}/availability?"
    now = datetime.now(UTC)
    query = {"service": "PAS10", "from": now.date(), "to": (now + timedelta(days=DAYS)).date()}
    reads = [http_request("GET", path + urlencode(query))] * size.reads
    servers = (stage.product, stage.floor, stage.product_many, stage.floor_many)
    rounds = [[send(s, reads, 1, 200) for s in servers] for _ in range(size.runs + 1)][1:]
    few50 = [(ours.p50, bare.p50) for ours, bare, _, _ in rounds]
    few95 = [(ours.p95, bare.p95) for ours, bare, _, _ in rounds]
    many50 = [(ours.p50, bare.p50) for _, _, ours, bare in rounds]
    many95 = [(ours.p95, bare.p95) for _, _, ours, bare in rounds]
    growth = [(many.p50, few.p50) for few, _, many, _ in rounds]
    at_few = f"the same with {FEW} bookings and none in the past"
    return [
        compared(f"availability_over_http_p50_{FEW}", "ms", few50, BARE_FREE),
        compared(f"availability_over_http_p95_{FEW}", "ms", few95, BARE_FREE),
        compared(f"availability_over_http_p50_{MANY}", "ms", many50, BARE_FREE),
        compared(f"availability_over_http_p95_{MANY}", "ms", many95, BARE_FREE),
        compared("availability_growth_x100_bookings", "ms", growth, at_few),
    ]


def agenda(stage: Stage, size: Size) -> Result:
    """The desk's page of a day of 300 people, for one officer who is signed in."""
    ask = {"Accept": "text/html", "Cookie": stage.officer, "X-Office": AGENDA}
    reads = [http_request("GET", "/desk/?desk=A", ask)] * size.reads
    floors = [http_request("GET", "/agenda", ask)] * size.reads
    pairs = [
        (send(stage.product, reads, 1, 200).p95, send(stage.floor, floors, 1, 200).p95)
        for _ in range(size.runs + 1)
    ][1:]
    return compared("agenda_300", "ms", pairs, "p95; its SQL in a bare Flask view, same server")


def ticket(stage: Stage, size: Size) -> Result:
    """Somebody without an appointment gets a turn: the form, and its sending, for one officer."""
    ask = {"Accept": "text/html", "Cookie": stage.officer}
    page = httpx.get(f"http://{HOST}:{stage.product.port}{TICKETS}", headers=ask).text
    [token] = set(re.findall(r'name="csrf_token" value="([0-9a-f]+)"', page))
    ask["Content-Type"] = "application/x-www-form-urlencoded"
    runs = []
    for run in range(size.runs + 1):
        forms = [
            urlencode({"csrf_token": token, "form_key": f"{run}-{number}", "service": "PAS10"})
            for number in range(size.reads)
        ]
        given = [http_request("POST", TICKETS, ask, form.encode()) for form in forms]
        shown = [http_request("GET", TICKETS, ask)] * size.reads
        runs.append(send(stage.product, shown, 1, 200).p95 + send(stage.product, given, 1, 303).p95)
    return alone("walk_in_ticket", "ms", runs[1:])


def first_page(stage: Stage, size: Size) -> list[Result]:
    """The portal's home page as a first visit sees it: its HTML alone."""
    reads = [http_request("GET", "/", {"Accept": "text/html"})] * size.reads
    runs = [send(stage.product, reads, 1, 200) for _ in range(size.runs + 1)][1:]
    return [
        alone("home_page_p50", "ms", [run.p50 for run in runs]),
        alone("home_page_p95", "ms", [run.p95 for run in runs]),
        alone("home_page_bytes", "bytes", [float(run.body_bytes) for run in runs]),
    ]


def ordering(stage: Stage, size: Size) -> Result:
    """Quotes with their orders a second."""
    register = _senders(stage)
    pairs = [
        (register.rate(stage.product, size.orders), register.rate(stage.floor, size.orders * 2))
        for _ in range(size.runs + 1)
    ][1:]
    return compared("order_over_http", "requests/s", pairs, BARE_ORDER)


def _senders(stage: Stage) -> orders.Register:
    return orders.Register(
        orders.prepare(stage.product, stage.citizens),
        lambda server, requests, status: send(server, requests, CONNECTIONS, status),
    )


def enrolling(stage: Stage, size: Size) -> list[Result]:
    """Enrollments from the API to their final state, and RQ's own jobs that do nothing, in turn."""
    ask = partial(send, stage.product, connections=CONNECTIONS, status=202)
    register = enrollments.Register(stage.product, stage.citizens, ask)
    with enrollments.processes(stage.product):
        rounds = [register.measure(size.enrollments) for _ in range(ENROLLING_RUNS + 1)][1:]
    pairs = [(each.rate, each.no_op_rate) for each in rounds]
    return [
        compared("enrollment_end_to_end", "requests/s", pairs, NO_OP),
        alone("enrollment_jobs_per_request", "jobs", [each.jobs for each in rounds]),
    ]


def remitting(stage: Stage, size: Size) -> list[Result]:
    """Remittances from their order until they are paid and told, and the floor of bookings, in
    turn."""
    register, rounds = _senders(stage), []
    for number in range(ENROLLING_RUNS):
        floors = stage.bookings(OFFICE, size.bookings * 2, f"remittance-floor-{number}")
        bare = send(stage.floor, floors, CONNECTIONS, 201)
        # Begun anew each time: what the floor leaves would be theirs to do.
        with enrollments.processes(stage.product, WORKERS) as simulator:
            corridor = remittances.Corridor(stage.product, register, simulator)
            corridor.measure(WARM_UP)
            rounds.append((corridor.measure(size.enrollments), bare.rate))
    paid = [each for each, _ in rounds]
    pairs = [(each.rate, bare) for each, bare in rounds]
    return [
        compared("remittance_end_to_end", "remittances/s", pairs, BARE_BOOKING),
        alone("remittance_jobs", "jobs", [each.jobs for each in paid]),
        alone("remittance_transactions", "transactions", [each.transactions for each in paid]),
        alone("remittance_simulator", "of the CPU", [each.simulated for each in paid]),
    ]


# What measures the figures whose names begin so.
ON_STAGE: dict[str, Callable[[Stage, Size], list[Result]]] = {
    "booking_over_http": lambda stage, size: [booking(stage, size, "booking_over_http", OFFICE)],
    "booking_hot_slot": lambda stage, size: [booking(stage, size, "booking_hot_slot", HOT)],
    "booking_refused": lambda stage, size: [booking(stage, size, "booking_refused", SOLD_OUT, 409)],
    "availability_": availability,
    "home_page_": first_page,
    "agenda_300": lambda stage, size: [agenda(stage, size)],
    # Behind the agenda, which it makes longer.
    "walk_in_ticket": lambda stage, size: [ticket(stage, size)],
    "enrollment_": enrolling,
    "remittance_": remitting,
    # Behind those that have workers, who would do what its orders leave.
    "order_over_http": lambda stage, size: [ordering(stage, size)],
}
# In servers of its own.
FACTS, LEDGER, SURGE = "indicator_", "ledger_", "surge_"


def measure(size: Size, only: str = "") -> list[Result]:
    """All figures, or those whose names begin with ``only``."""
    wanted = [name for name in ON_STAGE if _is_wanted(name, only)]
    results = _measure_on_stage(size, wanted) if wanted else []
    if _is_wanted(FACTS, only):
        results += facts.results(facts.measure(facts.ROWS))
    if _is_wanted(LEDGER, only):
        results += ledger.results(ledger.measure(size.runs))
    if _is_wanted(SURGE, only):
        results += surge.results(surge.measure(surge.SHORT))
    return [result for result in results if result.name.startswith(only)]


def _is_wanted(names: str, only: str) -> bool:
    return names.startswith(only) or only.startswith(names)


def _measure_on_stage(size: Size, wanted: Sequence[str]) -> list[Result]:
    with stages.standing(size.past) as stage:
        return [result for name in wanted for result in ON_STAGE[name](stage, size)]


def machine() -> str:
    """The machine that it ran on, in one line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} x {_processor()}, {memory:.0f} GiB, {platform.system()}"
        f" {platform.release()}, Python {platform.python_version()}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    named = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


def commit() -> str:
    """The commit of this tree, with a mark when the tree differs from it."""
    known = _git("rev-parse", "HEAD") or "unknown"
    changed = _git("status", "--porcelain", "--untracked-files=no")
    return f"{known}+changes" if changed else known


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", *arguments],  # noqa: S607 - the developer's own
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return ""
    return done.stdout.strip()


def _keep(results: Sequence[Result]) -> None:
    """Write all figures where `make bench` says."""
    report: dict[str, Any] = {
        "machine": machine(),
        "commit": commit(),
        "results": [asdict(result) for result in results],
    }
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--full", action="store_true", help="longer runs, and seven of each")
    parser.add_argument("--only", default="", metavar="NAME", help="how a figure's name begins")
    options = parser.parse_args(arguments)
    results = measure(FULL if options.full else SHORT, options.only)
    if not options.only:
        _keep(results)
    show(results)


if __name__ == "__main__":
    main()
