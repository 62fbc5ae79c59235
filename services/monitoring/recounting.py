"""Recount all facts, and set aside the sums that differ until they are built anew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from services.facts.cubes import name_of
from services.facts.keys import Key
from services.facts.recounting import Recount, recount
from services.facts.rolling_up import build, set_aside
from services.incidents.reporting import Report, find_open, id_of_sums, recover, report
from services.incidents.rules import Kind, Subject


def prove(session: Session, cube: Sequence[Key], *, now: datetime) -> Recount:
    """Recount a cube; one that differs is used no more, and an incident names what differs."""
    result = recount(session, cube)
    if result.differences:
        set_aside(session, result.name)
        report(session, _report(result), now=now)
    return result


def rebuild(session: Session, cube: Sequence[Key], *, now: datetime) -> bool:
    """Build a cube from all facts and close its incident. False when somebody else is at it."""
    if not build(session, cube, anew=True):
        return False
    incident = find_open(session, Kind.SUMS_DIFFER, id_of_sums(name_of(cube)))
    recover(session, [incident] if incident else [], now=now)
    return True


def _report(result: Recount) -> Report:
    first = result.cells[0]
    detail = {
        "sums": result.name,
        "cells": result.differences,
        "first": f"{first.place}: {list(first.kept)} / {list(first.counted)}",
    }
    return Report(Kind.SUMS_DIFFER, Subject.SUMS, id_of_sums(result.name), detail)
