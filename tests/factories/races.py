"""Rounds of a race: sessions by chance, what fifty clients and the office send at once, and what
must hold when everybody has an answer."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from http import HTTPStatus
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import psycopg
from psycopg.rows import dict_row
from sqlalchemy.orm import Session

from services.appointments.freeing import free_attendee, free_places, free_vacated
from services.appointments.holding import free_hold, list_due
from services.appointments.seating import DeskOffer, Opening, Party, Time
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from services.kernel.ids import new_id
from tests.factories.counts import miscounted
from tests.factories.seating import Booked, World, could_be_seated, is_sound
from tests.factories.server import make_citizens
from tests.factories.staff import cookie_name, staff_browser
from tests.factories.web import Web, person, working_day

CLIENTS = 50
SERVICES = ("PAS10", "MAT", "INE")
INTERPRETER = "maya"
SHARE = "elderly_or_disabled"
# By then the places of a hold that was let go are free; those that go on aren't.
LET_GO = timedelta(minutes=1)
# Each time that so many were made all that there are run out, under people's hands.
HOLDS_RUN_OUT = 4
MORE = 20
TELL_AFTER = 100
MOST_ASKED, WAITED = 5, '"request_in_progress"'
STEP = timedelta(minutes=15)
REFUSED = frozenset({"slot_taken", "slot_not_offered"})
# Codes that may answer each request; whatever else comes is a fault.
MAY_ANSWER = {
    "hold": REFUSED,
    "prolong": frozenset({"hold_over", "not_found"}),
    "let go": frozenset({"not_found"}),
    "book": REFUSED,
    "move": REFUSED | {"wrong_state"},
    "cancel": frozenset({"wrong_state"}),
    "leave": frozenset({"wrong_state"}),
    "edit": frozenset({"wrong_state"}),
    "ticket": frozenset(),
}
FREES = {
    "appointments.free_places": free_places,
    "appointments.free_attendee": free_attendee,
    "appointments.free_vacated": free_vacated,
}


def office_days(web: Web) -> Iterator[tuple[str, date]]:
    """Offices of the United States and days on which they open and nobody opened a session yet; no
    pair twice."""
    with _owner(web) as connection:
        offices = connection.execute(
            "SELECT c.code, array_agg(s.day) AS open FROM consulates c"
            " LEFT JOIN sessions s ON s.consulate_code = c.code"
            " WHERE c.country = 'US' GROUP BY c.code ORDER BY c.code"
        ).fetchall()
    for day in sorted({working_day(ahead) for ahead in range(20, 56)}):
        for office in offices:
            if day not in office["open"]:
                yield office["code"], day


@dataclass
class Mine:
    """An appointment as its answers have it: people who still come, and when."""

    token: str
    start: str
    coming: set[int]
    # Two starts are possible where two requests were in the air at once.
    starts: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.starts.add(self.start)


@dataclass
class Round:
    """One office's day on which everybody wants a place."""

    web: Web
    url: str
    number: int
    office: str
    day: date
    chance: Random = field(init=False)
    seen: Counter[str] = field(default_factory=Counter)
    mine: dict[str, Mine] = field(default_factory=dict)
    refused: list[dict[str, Any]] = field(default_factory=list)
    zone: ZoneInfo = field(init=False)
    sessions: list[str] = field(default_factory=list)
    # Places kept at each time, by share, and the day's maximums.
    kept: dict[str, int] = field(default_factory=dict)
    most: dict[str, int] = field(default_factory=dict)
    client: httpx.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        self.chance = Random(self.number)
        self.officer = self.web.token("officer", self.office)
        self.supervisor = self.web.token("supervisor", self.office)
        with _owner(self.web) as connection:
            row = connection.execute(
                "SELECT time_zone FROM consulates WHERE code = %s", (self.office,)
            ).fetchone()
        assert row is not None
        self.zone = ZoneInfo(row["time_zone"])

    def open(self) -> None:
        """One or two sessions of an hour, with named desks, long services, skills, places that are
        kept and maximums of the day by chance."""
        self.kept = {SHARE: 1} if self._by(0.3) else {}
        self.most = {code: self.chance.randint(3, 8) for code in SERVICES if self._by(0.2)}
        reserves = [{"share": share, "places": most} for share, most in self.kept.items()]
        for name in "AB"[: self.chance.choice((1, 1, 2))]:
            desks = [self._desk(f"{name}{n}") for n in range(self.chance.randint(1, 3))]
            minutes = {c: self.chance.choice((30, 45)) for c in SERVICES if self._by(0.25)}
            answer = self.web.try_session(
                consulate=self.office, date=self.day.isoformat(), desks=desks,
                closes="10:00", service_minutes=minutes, reserves=reserves,
                daily_maximums=self.most,
            )  # fmt: skip
            assert answer.status_code == 201, answer.text
            self.sessions.append(answer.get_json()["id"])

    def _desk(self, name: str) -> dict[str, Any]:
        services = self.chance.sample(SERVICES, self.chance.randint(1, 3))
        interpreters = [INTERPRETER] if self._by(0.3) else []
        return {"name": name, "services": services, "interpreters": interpreters}

    def _by(self, share: float) -> bool:
        return self.chance.random() < share

    async def run(self) -> None:
        """Everybody at once, while places that were given back are freed."""
        citizens = make_citizens(self.web.settings, CLIENTS)
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(base_url=self.url, limits=limits, timeout=60) as self.client:
            work = [self._citizen(n, each.token) for n, each in enumerate(citizens)]
            await asyncio.gather(*work, self._desk_gives_tickets(), self._hours_change())
            await asyncio.to_thread(self.free_what_was_given_back)

    async def _send(
        self, kind: str, path: str, body: Any, token: str, *, method: str = "POST", key: str = ""
    ) -> Any:
        """The answer's body, or None where it is a refusal that may come."""
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key or new_id().hex}
        answer = await self._ask(method, f"/api/v1{path}", headers, json=body)
        code = "" if answer.is_success else str(answer.json().get("code"))
        assert answer.is_success or code in MAY_ANSWER[kind], (kind, body, answer.text)
        self.seen[f"{kind} {code}".strip()] += 1
        return answer.json() if answer.is_success else None

    async def _ask(
        self, method: str, path: str, headers: dict[str, str], **body: Any
    ) -> httpx.Response:
        """On a machine that is too slow nobody knows how it went: then the same once more, under
        the same key, as the answer says."""
        for _ in range(MOST_ASKED):
            answer = await self.client.request(method, path, headers=headers, **body)
            if not self._is_late(answer.status_code, answer.text):
                return answer
        raise AssertionError(answer.text)

    def _is_late(self, status: int, text: str) -> bool:
        """Whether it waited too long. So does a deadlock answer, which `deadlocks` tells."""
        late = status == HTTPStatus.SERVICE_UNAVAILABLE or WAITED in text
        self.seen["asked again"] += late
        return late

    async def _citizen(self, number: int, token: str) -> None:
        for attempt in range(self.chance.choice((1, 1, 2))):
            body = self._wish(number * 20 + attempt * 4)
            hold = await self._hold(body, token) if self._by(0.4) else None
            if hold and self._by(0.3):
                return None
            key = f"{self.number}-{number}-{attempt}" if self._by(0.2) else ""
            sent = [self._send("book", "/appointments", body, token, key=key)]
            answers = await asyncio.gather(*sent, *self._again(key, body, token))
            # A refusal is forgotten: the second one may find a place that was freed meanwhile.
            booked = [answer["id"] for answer in answers if answer]
            assert len(set(booked)) < 2, (self.number, booked)
            if booked:
                people = set(range(1, len(body["attendees"]) + 1))
                self.mine[booked[0]] = Mine(token, body["start"], people)
                self.seen["hold used"] += hold is not None
                return await self._afterwards(booked[0])
            self.refused.append(body)
        return None

    async def _hold(self, booking: dict[str, Any], token: str) -> Any:
        """Hold the places first; now and then for longer, or not to the end."""
        body = {name: value for name, value in booking.items() if name != "attendees"}
        people = len(booking["attendees"])
        hold = await self._send("hold", "/holds", {**body, "people": people}, token)
        run_out = hold and self.seen["hold"] % HOLDS_RUN_OUT == 0
        if hold and self._by(0.2):
            await self._send("prolong", f"/holds/{hold['id']}/extend", {}, token)
        if hold and self._by(0.2):
            await self._send("let go", f"/holds/{hold['id']}", None, token, method="DELETE")
        if run_out:
            self.seen["hold run out"] += await asyncio.to_thread(self.end_holds)
        return hold

    def _again(self, key: str, body: dict[str, Any], token: str) -> list[Any]:
        """The same request once more, at the same time, where it has a key."""
        return [self._send("book", "/appointments", body, token, key=key)] if key else []

    def _wish(self, number: int) -> dict[str, Any]:
        people = self.chance.choice((1, 1, 1, 2, 3))
        body: dict[str, Any] = {
            "consulate": self.office,
            "start": self._start(),
            "attendees": [person(self.number * 1000 + number + n) for n in range(people)],
            "needs": {"interpreter": INTERPRETER} if self._by(0.1) else None,
            "share": SHARE if self._by(0.15) else None,
        }
        if people == 1 and self._by(0.15):
            return {**body, "services": self.chance.sample(SERVICES, 2)}
        return {**body, "service": self.chance.choice(SERVICES)}

    def _start(self) -> str:
        begins = datetime.combine(self.day, time(9), self.zone)
        return (begins + STEP * self.chance.randrange(4)).isoformat()

    async def _afterwards(self, id: str) -> None:
        """What becomes of a booking: it stays, moves, shrinks, or is given up, by two hands at once
        now and then."""
        mine = self.mine[id]
        for _ in range(self.chance.choice((0, 1, 1, 2))):
            token = self.officer if self._by(0.25) else mine.token
            hands = self.chance.choice((1, 1, 2))
            kinds = self.chance.choices((self._move, self._cancel, self._leave), k=hands)
            await asyncio.gather(*(each(id, mine, token) for each in kinds))

    async def _move(self, id: str, mine: Mine, token: str) -> None:
        start = self._start()
        moved = await self._send("move", f"/appointments/{id}/reschedule", {"start": start}, token)
        if moved:
            mine.starts.add(start)

    async def _cancel(self, id: str, mine: Mine, token: str) -> None:
        if await self._send("cancel", f"/appointments/{id}/cancel", {}, token):
            mine.coming.clear()

    async def _leave(self, id: str, mine: Mine, token: str) -> None:
        n = self.chance.choice(sorted(mine.coming) or [1])
        if await self._send("leave", f"/appointments/{id}/attendees/{n}/cancel", {}, token):
            mine.coming.discard(n)

    async def _desk_gives_tickets(self) -> None:
        """People who come without an appointment, by the desk's own form."""
        officer = await asyncio.to_thread(staff_browser, self.web.app, "officer", self.office)
        name = cookie_name(self.web.app)
        cookie = officer.client.get_cookie(name)
        assert cookie is not None
        form = {"csrf_token": await asyncio.to_thread(officer.csrf), "service": "PAS10"}
        for number in range(2):
            ticket = {**form, "form_key": f"{number:032x}", "given_names": "Eva"}
            signed_in = {"Cookie": f"{name}={cookie.value}"}
            answer = await self._ask("POST", "/desk/tickets", signed_in, data=ticket)
            assert answer.status_code == 303, answer.text
            self.seen["ticket"] += 1

    async def _hours_change(self) -> None:
        """The supervisor adds a window while people book, and takes one away, now and then. Not
        where places are kept: who has one of them by then stays, however few are left."""
        if self.kept or not self._by(0.3):
            return
        session = self.chance.choice(self.sessions)
        for count in (3, self.chance.choice((1, 2))):
            desks = [self._desk(f"{'AB'[self.sessions.index(session)]}{n}") for n in range(count)]
            body = {"desks": desks}
            await self._send("edit", f"/sessions/{session}", body, self.supervisor, method="PATCH")
            await asyncio.to_thread(self.free_what_was_given_back)

    def end_holds(self, ahead: timedelta = timedelta(hours=1)) -> int:
        """As workers do, of those that are over so much later; each twice and two at a time."""
        with self.web.database.transaction(NETWORK_SCOPE) as session:
            due = list_due(session, now=system_clock() + ahead, most=1000)
        self._two_at_a_time((free_hold, hold) for hold in due)
        return len(due)

    def free_what_was_given_back(self) -> None:
        """As workers do when the time has come, each item twice and two at a time."""
        with _owner(self.web) as connection:
            rows = connection.execute(
                "SELECT topic, ref FROM outbox WHERE topic = ANY (%s) ORDER BY id", (list(FREES),)
            ).fetchall()
        self._two_at_a_time((FREES[row["topic"]], row["ref"]) for row in rows)
        self.end_holds(LET_GO)

    def _two_at_a_time(self, work: Iterable[tuple[Callable[[Session, UUID], None], UUID]]) -> None:
        with ThreadPoolExecutor(2) as workers:
            list(workers.map(self._do, [each for each in work for _ in range(2)]))

    def _do(self, work: tuple[Callable[[Session, UUID], None], UUID]) -> None:
        free, ref = work
        with self.web.database.transaction(NETWORK_SCOPE) as session:
            free(session, ref)

    def check(self) -> None:
        """What must hold now that nothing is in the air."""
        self.free_what_was_given_back()
        self.answers_are_kept()
        self.counts_are_right()
        world = self.world()
        assert is_sound(world), self.number
        self.offered_is_what_can_be_served(world)
        self.nobody_is_refused_who_fits()
        self.end_holds()
        self.counts_are_right()
        with _owner(self.web) as connection:
            connection.execute("DELETE FROM outbox WHERE topic = ANY (%s)", (list(FREES),))

    def answers_are_kept(self) -> None:
        """Who was told of a place, a move or an end finds it so, and nobody else is booked."""
        with _owner(self.web) as connection:
            rows = connection.execute(
                "SELECT a.id::text, a.starts_at, a.orphaned_at IS NOT NULL AS orphaned,"
                " array_remove(array_agg(m.n) FILTER (WHERE m.status = 'booked'), NULL) AS coming,"
                " (SELECT min(s.starts_at) FROM seats s JOIN attendees b USING (person_id)"
                "  WHERE s.appointment_id = a.id AND b.status = 'booked') AS first,"
                " (SELECT count(*) FROM seats s WHERE s.appointment_id = a.id AND s.counted)"
                " AS seats, cardinality(a.services) AS services"
                " FROM appointments a JOIN attendees m ON m.appointment_id = a.id"
                " WHERE a.consulate_code = %s AND a.day = %s GROUP BY a.id",
                (self.office, self.day),
            ).fetchall()
        assert {row["id"] for row in rows} == set(self.mine)
        for row in rows:
            mine, coming = self.mine[row["id"]], set(row["coming"] or ())
            assert coming == mine.coming, (self.number, row)
            assert row["starts_at"] in map(datetime.fromisoformat, mine.starts)
            held = 0 if row["orphaned"] else len(coming) * row["services"]
            assert row["seats"] == held, (self.number, row)
            # Whoever was to start first may have left the party; nobody moved forward.
            assert not coming or row["first"] >= row["starts_at"], (self.number, row)

    def counts_are_right(self) -> None:
        """What constraints count are the seats and desks of who has a place, each once."""
        with _owner(self.web) as connection:
            wrong = miscounted(connection, self.sessions)
            left = connection.execute(_LEFT, (self.sessions,)).fetchall()
        assert (wrong, left) == ([], []), self.number

    def world(self) -> World:
        """Sessions and who is booked, from the tables that say it; no count is read."""
        with _owner(self.web) as connection:
            rows = {
                name: connection.execute(sql, (self.sessions,)).fetchall()
                for name, sql in _WORLD.items()
            }
        openings = [self._opening(row, rows) for row in rows["sessions"]]
        numbers = {opening.id: number for number, opening in enumerate(openings)}
        booked = []
        for seat in rows["seats"]:
            number = numbers[seat["session_id"]]
            first = openings[number].at[seat["starts_at"]]
            length = (seat["ends_at"] - seat["starts_at"]) // STEP
            booked.append(
                Booked(number, first, length, seat["service_code"], frozenset(seat["skills"] or ()),
                       seat["share"], seat["desk_id"])
            )  # fmt: skip
        return World(openings, booked, self.kept, self.most)

    def _opening(self, row: dict[str, Any], rows: dict[str, list[dict[str, Any]]]) -> Opening:
        desks = [
            DeskOffer(d["id"], frozenset(d["services"]), frozenset(d["skills"]))
            for d in rows["desks"] if d["session_id"] == row["id"]
        ]  # fmt: skip
        times = [
            Time(t["id"], t["starts_at"], t["ends_at"], t["open"], ())
            for t in rows["times"] if t["session_id"] == row["id"]
        ]  # fmt: skip
        return Opening(row["id"], tuple(desks), tuple(times), (), "", row["service_slots"])

    def offered_is_what_can_be_served(self, world: World) -> None:
        """The list of free times is that of trying every time and every desk."""
        service, people = self.chance.choice(SERVICES), self.chance.choice((1, 1, 2, 3))
        day = self.day.isoformat()
        share = self.chance.choice(("", SHARE))
        query = f"service={service}&from={day}&to={day}&party={people}"
        query += f"&share={share}" if share else ""
        answer = self.web.call("GET", f"/consulates/{self.office}/availability?{query}")
        assert answer.status_code == 200, answer.text
        offered = {datetime.fromisoformat(each["start"]) for each in answer.get_json()["slots"]}
        starts = {t.starts_at for o in world.openings for t in o.times if t.open}
        possible = {
            start
            for start in starts
            if could_be_seated(world, Party(start, (service,), people, share=share))
        }
        assert offered == possible, (self.number, service, people, share)

    def nobody_is_refused_who_fits(self) -> None:
        """Those who were refused try once more, one by one, and others; who fits is booked."""
        token = make_citizens(self.web.settings, 1)[0].token
        some = self.chance.sample(self.refused, min(4, len(self.refused)))
        for body in [*some, self._wish(995)]:
            fits = could_be_seated(self.world(), _party(body))
            answer = self._book_alone(body, token)
            assert (answer.status_code == 201) is fits, (self.number, body, answer.text)
            assert fits or answer.get_json()["code"] in REFUSED
            self.seen["late booked" if fits else "late refused"] += 1
        self.counts_are_right()
        assert is_sound(self.world()), self.number

    def _book_alone(self, body: dict[str, Any], token: str) -> Any:
        key = {"Idempotency-Key": new_id().hex}
        for _ in range(MOST_ASKED):
            answer = self.web.call("POST", "/appointments", body, token=token, headers=key)
            if not self._is_late(answer.status_code, answer.text):
                break
        return answer


def _party(body: dict[str, Any]) -> Party:
    services = tuple(body.get("services") or [body["service"]])
    needs = (body["needs"] or {}).get("interpreter")
    skills = frozenset({f"interpreter:{needs}"} if needs else ())
    start = datetime.fromisoformat(body["start"])
    return Party(start, services, len(body["attendees"]), skills, body["share"] or "")


def _owner(web: Web) -> Any:
    connection = psycopg.connect(web.settings.values["DATABASE_OWNER_URL"], row_factory=dict_row)
    # Row security holds the owner too.
    connection.execute("SELECT set_config('app.consulate', '*', false)")
    return connection


def deadlocks(web: Web) -> int:
    """How many PostgreSQL ended in this database, whoever was told."""
    with _owner(web) as connection:
        row = connection.execute(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone()
    assert row is not None
    return int(row["deadlocks"])


def run_rounds(
    web: Web, url: str, count: int, *, first: int = 0, until: Set[str] = frozenset()
) -> Counter[str]:
    """That many rounds, one after another, and some more ``until`` all of that has happened, which
    chance decides; what happened in them."""
    seen: Counter[str] = Counter()
    places = office_days(web)
    for number, (office, day) in zip(range(first, first + count + MORE), places, strict=False):
        if number >= first + count and until <= set(seen):
            break
        race = Round(web, url, number, office, day)
        race.open()
        asyncio.run(race.run())
        race.check()
        seen += race.seen
        if (number + 1) % TELL_AFTER == 0:
            print(f"{number + 1} rounds: {dict(sorted(seen.items()))}", flush=True)
    return seen


# Desks held for nobody who comes, and places still kept of who left.
_LEFT = """
    SELECT h.id FROM desk_holds h
    LEFT JOIN (seats e JOIN attendees m USING (appointment_id, person_id)) ON e.hold_id = h.id
    WHERE h.session_id = ANY (%s::uuid[]) AND m.status IS DISTINCT FROM 'booked'
        AND NOT EXISTS (SELECT FROM held_seats WHERE desk_hold_id = h.id)
"""
_WORLD = {
    "sessions": "SELECT id::text, service_slots FROM sessions WHERE id = ANY (%s::uuid[])",
    "desks": "SELECT id::text, session_id::text, services, skills FROM desks"
    " WHERE session_id = ANY (%s::uuid[]) AND removed_at IS NULL",
    "times": "SELECT id::text, session_id::text, starts_at, ends_at, open FROM slots"
    " WHERE session_id = ANY (%s::uuid[]) ORDER BY starts_at",
    "seats": "SELECT l.session_id::text, e.starts_at, e.ends_at, e.service_code, e.share, h.skills,"
    " h.desk_id::text FROM ("
    "  SELECT slot_id, starts_at, ends_at, service_code, share, hold_id FROM seats WHERE counted"
    "  UNION ALL SELECT slot_id, starts_at, ends_at, service_code, share, desk_hold_id"
    "  FROM held_seats) e JOIN slots l ON l.id = e.slot_id"
    " LEFT JOIN desk_holds h ON h.id = e.hold_id WHERE l.session_id = ANY (%s::uuid[])",
}
