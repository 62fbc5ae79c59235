"""What is due is found quickly, however much was due before: relays look five times a second."""

from __future__ import annotations

import psycopg

from tests.servers import Addresses

_TAKE = "SELECT * FROM take_due_v1(50, 60, NULL, '{}')"
_MADE = (
    "INSERT INTO outbox (id, topic, ref)"
    " SELECT gen_random_uuid(), 'enrollments.submit', gen_random_uuid()"
    " FROM generate_series(1, 3000)"
)
# As an item lives: put into a queue, leased, done.
_DONE = (
    "UPDATE outbox SET ring_at = clock_timestamp() + interval '1 minute'",
    "UPDATE outbox SET ring_at = clock_timestamp() + interval '2 minutes'",
    "UPDATE outbox SET done_at = clock_timestamp(), outcome = 'sent'",
)
_LATER = (
    "INSERT INTO outbox (id, topic, ref, ring_at) SELECT gen_random_uuid(), 'appointments.remind',"
    " gen_random_uuid(), clock_timestamp() + interval '1 week' FROM generate_series(1, 3000)"
)


def test_what_was_due_and_what_will_be_is_not_read_again(servers: Addresses) -> None:
    with (
        servers.fresh_database() as urls,
        psycopg.connect(urls.worker_url, options="-c app.consulate=*") as relay,
        psycopg.connect(urls.owner_url, options="-c app.consulate=*") as others,
    ):
        # As the relay of a new instance: what it asks is planned while the table is empty.
        relay.execute(_TAKE)
        relay.commit()
        for statement in (_MADE, *_DONE, _LATER):
            others.execute(statement)
            others.commit()
        # The first look meets what is over, and marks it.
        assert not relay.execute(_TAKE).fetchall()
        relay.commit()
        assert _pages_read(relay) < _pages_of_table(relay) / 4


def _pages_read(relay: psycopg.Connection[tuple[object, ...]]) -> int:
    [(plan,)] = relay.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {_TAKE}").fetchall()
    assert isinstance(plan, list)
    read: int = plan[0]["Plan"]["Shared Hit Blocks"] + plan[0]["Plan"]["Shared Read Blocks"]
    return read


def _pages_of_table(relay: psycopg.Connection[tuple[object, ...]]) -> int:
    [(pages,)] = relay.execute("SELECT pg_relation_size('outbox') / 8192").fetchall()
    assert isinstance(pages, int)
    return pages
