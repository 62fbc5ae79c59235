"""The proxy file that is shipped: slow callers and floods end at nginx, and nobody names their own
address."""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from consular.local.ports import free_port
from integrations.background import serving
from tests.factories.pace import seconds

SHIPPED = Path(__file__).resolve().parents[2] / "deploy" / "nginx" / "consular.conf"
NAME = "citas.example"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")

pytestmark = pytest.mark.skipif(
    NGINX is None and os.environ.get("CONSULAR_REQUIRE_NGINX") != "1",
    reason="There is no nginx on this machine (Debian, Ubuntu: apt-get install nginx-light).",
)


class Upstream:
    """Stands for the web: remembers what reached it, and answers with it."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []
        upstream = self

        class Answer(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                self.rfile.read(length)
                upstream.seen.append((self.command, self.path))
                body = json.dumps({"headers": dict(self.headers), "length": length}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = _answer

            def log_message(self, *_: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]


@contextmanager
def _upstream() -> Iterator[Upstream]:
    upstream = Upstream()
    with serving(upstream.server):
        yield upstream


class Proxy:
    """nginx with the shipped file, its names and ports alone changed."""

    def __init__(self, directory: Path, upstream: Upstream) -> None:
        self.directory = directory
        self.upstream = upstream
        self.port = free_port()
        self.config = directory / "nginx.conf"
        _certificate(directory)
        text = SHIPPED.read_text(encoding="utf-8")
        for shipped, ours in (
            ("127.0.0.1:8000", f"127.0.0.1:{upstream.port}"),
            ("listen 80;", f"listen 127.0.0.1:{free_port()};"),
            ("listen 443 ssl http2;", f"listen 127.0.0.1:{self.port} ssl http2;"),
            ("listen [::]:80;", ""),
            ("listen [::]:443 ssl http2;", ""),
            ("/etc/ssl/certs/citas.example.pem", str(directory / "certificate.pem")),
            ("/etc/ssl/private/citas.example.key", str(directory / "key.pem")),
        ):
            assert text.count(shipped) == 1, shipped
            text = text.replace(shipped, ours)
        (directory / "consular.conf").write_text(text, encoding="utf-8")
        places = "".join(
            f"  {kind}_temp_path {directory}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        self.config.write_text(
            f"daemon off;\nmaster_process off;\npid {directory}/pid;\nerror_log stderr;\n"
            f"worker_rlimit_nofile 4096;\nevents {{ worker_connections 2048; }}\n"
            f"http {{\n  access_log off;\n{places}  include {directory}/consular.conf;\n}}\n"
        )

    def connect(self) -> HTTPSConnection:
        """A new connection; the certificate is its own."""
        context = ssl.create_default_context(cafile=str(self.directory / "certificate.pem"))
        connection = HTTPSConnection("127.0.0.1", self.port, timeout=60, context=context)
        connection._server_hostname = NAME  # type: ignore[attr-defined]
        return connection

    def call(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, Any, bytes]:
        """Status, headers and body of one request."""
        connection = self.connect()
        try:
            sent_headers = {"Host": NAME, **{n.replace("_", "-"): v for n, v in headers.items()}}
            connection.request(method, path, body, sent_headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def stall(self, stack: ExitStack) -> None:
        """Open a connection that announces a body and sends one byte, until ``stack`` ends."""
        slow = self.connect()
        stack.callback(slow.close)
        slow.putrequest("POST", "/citas/persona", skip_host=True)
        slow.putheader("Host", NAME)
        slow.putheader("Content-Length", "1000")
        slow.endheaders(b"{")


def _certificate(directory: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName(
        [x509.DNSName(NAME), x509.IPAddress(ip_address("127.0.0.1"))]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (directory / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    (directory / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """One that nobody has used yet: its counts of callers begin at nothing."""
    with tempfile.TemporaryDirectory(prefix="consular-nginx-") as name, _upstream() as upstream:
        proxy = Proxy(Path(name), upstream)
        process = subprocess.Popen(
            [str(NGINX), "-p", name, "-c", str(proxy.config)], stderr=subprocess.DEVNULL
        )
        try:
            _wait(proxy.port)
            yield proxy
        finally:
            process.terminate()
            process.wait(60)


def _wait(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def _wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_nginx_takes_the_file(proxy: Proxy) -> None:
    done = subprocess.run(
        [str(NGINX), "-t", "-p", str(proxy.directory), "-c", str(proxy.config)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_callers_do_not_name_their_own_address(proxy: Proxy) -> None:
    claimed = {
        "X_Forwarded_For": "127.0.0.1, 10.0.0.1",
        "X_Forwarded_Host": "evil.example",
        "X_Forwarded_Proto": "http",
        "X_Request_ID": "mine",
        "Forwarded": "for=10.1.1.1",
    }
    status, _, body = proxy.call("GET", "/api/v1/consulates", **claimed)
    assert status == 200
    headers = {name.lower(): value for name, value in json.loads(body)["headers"].items()}
    assert headers["x-forwarded-for"] == "127.0.0.1"  # this very caller, and nothing of its list
    assert headers["x-forwarded-host"] == NAME
    assert headers["x-forwarded-proto"] == "https"
    assert "forwarded" not in headers
    assert headers["x-request-id"] != "mine"


def test_metrics_stay_inside(proxy: Proxy) -> None:
    assert proxy.call("GET", "/metrics", X_Forwarded_For="127.0.0.1")[0] == 404
    assert proxy.upstream.seen == []


def test_slow_senders_do_not_reach_the_web(proxy: Proxy) -> None:
    with ExitStack() as stack:
        for _ in range(60):
            proxy.stall(stack)
        began = time.monotonic()
        assert proxy.call("GET", "/")[0] == 200
        took = time.monotonic() - began
        assert took < seconds(2)
        assert proxy.upstream.seen == [("GET", "/")]


def test_what_is_far_too_long_ends_at_the_proxy_in_the_contracts_words(proxy: Proxy) -> None:
    assert proxy.call("POST", "/api/v1/quotes", b"x" * 100_000)[0] == 200  # the web's to refuse
    status, headers, body = proxy.call("POST", "/api/v1/quotes", b"x" * 140_000)
    assert (status, headers["Content-Type"]) == (413, "application/problem+json")
    assert (json.loads(body)["status"], json.loads(body)["code"]) == (413, "too_large")
    status, headers, body = proxy.call("POST", "/citas/persona", b"x" * 140_000)
    assert (status, headers["Content-Type"]) == (413, "text/html; charset=utf-8")
    assert b"demasiado grande" in body


def test_documents_pass_through_to_the_web_which_says_what_is_too_long(proxy: Proxy) -> None:
    for path in (
        "/api/v1/enrollments/1/documents",
        "/inscripciones/1/documentos/subir/curp",
        "/desk/enrollments/1/documents/upload/curp",
    ):
        status, _headers, body = proxy.call("POST", path, b"x" * 12_000_000)
        assert (status, json.loads(body)["length"]) == (200, 12_000_000)
    assert proxy.call("POST", "/api/v1/enrollments/1/answer", b"x" * 140_000)[0] == 413


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/login"),
        ("POST", "/login/codigo"),
        ("GET", "/login/personal"),
        ("GET", "/verify/C123"),
        ("POST", "/api/v1/remittances/lookup"),
    ],
)
def test_guessing_is_slowed_down(proxy: Proxy, method: str, path: str) -> None:
    began = time.monotonic()
    statuses = [proxy.call(method, path)[0] for _ in range(30)]
    again = (time.monotonic() - began) / 2  # one every two seconds
    assert set(statuses) == {200, 429}
    assert 15 <= statuses.count(200) <= 25 + again
    _, headers, _ = proxy.call(method, path)
    assert headers["Retry-After"] == "10"
    assert proxy.call("GET", "/")[0] == 200  # looking at pages goes on


def test_connections_of_one_address_are_limited(proxy: Proxy) -> None:
    with ExitStack() as stack:
        for _ in range(120):
            proxy.stall(stack)
        _wait_until(lambda: proxy.call("GET", "/api/v1/consulates")[0] == 429)
    _wait_until(lambda: proxy.call("GET", "/api/v1/consulates")[0] == 200)


def test_a_web_that_is_away_is_said_in_the_contracts_words(proxy: Proxy) -> None:
    proxy.upstream.server.shutdown()
    proxy.upstream.server.server_close()
    status, headers, body = proxy.call("GET", "/api/v1/consulates")
    assert (status, json.loads(body)["code"]) == (502, "unavailable")
    assert headers["Retry-After"]
