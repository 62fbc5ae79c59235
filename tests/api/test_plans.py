"""Plans and consents over the API: what comes first is named, and nobody sees another's."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tests.factories.enrollments import applicant_body
from tests.factories.plans import IMSS_DATA, RFC_NUMBER
from tests.factories.web import Web

CONSENT = ["transfer_to_agency"]


def _imss(**data: Any) -> dict[str, Any]:
    return {
        "program": "imss",
        "applicant": applicant_body(),
        "data": {**IMSS_DATA, **data},
        "consents": CONSENT,
    }


def test_what_comes_first_is_named_with_the_whole_way(web: Web) -> None:
    ana = web.token("citizen", subject="ana")
    refused = web.call("POST", "/enrollments", _imss(), token=ana)
    problem = refused.get_json()
    assert (refused.status_code, problem["code"]) == (409, "prerequisite_missing")
    assert (problem["requires"], problem["plan"]) == ("rfc", ["rfc", "nss", "imss"])
    assert "Registro Federal de Contribuyentes" in problem["errors"]["program"][0]
    answer = web.call("POST", "/enrollments", _imss(rfc=RFC_NUMBER), token=ana)
    assert answer.status_code == 202, answer.text


def test_a_plan_is_of_the_holder_unless_an_applicant_is_named(web: Web) -> None:
    ana = web.token("citizen", subject="ana")
    refused = web.call("POST", "/me/plans", {"programs": ["imss"]}, token=ana)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "profile_required")
    who = applicant_body()
    web.call("PATCH", "/me", who, token=ana)
    plan = web.call("POST", "/me/plans", {"programs": ["imss"]}, token=ana).get_json()
    assert plan["given_names"] == who["given_names"]
    assert [(step["program"], step["state"]) for step in plan["steps"]] == [
        ("rfc", "ready"), ("nss", "ready"), ("imss", "waiting"),
    ]  # fmt: skip
    assert (plan["wanted"], plan["next"]) == (["imss"], "rfc")


def test_the_same_key_chooses_once_and_another_person_has_another_plan(web: Web) -> None:
    ana, key = web.token("citizen", subject="ana"), {"Idempotency-Key": uuid4().hex}
    body = {"programs": ["rfc"], "applicant": applicant_body()}
    first = web.call("POST", "/me/plans", body, token=ana, headers=key).get_json()
    assert web.call("POST", "/me/plans", body, token=ana, headers=key).get_json() == first
    body["applicant"] = applicant_body()
    assert web.call("POST", "/me/plans", body, token=ana).get_json()["id"] != first["id"]
    assert len(web.call("GET", "/me/plans", token=ana).get_json()["items"]) == 2


def test_nobody_sees_or_changes_anothers(web: Web) -> None:
    ana, eva = (web.token("citizen", subject=name) for name in ("ana", "eva"))
    prepared = [{"program": "rfc", "consents": CONSENT}]
    body = {"programs": ["rfc"], "applicant": applicant_body(), "prepared": prepared}
    plan = web.call("POST", "/me/plans", body, token=ana).get_json()
    [consent] = web.call("GET", "/me/consents", token=ana).get_json()["items"]
    for path in ("/me/plans", "/me/consents"):
        assert web.call("GET", path, token=eva).get_json()["items"] == []
    left = web.call("DELETE", f"/me/plans/{plan['id']}/programs/rfc", token=eva)
    withdrawn = web.call("POST", f"/me/consents/{consent['id']}/withdraw", {}, token=eva)
    assert (left.status_code, withdrawn.status_code) == (404, 404)


def test_the_copy_of_ones_data_holds_answers_plan_and_consents(web: Web) -> None:
    ana = web.token("citizen", subject="ana")
    prepared = [{"program": "imss", "data": IMSS_DATA, "consents": CONSENT}]
    body = {"programs": ["imss"], "applicant": applicant_body(), "prepared": prepared}
    web.call("POST", "/me/plans", body, token=ana)
    [folder] = web.call("GET", "/me/data", token=ana).get_json()["folders"]
    assert folder["answers"] == {"imss": IMSS_DATA}
    assert [step["prepared"] for step in folder["plan"]] == [False, False, True]
    [consent] = folder["consents"]
    assert (consent["agency"], consent["purpose"]) == ("imss", "enrollment")
    assert (consent["given_by"], consent["withdrawn_at"]) == ("citizen", None)
