"""What a count said before it was corrected can be read by its number, with who and when."""

from __future__ import annotations

from html import unescape

from tests.api.test_counts_are_typed_twice import approved, made, settle
from tests.factories.staff import staff_browser
from tests.factories.web import Web


def test_every_version_is_listed_and_fetched_by_its_number(web: Web) -> None:
    first, second = approved(web, value=12), approved(web, value=15)
    rejected = made(web, value=99)
    assert settle(web, rejected, "reject", reason="Otra acta").status_code == 200
    token = web.token("officer", "losangeles", "one-losangeles")
    listed = web.call("GET", f"/voting/counts/{first}/revisions", token=token).get_json()
    assert [(row["revision"], row["status"], row["id"]) for row in listed["items"]] == [
        (3, "rejected", rejected), (2, "approved", second), (1, "superseded", first),
    ]  # fmt: skip
    path = f"/voting/counts/{second}/revisions"
    old = web.call("GET", f"{path}/1", token=token).get_json()
    assert (old["value"], old["status"]) == (12, "superseded")
    assert old["reported_by"]
    assert old["approved_by"]
    assert old["reported_at"] <= old["approved_at"]
    assert (old["rejected_by"], old["rejected_at"]) == (None, None)
    assert web.call("GET", f"{path}/3", token=token).get_json()["rejected_by"]
    for number in (0, 4, 99):
        assert web.call("GET", f"{path}/{number}", token=token).status_code == 404


def test_a_version_shows_no_more_to_anybody_than_the_count_itself(web: Web) -> None:
    count = made(web, value=1243)
    path = f"/voting/counts/{count}/revisions"
    for role, office in (("supervisor", "losangeles"), ("analyst", ""), ("auditor", "")):
        answer = web.call("GET", f"{path}/1", token=web.token(role, office))
        assert (answer.status_code, answer.get_json()["value"]) == (200, None)
    assert web.call("GET", path, token=web.token("officer", "chicago")).status_code == 404
    assert web.call("GET", path, token=web.token("citizen", subject="a")).status_code == 403


def test_what_others_published_has_no_versions(web: Web) -> None:
    analyst = web.token("analyst")
    listed = web.call("GET", "/voting/counts?limit=1&status=published", token=analyst).get_json()
    path = f"/voting/counts/{listed['items'][0]['id']}/revisions"
    assert web.call("GET", path, token=analyst).status_code == 404


def test_the_page_of_a_count_leads_to_its_other_versions(web: Web) -> None:
    first, second = approved(web, value=12), approved(web, value=15)
    officer = staff_browser(web.app, "officer", "losangeles")
    page = unescape(officer.get(f"/counts/{second}").text)
    assert "Versión 1: Sustituido, 12" in page
    assert f"/counts/{first}" in page
    assert page.count("La aprobó") == 2
    old = unescape(officer.get(f"/counts/{first}").text)
    assert "Versión 2" in old
    assert "(esta)" in old
    # How a published number is put right is said where it is read, to whoever may.
    again = "Repórtala otra vez, del mismo día y modalidad"
    assert again in page
    assert again not in old
    assert again not in unescape(staff_browser(web.app, "analyst").get(f"/counts/{second}").text)
