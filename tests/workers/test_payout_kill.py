"""Workers killed with -9 in the middle of payouts lose nothing and double nothing."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from benchmarks import kill_payouts
from tests.servers import ROOT, DatabaseUrls


@pytest.mark.slow
def test_killed_workers_lose_and_double_nothing(database: DatabaseUrls, redis_url: str) -> None:
    measured = subprocess.run(
        [sys.executable, "-m", kill_payouts.__name__, "--ci"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **database.environ(redis_url)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert measured.returncode == 0, measured.stdout + measured.stderr
    assert " 0 lost, 0 doubled; books hold" in measured.stdout
