"""TCP ports of this machine."""

from __future__ import annotations

import secrets
import socket

HOST = "127.0.0.1"
# Below those that systems give to outgoing connections, which could take a port between being
# found free and being listened to (Linux from 32768, others from 49152).
_FIRST, _LAST, _TRIES = 20_000, 32_000, 100


def free_port(preferred: int | None = None) -> int:
    """``preferred`` when nobody listens there, else any free TCP port of 127.0.0.1."""
    if preferred is not None and port_is_free(HOST, preferred):
        return preferred
    for _ in range(_TRIES):
        port = _FIRST + secrets.randbelow(_LAST - _FIRST)
        if port_is_free(HOST, port):
            return port
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def port_is_free(host: str, port: int) -> bool:
    """Whether a server could listen on ``host``:``port`` now.

    Without SO_REUSEPORT on purpose: with it two copies would share the port unnoticed.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
    return True
