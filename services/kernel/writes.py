"""Writes of which nobody reads anything back, sent together: one round trip for all of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy.orm import Session

from services.kernel.db import Statement, text

_NAME = re.compile(r"(?<!:):(\w+)")


@dataclass(frozen=True)
class Write:
    """An INSERT, UPDATE or DELETE; ``sql`` names its ``values`` with colons."""

    sql: str
    values: Mapping[str, Any]


def write(session: Session, *writes: Write) -> None:
    """Send them as one statement: none sees what another writes, and all of them are done or none.

    What the session holds unwritten goes before.
    """
    if not writes:
        return
    session.flush()
    named = {
        f"{name}_{number}": value
        for number, each in enumerate(writes)
        for name, value in each.values.items()
    }
    session.execute(_together(tuple(each.sql for each in writes)), named)


@cache
def _together(statements: tuple[str, ...]) -> Statement:
    if len(statements) == 1:
        return text(_numbered(statements[0], 0))
    parts = (f"write_{n} AS ({_numbered(sql, n)})" for n, sql in enumerate(statements))
    return text(f"WITH {', '.join(parts)} SELECT 1")


def _numbered(sql: str, number: int) -> str:
    return _NAME.sub(rf":\1_{number}", sql)
