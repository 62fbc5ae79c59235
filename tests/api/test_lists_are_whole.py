"""A list ends where it says that it ends, and free times near a place are those near it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time
from typing import Any

import pytest

from services.appointments.planning import DeskPlan, OpenSession, open_sessions
from services.consulates.queries import list_consulates
from services.kernel.audit import SYSTEM, Role
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from tests.api.calls import steady_web, token_of
from tests.factories.web import Web, working_day
from tests.servers import Addresses

EL_PASO = "31.7619,-106.4850"
# More than any list once held.
SESSIONS = 510


@pytest.fixture(scope="module")
def web(servers: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """Sixty offices with times at once, El Paso a week later, and a busy office in Chicago."""
    with steady_web(servers, tmp_path_factory.mktemp("whole")) as running:
        with running.database.transaction(NETWORK_SCOPE) as session:
            offices = [c.code for c in list_consulates(session)]
            others = [code for code in offices if code not in ("elpaso", "chicago")]
            planned = [
                *(_open(code, working_day(7), time(9), time(10)) for code in others[-60:]),
                _open("elpaso", working_day(14), time(9), time(12)),
                *map(_busy, range(SESSIONS)),
            ]
            open_sessions(session, planned, now=system_clock(), actor=SYSTEM)
        yield running


def _open(consulate: str, day: date, opens: time, closes: time, desk: str = "A") -> OpenSession:
    return OpenSession(consulate, day, opens, closes, 15, (DeskPlan(desk, ("PAS10",)),))


def _busy(number: int) -> OpenSession:
    """Twenty half hours a day."""
    day, part = divmod(number, 20)
    opens, closes = (time(8 + p // 2, p % 2 * 30) for p in (part, part + 1))
    return _open("chicago", working_day(31 + day), opens, closes, desk=str(day))


def _slots(web: Web, near: str = "") -> list[dict[str, Any]]:
    address = f"/availability?service=PAS10&from={working_day(7)}&near={near}"
    answer = web.call("GET", address)
    assert answer.status_code == 200, answer.text
    return list(answer.get_json()["slots"])


def test_the_first_free_time_near_a_place_is_the_nearest_offices(web: Web) -> None:
    first = _slots(web, EL_PASO)[0]
    assert (first["consulate"], first["km"] < 20) == ("elpaso", True)


def test_near_a_place_offices_come_by_distance_and_times_by_time(web: Web) -> None:
    slots = _slots(web, EL_PASO)
    assert [s["km"] for s in slots] == sorted(s["km"] for s in slots)
    for code in {s["consulate"] for s in slots}:
        starts = [s["start"] for s in slots if s["consulate"] == code]
        assert starts == sorted(starts)
        assert len(starts) <= 3


def test_every_office_with_free_times_is_there(web: Web) -> None:
    offices = {s["consulate"] for s in _slots(web)}
    assert len(_slots(web)) > 100
    assert "elpaso" in offices
    assert {s["consulate"] for s in _slots(web, EL_PASO)} == offices


def _page(web: Web, address: str, token: str | None = None) -> dict[str, Any]:
    answer = web.call("GET", address, token=token)
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def _all(web: Web, address: str, limit: int, token: str | None = None) -> list[list[Any]]:
    """Every page of a list, by following ``next``."""
    pages, following = [], ""
    while True:
        page = _page(web, f"{address}limit={limit}&next={following}", token)
        pages.append(page["items"])
        if page["next"] is None:
            return pages
        following = page["next"].replace("+", "%2B")


@pytest.mark.parametrize("limit", [1, 41, 100])
def test_sessions_are_listed_to_the_last(web: Web, limit: int) -> None:
    token = token_of(web, Role.SUPERVISOR, "chicago")
    address = f"/sessions?from={working_day(7)}&"
    pages = _all(web, address, limit, token) if limit > 1 else []
    if limit == 1:
        first = _page(web, f"{address}limit=1", token)
        assert (len(first["items"]), first["next"] is None) == (1, False)
        return
    listed = [item["id"] for page in pages for item in page]
    assert len(listed) == len(set(listed)) == SESSIONS
    assert all(len(page) == limit for page in pages[:-1])
    assert pages[-1]


def test_the_last_page_is_full_and_says_so(web: Web) -> None:
    token = token_of(web, Role.SUPERVISOR, "chicago")
    pages = _all(web, f"/sessions?from={working_day(7)}&", SESSIONS // 6, token)
    assert [len(page) for page in pages] == [SESSIONS // 6] * 6


@pytest.mark.parametrize(
    ("address", "role"),
    [("/consulates?", None), ("/services?", None), ("/programs?", None),
     ("/monitoring/indicators?", Role.ANALYST)],
)  # fmt: skip
@pytest.mark.parametrize("limit", [1, 2, 100])
def test_short_lists_can_be_read_in_pages_too(
    web: Web, address: str, role: Role | None, limit: int
) -> None:
    token = token_of(web, role) if role else None
    whole = _page(web, address, token)
    assert whole["next"] is None
    if limit == 1 and len(whole["items"]) > 40:
        return
    assert [item for page in _all(web, address, limit, token) for item in page] == whole["items"]
    unknown = web.call("GET", f"{address}next=nothing", token=token)
    assert (unknown.status_code, set(unknown.get_json()["errors"])) == (422, {"next"})
