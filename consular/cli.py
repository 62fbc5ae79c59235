"""The command line ``consular``. It says what is wrong and what to do, never with a trace."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO
from uuid import UUID

import click
import psycopg
from sqlalchemy.exc import ArgumentError, DBAPIError

from consular import books_command, doctor, migrations
from consular.blocked import read_blocked
from consular.conformance import Options, check_agency
from consular.connections import in_plain_words
from consular.import_command import import_from_command
from consular.local import launcher
from consular.local.demo_history import ensure_demo_history
from consular.local.demonstration import load_demo
from consular.local.development_tokens import development_token
from consular.price_command import price_lines
from consular.recount_command import recount_facts
from consular.seed import (
    adopt_database,
    appoint_administrator,
    load_reference,
    load_screening_list,
    withdraw_signing_key,
)
from consular.server import run_web
from consular.startup import CannotStart
from services.kernel.audit import Role
from services.kernel.db import sqlstate
from services.kernel.errors import DomainError
from services.kernel.money import Money
from services.kernel.settings import Settings, SettingsError
from services.ledger.rules import State
from services.remittances.listing import BadScreeningList
from services.remittances.quoting import RequestQuote
from services.remittances.rules import TO_PEOPLE, Funding, Payout
from workers.main import run_books, run_relay, run_schedule, run_worker

PROCESSES: Mapping[str, Callable[[Settings], None]] = {
    "web": run_web,
    "worker": run_worker,
    "relay": run_relay,
    "schedule": run_schedule,
    "books": run_books,
}
# Where an instance keeps its data unless CONSULAR_HOME says otherwise, and the project's directory.
HOME = ".consular"
BESIDE = Path(__file__).resolve().parent.parent
UNDEFINED_TABLE = "42P01"


def main() -> None:
    """Entry point of the console script."""
    try:
        commands(standalone_mode=False)
    except CannotStart as error:
        _fail(error.problem, error.remedy)
    except SettingsError as error:
        _fail(str(error), "")
    except DomainError as error:
        _fail(f"That is refused: {error.code}.", "")
    except (DBAPIError, psycopg.Error) as error:
        _fail(_database_fault(error), "")
    except ArgumentError:
        _fail("DATABASE_URL is no address; it looks like postgresql://user:password@host/name.", "")
    except OSError as error:
        _fail(f"{error.filename or 'The system'}: {error.strerror or error}.", "")
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Consular services and remittances for Mexicans abroad."""


@commands.command()
@click.option("--with-parent", is_flag=True, help="Stop when the process that started this ends.")
def up(with_parent: bool) -> None:
    """Run a whole development instance in the foreground.

    Brings its own PostgreSQL and Valkey unless DATABASE_URL and REDIS_URL are set. Data live in
    CONSULAR_HOME (.consular); the web listens on CONSULAR_PORT (8000), the agencies' simulator on
    CONSULAR_SIMULATOR_PORT (8001).
    """
    launcher.up(os.environ, with_parent=with_parent)


@commands.command()
@click.argument("process", type=click.Choice(list(PROCESSES)))
def work(process: str) -> None:
    """Run one process in the foreground, as production does."""
    PROCESSES[process](Settings.load())


@commands.group()
def db() -> None:
    """Migrate and repair the database."""


@db.command()
def upgrade() -> None:
    """Run the migrations, with DATABASE_OWNER_URL or else DATABASE_URL."""
    settings = Settings.load()
    url = settings.database_owner_url or settings.require("DATABASE_URL")
    click.echo(f"The database is at revision {migrations.upgrade(url)}.")


@db.command()
def adopt() -> None:
    """Let Consular work with a database that was restored from another cluster.

    To be run once, with DATABASE_OWNER_URL, when nothing works on the original any more: what was
    still to be done when it was dumped is done from here on.
    """
    settings = Settings.load()
    url = settings.database_owner_url or settings.require("DATABASE_URL")
    adopted, waiting = adopt_database(url)
    click.echo("The database is this cluster's." if adopted else "It was this cluster's already.")
    click.echo(f"Still to be done by the workers: {waiting}.")


@commands.command()
@click.option("--demo", is_flag=True, help="Also figures of two years and citizens: invented.")
@click.option("--people", default=200, show_default=True, help="How many of them.")
def seed(demo: bool, people: int) -> None:
    """Load the reference data; with --demo also invented activity (never in production)."""
    settings = _development("seed --demo") if demo else _settings()
    counts = load_reference(settings)
    click.echo("Reference data: " + ", ".join(f"{n} {table}" for table, n in counts.items()))
    if demo:
        if ensure_demo_history(settings):
            click.echo("Invented: figures of two years, until three days ago")
        done = load_demo(settings, people)
        click.echo("Invented: " + ", ".join(f"{n} {what}" for what, n in done.items()))


@commands.command()
@click.option("--subject", required=True, help="What the identity provider calls this person.")
@click.option("--name", required=True)
def appoint(subject: str, name: str) -> None:
    """Make an administrator: the first of an installation, who makes all other accounts."""
    appoint_administrator(_settings(), subject, name)
    click.echo(f"{name} may sign in as administrator.")


@commands.command(name="withdraw-key")
@click.argument("key")
@click.option("--reason", required=True, help="What became of it; kept, and told to nobody.")
def withdraw_key(key: str, reason: str) -> None:
    """Withdraw a signing key that somebody else may have, for good.

    KEY is its name at /api/v1/signing-keys. It signs nothing more, and whoever verifies what it
    signed is told.
    """
    settings = _settings()
    url = settings.database_owner_url or settings.require("DATABASE_URL")
    since = withdraw_signing_key(url, key, reason)
    click.echo(f"{key} is withdrawn since {since.isoformat(timespec='seconds')}.")


@commands.command()
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--consulate", metavar="CODE", help="Office of an officer or a supervisor.")
@click.option(
    "--subject", metavar="ID", help="Whom the token speaks for; the same ID, same person."
)
@click.option("--name", metavar="GIVEN|FIRST|SECOND", help="Name of that person's profile.")
def token(role: str, consulate: str | None, subject: str | None, name: str | None) -> None:
    """Print a bearer token of the development issuer."""
    settings = _development("token")
    click.echo(development_token(settings, role, consulate, subject, name))


@commands.command(name="screening-list")
@click.argument("file", type=click.File(encoding="utf-8-sig"))
@click.option("--name", required=True, help="Which list it is; it replaces the one before.")
@click.option("--published", type=click.DateTime(["%Y-%m-%d"]), required=True, help="Its own date.")
@click.option("--source", required=True, help="Who publishes it, and where.")
def screening_list(file: TextIO, name: str, published: datetime, source: str) -> None:
    """Put a list of names in force that senders and recipients of money are compared with.

    A CSV file with the columns reference, name and birth_date (empty where unknown). Orders that
    were compared before are compared again.
    """
    try:
        count = load_screening_list(
            _settings(), file, name=name, published_on=published.date(), source=source
        )
    except BadScreeningList as wrong:
        _fail(f"{file.name}: {wrong}.", "Nothing was changed: correct the file and load it again.")
    click.echo(f"{count} names of {name} in force.")


@commands.command(name="import-appointments")
@click.argument("file", type=click.File(encoding="utf-8-sig"))
@click.option("--consulate", metavar="CODE", required=True, help="Whose appointments they are.")
@click.option("--write", is_flag=True, help="Keep them; without it the file is only tried.")
def import_appointments(file: TextIO, consulate: str, write: bool) -> None:
    """Take over the appointments of another system from a CSV file, all of them or none.

    Prints what is wrong by line and column and exits 1, or each key with its new folio. The file
    may be sent again: lines that were imported before are passed over.
    """
    report = import_from_command(
        _settings(), file.read(), consulate, write=write, counted=_counted_lines
    )
    for problem in report.problems:
        click.echo(f"{file.name}:{problem.line}: {problem.column}: {problem.message}")
    if report.problems:
        sys.exit(1)
    for key, folio in report.folios.items():
        click.echo(f"{key},{folio}")
    kept = "imported" if report.written else "would be imported (--write keeps them)"
    click.echo(f"{len(report.folios)} {kept}, {report.known} were before.", err=True)


@contextmanager
def _counted_lines(lines: int) -> Iterator[Callable[[], None]]:
    """Show on a terminal how many of them are done."""
    with click.progressbar(length=lines, label="Lines", show_pos=True, file=sys.stderr) as bar:
        yield lambda: bar.update(1)


@commands.command()
@click.argument("folio")
def blocked(folio: str) -> None:
    """Print who sent and received a remittance whose data were erased, as JSON.

    For an authority that may know, until the law lets it go. Noted in the audit.
    """
    click.echo(json.dumps(read_blocked(_settings(), folio), ensure_ascii=False))


@commands.command()
@click.option("--rebuild", is_flag=True, help="Build the sums anew first, from all facts.")
def recount(rebuild: bool) -> None:
    """Recount all facts and compare the sums that figures come from. Exits 1 if any differ.

    Sums that differ are used no more: figures are counted fact by fact until --rebuild. The
    workers do the same every night.
    """
    if not recount_facts(_settings(), click.echo, anew=rebuild):
        click.echo("Find out who changed the database, then: consular recount --rebuild", err=True)
        sys.exit(1)


@commands.group()
def books() -> None:
    """Read the ledger of remittances, and check it."""


@books.command()
def check() -> None:
    """Compare every row with its seal and every balance with its lines. Exits 1 if any differ.

    Differences open an incident and stop payouts, nothing else. The workers do the same every
    night.
    """
    comparison = books_command.check_books(_settings())
    for difference in comparison.differences:
        click.echo(str(difference))
    count = len(comparison.differences)
    click.echo(f"{comparison.entries} entries, {count} differences.", err=True)
    sys.exit(1 if comparison.differences else 0)


@books.command()
@click.option("--as-of", type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z"]), help="A past moment.")
def balances(as_of: datetime | None) -> None:
    """Print every account's balance, debit positive."""
    for line in books_command.list_balances(_settings(), as_of):
        click.echo(line)


@books.command()
@click.argument("folio")
def trace(folio: str) -> None:
    """Print what was posted about a remittance, from its funding to its payout."""
    for line in books_command.trace(_settings(), folio):
        click.echo(line)


@books.command(name="try")
@click.argument("lines", nargs=-1)
@click.option("--pending", is_flag=True, help="The transfer is only held.")
@click.option("--end", type=click.UUID, help="In place of LINES: the id of a hold that ends.")
@click.option(
    "--as", "state", type=click.Choice(["posted", "voided", "expired"]), default="posted",
    help="How it ends.",
)  # fmt: skip
def try_posting(lines: tuple[str, ...], pending: bool, end: UUID | None, state: str) -> None:
    """Say what a transfer, a hold or the end of one would do, and write nothing.

    Each of LINES is "ACCOUNT CURRENCY CENTS", a debit positive.
    """
    if bool(lines) == bool(end):
        raise click.UsageError("Give lines, or the hold that ends.")
    if end:
        told = books_command.try_end_of(_settings(), end, State(state))
    else:
        told = books_command.try_lines(_settings(), lines, pending=pending)
    for line in told:
        click.echo(line)


@commands.command()
@click.argument("amount")
@click.option("--receive", is_flag=True, help="AMOUNT is pesos to arrive, not dollars to send.")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="By the rules of that day.")
@click.option("--fix", type=Decimal, help="A FIX in place of the one that was stored for the day.")
@click.option("--funding", type=click.Choice([f.value for f in Funding]), default="bank_account")
@click.option("--payout", type=click.Choice([p.value for p in TO_PEOPLE]), default="account")
def price(
    amount: str, receive: bool, day: datetime | None, fix: Decimal | None, funding: str, payout: str
) -> None:
    """Price a transfer of AMOUNT by the rules of any day, and print these with their sources."""
    money = _amount(amount, "MXN" if receive else "USD")
    command = RequestQuote(
        None if receive else money, money if receive else None, Funding(funding), Payout(payout)
    )
    for line in price_lines(_settings(), command, day.date() if day else None, fix):
        click.echo(line)


def _amount(written: str, currency: str) -> Money:
    try:
        return Money.parse(written, currency)
    except ValueError:
        raise click.BadParameter("an amount is like 300.00") from None


@commands.command(name="doctor")
def examine() -> None:
    """Check every part and say what is wrong and what to do. Exits 1 if anything is."""
    findings = list(doctor.examine(Settings.load()))
    for finding in findings:
        mark = "ok   " if finding.well else "WRONG"
        click.echo(f"{mark}  {finding.part}: {finding.state}")
        if not finding.well:
            click.echo(f"       -> {finding.remedy}")
    sys.exit(0 if all(finding.well for finding in findings) else 1)


@commands.command()
@click.argument("agency_url")
@click.option("--agency", required=True, help="Its code, as in integrations/registry.py.")
@click.option("--secret", envvar="CONSULAR_CONFORMANCE_SECRET", default="", help="Its token.")
@click.option("--listen", metavar="HOST:PORT", help="Wait there for its callbacks.")
@click.option(
    "--callback-secret",
    envvar="CONSULAR_CONFORMANCE_CALLBACK_SECRET",
    help="What signs them (whsec_…).",
)
@click.option("--wait", default=60.0, show_default=True, help="Seconds to wait for a callback.")
@click.option("--i-may-send", is_flag=True, help="Also to an agency that isn't on this machine.")
def conformance(agency_url: str, agency: str, **options: Any) -> None:
    """Check an agency, real or simulated, against its contract, and grade it.

    SENDS synthetic requests to AGENCY_URL: to a real agency only when that is agreed. Secrets are
    better given by CONSULAR_CONFORMANCE_SECRET and CONSULAR_CONFORMANCE_CALLBACK_SECRET, which no
    process list shows. Exits 1 on any breach.
    """
    sys.exit(0 if check_agency(agency_url, agency, Options(**options)) else 1)


def _settings() -> Settings:
    """The settings of the environment and of the instance that runs here, or else beside this
    code."""
    environ = dict(os.environ)
    if "CONSULAR_HOME" not in environ and not Path(HOME).exists() and (BESIDE / HOME).exists():
        environ["CONSULAR_HOME"] = str(BESIDE / HOME)
    settings = Settings.load(environ)
    if not settings.database_url:
        raise CannotStart(
            f"No instance was started in {settings.home}: start one with `make run`, or name the"
            " directory of yours with CONSULAR_HOME.",
            "",
        )
    return settings


def _database_fault(error: DBAPIError | psycopg.Error) -> str:
    """What the database says, and what to do, in one line."""
    said = in_plain_words(str(getattr(error, "orig", None) or error))
    if sqlstate(error) == UNDEFINED_TABLE:
        return "The database has no tables yet: `consular db upgrade` makes them."
    return (
        f"The database can't be used ({said}): is the instance running? `make run` starts it,"
        " CONSULAR_HOME names the directory of another."
    )


def _development(command: str) -> Settings:
    settings = _settings()
    if not settings.development:
        raise CannotStart(
            f"`consular {command}` makes invented people; production refuses it.",
            "Unset CONSULAR_ENV if this is a development instance.",
        )
    return settings


def _fail(problem: str, remedy: str) -> None:
    click.echo(f"consular: {problem}", err=True)
    if remedy:
        click.echo(remedy, err=True)
    sys.exit(1)
