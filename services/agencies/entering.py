"""Ask whether an agency may be called now, and say what came of the call.

Asking costs one statement in the transaction that claims what is to be done, so that a claim
whose call isn't allowed is rolled back as if it had never been. Times are the database's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.orm import Session

from services.agencies import rules
from services.agencies.rules import Breaker, Denial, Outcome, State, Terms
from services.kernel.clock import database_clock
from services.kernel.db import text

log = structlog.get_logger(__name__)

_SLOW_SECONDS = rules.SLOW_CALL.total_seconds()

# An agency without terms is called without limits: an installation whose data aren't loaded yet.
UNLIMITED = Terms(
    calls_per_second=1e6,
    burst=1_000_000,
    at_once=64,
    failures_to_open=1_000_000,
    window=timedelta(seconds=1),
    open_for=timedelta(seconds=1),
    longest_open=timedelta(seconds=1),
    probe_for=timedelta(seconds=15),
)


class NotNow(Exception):
    """The agency isn't to be called now."""

    def __init__(self, agency: str, denial: Denial) -> None:
        super().__init__(agency, denial.value)
        self.agency = agency
        self.denial = denial


@dataclass(frozen=True)
class Admission:
    """The right to call an agency: one of its slots, ``tokens`` of its rate, maybe the probe.

    ``brief``: the call may last for `rules.BRIEF_CALL` only.
    """

    agency: str
    slot: int
    fence: int
    probe: int | None
    tokens: int
    brief: bool = False


@dataclass(frozen=True)
class Result:
    """How one call ended. ``code`` is the error's; ``retry_after`` is the agency's wish."""

    outcome: Outcome
    code: str | None = None
    retry_after: timedelta = timedelta(0)


_TERMS = text(
    """
    SELECT * FROM agency_terms WHERE agency IN (:agency, '*')
      AND valid_from <= (clock_timestamp() AT TIME ZONE 'America/Mexico_City')::date
    ORDER BY agency = '*', valid_from DESC LIMIT 1
    """
)
_MEET = (
    text("INSERT INTO agency_states (agency) VALUES (:agency) ON CONFLICT DO NOTHING"),
    text(
        "INSERT INTO agency_slots (agency, slot) SELECT :agency, generate_series(1, :at_once)"
        " ON CONFLICT DO NOTHING"
    ),
)


def meet(session: Session, agency: str) -> Terms:
    """The terms in force today, once the agency has its rows."""
    row = session.execute(_TERMS, {"agency": agency}).first()
    terms = _terms(row) if row else UNLIMITED
    for statement in _MEET:
        session.execute(statement, {"agency": agency, "at_once": terms.at_once})
    return terms


# The calls under way: for how long this agency's have been, and how many are to slow agencies.
_BUSY = """
    SELECT clock_timestamp() - min(b.taken_at) FILTER (WHERE b.agency = :agency) AS longest,
           count(*) FILTER (WHERE c.slow_until > clock_timestamp()
               OR b.taken_at < clock_timestamp() - make_interval(secs => :slow)) AS slow_calls
    FROM agency_slots b JOIN agency_states c USING (agency)
    WHERE b.held_until > clock_timestamp()
"""
# Takes a free slot and looks, in one go: whoever isn't let in rolls it back.
_ENTER = text(
    f"""
    WITH free AS (
        SELECT slot FROM agency_slots
        WHERE agency = :agency AND slot <= :at_once
          AND (held_until IS NULL OR held_until <= clock_timestamp())
        ORDER BY slot LIMIT 1 FOR UPDATE SKIP LOCKED
    ), taken AS (
        UPDATE agency_slots a SET fence = fence + 1, taken_at = clock_timestamp(),
            held_until = clock_timestamp() + make_interval(secs => :hold)
        FROM free WHERE a.agency = :agency AND a.slot = free.slot
        RETURNING a.slot, a.fence
    )
    SELECT clock_timestamp() AS now, s.*, taken.slot, taken.fence,
           EXISTS (SELECT FROM agency_pauses p
                   WHERE p.agency = :agency AND p.lifted_at IS NULL) AS paused,
           busy.*
    FROM agency_states s LEFT JOIN taken ON true CROSS JOIN ({_BUSY}) busy
    WHERE s.agency = :agency
    """  # noqa: S608 - our own text
)


def enter(
    session: Session,
    agency: str,
    terms: Terms,
    *,
    workers: int,
    hold_seconds: float,
    tokens: int,
    quick: bool = False,
    calls: int = 1,
) -> Admission:
    """Take the right to call ``agency`` for ``hold_seconds``. Raises `NotNow`: then roll back.

    ``workers`` are alive; ``tokens`` is how many calls the caller holds already from the last
    time, or owes where it is negative; ``quick``: its last calls to the agency were; ``calls`` is
    how many it would make, of which it may get fewer. The agency has been met.
    """
    at_once = rules.calls_at_once(terms, workers, quick=quick)
    values = {"agency": agency, "at_once": at_once, "hold": hold_seconds, "slow": _SLOW_SECONDS}
    row = session.execute(_ENTER, values).one()
    if row.paused:
        raise NotNow(agency, Denial.PAUSED)
    breaker = _breaker(row)
    if denial := rules.breaker_denies(breaker, row.now):
        raise NotNow(agency, denial)
    slow = rules.is_slow(row.slow_until, row.longest, row.now)
    if slow and workers > 1 and row.slow_calls >= rules.calls_of_slow_ones(workers):
        raise NotNow(agency, Denial.BUSY)
    brief = row.slot is not None and rules.is_brief(row.slot, workers)
    if row.slot is None or (brief and not rules.is_short(row.longest)):
        raise NotNow(agency, Denial.BUSY)
    probe = None
    if rules.probe_is_due(breaker, row.now):
        probe = _begin_probe(session, agency, breaker, rules.begin_probe(breaker, terms, row.now))
    # Last, for everybody takes from the same row.
    left = tokens
    if tokens < calls:
        left = _take_tokens(session, agency, terms, owed=-tokens, calls=calls)
    return Admission(agency, row.slot, row.fence, probe, left - 1, brief)


_PROBE = text(
    """
    UPDATE agency_states SET state = 'half_open', open_until = NULL, probe = :probe,
        probe_until = :until
    WHERE agency = :agency AND probe = :before AND coalesce(open_until, probe_until) = :due
    RETURNING probe
    """
)


def _begin_probe(session: Session, agency: str, before: Breaker, after: Breaker) -> int:
    """Compare and swap: of several workers that see that it is due, one gets it."""
    values = {
        "agency": agency,
        "before": before.probe,
        "due": before.open_until or before.probe_until,
        "probe": after.probe,
        "until": after.probe_until,
    }
    if session.execute(_PROBE, values).first() is None:
        raise NotNow(agency, Denial.PROBING)
    log.info("agency_probed", agency=agency)
    return after.probe


_BUCKET = text(
    "SELECT clock_timestamp() AS now, paid_until FROM agency_states WHERE agency = :agency"
    " FOR NO KEY UPDATE"
)
_PAY = text("UPDATE agency_states SET paid_until = :paid_until WHERE agency = :agency")


def _take_tokens(session: Session, agency: str, terms: Terms, *, owed: int, calls: int) -> int:
    """A batch from the shared bucket; what was called beyond the last batch is paid first."""
    row = session.execute(_BUCKET, {"agency": agency}).one()
    wanted = max(rules.batch_of(terms), calls) + owed
    purchase = rules.take_tokens(row.paid_until, terms, row.now, wanted)
    if purchase.taken <= owed:
        raise NotNow(agency, Denial.RATE_LIMITED)
    session.execute(_PAY, {"agency": agency, "paid_until": purchase.paid_until})
    return purchase.taken - owed


_LEAVE = text(
    """
    UPDATE agency_slots b SET held_until = NULL FROM agency_states s
    WHERE b.agency = :agency AND b.slot = :slot AND b.fence = :fence AND s.agency = b.agency
    RETURNING s.state = 'closed' AND s.failures = 0 AS calm
    """
)
_STATE = text(
    "SELECT clock_timestamp() AS now, * FROM agency_states WHERE agency = :agency FOR NO KEY UPDATE"
)
_WRITE = text(
    """
    UPDATE agency_states SET state = :state, failures = :failures, failed_at = :failed_at,
        trips = :trips, open_until = :open_until, probe_until = :probe_until,
        last_code = coalesce(:code, last_code),
        changed_at = CASE WHEN state = 'closed' OR :state = 'closed' THEN :now ELSE changed_at END
    WHERE agency = :agency
    """
)


_SLOW = text("UPDATE agency_states SET slow_until = :until WHERE agency = :agency")


def leave(
    session: Session,
    admission: Admission,
    terms: Terms,
    results: Sequence[Result],
    *,
    took: timedelta,
) -> None:
    """Give the slot back; let the breaker know how the calls ended, in their order, and all others
    know when they took long."""
    values = {"agency": admission.agency, "slot": admission.slot, "fence": admission.fence}
    calm = session.execute(_LEAVE, values).scalar_one_or_none()
    if took >= rules.SLOW_CALL:
        until = database_clock(session) + rules.SLOW_FOR
        session.execute(_SLOW, {"agency": admission.agency, "until": until})
    well = all(not rules.POLICIES[result.outcome].counts for result in results)
    if not results or (well and calm):
        return
    row = session.execute(_STATE, {"agency": admission.agency}).one()
    before = after = _breaker(row)
    for result in results:
        after = rules.after_call(
            after,
            terms,
            result.outcome,
            row.now,
            probe=admission.probe,
            retry_after=result.retry_after,
        )
    if after != before:
        _write(session, admission.agency, before, after, results[-1].code, row.now)


def _write(
    session: Session, agency: str, before: Breaker, after: Breaker, code: str | None, now: datetime
) -> None:
    values = {**asdict(after), "agency": agency, "code": code, "now": now}
    session.execute(_WRITE, values)
    if after.state is not before.state:
        log.warning("agency_breaker", agency=agency, status=after.state.value, code=code)


_RENEW = text(
    """
    UPDATE agency_slots SET held_until = clock_timestamp() + make_interval(secs => :hold)
    WHERE agency = :agency AND slot = :slot AND fence = :fence AND held_until IS NOT NULL
    """
)


def renew(session: Session, admission: Admission, *, hold_seconds: float) -> None:
    """The call goes on: hold its slot for longer."""
    values = {"agency": admission.agency, "slot": admission.slot, "fence": admission.fence}
    session.execute(_RENEW, {**values, "hold": hold_seconds})


_ANY_SLOW = text(
    """
    SELECT EXISTS (SELECT FROM agency_states WHERE slow_until > clock_timestamp())
        OR EXISTS (SELECT FROM agency_slots WHERE held_until > clock_timestamp()
            AND taken_at < clock_timestamp() - make_interval(secs => :slow))
    """
)


def any_is_slow(session: Session) -> bool:
    """Whether some agency is slow now, or was a moment ago."""
    return bool(session.execute(_ANY_SLOW, {"slow": _SLOW_SECONDS}).scalar_one())


_OPENINGS = text(
    f"""
    SELECT clock_timestamp() AS now, s.*, busy.*,
           EXISTS (SELECT FROM agency_pauses p
                   WHERE p.agency = :agency AND p.lifted_at IS NULL) AS paused,
           (SELECT count(*) FROM agency_slots b WHERE b.agency = :agency AND b.slot <= :at_once
              AND (b.held_until IS NULL OR b.held_until <= clock_timestamp())) AS free
    FROM agency_states s CROSS JOIN ({_BUSY}) busy WHERE s.agency = :agency
    """  # noqa: S608 - our own text
)


def count_openings(session: Session, agency: str, terms: Terms, *, workers: int) -> int:
    """How many calls that wait for ``agency`` would be let in now, about; takes nothing."""
    at_once = rules.calls_at_once(terms, workers)
    values = {"agency": agency, "at_once": at_once, "slow": _SLOW_SECONDS}
    row = session.execute(_OPENINGS, values).one()
    breaker = _breaker(row)
    if row.paused or rules.breaker_denies(breaker, row.now):
        return 0
    if rules.probe_is_due(breaker, row.now):
        return 1
    tokens = rules.take_tokens(row.paid_until, terms, row.now, terms.burst).taken
    free, slow = row.free, rules.is_slow(row.slow_until, row.longest, row.now)
    if workers > 1 and slow:
        free = min(free, max(0, rules.calls_of_slow_ones(workers) - row.slow_calls))
    return rules.openings(free, tokens, slow=slow)


def _breaker(row: Any) -> Breaker:
    return Breaker(
        state=State(row.state),
        failures=row.failures,
        failed_at=row.failed_at,
        trips=row.trips,
        open_until=row.open_until,
        probe_until=row.probe_until,
        probe=row.probe,
    )


def _terms(row: Any) -> Terms:
    return Terms(
        calls_per_second=row.calls_per_second,
        burst=row.burst,
        at_once=row.at_once,
        failures_to_open=row.failures_to_open,
        window=timedelta(seconds=row.window_seconds),
        open_for=timedelta(seconds=row.open_seconds),
        longest_open=timedelta(seconds=row.longest_open_seconds),
        probe_for=timedelta(seconds=row.probe_seconds),
    )
