"""A person is enrolled once; whoever tries in their name learns nothing, and they learn of it."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import func, select

from services.enrollments.requesting import Applicant
from services.kernel.db import NETWORK_SCOPE
from services.outbox.models import OutboxItem
from tests.factories.counting import counting
from tests.factories.enrollments import make_applicant
from tests.factories.web import Web


def _request(applicant: Applicant) -> dict[str, object]:
    sent = {**asdict(applicant), "birth_date": applicant.birth_date.isoformat()}
    return {"program": "rfc", "applicant": sent, "consents": ["transfer_to_agency"]}


def test_an_attempt_in_anothers_name_is_told_to_them_once_a_day_and_never_answered(
    web: Web,
) -> None:
    holder, stranger = web.token("citizen", subject="ana"), web.token("citizen", subject="eve")
    body = _request(make_applicant())
    mine = web.call("POST", "/enrollments", body, token=holder)
    assert mine.status_code == 202, mine.text
    for _ in range(2):
        refused = web.call("POST", "/enrollments", body, token=stranger)
        assert (refused.status_code, refused.get_json()["code"]) == (409, "identity_check_pending")
        assert mine.get_json()["folio"] not in refused.text
    assert web.call("GET", "/enrollments", token=stranger).get_json()["items"] == []
    seen = web.call("GET", "/me/accesses", token=holder).get_json()["items"]
    assert [entry["action"] for entry in seen].count("enrollment.identity_check") == 2
    with web.database.transaction(NETWORK_SCOPE) as session:
        notices = session.scalar(
            select(func.count()).where(OutboxItem.topic == "enrollments.identity_check")
        )
    assert notices == 1


def test_who_asks_again_themselves_is_told_so(web: Web) -> None:
    token, body = web.token("citizen", subject="ana"), _request(make_applicant())
    assert web.call("POST", "/enrollments", body, token=token).status_code == 202
    again = web.call("POST", "/enrollments", body, token=token)
    assert (again.status_code, again.get_json()["code"]) == (409, "already_enrolled")
    seen = web.call("GET", "/me/accesses", token=token).get_json()["items"]
    assert "enrollment.identity_check" not in [entry["action"] for entry in seen]


def test_staff_who_ask_here_declare_the_persons_consent(web: Web) -> None:
    for token, channel in (
        (web.token("officer", "losangeles"), "in_person"),
        (web.token("agent"), "telephone"),
    ):
        answer = web.call("POST", "/enrollments", _request(make_applicant()), token=token)
        assert answer.status_code == 202, answer.text
        shown = web.call("GET", f"/enrollments/{answer.get_json()['id']}", token=token).get_json()
        kept = {name: shown["assistance"][name] for name in ("channel", "consent", "document")}
        assert kept == {"channel": channel, "consent": "declared", "document": None}
    own = web.call(
        "POST", "/enrollments", _request(make_applicant()), token=web.token("citizen")
    ).get_json()
    mine = web.call("GET", f"/enrollments/{own['id']}", token=web.token("citizen")).get_json()
    assert mine["assistance"] is None


def test_a_request_costs_few_statements(web: Web) -> None:
    token = web.token("citizen", subject="ana")
    with counting(web.app.extensions["consular.database"]) as sent:
        answer = web.call("POST", "/enrollments", _request(make_applicant()), token=token)
    assert answer.status_code == 202, answer.text
    assert len(sent) <= 12, "\n".join(sent)
