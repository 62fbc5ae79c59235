"""What a process's database login must be, and must not be able to do.

Row security holds only a login that can't pass by it, and the web's login is kept from what only
workers do. So every process looks at its login when it starts and at each new connection, and
refuses to work with any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import psycopg
from psycopg.rows import dict_row

from services.kernel.settings import SettingsError


class Duty(StrEnum):
    """A kind of process, by the database group that its login is a member of."""

    WEB = "consular_web"
    WORKER = "consular_worker"


class UnsafeDatabase(SettingsError):
    """The database, or the login in it, doesn't keep what the system promises."""


class NotAdopted(UnsafeDatabase):
    """The database was restored from another cluster, whose processes may still be at work."""


# Set on each login with ALTER ROLE: PgBouncer refuses them as startup parameters. Nobody waits for
# a lock without end, and whoever asked is told to try again.
SESSION: Mapping[str, str] = {
    "timezone": "UTC",
    "lock_timeout": "5s",
    "statement_timeout": "30s",
}
_DURABLE = ("on", "remote_apply")

# MEMBER, not USAGE: a role that can be taken with SET ROLE counts as well.
_LOOK = """
SELECT session_user AS login, pg_backend_pid() AS pid,
       (SELECT bool_or(rolsuper OR rolbypassrls) FROM pg_roles
        WHERE pg_has_role(session_user, oid, 'MEMBER')) AS bypasses,
       EXISTS (SELECT FROM pg_class
               WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v')
                 AND pg_has_role(session_user, relowner, 'MEMBER')) AS owns,
       coalesce(pg_has_role(session_user, to_regrole('consular_web'), 'MEMBER'), false)
           AS consular_web,
       coalesce(pg_has_role(session_user, to_regrole('consular_worker'), 'MEMBER'), false)
           AS consular_worker,
       coalesce(has_table_privilege(
           session_user, to_regclass('public.database_identity'), 'SELECT'), false) AS identified,
       current_setting('synchronous_commit') AS synchronous_commit,
       current_setting('timezone') AS timezone,
       current_setting('lock_timeout') AS lock_timeout,
       current_setting('statement_timeout') AS statement_timeout
"""


_AT_HOME = """
SELECT d.system_identifier = c.system_identifier FROM database_identity d, pg_control_system() c
"""
_ADOPT = (
    "This database was restored from another cluster, and what was still to be done when it was"
    " dumped would be done again. When nothing else works on it: consular db adopt."
)


@dataclass(frozen=True)
class Login:
    """A login as PostgreSQL describes it. ``pooled``: a pooler stands before the server."""

    name: str
    pooled: bool
    at_home: bool
    facts: Mapping[str, Any]

    def faults(self, duty: Duty, *, apart: bool) -> Iterator[str]:
        """What keeps it from serving as ``duty``, each as a sentence with its remedy.

        ``apart``: the web's login may not be the workers' too.
        """
        if self.facts["bypasses"]:
            yield (
                f"{self.name} can pass by row-level security. Use a login without SUPERUSER and"
                f" BYPASSRLS that is a member of {duty}."
            )
        elif self.facts["owns"]:
            yield f"{self.name} owns tables. Use a plain login that is a member of {duty}."
        elif not self.facts[duty]:
            yield f"{self.name} is no member of {duty}: GRANT {duty} TO {self.name}."
        elif duty is Duty.WEB and apart and self.facts[Duty.WORKER]:
            yield (
                f"{self.name} is the workers' login too (consular_worker): the web needs one of"
                " its own."
            )
        if self.facts["synchronous_commit"] not in _DURABLE:
            yield (
                f"synchronous_commit is {self.facts['synchronous_commit']}: acknowledged writes"
                " could be lost. Set it to on."
            )
        yield from self._unset()

    def _unset(self) -> Iterator[str]:
        """The settings of the role that aren't in force."""
        in_force = {
            "timezone": self.facts["timezone"] in ("UTC", "Etc/UTC"),
            "lock_timeout": self.facts["lock_timeout"] != "0",
            "statement_timeout": self.facts["statement_timeout"] != "0",
        }
        for name, fine in in_force.items():
            if not fine:
                yield f"{name} is not set: ALTER ROLE {self.name} SET {name} = '{SESSION[name]}'."


def read_login(connection: psycopg.Connection[Any]) -> Login:
    """Query the current login's role and rights. Raises psycopg.Error."""
    with connection.cursor(row_factory=dict_row) as cursor:
        facts = cursor.execute(_LOOK, prepare=False).fetchone() or {}
    at_home = (
        connection.execute(_AT_HOME, prepare=False).fetchone() if facts["identified"] else None
    )
    # A pooler answers with a process number of its own.
    pooled = facts["pid"] != connection.info.backend_pid
    return Login(facts["login"], pooled, at_home is None or bool(at_home[0]), facts)


def refuse_unfit(login: Login, duty: Duty, *, apart: bool) -> None:
    """Raise `UnsafeDatabase` with everything that is wrong with ``login`` for this duty, or
    `NotAdopted`."""
    if not login.at_home:
        raise NotAdopted(_ADOPT)
    faults = list(login.faults(duty, apart=apart))
    if faults:
        raise UnsafeDatabase(" ".join(faults))
