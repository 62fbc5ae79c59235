"""Reach the simulator without sockets: an httpx transport for tests of the adapters and workers."""

from __future__ import annotations

import httpx

from integrations.simulator.app import Simulator
from integrations.simulator.faults import ConnectionDropped


class InProcessTransport(httpx.BaseTransport):
    """Calls the simulator in this thread. An agency that hangs up fails as it would on a socket."""

    def __init__(self, simulator: Simulator) -> None:
        self._inner = httpx.WSGITransport(app=simulator)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer, or raise what a dropped connection raises."""
        try:
            return self._inner.handle_request(request)
        except ConnectionDropped as error:
            raise httpx.RemoteProtocolError("hung up", request=request) from error
