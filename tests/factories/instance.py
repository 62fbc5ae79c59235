"""A whole instance, started as a newcomer would, and a browser to use it with."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from consular.embedded import free_port

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass
class Instance:
    """A running `consular up`."""

    home: Path
    environ: dict[str, str]
    clients: list[httpx.Client] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The portal."""
        return f"http://localhost:{self.environ['CONSULAR_PORT']}"

    @property
    def simulator(self) -> str:
        """The agencies."""
        return f"http://localhost:{self.environ['CONSULAR_SIMULATOR_PORT']}"

    def consular(self, *arguments: str) -> str:
        """What a `consular` command prints."""
        done = subprocess.run(
            [sys.executable, "-c", "from consular.cli import main; main()", *arguments],
            env=self.environ,
            capture_output=True,
            text=True,
            cwd=ROOT,
            timeout=60,
            check=True,
        )
        return done.stdout.strip()

    def api(self, role: str, *more: str) -> httpx.Client:
        """A program with a token of the development issuer."""
        token = self.consular("token", "--role", role, *more)
        client = httpx.Client(
            base_url=f"{self.url}/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        )
        self.clients.append(client)
        return client

    def newest_code(self, address: str) -> str:
        """The one-time code that was sent to an e-mail or phone."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            answer = httpx.get(
                f"{self.simulator}/_simulator/messages.json", params={"to": address}
            ).json()
            for message in answer["items"]:
                found = re.search(r"\b\d{6}\b", message["body"])
                if found:
                    return found.group()
            time.sleep(0.1)
        raise AssertionError(f"no code arrived at {address}")


@contextmanager
def running_instance(home: Path) -> Iterator[Instance]:
    """Start it, wait until it is ready, stop it."""
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "CONSULAR_HOME": str(home),
        "CONSULAR_PORT": str(free_port()),
        "CONSULAR_SIMULATOR_PORT": str(free_port()),
    }
    output = home.with_suffix(".output")
    with output.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-c", "from consular.cli import main; main()", "up"],
            env=environ,
            stdout=said,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + 120
        while "Ready after" not in output.read_text():
            assert process.poll() is None, output.read_text()
            assert time.monotonic() < deadline, output.read_text()
            time.sleep(0.1)
        instance = Instance(home, environ)
        yield instance
        for client in instance.clients:
            client.close()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium; skips where there is none, fails where it is required."""
    path = next((path for path in CHROMIUM if Path(path).exists()), None)
    if path is None:
        if os.environ.get("CONSULAR_REQUIRE_BROWSER") == "1":
            pytest.fail("CONSULAR_REQUIRE_BROWSER is set and there is no Chromium.")
        pytest.skip("there is no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


def fill(page: Page, values: dict[str, Any]) -> None:
    """Type into fields by name."""
    for name, value in values.items():
        page.fill(f"main [name='{name}']", str(value))


def press(page: Page) -> None:
    """Press the page's first main button."""
    page.locator("main .btn-primary").first.click()


def sign_in_staff(page: Page, instance: Instance, subject: str) -> None:
    """Through the staff's identity provider, as the simulator plays it."""
    page.goto(f"{instance.url}/login/personal")
    page.locator(f"button[value='{subject}']").click()
    page.wait_for_url(f"{instance.url}/**")
