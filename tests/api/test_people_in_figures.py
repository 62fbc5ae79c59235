"""Enrollments are told apart by state of origin, sex and age band: for analysts, and in no file of
single ages; each goes on from status to status with what it was first recorded with."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from services.facts.people import AgeBand, age_band
from services.kernel.db import NETWORK_SCOPE
from tests.factories.enrollments import applicant_body
from tests.factories.web import Web

BY = "state_of_origin,sex,age_band"


@pytest.mark.parametrize(
    ("birth_date", "day", "band"),
    [
        (date(2008, 12, 7), date(2026, 12, 6), AgeBand.MINOR),
        (date(2008, 12, 7), date(2026, 12, 7), AgeBand.YOUNG),
        (date(1996, 2, 29), date(2026, 2, 28), AgeBand.YOUNG),
        (date(1996, 2, 29), date(2026, 3, 1), AgeBand.ADULT),
        (date(1966, 5, 1), date(2026, 5, 1), AgeBand.SENIOR),
    ],
)
def test_a_band_changes_on_the_birthday(birth_date: date, day: date, band: AgeBand) -> None:
    assert age_band(birth_date, day) is band


def ask(web: Web, by: str = BY, role: str = "analyst") -> Any:
    path = f"/monitoring/indicators/enrollments?by={by}"
    return web.call("GET", path, token=web.token(role))


def enroll(web: Web) -> dict[str, Any]:
    token = web.token("citizen", subject="ana")
    body: dict[str, Any] = {
        "program": "rfc",
        "applicant": applicant_body(),
        "consents": ["transfer_to_agency"],
    }
    answer = web.call("POST", "/enrollments", body, token=token)
    assert answer.status_code == 202, answer.text
    return {**answer.get_json(), "curp": body["applicant"]["curp"]}


def test_each_counts_under_what_its_curp_says_and_goes_on_with_it(web: Web) -> None:
    enrollment = enroll(web)
    [row] = ask(web).get_json()["rows"]
    curp = enrollment["curp"]
    assert (row["state_of_origin"], row["sex"]) == (curp[11:13], curp[10])
    assert row["age_band"] in {*AgeBand}
    token = web.token("citizen", subject="ana")
    gone = web.call("POST", f"/enrollments/{enrollment['id']}/withdraw", {}, token=token)
    assert gone.status_code == 200, gone.text
    assert ask(web).get_json()["rows"] == [{**row, "status": "withdrawn"}]
    narrowed = f"program&sex={row['sex']}&age_band={row['age_band']}"
    assert [r["value"] for r in ask(web, narrowed).get_json()["rows"]] == [1]


def test_a_version_that_knows_nothing_of_people_moves_them_along(web: Web) -> None:
    enrollment = enroll(web)
    with web.database.transaction(NETWORK_SCOPE) as session:
        for status, sign in (("received", -1), ("in_review", 1)):
            session.execute(
                text(
                    "SELECT record_fact_v2('enrollment', :id, NULL, :status, day, :sign, 0, 0,"
                    " now(), NULL, 'rfc') FROM facts WHERE subject_id = :id LIMIT 1"
                ),
                {"id": enrollment["id"], "status": status, "sign": sign},
            )
    [row] = ask(web).get_json()["rows"]
    assert (row["status"], row["state_of_origin"]) == ("in_review", enrollment["curp"][11:13])


def test_only_analysts_tell_people_apart(web: Web) -> None:
    for role in ("auditor", "admin"):
        for by in ("sex", "program&age_band=18-29", "state_of_origin"):
            answer = ask(web, by, role)
            assert answer.status_code == 422, (role, by)
            assert "by" in answer.get_json()["errors"]
        assert ask(web, "program", role).status_code == 200
    other = web.call("GET", "/monitoring/indicators/people?by=sex", token=web.token("analyst"))
    assert other.get_json()["code"] == "dimension_not_held"
