"""Whether what the database counts as taken is what is there: places of slots' constraints and
people of a day's maximums, each once."""

from __future__ import annotations

from typing import Any

# Seats that are counted, places that somebody holds, and those that a move left and nobody may have
# yet; desks that are held count wherever one of their services does.
_SLOTS = """
    SELECT t.slot_id::text, t.services, t.capacity, t.taken, places.n, desks.n
    FROM slot_sets t JOIN slots s ON s.id = t.slot_id
    CROSS JOIN LATERAL (SELECT coalesce(sum(n), 0) AS n FROM (
        SELECT count(*) AS n FROM seats e WHERE e.slot_id = t.slot_id AND e.counted
            AND e.hold_id IS NULL
            AND e.service_code = ANY (t.services) AND e.share <> ALL (t.exempt)
        UNION ALL
        SELECT count(*) FROM held_seats h WHERE h.slot_id = t.slot_id AND h.desk_hold_id IS NULL
            AND h.service_code = ANY (t.services) AND h.share <> ALL (t.exempt)
        UNION ALL
        SELECT sum(v.places) FROM vacated_places v WHERE v.slot_id = t.slot_id AND v.counted
            AND NOT v.by_desk
            AND v.service_code = ANY (t.services) AND v.share <> ALL (t.exempt)) taken) places
    CROSS JOIN LATERAL (
        SELECT count(*) AS n FROM desk_holds h JOIN desks d ON d.id = h.desk_id
        WHERE h.session_id = s.session_id AND d.services && t.services
            AND h.share <> ALL (t.exempt)
            AND s.starts_at >= h.starts_at AND s.starts_at < h.ends_at) desks
    WHERE coalesce(s.session_id = ANY (%(sessions)s::uuid[]), true)
        AND (t.taken <> places.n + desks.n OR t.taken > t.capacity)
"""
# Without walk-ins, who hold no seat.
_DAYS = """
    SELECT m.consulate_code, m.day, m.service_code, m.taken, people.n FROM day_maximums m
    CROSS JOIN LATERAL (SELECT coalesce(sum(n), 0) AS n FROM (
        SELECT count(*) AS n FROM seats e JOIN slots s ON s.id = e.slot_id
            JOIN sessions o ON o.id = s.session_id
            WHERE o.consulate_code = m.consulate_code AND o.day = m.day
                AND s.place_id IS NOT DISTINCT FROM m.place_id
                AND e.counted AND e.service_code = m.service_code
        UNION ALL
        SELECT count(*) FROM held_seats h JOIN slots s ON s.id = h.slot_id
            JOIN sessions o ON o.id = s.session_id
            WHERE o.consulate_code = m.consulate_code AND o.day = m.day
                AND s.place_id IS NOT DISTINCT FROM m.place_id
                AND h.service_code = m.service_code
        UNION ALL
        SELECT sum(v.places) FROM vacated_places v JOIN slots s ON s.id = v.slot_id
            JOIN sessions o ON o.id = s.session_id
            WHERE o.consulate_code = m.consulate_code AND o.day = m.day
                AND s.place_id IS NOT DISTINCT FROM m.place_id
                AND v.counted AND v.of_day AND v.service_code = m.service_code) taken) people
    WHERE m.taken <> people.n
        AND coalesce((m.consulate_code, m.day) IN (
            SELECT consulate_code, day FROM sessions
            WHERE id = ANY (%(sessions)s::uuid[]) OR %(sessions)s::uuid[] IS NULL), true)
"""


def miscounted(connection: Any, sessions: list[str] | None = None) -> list[Any]:
    """Constraints and days that count something else than what is there, or more than they may; of
    these sessions, or all. Nothing in a sound database. In the scope of the network."""
    values = {"sessions": sessions}
    return [row for query in (_SLOTS, _DAYS) for row in connection.execute(query, values)]
