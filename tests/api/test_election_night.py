"""The board of an election night equals a recount of what is published, at every moment of it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from io import StringIO
from typing import Any

from sqlalchemy import text

from services.kernel.db import NETWORK_SCOPE
from tests.api.test_counts_are_typed_twice import approved, made, report, settle
from tests.factories.chance import without_chance
from tests.factories.web import Web

Json = dict[str, Any]
OFFICES = ("losangeles", "chicago", "montreal", "atlanta")
MODES = ("electronic", "postal", "in_person")

# Counted another way: of each cell the newest number that somebody approved.
RECOUNT = """
    SELECT consulate_code, coalesce(mode, 'all'), metric, value::int FROM (
        SELECT DISTINCT ON (consulate_code, metric, mode, day) * FROM vote_counts
        WHERE election = '2027' AND status IN ('approved', 'superseded')
        ORDER BY consulate_code, metric, mode, day, approved_at DESC) newest
"""


def board(web: Web, version: int | None = None) -> Json:
    query = "" if version is None else f"?version={version}"
    answer = web.call("GET", f"/voting/elections/2027/board{query}")
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def recount(web: Web) -> Json:
    with web.database.transaction(NETWORK_SCOPE) as session:
        rows = session.execute(text(RECOUNT)).all()
    votes = [row for row in rows if row.metric == "votes"]
    return {
        "votes": sum(row.value for row in votes),
        "late_votes": sum(row.value for row in rows if row.metric == "late_votes"),
        "reported": len({row.consulate_code for row in votes}),
        "by_mode": {
            **{mode: sum(row.value for row in votes if row[1] == mode) for mode in MODES},
            "other": sum(row.value for row in votes if row[1] == "all"),
        },
    }


def of_board(shown: Json) -> Json:
    return {name: shown[name] for name in ("votes", "late_votes", "reported", "by_mode")}


def night(web: Web) -> list[Callable[[], object]]:
    """What happens, in its order."""
    steps: list[Callable[[], object]] = []
    for number, office in enumerate(OFFICES[:3], 1):
        for place, mode in enumerate(MODES, 1):
            steps.append(
                lambda office=office, mode=mode, value=100 * number + place: approved(
                    web, consulate=office, mode=mode, value=value
                )
            )
    steps += [
        lambda: approved(web, consulate="atlanta", mode=None, value=77),
        lambda: made(web, mode="postal", value=999),
        lambda: approved(web, consulate="chicago", mode="postal", value=180),
    ]
    return steps


def test_at_every_moment_of_the_night_the_board_equals_a_recount(web: Web) -> None:
    boards = [board(web)]
    assert (boards[0]["version"], boards[0]["reported"], boards[0]["expected"]) == (0, 0, 74)
    for step in night(web):
        step()
        shown = board(web)
        assert of_board(shown) == recount(web)
        assert shown["votes"] == sum(country["votes"] for country in shown["countries"])
        assert shown["votes"] == sum(office["votes"] or 0 for office in shown["offices"])
        boards.append(shown)
    assert [shown["version"] for shown in boards] == [*range(11), 10, 11]
    # Whoever asks later for one of those moments gets the same.
    for shown in boards:
        assert board(web, shown["version"]) == shown
    assert web.call("GET", "/voting/elections/2027/board?version=12").status_code == 404


def test_the_board_says_what_is_missing_and_what_was_corrected(web: Web) -> None:
    approved(web, consulate="chicago", mode="postal", value=12)
    approved(web, consulate="chicago", mode="postal", value=15)
    approved(web, consulate="chicago", metric="registered", mode=None, value=60)
    approved(web, consulate="atlanta", mode=None, value=30)
    shown = board(web)
    chicago, atlanta, madrid = (
        next((o for o in shown["offices"] if o["consulate"] == code), None)
        for code in ("chicago", "atlanta", "embamex-espana")
    )
    assert chicago is not None
    assert atlanta is not None
    assert madrid is None
    assert (chicago["missing"], chicago["corrections"]) == (["electronic", "in_person"], 1)
    assert (atlanta["missing"], atlanta["by_mode"]["other"]) == ([], 30)
    # Turnout only where there is a list of the same office.
    assert shown["turnout"] == {"offices": 1, "votes": 15, "listed": 60, "percent": 25.0}
    assert shown["at"] == atlanta["published_at"]


def test_a_file_is_the_same_bytes_until_a_correction_makes_another_version(web: Web) -> None:
    approved(web, value=12, source="=1+1")
    paths = [f"/voting/elections/2027/counts.{kind}" for kind in ("csv", "json")]
    first = [web.call("GET", path) for path in paths]
    made(web, value=15)
    again = [web.call("GET", path) for path in paths]
    for one, other in zip(first, again, strict=True):
        assert one.data == other.data
        assert one.headers["Repr-Digest"] == other.headers["Repr-Digest"]
        assert one.headers["ETag"] == other.headers["ETag"]
    known = {"If-None-Match": first[0].headers["ETag"]}
    assert web.call("GET", paths[0], headers=known).status_code == 304
    waiting = report(web, value=15)
    assert waiting.status_code == 409
    (count,) = [
        c["id"]
        for c in web.call("GET", "/voting/counts?election=2027&status=reported",
                          token=web.token("analyst")).get_json()["items"]
    ]  # fmt: skip
    settle(web, count, "approve", value=15)
    corrected = [web.call("GET", path) for path in paths]
    old = [web.call("GET", f"{path}?version=1") for path in paths]
    assert [one.data for one in old] == [one.data for one in first]
    assert all(one.data != other.data for one, other in zip(first, corrected, strict=True))
    rows = list(csv.DictReader(StringIO(corrected[0].data.decode("utf-8-sig"))))
    assert [(row["value"], row["revision"], row["source"]) for row in rows] == [
        ("15", "2", "Acta 12")
    ]
    assert csv.DictReader(StringIO(first[0].text)).__next__()["source"] == "'=1+1"
    whole = json.loads(corrected[1].data)
    assert (whole["version"], whole["counts"][0]["value"]) == (2, 15)
    assert "max-age=31536000" in old[0].headers["Cache-Control"]


def test_elections_before_stand_beside_each_other(web: Web) -> None:
    past = web.call("GET", "/voting/elections").get_json()["items"]
    assert [(each["election"], each["votes"]) for each in past] == [
        ("2024", 184_326), ("2018", 98_470), ("2012", 40_714), ("2006", 32_621),
    ]  # fmt: skip
    assert past[0]["compared"] == {"election": "2018", "votes": 98_470, "percent": 87.2}
    assert past[-1]["compared"] is None
    sources = [each["source"] for each in past]
    assert len(set(sources)) == len(past), "one paper gives several elections, each said apart"
    assert all(
        year in source
        for source, year in zip(sources, ("2024", "2018", "2012", "2006"), strict=True)
    )
    assert all(each["source_address"].startswith("https://") for each in past)


def test_nothing_that_waits_is_on_the_board_nor_in_a_file(web: Web) -> None:
    made(web, value=1243)
    for path in ("board", "counts.csv", "counts.json"):
        answer = web.call("GET", f"/voting/elections/2027/{path}")
        assert answer.status_code == 200
        assert "1243" not in without_chance(answer.text)
    assert web.call("GET", "/voting/elections/1994/board").status_code == 404
