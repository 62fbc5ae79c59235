"""Anyone may ask what a program needs and costs; the answers are kept nowhere."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from tests.factories.enrollments import make_applicant
from tests.factories.web import Web

PESOS = {"amount": "12000.00", "currency": "MXN"}
WORKER = {"income": PESOS, "zone": "general", "risk": "low", "period": "monthly"}


def _estimate(web: Web, program: str, data: object, **more: Any) -> Any:
    return web.call("POST", f"/programs/{program}/estimate", {"data": data, **more})


def _programs(web: Web) -> dict[str, Any]:
    return {item["program"]: item for item in web.call("GET", "/programs").get_json()["items"]}


def test_each_program_says_what_it_needs_gives_and_costs(web: Web) -> None:
    programs = _programs(web)
    assert list(programs) == ["rfc", "nss", "imss", "imss_family_health", "infonavit"]
    for item in programs.values():
        assert jsonschema_rs.validator_for(item["data"]).is_valid(item["example"])
        assert item["gives"] and item["who"] and item["steps"] and item["documents"]  # noqa: PT018
        assert item["term"] == {"length": 3, "unit": "months", "source": "LFPA 17"}
        assert len(item["who_sources"]) == len(item["who"])
        stated = (*item["documents"], *item["requirements"])
        sources = (*item["who_sources"], item["cost_source"], *(each["source"] for each in stated))
        assert all(sources)
        if item["tariff"]:
            tariff = item["tariff"]
            assert jsonschema_rs.validator_for(tariff["data"]).is_valid(tariff["example"])
            assert _estimate(web, item["program"], tariff["example"]).status_code == 200
    assert programs["rfc"]["example"] == {}
    assert programs["imss"]["requirements"] == [
        {"program": "rfc", "met_by": "rfc", "source": "adodigital.imss.gob.mx/pti/inicio"}
    ]
    assert programs["infonavit"]["requirements"] == [
        {"program": "imss", "met_by": "nss", "source": "LINFONAVIT 59 Bis"}
    ]
    assert programs["infonavit"]["referral"]["link"].startswith("https://")
    consents = ["transfer_to_agency", "sensitive_data"]
    assert programs["imss_family_health"]["consents"] == consents


@pytest.mark.parametrize(
    ("on", "exact", "ended", "why"),
    [
        ("2025-03-01", True, None, "Es la suma exacta, con la tabla que publicó el IMSS."),
        ("2026-02-28", True, None, "Es la suma exacta, con la tabla que publicó el IMSS."),
        ("2026-03-01", False, "2026-02-28", "que terminó el 28 de febrero de 2026"),
        ("2026-11-26", False, "2026-02-28", "que terminó el 28 de febrero de 2026"),
    ],
)
def test_family_health_goes_by_age_and_is_exact_while_its_table_holds(
    web: Web, on: str, exact: bool, ended: str | None, why: str
) -> None:
    members = [{"age": age} for age in (34, 33, 5)]
    answer = _estimate(web, "imss_family_health", {"members": members}, on=on).get_json()
    assert answer["total"] == {"amount": "32600.00", "currency": "MXN"}
    assert (answer["exact"], answer["ended_on"], answer["on"]) == (exact, ended, on)
    assert answer["valid_from"] == "2025-03-01"
    assert why in answer["why"]
    assert [part["amount"]["amount"] for part in answer["parts"]] == [
        "11850.00", "11850.00", "8900.00",
    ]  # fmt: skip
    assert answer["parts"][2]["name"] == "Persona de 5 años"
    assert answer["sources"]


def test_an_independent_workers_quota_is_an_estimate_in_parts(web: Web) -> None:
    answer = _estimate(web, "imss", WORKER, on="2026-11-26").get_json()
    assert answer["exact"] is False
    assert "estimado" in answer["why"]
    assert answer["total"]["amount"] == "2669.69"
    assert len(answer["parts"]) == 5


@pytest.mark.parametrize(
    ("program", "data", "on", "code"),
    [
        ("imss", {**WORKER, "zone": "moon"}, None, "invalid_fields"),
        ("imss", {}, None, "invalid_fields"),
        ("imss_family_health", {"members": [{"age": 121}]}, None, "invalid_fields"),
        ("imss_family_health", {"members": []}, None, "invalid_fields"),
        ("imss_family_health", {"members": [{"age": 5}]}, "2024-01-01", "tariff_unknown"),
        ("rfc", {}, None, "not_found"),
        ("other", {}, None, "not_found"),
    ],
)
def test_what_cannot_be_worked_out_is_said(
    web: Web, program: str, data: object, on: str | None, code: str
) -> None:
    assert _estimate(web, program, data, on=on).get_json()["code"] == code


def test_every_example_is_taken_as_it_stands(web: Web) -> None:
    citizen = web.token("citizen", subject="ana")
    for item in _programs(web).values():
        if not item["available"]:
            continue
        who = make_applicant()
        names = ("given_names", "first_surname", "second_surname", "curp", "email")
        applicant = {name: getattr(who, name) for name in names}
        body = {
            "program": item["program"],
            "applicant": {**applicant, "birth_date": who.birth_date.isoformat()},
            "data": item["example"],
            "consents": item["consents"],
        }
        answer = web.call("POST", "/enrollments", body, token=citizen)
        assert answer.status_code == 202, answer.text
