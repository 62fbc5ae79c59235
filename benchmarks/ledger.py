"""``python -m benchmarks.ledger``: postings a second beside the least that a posting can be.

The floor is a function of one call that inserts a transfer and its two lines, with a key each and
the index that balances are read by, and checks nothing. pgbench drives it and the ledger's function
in turn, 32 clients each, all on the same two accounts of the house. Batches go through Python, as
they do in the product.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import psycopg

from benchmarks.report import Result, compared, show
from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.ids import new_id
from services.ledger.posting import Line, Transfer, post
from tests.servers import DatabaseUrls, Servers

CLIENTS = 32
RUNS, SECONDS = 5, 4
BATCH, AT_ONCE = 500, 2
FLOOR = "pgbench, insert-only posting in one call, 32 clients"
_TABLES = """
CREATE TABLE floor_transfers (
    id uuid PRIMARY KEY, kind text NOT NULL, subject_id uuid NOT NULL, at timestamptz NOT NULL);
CREATE TABLE floor_lines (
    transfer_id uuid, line smallint, account text NOT NULL, currency text NOT NULL,
    amount bigint NOT NULL, at timestamptz NOT NULL, PRIMARY KEY (transfer_id, line));
CREATE INDEX ON floor_lines (account, at) INCLUDE (amount);
CREATE FUNCTION floor_post(
    p_id uuid, p_subject uuid, p_at timestamptz, p_debit text, p_credit text, p_amount bigint
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO floor_transfers VALUES (p_id, 'bench', p_subject, p_at);
    INSERT INTO floor_lines VALUES (p_id, 1, p_debit, 'USD', p_amount, p_at),
        (p_id, 2, p_credit, 'USD', -p_amount, p_at);
END $$;
"""
_FLOOR_POST = """SELECT floor_post(gen_random_uuid(), gen_random_uuid(), now(),
    'funding_clearing', 'fee_income', 100);"""
_POST = """SELECT post_transfer_v1(now(), gen_random_uuid(), 'funded', gen_random_uuid(), NULL,
    false, NULL, 'funding_clearing', 'fee_income', 'USD', 100);"""


@dataclass(frozen=True)
class Timed:
    """Transfers a second, round by round: the floor's, ours one by one, and ours in batches."""

    floor: Sequence[float]
    hot: Sequence[float]
    batch: Sequence[float]


def measure(runs: int = RUNS, seconds: int = SECONDS) -> Timed:
    """On servers of its own; the first round only warms up."""
    servers = Servers(durable=True)
    try:
        addresses = servers.start()
        pgbench = servers.postgres.binaries / "pgbench"
        with addresses.fresh_database() as urls, TemporaryDirectory() as directory:
            with psycopg.connect(urls.owner_url) as owner:
                owner.execute(_TABLES.encode())
            scripts = Path(directory)
            (scripts / "floor").write_text(_FLOOR_POST)
            (scripts / "ours").write_text(_POST)
            rounds = [
                (
                    _drive(pgbench, urls, scripts / "floor", seconds),
                    _drive(pgbench, urls, scripts / "ours", seconds),
                    _batches(urls, seconds),
                )
                for _ in range(runs + 1)
            ][1:]
    finally:
        servers.stop()
    return Timed(*([each[n] for each in rounds] for n in range(3)))


def results(timed: Timed) -> list[Result]:
    """Both beside the floor of their own round."""
    hot = list(zip(timed.hot, timed.floor, strict=True))
    batch = list(zip(timed.batch, timed.floor, strict=True))
    return [
        compared("ledger_hot_account", "postings/s", hot, FLOOR),
        compared("ledger_batch", "postings/s", batch, FLOOR),
    ]


def _drive(pgbench: Path, urls: DatabaseUrls, script: Path, seconds: int) -> float:
    command = [
        str(pgbench), "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-T", str(seconds),
        "-f", str(script), urls.owner_url,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    if found is None:
        raise RuntimeError(f"pgbench said no rate: {done.stdout}")
    return float(found[1])


def _batches(urls: DatabaseUrls, seconds: int) -> float:
    """By some connections at once; each call is a batch and a commit."""
    database = Database(urls.worker_url, pool_size=AT_ONCE)
    counts = [0] * AT_ONCE
    until = perf_counter() + seconds

    def send(number: int) -> None:
        while perf_counter() < until:
            with database.transaction(NETWORK_SCOPE) as session:
                post(session, *_batch(), now=datetime.now(UTC))
            counts[number] += BATCH

    began = perf_counter()
    threads = [threading.Thread(target=send, args=(number,)) for number in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate = sum(counts) / (perf_counter() - began)
    database.dispose()
    return rate


def _batch() -> list[Transfer]:
    lines = [Line("funding_clearing", "USD", 100), Line("fee_income", "USD", -100)]
    return [Transfer(new_id(), "funded", new_id(), lines) for _ in range(BATCH)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ledger", description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--seconds", type=int, default=SECONDS)
    options = parser.parse_args(arguments)
    show(results(measure(options.runs, options.seconds)))


if __name__ == "__main__":
    main()
