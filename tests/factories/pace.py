"""What a promise in seconds means on a machine that has other things to do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from time import monotonic

TRIES = 5


def seconds(promised: float) -> float:
    """As many as that promise takes here and now: more while others want the processors."""
    started = monotonic()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    slower = (monotonic() - started) / 0.1
    queued = os.getloadavg()[0] / (os.cpu_count() or 1)
    return promised * max(1.0, slower, queued)


def takes_less(do: Callable[[], object], promised: float) -> bool:
    """Whether that can be done in so many seconds; one try that others held up says nothing."""
    for _ in range(TRIES):
        started = monotonic()
        do()
        if monotonic() - started < promised:
            return True
    return False
