"""No agency is called before its breaker, a pause by staff and its limits say that it may be; what
waits is done afterwards, and never holds up what is for another."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Barrier
from typing import Any, cast

import pytest
from sqlalchemy import text

from consular.seed import load_reference
from integrations.contracts import (
    EnrollmentAgency,
    EnrollmentApplication,
    EnrollmentState,
    EnrollmentStatus,
)
from integrations.errors import NeverSent, Throttled, Unanswered
from integrations.registry import Purpose, serving
from services.agencies import entering
from services.agencies.entering import NotNow
from services.agencies.pausing import lift, pause
from services.agencies.rules import Denial
from services.kernel.audit import Actor, Role
from services.kernel.clock import database_clock
from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.ids import new_id
from services.kernel.settings import Settings
from services.outbox.delivery import enqueue, list_awaited
from services.remittances.rules import Status
from tests.factories.enrollments import make_request
from tests.factories.payouts import PayoutBench
from tests.factories.remittances import make_remittance, make_sender
from tests.servers import connected
from tests.workers.conftest import effects, enroll, fault, look, outcomes, process, until
from workers.agencies import build_agencies
from workers.gate import Gate, Guarded, Passage
from workers.jobs.run import run_outbox, use
from workers.runtime import JobContext

Pump = Callable[[], int]
AWAY = NeverSent("sat", "request", "unavailable")
DUTY = Actor(Role.ADMIN, new_id())


@dataclass
class Sat:
    """An agency that fails as told, or gives everybody an RFC; it counts its calls."""

    error: Exception | None = None
    calls: list[str] = field(default_factory=list)

    def request(self, application: EnrollmentApplication) -> EnrollmentState:
        return self.status(application.folio)

    def status(self, folio: str) -> EnrollmentState:
        self.calls.append(folio)
        if self.error is not None:
            raise self.error
        return EnrollmentState(folio, EnrollmentStatus.ACTIVE, {"rfc": "HEQG800101AB1"})


@pytest.fixture(autouse=True)
def terms(request: pytest.FixtureRequest) -> None:
    """Every agency: its breaker opens at the third failure, until `time_passes`."""
    if "bench" not in request.fixturenames:
        load_reference(request.getfixturevalue("settings"))
        change(request.getfixturevalue("job"), failures_to_open=3, longest_open_seconds=600)
        change(request.getfixturevalue("job"), open_seconds=600)


def change(job: JobContext, **terms: float) -> None:
    """Other terms for every agency; before any gate has read them."""
    with job.transaction() as session:
        for name, value in terms.items():
            statement = f"UPDATE agency_terms SET {name} = :value"  # noqa: S608
            session.execute(text(statement), {"value": value})


@pytest.fixture
def sat(job: JobContext) -> Sat:
    """In place of the simulator's."""
    sat = Sat()
    guarded = cast(EnrollmentAgency, Guarded(job.gate, "sat", sat))
    use(replace(job, agencies=replace(job.agencies, enrollments={"sat": guarded})))
    return sat


@pytest.fixture
def staff(settings: Settings) -> Iterator[Database]:
    """What the web's login may do: pause and lift."""
    with connected(settings.database_url, pool_size=1) as database:
        yield database


def change_pause(staff: Database, agency: str, change: Callable[..., object]) -> None:
    """`pause` or `lift`."""
    with staff.transaction(NETWORK_SCOPE) as session:
        change(session, agency, "mantenimiento", now=database_clock(session), actor=DUTY)


def time_passes(job: JobContext) -> None:
    """Until pauses after failures are over, and a breaker lets a probe through."""
    with job.transaction() as session:
        session.execute(
            text(
                "UPDATE outbox SET lease_until = NULL, ring_at = now()"
                " WHERE done_at IS NULL AND waits_for IS NULL"
            )
        )
        session.execute(text("UPDATE agency_states SET open_until = now() WHERE state = 'open'"))


def column(job: JobContext, query: str) -> list[Any]:
    with job.transaction() as session:
        return list(session.execute(text(query)).scalars())


def breaker(job: JobContext, agency: str = "sat") -> str:
    [state] = column(job, f"SELECT state FROM agency_states WHERE agency = '{agency}'")  # noqa: S608
    return str(state)


def enter(job: JobContext, agency: str, gate: Gate | None = None) -> Passage:
    """Ask for a call and commit."""
    with job.transaction() as session:
        return (gate or job.gate).enter(session, agency)


def denied(job: JobContext, agency: str, gate: Gate | None = None) -> Denial | None:
    try:
        with job.transaction() as session:
            (gate or job.gate).enter(session, agency)
            session.rollback()
    except NotNow as error:
        return error.denial
    return None


def items(job: JobContext) -> list[Any]:
    """(attempts, agency that it waits for) of what is still to be done."""
    with job.transaction() as session:
        query = "SELECT attempts, waits_for FROM outbox WHERE done_at IS NULL ORDER BY id"
        return [tuple(row) for row in session.execute(text(query))]


def test_a_paused_agency_gets_no_call_and_all_is_done_once_it_goes_on(
    job: JobContext, sat: Sat, pump: Pump, staff: Database
) -> None:
    change_pause(staff, "sat", pause)
    enrollments = [enroll(job, make_request()) for _ in range(5)]
    for _ in range(3):
        pump()
    assert sat.calls == []
    assert items(job) == [(0, "sat")] * 5
    assert {look(job, each).status for each in enrollments} == {"received"}
    change_pause(staff, "sat", lift)
    while any(agency for _, agency in items(job)):
        pump()
    assert len(sat.calls) == len(set(sat.calls)) == 5
    assert {look(job, each).status for each in enrollments} == {"active"}


def test_a_pause_keeps_nothing_from_other_agencies(
    job: JobContext, sat: Sat, pump: Pump, staff: Database
) -> None:
    change_pause(staff, "sat", pause)
    for _ in range(3):
        enroll(job, make_request())
    with job.transaction() as session:
        enqueue(session, "rates.fetch", new_id())
    pump()
    assert outcomes(job, "rates.fetch") == ["fetched"]


def test_a_breaker_opens_for_all_and_what_waits_costs_no_attempt(
    job: JobContext, sat: Sat, pump: Pump
) -> None:
    sat.error = AWAY
    enrollments = [enroll(job, make_request()) for _ in range(10)]
    for _ in range(4):
        pump()
    assert len(sat.calls) == 3
    assert breaker(job) == "open"
    assert sorted(attempts for attempts, _ in items(job)) == [0] * 7 + [1] * 3
    other = Gate(job.database)
    assert denied(job, "sat", other) is Denial.BREAKER_OPEN
    sat.error = None
    while undone_of(job, "enrollments.submit"):
        time_passes(job)
        pump()
    assert breaker(job) == "closed"
    assert {look(job, each).status for each in enrollments} == {"active"}


def undone_of(job: JobContext, topic: str) -> int:
    return outcomes(job, topic).count(None)


def test_a_probe_that_fails_is_the_only_call(job: JobContext, sat: Sat, pump: Pump) -> None:
    sat.error = Unanswered("sat", "status", "timeout")
    for _ in range(10):
        enroll(job, make_request())
    pump()
    for probes in range(1, 4):
        time_passes(job)
        pump()
        assert len(sat.calls) == 3 + probes
        assert breaker(job) == "open"


def test_an_agency_that_asks_us_to_slow_down_is_left_alone_for_as_long(
    job: JobContext, sat: Sat, pump: Pump
) -> None:
    sat.error = Throttled("sat", "request", "throttled", 3000.0)
    for _ in range(5):
        enroll(job, make_request())
    pump()
    [wait] = column(job, "SELECT extract(epoch FROM open_until - now()) FROM agency_states"
                    " WHERE state = 'open'")  # fmt: skip
    assert 2900 < wait <= 3000


def test_of_many_workers_that_ask_at_once_one_gets_the_probe(job: JobContext) -> None:
    meet(job, "sat")
    with job.transaction() as session:
        session.execute(
            text("UPDATE agency_states SET state = 'open', open_until = now(), failures = 3,"
                 " trips = 1 WHERE agency = 'sat'")
        )  # fmt: skip
    together = Barrier(6)

    def ask(_: int) -> bool:
        gate = Gate(job.database)
        together.wait()
        try:
            return enter(job, "sat", gate).admission.probe is not None
        except NotNow:
            return False

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(ask, range(6))) == 1
    assert breaker(job) == "half_open"


def meet(job: JobContext, agency: str) -> None:
    """So that its rows are there."""
    with job.gate.through(enter(job, agency)):
        pass


def test_a_slow_agency_never_holds_all_workers(job: JobContext) -> None:
    """By slots: with four workers alive, three calls to it may be under way, and no more."""
    gates = [Gate(job.database) for _ in range(5)]
    for gate in gates:
        gate.workers = 4
    passages = [enter(job, "sat", gate) for gate in gates[:3]]
    assert denied(job, "sat", gates[3]) is Denial.BUSY
    assert denied(job, "finabien", gates[3]) is None
    with gates[0].through(passages[0]):
        pass
    assert denied(job, "sat", gates[3]) is None


def test_a_quick_agency_has_the_last_worker_for_short_calls(
    job: JobContext, agencies_url: str, quick: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.gate.QUICK_CALL", timedelta(days=1))
    monkeypatch.setattr("workers.gate.BRIEF_CALL", timedelta(milliseconds=100))
    gates = [Gate(job.database) for _ in range(3)]
    for gate in gates:
        gate.workers = 2
    assert not enter(job, "sat", gates[0]).admission.brief
    last = enter(job, "sat", gates[1])
    assert denied(job, "sat", gates[2]) is Denial.BUSY
    fault(agencies_url, "sat", latency_ms=1500)
    sat = build_agencies(quick, gates[1]).enrollments["sat"]
    # It holds up every worker, and is given up soon.
    with gates[1].through(last), pytest.raises(Unanswered):
        sat.status("E00000000000")
    with job.transaction() as session:
        session.execute(text("UPDATE agency_slots SET taken_at = now() - interval '0.5 seconds'"))
    assert denied(job, "sat", gates[1]) is Denial.BUSY


def test_no_worker_waits_for_a_slot_but_goes_on_with_what_is_for_others(
    job: JobContext, sat: Sat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The only call that SAT may have is another worker's, and has only just begun."""
    other = Gate(job.database)
    job.gate.workers = other.workers = 2
    enter(job, "sat", other)
    enrollment = enroll(job, make_request())
    with job.transaction() as session:
        enqueue(session, "rates.fetch", new_id())
    slept = list[float]()
    sleep = time.sleep
    worker = threading.get_ident()

    def note(seconds: float) -> None:
        slept.extend([seconds] if threading.get_ident() == worker else [])
        sleep(seconds)

    monkeypatch.setattr(time, "sleep", note)
    run_outbox(*map(str, column(job, "SELECT id FROM outbox WHERE done_at IS NULL ORDER BY id")))
    assert slept == sat.calls == []
    assert outcomes(job, "rates.fetch") == ["fetched"]
    assert look(job, enrollment).status == "received"
    assert items(job) == [(0, "sat")]


def test_slow_agencies_hold_a_third_of_the_workers_together(job: JobContext) -> None:
    gates = [Gate(job.database) for _ in range(4)]
    for gate in gates:
        gate.workers = 6
    for agency in ("sat", "imss", "infonavit", "finabien"):
        meet(job, agency)
    with job.transaction() as session:
        session.execute(
            text("UPDATE agency_states SET slow_until = now() + interval '1 minute'"
                 " WHERE agency <> 'finabien'")
        )  # fmt: skip
    enter(job, "sat", gates[0])
    passage = enter(job, "imss", gates[1])
    for agency in ("sat", "imss", "infonavit"):
        assert denied(job, agency, gates[2]) is Denial.BUSY
    assert denied(job, "finabien", gates[2]) is None
    with gates[1].through(passage):
        pass
    assert denied(job, "infonavit", gates[2]) is None


def test_a_call_that_has_lasted_long_makes_its_agency_a_slow_one(job: JobContext) -> None:
    gates = [Gate(job.database) for _ in range(3)]
    for gate in gates:
        gate.workers = 3
    passage = enter(job, "sat", gates[0])
    assert denied(job, "sat", gates[1]) is None
    with job.transaction() as session:
        session.execute(text("UPDATE agency_slots SET taken_at = now() - interval '2 seconds'"
                             " WHERE slot = 1"))  # fmt: skip
    assert denied(job, "sat", gates[1]) is Denial.BUSY
    with job.transaction() as session:
        entering.leave(session, passage.admission, passage.terms, [], took=timedelta(seconds=2))
    assert column(job, "SELECT slow_until > now() FROM agency_states") == [True]


def test_a_killed_workers_slot_is_free_in_a_moment_and_its_late_word_frees_no_other(
    job: JobContext,
) -> None:
    mine, yours = Gate(job.database), Gate(job.database)
    mine.workers = yours.workers = 2
    late = enter(job, "sat", mine)
    assert denied(job, "sat", yours) is Denial.BUSY
    with job.transaction() as session:
        session.execute(text("UPDATE agency_slots SET held_until = now() WHERE slot = 1"))
    enter(job, "sat", yours)
    with mine.through(late):
        pass
    assert denied(job, "sat", mine) is Denial.BUSY


def test_a_call_that_lasts_keeps_its_slot(job: JobContext) -> None:
    mine, yours = Gate(job.database), Gate(job.database)
    mine.workers = yours.workers = 2
    with mine.through(enter(job, "sat", mine)):
        before = column(job, "SELECT held_until FROM agency_slots WHERE held_until > now()")
        mine.renew()
        after = column(job, "SELECT held_until FROM agency_slots WHERE held_until > now()")
        assert after[0] > before[0]
        assert denied(job, "sat", yours) is Denial.BUSY


def test_the_rate_is_that_of_all_workers_together(job: JobContext) -> None:
    change(job, calls_per_second=0.01, burst=4)
    gates = [Gate(job.database) for _ in range(3)]
    calls, denials = 0, set[Denial]()
    for turn in range(12):
        gate = gates[turn % 3]
        try:
            with gate.through(enter(job, "sat", gate)):
                calls += 1
        except NotNow as error:
            denials.add(error.denial)
    assert (calls, denials) == (4, {Denial.RATE_LIMITED})


def test_a_second_call_in_the_same_job_is_paid_as_well(job: JobContext, sat: Sat) -> None:
    change(job, calls_per_second=0.01, burst=4)
    guarded = Guarded(job.gate, "sat", sat)
    with job.gate.through(enter(job, "sat")):
        for _ in range(3):
            guarded.status("E00000000000")
    assert denied(job, "sat") is None
    with job.gate.through(enter(job, "sat")):
        pass
    assert denied(job, "sat") is Denial.RATE_LIMITED


def test_every_agency_that_workers_call_stands_behind_the_gate(job: JobContext) -> None:
    agencies = job.agencies
    enrolling = {agency.code for agency in serving(Purpose.ENROLLMENT)}
    assert set(agencies.enrollments) == enrolling
    alone = (agencies.payouts, agencies.rates, agencies.notices)
    assert all(isinstance(each, Guarded) for each in (*alone, *agencies.enrollments.values()))


def test_a_call_outside_of_any_job_asks_by_itself(
    job: JobContext, sat: Sat, staff: Database
) -> None:
    guarded = Guarded(job.gate, "sat", sat)
    assert guarded.status("E00000000000").status is EnrollmentStatus.ACTIVE
    change_pause(staff, "sat", pause)
    with pytest.raises(NotNow):
        guarded.status("E00000000000")
    assert len(sat.calls) == 1


def test_an_agency_out_of_reach_for_long_is_one_incident(job: JobContext, staff: Database) -> None:
    for agency in ("sat", "finabien"):
        meet(job, agency)
    with job.transaction() as session:
        session.execute(
            text("UPDATE agency_states SET state = 'open', open_until = now(), failures = 3,"
                 " changed_at = now() - interval '11 minutes'")
        )  # fmt: skip
    change_pause(staff, "finabien", pause)
    kinds = "SELECT detail ->> 'agency' FROM incidents WHERE kind = 'agency_unavailable'"
    for _ in range(2):
        watch(job)
        assert column(job, kinds) == ["sat"]
    with job.transaction() as session:
        session.execute(text("UPDATE agency_states SET state = 'closed', open_until = NULL"))
    watch(job)
    assert column(job, f"{kinds} AND resolution IS DISTINCT FROM 'recovered'") == []


def watch(job: JobContext) -> None:
    with job.transaction() as session:
        item = enqueue(session, "incidents.watch", new_id())
    run_outbox(str(item))


def test_what_waits_for_an_agency_isnt_called_a_retry(job: JobContext, staff: Database) -> None:
    change_pause(staff, "sat", pause)
    enroll(job, make_request())
    [item] = column(job, "SELECT id FROM outbox WHERE topic = 'enrollments.submit'")
    run_outbox(str(item))
    with job.transaction() as session:
        session.execute(text("UPDATE outbox SET due_at = now() - interval '2 hours'"))
    watch(job)
    assert column(job, "SELECT kind FROM incidents") == []


def test_money_that_may_not_go_out_now_is_as_if_nobody_had_tried(
    bench: PayoutBench,
) -> None:
    with bench.work.transaction() as session:
        sender = make_sender(session)
        remittance = make_remittance(session, sender, send=10_00, now=bench.clock()).id
        meet_row = "INSERT INTO agency_states (agency, state, open_until, failures, trips)"
        session.execute(
            text(f"{meet_row} VALUES ('finabien', 'open', now() + interval '1 hour', 9, 1)")
        )
    for _ in range(3):
        bench.run_all()
    assert bench.effects(remittance) == 0
    assert (bench.status(remittance), bench.attempts(remittance)) == (Status.FUNDED, [])
    with bench.work.transaction() as session:
        assert list_awaited(session) == ["finabien"]
        session.execute(text("UPDATE agency_states SET open_until = now()"))
    bench.finish()
    assert (bench.status(remittance), bench.effects(remittance)) == (Status.PAID, 1)


@pytest.mark.slow
def test_two_worker_processes_share_a_breaker(
    job: JobContext, quick: Settings, agencies_url: str
) -> None:
    fault(agencies_url, "sat", unavailable_rate=1.0)
    enrollments = [enroll(job, make_request()) for _ in range(12)]
    with process("worker", quick) as one, process("worker", quick) as two:
        with process("relay", quick):
            until(lambda: column(job, "SELECT 1 FROM agency_states WHERE state = 'open'"))
            until(lambda: len([1 for _, agency in items(job) if agency]) >= 7)
        one.kill(), two.kill()
        calls = sum(failed_calls(each) for each in (one, two))
    # The third failure opens it; a call that the other had begun by then still ends.
    assert 3 <= calls <= 4
    fault(agencies_url, "sat")
    time_passes(job)
    with process("worker", quick), process("worker", quick), process("relay", quick):
        until(lambda: {look(job, each).status for each in enrollments} == {"active"})
    assert sorted(effects(agencies_url, "sat").values()) == [1] * 12


def failed_calls(ended: subprocess.Popen[bytes]) -> int:
    """By its log."""
    lines = ended.stdout.readlines() if ended.stdout else []
    return sum(b"agency_call" in line and b'"unavailable"' in line for line in lines)


@pytest.mark.slow
def test_while_one_agency_is_slow_what_is_for_another_is_done(
    job: JobContext, quick: Settings, agencies_url: str
) -> None:
    """In order, not in time: all of it is done before the slow one has answered once."""
    fault(agencies_url, "sat", latency_ms=60_000)
    change(job, calls_per_second=1000, burst=1000, at_once=8)
    for _ in range(8):
        enroll(job, make_request())
    with process("worker", quick), process("worker", quick), process("relay", quick):
        until(lambda: column(job, "SELECT 1 FROM agency_slots WHERE agency = 'sat'"
                             " AND held_until > clock_timestamp()"))  # fmt: skip
        with job.transaction() as session:
            for _ in range(20):
                enqueue(session, "rates.fetch", new_id())
        until(lambda: set(outcomes(job, "rates.fetch")) == {"fetched"})
        # On a busy machine we may have given up on it meanwhile.
        assert set(outcomes(job, "enrollments.submit")) <= {None, "unknown_timeout"}
        [slots] = column(job, "SELECT count(*) FROM agency_slots WHERE agency = 'sat'"
                         " AND held_until > clock_timestamp()")  # fmt: skip
        assert slots <= 1
