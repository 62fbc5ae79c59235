"""One engine a process, sessions with a declared scope, and the tables' common ground.

The edges own transactions: they ask `Database.transaction` for one and hand the session to a
use case, which flushes but never commits. Every transaction states for whom it works; row
security in PostgreSQL holds it to that, whatever a query forgets.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, ClassVar, cast
from uuid import UUID

import psycopg
from psycopg.sql import SQL, Literal
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    MetaData,
    Table,
    Text,
    TextClause,
    Uuid,
    bindparam,
    create_engine,
    event,
    exists,
    false,
    or_,
    true,
)
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session, with_loader_criteria

from services.kernel.commits import STATEMENT_PATIENCE_SECONDS, Commits, OutcomeUnknown
from services.kernel.logins import Duty, read_login, refuse_unfit

NETWORK = "*"

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """All tables. `services.metadata` imports every slice, so that the collection is whole."""

    metadata = MetaData(naming_convention=NAMING)
    # Whose a row is. A transaction in a scope selects, changes and deletes those of its scope only,
    # by a condition in the statement itself: row security is the second hold, not the only one.
    owners: ClassVar[Owners | PartOf | None] = None


@dataclass(frozen=True)
class Owners:
    """Which columns of a table say whose a row is: an office's, a citizen's account's, or both.

    Rows whose column ``public[0]`` is one of ``public[1]`` are anybody's to read.
    """

    office: str | None = None
    account: str | None = None
    public: tuple[str, tuple[str, ...]] | None = None


@dataclass(frozen=True)
class PartOf:
    """A row belongs to whom the row of ``whole`` belongs that its ``column`` names."""

    column: str
    whole: type[Base]


@dataclass(frozen=True)
class Scope:
    """Which rows a transaction may see: those of an office, those of an account, or all.

    ``consulate`` is an office's code, `NETWORK` for work on behalf of the whole network, or
    empty; ``account`` is the citizen's account. ``actor`` is the account of whoever asks, citizen
    or staff: answers that are kept for it are nobody else's.
    """

    consulate: str = ""
    account: UUID | None = None
    actor: UUID | None = None


NETWORK_SCOPE = Scope(consulate=NETWORK)
NO_SCOPE = Scope()

# With BEGIN in one go: a round trip less for every transaction.
_OPEN = SQL(
    "BEGIN; SELECT set_config('app.consulate', {}, true), set_config('app.account', {}, true),"
    " set_config('app.actor', {}, true), clock_timestamp()"
)


@lru_cache(maxsize=512)
def _opening(scope: Scope) -> bytes:
    values = (scope.consulate, str(scope.account or ""), str(scope.actor or ""))
    return _OPEN.format(*map(Literal, values)).as_bytes()


_BEGIN = b"BEGIN"
# How the transaction that is beginning in this thread does so.
_opens: ContextVar[bytes] = ContextVar("opens", default=_BEGIN)


# A server that vanished without a word is noticed within half a minute.
_NETWORK = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


class Database:
    """The connections of one process.

    With a ``duty`` each new connection's login must be fit for it, else `UnsafeDatabase` is raised
    to whoever asked for the connection; ``apart`` as `services.kernel.logins.Login.faults` says.
    """

    def __init__(
        self, url: str, *, duty: Duty | None = None, apart: bool = False, pool_size: int = 8
    ) -> None:
        self.url = url
        self.commits = Commits()
        self._duty = duty
        self._apart = apart
        self.engine = self._engine(pool_size)
        event.listen(self.engine, "connect", _begin_by_statement)
        event.listen(self.engine, "begin", _begin)
        # Connections of its own: switching one to AUTOCOMMIT and back at every use costs more
        # than the statement. Nothing is open on them when they come back to be rolled back.
        self._at_once = self._engine(
            pool_size, isolation_level="AUTOCOMMIT", pool_reset_on_return=None
        )

    @contextmanager
    def transaction(self, scope: Scope) -> Iterator[Session]:
        """One transaction: commits on return, rolls back when anything is raised.

        Raises `OutcomeUnknown` when nobody can say whether it was committed for good.
        """
        with _Session(self.engine, expire_on_commit=False) as session:
            session.info[_SCOPE] = scope
            session.info[BEGAN] = self._open(session, scope)
            yield session
            self._commit(session)

    @contextmanager
    def autocommit_session(self) -> Iterator[Session]:
        """For a use case that is a single call of a database function, which sets its own scope.

        PostgreSQL makes one statement atomic by itself; BEGIN and COMMIT would be two more
        round trips on the hottest paths.
        """
        with (
            Session(self._at_once, expire_on_commit=False) as session,
            self.commits.acknowledged(driver_connection(session), STATEMENT_PATIENCE_SECONDS),
        ):
            yield session

    @contextmanager
    def raw_connection(self) -> Iterator[psycopg.Connection[Any]]:
        """`autocommit_session` on the driver's own connection, for the hottest of them.

        SQLAlchemy took a twelfth of the time that a whole booking takes in Python.
        """
        borrowed = self._at_once.raw_connection()
        connection = cast("psycopg.Connection[Any]", borrowed.driver_connection)
        try:
            with self.commits.acknowledged(connection, STATEMENT_PATIENCE_SECONDS):
                yield connection
        finally:
            gone = connection.closed
            borrowed.close()
            if gone:  # the server went away, and so did the others of the pool
                self._at_once.dispose()

    def refuse_unfit(self, session: Session | None = None) -> None:
        """Raise `UnsafeDatabase` unless the login is fit, as it is now, for this process's duty.

        Over a connection of its own without a ``session``; psycopg.Error when there is none.
        """
        if self._duty is None:
            return
        if session is not None:
            refuse_unfit(read_login(driver_connection(session)), self._duty, apart=self._apart)
            return
        with psycopg.connect(libpq_url(self.url), connect_timeout=5) as connection:
            refuse_unfit(read_login(connection), self._duty, apart=self._apart)

    def dispose(self) -> None:
        """Close every connection, e.g. before a fork."""
        self.engine.dispose()
        self._at_once.dispose()
        self.commits.stop()

    def _open(self, session: Session, scope: Scope) -> datetime:
        """Begin as ``scope``; returns when, by the database's clock."""
        token = _opens.set(_opening(scope))
        try:
            connection = session.connection()
        finally:
            _opens.reset(token)
        began: datetime = connection.info.pop(BEGAN)
        return began

    def _commit(self, session: Session) -> None:
        if not session.in_transaction():
            return
        session.flush()
        try:
            with self.commits.acknowledged(driver_connection(session)):
                session.commit()
        except DBAPIError as error:
            if error.connection_invalidated:
                raise OutcomeUnknown("the connection was lost during the commit") from error
            raise

    def _engine(self, pool_size: int, **options: Any) -> Engine:
        engine = create_engine(
            sqlalchemy_url(self.url),
            pool_size=pool_size,
            max_overflow=4,
            pool_pre_ping=False,
            pool_timeout=5,
            connect_args=_NETWORK,
            **options,
        )
        event.listen(engine, "connect", self._meet)
        return engine

    def _meet(self, connection: psycopg.Connection[Any], _record: object) -> None:
        """A new connection: is its login fit, and may statements be prepared on it?"""
        self.commits.listen(connection)
        login = read_login(connection)
        connection.rollback()
        if self._duty:
            refuse_unfit(login, self._duty, apart=self._apart)
        if login.pooled:
            # The next transaction may run on another server connection, which doesn't know them.
            connection.prepare_threshold = None


def _begin_by_statement(connection: psycopg.Connection[Any], _record: object) -> None:
    """The driver begins nothing by itself: `_begin` does."""
    connection.autocommit = True


def _begin(connection: Connection) -> None:
    """Begin a transaction, and set its scope where it is one of ours."""
    driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    try:
        cursor = driver.execute(_opens.get(), prepare=False)
    except psycopg.Error as error:
        raise _as_sqlalchemy(connection, error) from error
    if cursor.nextset():
        [opened] = cursor.fetchall()
        connection.info[BEGAN] = opened[-1]


def _as_sqlalchemy(connection: Connection, error: psycopg.Error) -> DBAPIError:
    """The driver's error as SQLAlchemy has it. When the server went away, so did the others of the
    pool."""
    driver = connection.connection.driver_connection
    gone = driver is None or driver.closed
    if gone:
        connection.invalidate(error)
        connection.engine.dispose()
    wrapped = DBAPIError.instance(
        None, None, error, psycopg.Error, connection_invalidated=gone, dialect=connection.dialect
    )
    return cast("DBAPIError", wrapped)


class Statement(TextClause):
    """A text() that a session hands to the driver: SQLAlchemy's share of a statement is three times
    the driver's, and workers send some fifty for each request."""

    inherit_cache = True

    def __init__(self, sql: str) -> None:
        super().__init__(sql)
        named = _NAME.sub(r"%(\1)s", sql.replace("%", "%%"))
        # The driver looks for %% only where there are parameters.
        self.of_driver = (named if named != sql.replace("%", "%%") else sql).encode()


# As text() finds them.
_NAME = re.compile(r"(?<![:\w\\]):(\w+)(?!:)")


def text(sql: str) -> Statement:
    """SQLAlchemy's text(), for what is sent often."""
    return Statement(sql)


@lru_cache(maxsize=1024)
def _columns(names: tuple[bytes, ...]) -> SimpleResultMetaData:
    return SimpleResultMetaData([name.decode() for name in names])


class _Direct:
    """What listeners are told of a statement that SQLAlchemy doesn't execute itself."""

    def __init__(self, scope: Scope | None) -> None:
        in_scope = scope is not None and scope.consulate != NETWORK
        self.execution_options = {"in_scope": in_scope}


class _Session(Session):
    """A session whose statements carry the condition of its scope."""

    def execute(self, statement: Any, params: Any = None, **options: Any) -> Any:
        """As SQLAlchemy's; a `Statement` by the shorter way."""
        # Many sets of values at once are SQLAlchemy's to send.
        if type(statement) is Statement and not options and not isinstance(params, list):
            return self._send(statement, params)
        return super().execute(statement, params, **options)

    def _send(self, statement: Statement, values: Mapping[str, Any] | None) -> Any:
        connection = self.connection()
        for note in connection.dispatch.before_cursor_execute:
            note(connection, None, statement.text, values, _Direct(self.info.get(_SCOPE)), False)
        driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
        try:
            cursor = driver.execute(statement.of_driver, values)
        except psycopg.Error as error:
            raise _as_sqlalchemy(connection, error) from error
        answer = cursor.pgresult
        names = [answer.fname(n) or b"" for n in range(answer.nfields)] if answer else []
        return IteratorResult(_columns(tuple(names)), iter(cursor.fetchall() if names else ()))


def _keep_added(session: Session, added: object) -> None:
    """What a transaction added is known to it until its end: a session alone forgets whatever
    nobody holds, and would select it again."""
    session.info.setdefault(_ADDED, []).append(added)


event.listen(_Session, "pending_to_persistent", _keep_added)

_ADDED = "added"
_SCOPE = "scope"
# When a transaction began, by the database's clock (`services.kernel.clock.transaction_clock`).
BEGAN = "began"


# The scope of the statement that is being executed in this thread, set right before it is.
_narrowed: ContextVar[Scope] = ContextVar("scope")


@event.listens_for(_Session, "do_orm_execute")
def _keep_to_scope(state: ORMExecuteState) -> None:
    """Add the scope's condition on each table that the statement selects, joins, changes or
    deletes from, in its subqueries too. A text() must carry its own."""
    scope: Scope | None = state.session.info.get(_SCOPE)
    if scope is None or scope.consulate == NETWORK or not state.is_orm_statement:
        return
    _narrowed.set(scope)
    state.statement = state.statement.options(_OWNED)


def _condition(model: type[Base]) -> ColumnElement[bool]:
    """Whether a row of ``model`` belongs to the scope; true for tables that are nobody's."""
    owners = model.owners
    if isinstance(owners, PartOf):
        # Apart from the statement's own use of that table, which may be another row of it.
        whole = cast("Table", owners.whole.__table__).alias()
        key = getattr(model, owners.column)
        mine = _belongs(cast("Owners", owners.whole.owners), whole.c.__getitem__)
        return exists().where(whole.c.id == key, mine).correlate_except(whole)
    return _belongs(owners, partial(getattr, model)) if owners else true()


def _belongs(owners: Owners, column: Callable[[str], Any]) -> ColumnElement[bool]:
    """Values are looked up at execution, so that the statement stays cached."""
    mine: list[ColumnElement[bool]] = []
    if owners.office:
        office = bindparam("scope_office", callable_=_office, type_=Text(), unique=True)
        mine.append(column(owners.office) == office)
    if owners.account:
        account = bindparam("scope_account", callable_=_account, type_=Uuid(), unique=True)
        mine.append(column(owners.account) == account)
    if owners.public:
        mine.append(column(owners.public[0]).in_(owners.public[1]))
    return or_(false(), *mine)


# SQLAlchemy asks for the condition of each mapped table that it meets, once a statement. A lambda,
# for it looks into what it is given for values to track.
_OWNED = with_loader_criteria(
    Base,
    lambda model: _condition(model),  # noqa: PLW0108
    include_aliases=True,
)


def _office() -> str:
    """No office is called by the empty text."""
    return _narrowed.get().consulate


def _account() -> UUID | None:
    return _narrowed.get().account


@contextmanager
def savepoint(session: Session) -> Iterator[psycopg.Connection[Any]]:
    """A part of the transaction that is undone by itself when anything is raised in it; yields the
    driver's connection, for use cases that are one call of a database function."""
    with session.begin_nested():
        yield driver_connection(session)


@contextmanager
def undone(session: Session) -> Iterator[None]:
    """A part of the transaction of which nothing stays, however it ends."""
    with session.begin_nested() as part:
        yield
        part.rollback()


def driver_connection(session: Session) -> psycopg.Connection[Any]:
    """The driver's own connection, in the session's transaction."""
    return cast("psycopg.Connection[Any]", session.connection().connection.driver_connection)


def sqlalchemy_url(url: str) -> str:
    """The psycopg driver for a plain ``postgresql://`` address."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url[len(prefix) :]
    return url


def libpq_url(url: str) -> str:
    """The address without the name of SQLAlchemy's driver."""
    scheme, mark, rest = url.partition("://")
    return f"{scheme.partition('+')[0]}{mark}{rest}"


# SQLSTATE of a write to a standby, or to a primary that was made read-only.
READ_ONLY = "25006"


def sqlstate(error: DBAPIError | psycopg.Error) -> str:
    """PostgreSQL's five characters for what went wrong; empty when it said none."""
    return getattr(_of_driver(error), "sqlstate", None) or ""


def violated_constraint(error: DBAPIError | psycopg.Error) -> str | None:
    """Name of the constraint that refused, or None."""
    diagnostics: Any = getattr(_of_driver(error), "diag", None)
    return getattr(diagnostics, "constraint_name", None)


def raised_code(error: DBAPIError | psycopg.Error) -> str | None:
    """The message of an error that one of our database functions raised on purpose.

    Our functions raise SQLSTATE ``CS001`` with a domain code as the message.
    """
    if sqlstate(error) != "CS001":
        return None
    diagnostics: Any = getattr(_of_driver(error), "diag", None)
    return getattr(diagnostics, "message_primary", None)


def _of_driver(error: DBAPIError | psycopg.Error) -> BaseException | None:
    return error.orig if isinstance(error, DBAPIError) else error
