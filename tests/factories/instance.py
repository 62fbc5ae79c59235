"""A whole instance, started as a newcomer would, and a browser to use it with."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import httpx
from playwright.sync_api import Browser, Page, expect, sync_playwright

from consular.local.ports import free_port
from tests.servers import find_chromium, temporary_directory

ROOT = Path(__file__).resolve().parents[2]
EXPECT_MILLISECONDS = 30_000
COMMAND = [sys.executable, "-c", "from consular.cli import main; main()"]
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Instance:
    """A copy of the program with a home and ports of its own; ``root`` is where its code is."""

    def __init__(self, home: Path, *, root: Path = ROOT, **environ: str) -> None:
        self.home = home
        self.root = root
        self.port = free_port()
        self.output = home.with_suffix(".output")
        self.environ = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(root),
            "CONSULAR_HOME": str(home),
            "CONSULAR_PORT": str(self.port),
            "CONSULAR_SIMULATOR_PORT": str(free_port()),
            **environ,
        }
        self.process: subprocess.Popen[bytes] | None = None
        self._clients: list[httpx.Client] = []

    @property
    def url(self) -> str:
        """The portal."""
        return f"http://localhost:{self.port}"

    @property
    def simulator(self) -> str:
        """The agencies."""
        return f"http://localhost:{self.environ['CONSULAR_SIMULATOR_PORT']}"

    def start(self) -> float:
        """Start and return the seconds until it is ready."""
        began = time.monotonic()
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [*COMMAND, "up"],
                env=self.environ,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.root,
                start_new_session=True,
            )
        while "Ready after" not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() - began < 120, self.said()
            time.sleep(0.02)
        return time.monotonic() - began

    def said(self) -> str:
        """Everything it printed so far."""
        return self.output.read_text()

    def end(self, number: signal.Signals = signal.SIGINT) -> float:
        """Send the signal; seconds until the process is gone."""
        assert self.process is not None
        began = time.monotonic()
        while self._clients:
            self._clients.pop().close()
        self.process.send_signal(number)
        self.process.wait(60)
        return time.monotonic() - began

    def runs(self) -> bool:
        """Whether it was started and has not ended."""
        return self.process is not None and self.process.poll() is None

    def code(self) -> int | None:
        """Its exit code; None while it runs."""
        return self.process.returncode if self.process else None

    def is_ready(self) -> bool:
        """Whether the web says it can take orders."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def refused(self) -> str:
        """Run it where it can't start: what it said, after checks that hold for every refusal."""
        done = self._run("up", seconds=60)
        assert done.returncode == 1, done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr
        return done.stderr

    def value(self, name: str) -> str:
        """A line of the instance's environment file."""
        lines = (self.home / "environment").read_text().splitlines()
        return next(line.partition("=")[2] for line in lines if line.startswith(f"{name}="))

    def processes(self) -> list[int]:
        """The process and everything that descends from it."""
        assert self.process is not None
        pids = [self.process.pid]
        parents = {pid: parent_of(pid) for pid in _all_processes()}
        for known in pids:  # grows while it is read
            pids += [pid for pid, parent in parents.items() if parent == known]
        return pids

    def consular(self, *arguments: str) -> str:
        """What a `consular` command prints."""
        done = self._run(*arguments, seconds=120)
        done.check_returncode()
        return done.stdout.strip()

    def _run(self, *arguments: str, seconds: float) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *arguments],
            env=self.environ,
            capture_output=True,
            text=True,
            cwd=self.root,
            timeout=seconds,
            check=False,
        )

    def api(self, role: str, *more: str) -> httpx.Client:
        """A program with a token of the development issuer; closed with the instance."""
        token = self.consular("token", "--role", role, *more)
        client = httpx.Client(
            base_url=f"{self.url}/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
        )
        self._clients.append(client)
        return client

    def messages(self, address: str) -> list[str]:
        """What was sent to an e-mail or phone, the newest first."""
        answer = httpx.get(
            f"{self.simulator}/_simulator/messages.json", params={"to": address}
        ).json()
        return [message["body"] for message in answer["items"]]

    def newest_code(self, address: str) -> str:
        """The one-time code that was sent to an e-mail or phone."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            for body in self.messages(address):
                match = re.search(r"\b\d{6}\b", body)
                if match:
                    return match.group()
            time.sleep(0.1)
        raise AssertionError(f"no code arrived at {address}")


@contextmanager
def reachable_home() -> Iterator[Path]:
    """A place that PostgreSQL's account can reach too, unlike pytest's own."""
    top = temporary_directory("consular-instance-")
    top.chmod(0o711)
    try:
        yield top / "home"
    finally:
        shutil.rmtree(top)


@contextmanager
def running_instance(root: Path = ROOT) -> Iterator[Instance]:
    """Start one in a home of its own, wait until it is ready, stop it."""
    with reachable_home() as home:
        instance = Instance(home, root=root)
        try:
            instance.start()
            yield instance
        finally:
            if instance.runs():
                instance.end(signal.SIGTERM)


@contextmanager
def running_chromium(*more: str) -> Iterator[Browser]:
    """The system's Chromium, with ``more`` arguments. Raises LookupError where there is none.

    What is expected of a page is waited for as long as the browser waits for anything.
    """
    path = find_chromium()
    if path is None:
        raise LookupError("there is no Chromium on this machine")
    expect.set_options(timeout=EXPECT_MILLISECONDS)
    with sync_playwright() as playwright:
        arguments = [*CHROMIUM_ARGUMENTS, *more]
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


def old_phone(browser: Browser, *, scripts: bool = False) -> Page:
    """A page 360 pixels wide, without JavaScript; ``scripts``: with it, and a test's own."""
    context = browser.new_context(
        viewport={"width": 360, "height": 740},
        java_script_enabled=scripts,
        bypass_csp=scripts,
        locale="es-MX",
    )
    return context.new_page()


def fill(page: Page, values: dict[str, Any]) -> None:
    """Type into fields by name."""
    for name, value in values.items():
        page.fill(f"main [name='{name}']", str(value))


def press(page: Page) -> None:
    """Press the page's first main button, and wait until what that leads to is there as a whole."""
    page.locator("main .btn-primary").first.click()
    page.wait_for_load_state()


def sign_in_staff(page: Page, instance: Instance, subject: str) -> None:
    """Through the staff's identity provider, as the simulator plays it."""
    page.goto(f"{instance.url}/login/personal")
    page.locator(f"button[value='{subject}']").click()
    page.wait_for_url(f"{instance.url}/**")


def _all_processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def parent_of(pid: int) -> int:
    """Of a process; 0 when it is gone, or dead and only waiting to be noticed."""
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[:2]
    except OSError:
        return 0
    return 0 if state == "Z" else int(parent)
