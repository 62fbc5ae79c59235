"""The web as its unit starts it: one command, and figures of all its processes in one place."""

from __future__ import annotations

import configparser
import os
import re
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.request import urlopen

import pytest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.parser import text_string_to_metric_families

from consular.health import prepare_metrics
from consular.local.ports import free_port
from services.kernel.settings import Settings
from tests.factories.instance import COMMAND, ROOT
from tests.factories.server import running_server

UNITS = ROOT / "deploy" / "systemd"


def _counted(port: int) -> float:
    """Requests to /health/live, as one scrape tells them."""
    with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        text = answer.read().decode()
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "consular_requests_total" and sample.labels["route"] == "/health/live"
    )


def test_metrics_of_all_processes_are_told_by_each(settings: Settings, tmp_path: Path) -> None:
    metrics = tmp_path / "metrics"
    metrics.mkdir()
    with running_server(settings, PROMETHEUS_MULTIPROC_DIR=str(metrics)) as at:
        before = _counted(at.port)
        for _ in range(40):
            urlopen(f"http://127.0.0.1:{at.port}/health/live").close()
        assert {_counted(at.port) for _ in range(12)} == {before + 40}
        files = list(metrics.glob("counter_*.db"))
        assert len(files) == 2
        # Written in full: a hole would end its process on a full disk.
        assert all(file.stat().st_blocks * 512 >= file.stat().st_size for file in files)


def test_the_web_starts_as_its_unit_says(settings: Settings) -> None:
    unit = configparser.RawConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(UNITS / "consular-web.service")
    service = unit["Service"]
    runtime = service["RuntimeDirectory"]
    assert service["Environment"] == f"PROMETHEUS_MULTIPROC_DIR=/run/{runtime}"
    assert "RuntimeDirectoryPreserve" not in service  # so it is empty at each start
    arguments = service["ExecStart"].split()[1:]
    port = free_port()
    environ = {**os.environ, **settings.values, "CONSULAR_PORT": str(port)}
    process = subprocess.Popen(
        [*COMMAND, *arguments], env=environ, cwd=ROOT, stdout=subprocess.DEVNULL
    )
    try:
        _wait(port)
    finally:
        process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


def _wait(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            urlopen(f"http://127.0.0.1:{port}/health/live", timeout=2).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the web did not start")


@pytest.mark.parametrize("unit", sorted(path.name for path in UNITS.glob("*.service")))
def test_units_run_a_process_that_exists(unit: str) -> None:
    text = (UNITS / unit).read_text(encoding="utf-8")
    (process,) = re.findall(r"^ExecStart=/opt/consular/\.venv/bin/consular work (\w+)$", text, re.M)
    shown = subprocess.run([*COMMAND, "work", "--help"], cwd=ROOT, capture_output=True, check=True)
    assert process in shown.stdout.decode()


def _start(processes: int) -> None:
    for _ in range(processes):
        prepare_metrics()


def test_a_process_that_starts_while_all_are_added_up_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    prepare_metrics()
    with ThreadPoolExecutor(1) as pool:
        starts = pool.submit(_start, 100)
        while not starts.done():
            MultiProcessCollector.merge([str(file) for file in tmp_path.glob("*.db")])  # type: ignore[no-untyped-call]
        starts.result()
    assert {file.name for file in tmp_path.iterdir()} == {
        f"counter_{os.getpid()}.db",
        f"histogram_{os.getpid()}.db",
    }
