"""One person counts once, under the same name, on the desk and in Group 4's figures."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html import unescape
from typing import Any
from uuid import UUID

import pytest

from services.appointments.desk import TakeStep, take_step
from services.appointments.rules import Status, Step
from services.kernel.audit import SYSTEM
from services.kernel.db import NETWORK_SCOPE
from tests.factories.staff import staff_browser
from tests.factories.web import Web, person

SHOWN = {"identity_checked": True}
# What is done with one person, and how they then stand: called, called back, passed to another
# desk, sent away and served when they come back; or absent, late, and absent for good.
WAYS: dict[str, list[tuple[Step, dict[str, Any], Status]]] = {
    "served at last": [
        (Step.CHECK_IN, {"details": SHOWN}, Status.CHECKED_IN),
        (Step.CALL, {"desk": "A"}, Status.CALLED),
        (Step.BACK_TO_WAITING, {}, Status.CHECKED_IN),
        (Step.CALL, {"desk": "B"}, Status.CALLED),
        (Step.NOT_SERVED, {"details": {"reason": "Falta el acta"}}, Status.NOT_SERVED),
        (Step.CHECK_IN, {"details": SHOWN}, Status.CHECKED_IN),
        (Step.CALL, {"desk": "A"}, Status.CALLED),
        (Step.COMPLETE, {"details": {}}, Status.COMPLETED),
    ],
    "absent twice": [
        (Step.NO_SHOW, {}, Status.NO_SHOW),
        (Step.CHECK_IN, {"details": SHOWN}, Status.CHECKED_IN),
        (Step.NO_SHOW, {"may_return": False}, Status.NO_SHOW),
    ],
}


def _pairs(names: str, values: str, page: str) -> dict[str, int]:
    pairs = zip(re.findall(names, page), re.findall(values, page), strict=True)
    return {unescape(name): int(value) for name, value in pairs if value != "0"}


def on_the_desk(web: Web, day: str) -> dict[str, int]:
    """What the sums over the day's agenda say."""
    page = staff_browser(web.app, "officer", "losangeles").get(f"/desk/?day={day}").text
    sums = page.partition('<p class="desk-sums">')[2].partition("</p>")[0]
    return _pairs(r"<span>([^<]*) <strong>", r"<strong>([^<]*)</strong>", sums)


def in_group_4(web: Web, section: str, day: str) -> dict[str, int]:
    """What a table of its page says, without the sums of several columns."""
    page = staff_browser(web.app, "analyst").get(f"/monitoring/figures?from={day}&to={day}").text
    table = re.search(rf'<section id="{section}">(.*?)</section>', page, re.DOTALL)
    assert table
    head, _body, lines = table[1].partition("<tbody>")
    names = re.findall(r"<th[^>]*>([^<]*)</th>", head)
    values = re.findall(r'<td class="number">([^<]*)</td>', lines)
    pairs = zip(map(unescape, names[1:]), values, strict=True)
    sums = {"Total", "Citas", "Pendientes"}
    return {name: int(value) for name, value in pairs if value != "0" and name not in sums}


@pytest.mark.parametrize("way", sorted(WAYS))
def test_each_step_leaves_one_person_under_one_name(web: Web, way: str) -> None:
    desks = [{"name": name, "services": ["PAS10", "MAT"]} for name in "AB"]
    web.session(desks=desks)
    token = web.token("citizen", subject="ana")
    booked = web.book(web.free()[0]["start"], token=token, attendees=[person(1)]).get_json()
    now, day = datetime.fromisoformat(booked["start"]), booked["start"][:10]
    assert on_the_desk(web, day) == in_group_4(web, "appointments", day)
    for step, values, status in WAYS[way]:
        now += timedelta(minutes=2)
        with web.database.transaction(NETWORK_SCOPE) as session:
            command = TakeStep(UUID(booked["id"]), step, **values)
            assert take_step(session, command, now=now, actor=SYSTEM).status == status
        shown = on_the_desk(web, day)
        assert list(shown.values()) == [1], step
        assert shown == in_group_4(web, "appointments", day), step
        by_day = in_group_4(web, "days", day)
        if status in (Status.COMPLETED, Status.NOT_SERVED, Status.NO_SHOW):
            assert shown == by_day
        else:
            assert by_day == {}
