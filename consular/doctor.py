"""``consular doctor``: looks at every part an instance needs and says what is wrong with it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.error import HTTPError
from urllib.request import urlopen

import psycopg
from psycopg.rows import TupleRow
from sqlalchemy.exc import SQLAlchemyError

from consular import migrations
from consular.connections import check_redis, check_server, libpq_url, parse_url
from consular.startup import CannotStart
from integrations.registry import AGENCIES, Agency
from services.kernel.logins import Duty, read_login
from services.kernel.settings import Settings, SettingsError

CLOCK_SECONDS = 2.0
BEHIND_SECONDS = 300.0
DISK_BYTES = 500 * 1024 * 1024


@dataclass(frozen=True)
class Finding:
    """One part's state; ``remedy`` is what to do, empty when it is well."""

    part: str
    state: str
    remedy: str = ""

    @property
    def well(self) -> bool:
        """Whether there is nothing to do."""
        return not self.remedy


Check = Callable[[Settings], Finding]


def examine(settings: Settings) -> Iterator[Finding]:
    """Every check in turn; one that can't even look reports that instead of raising."""
    for part, check in _CHECKS:
        yield _run_check(part, check, settings)
    for agency in AGENCIES.values():
        yield _agency(settings, agency)


def _run_check(part: str, check: Check, settings: Settings) -> Finding:
    try:
        return check(settings)
    except CannotStart as error:
        return Finding(part, error.problem, error.remedy)
    except SettingsError as error:
        return Finding(part, "not configured", str(error))
    except (psycopg.Error, SQLAlchemyError, OSError) as error:
        return Finding(part, str(error).strip().splitlines()[0], "See the checks above it.")


def _version(settings: Settings) -> Finding:
    name = "DATABASE_URL"
    version = check_server(name, parse_url(name, settings.require(name)))
    return Finding("PostgreSQL", f"version {version} answers")


def _web_login(settings: Settings) -> Finding:
    url, apart = settings.require("DATABASE_URL"), not settings.development
    return _login("Web's login", url, Duty.WEB, apart=apart)


def _worker_login(settings: Settings) -> Finding:
    part = "Workers' login"
    if not settings.worker_database_url:
        return Finding(part, "not looked at: WORKER_DATABASE_URL is not set here")
    return _login(part, settings.worker_database_url, Duty.WORKER)


def _login(part: str, url: str, duty: Duty, *, apart: bool = False) -> Finding:
    with psycopg.connect(libpq_url(url), connect_timeout=5, autocommit=True) as connection:
        login = read_login(connection)
    faults = list(login.faults(duty, apart=apart))
    if faults:
        return Finding(part, f"{login.name} isn't fit for it", " ".join(faults))
    return Finding(part, f"{login.name}, bound by row-level security")


def _durability(settings: Settings) -> Finding:
    query = "SELECT current_setting('synchronous_commit'), current_setting('fsync')"
    commit, fsync = _one(settings, query)
    if commit not in ("off", "local") and fsync == "on":
        return Finding("Durability", f"synchronous_commit {commit}, fsync {fsync}")
    return Finding(
        "Durability",
        f"synchronous_commit {commit}, fsync {fsync}: acknowledged orders can be lost",
        "Set synchronous_commit = on and fsync = on in PostgreSQL, for this login too.",
    )


def _migrations(settings: Settings) -> Finding:
    here, newest = migrations.current(settings.database_url), migrations.head()
    if here == newest:
        return Finding("Migrations", f"at {newest}")
    return Finding("Migrations", f"at {here}, this version needs {newest}", "consular db upgrade")


def _clock(settings: Settings) -> Finding:
    before = time.time()
    (theirs,) = _one(settings, "SELECT extract(epoch FROM clock_timestamp())::float8")
    apart = abs(float(str(theirs)) - (before + time.time()) / 2)
    state = f"{apart:.2f} s apart from the database's"
    if apart <= CLOCK_SECONDS:
        return Finding("Clock", state)
    return Finding("Clock", state, "Synchronise both machines' clocks (NTP).")


def _home(settings: Settings) -> Finding:
    with psycopg.connect(libpq_url(settings.database_url), connect_timeout=5) as connection:
        if read_login(connection).at_home:
            return Finding("Cluster", "the one that the database belongs to")
    return Finding(
        "Cluster",
        "the database was restored here from another one; nothing starts on it",
        "When nothing else works on it, as the owner: consular db adopt",
    )


def _figures(settings: Settings) -> Finding:
    """Facts are counted by the time of their recording: that clock must not run back."""
    query = "SELECT extract(epoch FROM at - clock_timestamp())::float8 FROM facts_settled"
    (ahead,) = _one(settings, query)
    if float(str(ahead)) <= 0:
        return Finding("Figures", "counted up to now")
    return Finding(
        "Figures",
        f"counted already {float(str(ahead)):.1f} s further than the database's clock is now",
        "The clock was set back: correct it before anything is recorded (NTP).",
    )


def _sums(settings: Settings) -> Finding:
    """Figures are exact without them, and slow."""
    part = "Sums of facts"
    unbuilt, damaged, behind = _one(
        settings,
        "SELECT count(*) FILTER (WHERE at IS NULL AND damaged_at IS NULL), count(damaged_at),"
        " coalesce(extract(epoch FROM clock_timestamp() - (SELECT min(recorded_at) FROM facts"
        " WHERE recorded_at > (SELECT min(at) FROM fact_cubes)))::float8, 0) FROM fact_cubes",
    )
    if damaged:
        state = f"{damaged} differ from a recount and aren't used: figures are slow"
        return Finding(part, state, "Find out who changed them, then: consular recount --rebuild")
    if float(str(behind)) > BEHIND_SECONDS:
        state = f"{float(str(behind)) / 60:.0f} minutes behind: figures become slow"
        return Finding(part, state, "Is a schedule running, and a worker? See their logs.")
    return Finding(part, f"{unbuilt} are still to be built" if unbuilt else "up to now")


def _redis(settings: Settings) -> Finding:
    check_redis(settings.require("REDIS_URL"))
    return Finding("Redis", "answers")


def _keys(settings: Settings) -> Finding:
    versions = sorted(settings.master_keys())
    settings.index_key()
    signing = settings.signing_keys()
    signs = f"signing key version {max(signing)}" if signing else "none to sign reports with"
    return Finding(
        "Keys", f"master key version {versions[-1]} of {len(versions)}, index key, {signs}"
    )


def _disk(settings: Settings) -> Finding:
    place = settings.home if settings.home.exists() else settings.home.parent
    free = shutil.disk_usage(place).free
    state = f"{free / 1024**3:.1f} GB free at {place}"
    if free >= DISK_BYTES:
        return Finding("Disk", state)
    return Finding("Disk", state, "Free some space: PostgreSQL stops when the disk is full.")


def _agency(settings: Settings, agency: Agency) -> Finding:
    """Any answer to a plain GET will do: whether it is the right one is the adapter's to say."""
    part = f"Agency {agency.name}"
    try:
        url = agency.url(settings)
    except SettingsError as error:
        return Finding(part, "not configured", str(error))
    if not url.startswith(("http://", "https://")):
        return Finding(part, f"{url} is no web address", f"Correct CONSULAR_{agency.name}_URL.")
    try:
        with urlopen(url, timeout=5):  # noqa: S310 - the scheme was checked
            return Finding(part, f"{url} answers")
    except HTTPError:
        return Finding(part, f"{url} answers")
    except OSError as error:
        reason = getattr(error, "reason", error)
        return Finding(
            part, f"{url}: {reason}", f"Check CONSULAR_{agency.name}_URL and the way out to it."
        )


def _one(settings: Settings, query: str, *, before: str = "SELECT") -> TupleRow:
    url = libpq_url(settings.require("DATABASE_URL"))
    with psycopg.connect(url, connect_timeout=5, autocommit=True) as connection:
        connection.execute(before.encode())
        row = connection.execute(query.encode()).fetchone()
    if row is None:
        raise CannotStart("PostgreSQL gave no answer.", "Look into its log.")
    return row


def _incidents(settings: Settings) -> Finding:
    part = "Incidents"
    # A field that can't be used holds nothing up.
    count, oldest = _one(
        settings,
        "SELECT count(*), extract(epoch FROM clock_timestamp() - min(opened_at))::float8"
        " FROM incidents WHERE resolved_at IS NULL AND kind <> 'field_unusable'",
        before="SELECT set_config('app.consulate', '*', false)",
    )
    if not count:
        return Finding(part, "none open")
    hours = float(str(oldest)) / 3600
    return Finding(
        part, f"{count} open, the oldest for {hours:.1f} h", "Treasury resolves them at /incidents."
    )


_CHECKS: tuple[tuple[str, Check], ...] = (
    ("PostgreSQL", _version),
    ("Web's login", _web_login),
    ("Workers' login", _worker_login),
    ("Durability", _durability),
    ("Migrations", _migrations),
    ("Clock", _clock),
    ("Cluster", _home),
    ("Figures", _figures),
    ("Sums of facts", _sums),
    ("Redis", _redis),
    ("Keys", _keys),
    ("Disk", _disk),
    ("Incidents", _incidents),
)
