"""What the simulated agencies remember: one SQLite file, so that a restart forgets nothing."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
    agency TEXT NOT NULL, folio TEXT NOT NULL, digest TEXT NOT NULL, body TEXT NOT NULL,
    taken_at REAL NOT NULL, cancelled_at REAL, collected_at REAL,
    PRIMARY KEY (agency, folio));
CREATE TABLE IF NOT EXISTS effects (
    agency TEXT NOT NULL, folio TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS ix_effects ON effects (agency, folio);
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, digest TEXT NOT NULL,
    body TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS grants (
    secret TEXT PRIMARY KEY, kind TEXT NOT NULL, payload TEXT NOT NULL, expires_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS callbacks (
    id TEXT PRIMARY KEY, agency TEXT NOT NULL, body TEXT NOT NULL, due_at REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, done INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS ix_callbacks_due ON callbacks (due_at) WHERE done = 0;
"""


class KeyReused(Exception):
    """The key is known, with another body."""


class Acts(Enum):
    """When taking an order in counts as done at the agency."""

    NEVER = "never"
    ONCE = "once"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A callback that was not taken yet; ``folio`` is ours, or what the agency calls it."""

    id: str
    folio: str
    due_at: float
    attempts: int


@dataclass(frozen=True, slots=True)
class Order:
    """An order or request that an agency took in; times are seconds since 1970."""

    folio: str
    body: Mapping[str, Any]
    taken_at: float
    cancelled_at: float | None
    collected_at: float | None


def digest_of(body: Mapping[str, Any]) -> str:
    """A digest that is the same for two bodies that say the same."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


class Memory:
    """One connection behind one lock: transactions are short and the file is local."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        # Outlives the process; only a power cut may take the last moments, fair for a double.
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit on return, roll back on raise; one at a time."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def take(
        self, agency: str, folio: str, body: Mapping[str, Any], now: float, *, acts: Acts
    ) -> bool:
        """Take an order in; False when it is a repeat. Raises KeyReused for another body.

        An agency that always acts knows no repeat: whatever comes under a key is new to it.
        """
        digest = digest_of(body)
        with self.transaction() as db:
            row = db.execute(
                "SELECT digest FROM orders WHERE agency = ? AND folio = ?", (agency, folio)
            ).fetchone()
            if row is not None and row[0] != digest and acts is not Acts.ALWAYS:
                raise KeyReused
            if row is None or acts is Acts.ALWAYS:
                db.execute(
                    "INSERT OR REPLACE INTO orders (agency, folio, digest, body, taken_at)"
                    " VALUES (?, ?, ?, ?, ?)",
                    (agency, folio, digest, json.dumps(body), now),
                )
            if acts is Acts.ALWAYS or (acts is Acts.ONCE and row is None):
                db.execute("INSERT INTO effects VALUES (?, ?, ?)", (agency, folio, now))
            return row is None or acts is Acts.ALWAYS

    def find(self, agency: str, folio: str) -> Order | None:
        """Return the stored order, or None."""
        with self._lock:
            row = self._connection.execute(
                "SELECT folio, body, taken_at, cancelled_at, collected_at FROM orders"
                " WHERE agency = ? AND folio = ?",
                (agency, folio),
            ).fetchone()
        return None if row is None else Order(row[0], json.loads(row[1]), *row[2:])

    def given_in_parts(self, agency: str, charge: str) -> int:
        """The cents of a charge that were given back in parts."""
        with self._lock:
            row = self._connection.execute(
                "SELECT sum(json_extract(o.body, '$.amount')) FROM effects e JOIN orders o"
                " USING (agency, folio) WHERE agency = ?"
                " AND json_extract(o.body, '$.charge') = ?",
                (agency, charge),
            ).fetchone()
        return row[0] or 0

    def orders(self, agency: str, limit: int) -> list[Order]:
        """The agency's orders, the newest first."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT folio, body, taken_at, cancelled_at, collected_at FROM orders"
                " WHERE agency = ? ORDER BY taken_at DESC, folio LIMIT ?",
                (agency, limit),
            ).fetchall()
        return [Order(row[0], json.loads(row[1]), *row[2:]) for row in rows]

    def orders_saying(self, agency: str, field: str, value: str) -> list[Order]:
        """The agency's orders whose ``field`` has that value, the oldest first."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT folio, body, taken_at, cancelled_at, collected_at FROM orders"
                " WHERE agency = ? AND json_extract(body, '$.' || ?) = ? ORDER BY taken_at, folio",
                (agency, field, value),
            ).fetchall()
        return [Order(row[0], json.loads(row[1]), *row[2:]) for row in rows]

    def mark_cancelled(self, agency: str, folio: str, now: float) -> bool:
        """The order is off and its effects are undone; False when it was collected or off."""
        with self.transaction() as db:
            changed = db.execute(
                "UPDATE orders SET cancelled_at = ? WHERE agency = ? AND folio = ?"
                " AND cancelled_at IS NULL AND collected_at IS NULL",
                (now, agency, folio),
            ).rowcount
            if changed:
                db.execute("DELETE FROM effects WHERE agency = ? AND folio = ?", (agency, folio))
            return changed == 1

    def mark_collected(self, agency: str, folio: str, now: float) -> bool:
        """The cash was handed out; False when it had been, or the order was cancelled."""
        with self.transaction() as db:
            changed = db.execute(
                "UPDATE orders SET collected_at = ? WHERE agency = ? AND folio = ?"
                " AND cancelled_at IS NULL AND collected_at IS NULL",
                (now, agency, folio),
            ).rowcount
            return changed == 1

    def rename(self, agency: str, folio: str, name: str) -> None:
        """The order is for somebody of that name; a repeat is known by what it said at first."""
        with self.transaction() as db:
            db.execute(
                "UPDATE orders SET body = json_set(body, '$.nombreBeneficiario', ?)"
                " WHERE agency = ? AND folio = ?",
                (name, agency, folio),
            )

    def effects(self, agency: str) -> dict[str, int]:
        """How many times each folio took effect; undone ones are not listed."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT folio, count(*) FROM effects WHERE agency = ?"
                " GROUP BY folio ORDER BY folio",
                (agency,),
            ).fetchall()
        return dict(rows)

    def add_effect(self, agency: str, folio: str, now: float) -> None:
        """Something took effect later than it was taken in."""
        with self.transaction() as db:
            db.execute("INSERT INTO effects VALUES (?, ?, ?)", (agency, folio, now))

    def keep_message(self, key: str, body: Mapping[str, Any], now: float) -> None:
        """Keep a message once. Raises KeyReused for another body."""
        digest = digest_of(body)
        with self.transaction() as db:
            row = db.execute("SELECT digest FROM messages WHERE key = ?", (key,)).fetchone()
            if row is None:
                db.execute(
                    "INSERT INTO messages (key, digest, body, at) VALUES (?, ?, ?, ?)",
                    (key, digest, json.dumps(body), now),
                )
            elif row[0] != digest:
                raise KeyReused

    def messages(self, to: str | None, limit: int) -> list[dict[str, Any]]:
        """The newest first; `to` keeps one recipient's."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT key, body, at FROM messages"
                " WHERE ? IS NULL OR json_extract(body, '$.to') = ? ORDER BY number DESC LIMIT ?",
                (to, to, limit),
            ).fetchall()
        return [{"key": key, **json.loads(body), "at": at} for key, body, at in rows]

    def grant(self, kind: str, secret: str, payload: Mapping[str, Any], expires_at: float) -> None:
        """Keep what a code or token stands for, until it expires."""
        with self.transaction() as db:
            db.execute(
                "INSERT INTO grants VALUES (?, ?, ?, ?)",
                (secret, kind, json.dumps(payload), expires_at),
            )

    def redeem(self, kind: str, secret: str, now: float, *, keep: bool) -> dict[str, Any] | None:
        """What the secret stands for; once only unless `keep`. None when unknown or expired."""
        with self.transaction() as db:
            db.execute("DELETE FROM grants WHERE expires_at <= ?", (now,))
            row = db.execute(
                "SELECT payload FROM grants WHERE secret = ? AND kind = ?", (secret, kind)
            ).fetchone()
            if row is not None and not keep:
                db.execute("DELETE FROM grants WHERE secret = ?", (secret,))
        return None if row is None else dict(json.loads(row[0]))

    def plan_callback(self, key: str, agency: str, body: Mapping[str, Any], due_at: float) -> None:
        """Tell the product at `due_at`; the same key is told of once."""
        with self.transaction() as db:
            db.execute(
                "INSERT OR IGNORE INTO callbacks (id, agency, body, due_at) VALUES (?, ?, ?, ?)",
                (key, agency, json.dumps(body), due_at),
            )

    def due_callbacks(self, now: float, limit: int) -> list[tuple[str, str, str, int]]:
        """(id, agency, body, attempts) of those that are due."""
        with self._lock:
            return self._connection.execute(
                "SELECT id, agency, body, attempts FROM callbacks"
                " WHERE done = 0 AND due_at <= ? ORDER BY due_at LIMIT ?",
                (now, limit),
            ).fetchall()

    def last_callback(self) -> int:
        """The number of the newest callback that was planned; 0 when there is none."""
        with self._lock:
            row = self._connection.execute("SELECT max(rowid) FROM callbacks").fetchone()
        return row[0] or 0

    def callbacks_after(self, number: int, agency: str) -> list[tuple[str, str]]:
        """(id, body) of the agency's callbacks that were planned after that number."""
        with self._lock:
            return self._connection.execute(
                "SELECT id, body FROM callbacks WHERE rowid > ? AND agency = ? ORDER BY rowid",
                (number, agency),
            ).fetchall()

    def waiting_callbacks(self, agency: str, limit: int) -> list[Waiting]:
        """The agency's callbacks that were not taken yet, those that are due first in front."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT id, coalesce(json_extract(body, '$.folio'), json_extract(body,"
                " '$.reference')), due_at, attempts FROM callbacks"
                " WHERE done = 0 AND agency = ? ORDER BY due_at LIMIT ?",
                (agency, limit),
            ).fetchall()
        return [Waiting(*row) for row in rows]

    def settle_callback(self, key: str, *, done: bool, due_at: float) -> None:
        """One more attempt was made; when it failed, the next is at `due_at`."""
        with self.transaction() as db:
            db.execute(
                "UPDATE callbacks SET attempts = attempts + 1, done = ?, due_at = ? WHERE id = ?",
                (int(done), due_at, key),
            )
