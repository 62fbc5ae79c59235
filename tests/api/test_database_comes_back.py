"""PostgreSQL was restarted: callers are asked to come back, and the next ones are served."""

from __future__ import annotations

import psycopg

from tests.factories.web import Web, person
from tests.servers import Addresses

DROP = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s"


def _drop_connections(servers: Addresses, web: Web) -> None:
    name = web.settings.database_url.rpartition("/")[2]
    with psycopg.connect(servers.superuser_url, autocommit=True) as connection:
        connection.execute(DROP, [name])


def test_a_booking_after_connections_were_lost(web: Web, servers: Addresses) -> None:
    web.session()
    token = web.token("citizen", subject="ana")
    starts = [slot["start"] for slot in web.free()]
    assert web.book(starts[0], token=token).status_code == 201
    _drop_connections(servers, web)
    lost = web.book(starts[1], token=token, attendees=[person(2)])
    assert (lost.status_code, lost.get_json()["code"]) == (503, "unavailable")
    assert lost.headers["Retry-After"]
    again = web.book(starts[1], token=token, attendees=[person(2)])
    assert again.status_code == 201, again.text
