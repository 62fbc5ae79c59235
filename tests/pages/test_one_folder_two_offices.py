"""Whoever asks at one office, then at another, and signed in: one folder, nothing of it lost."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from uuid import UUID

import pytest
from sqlalchemy import select

from services.enrollments.details import Details
from services.enrollments.models import Enrollment
from services.enrollments.progress import AgencyStatus
from services.enrollments.rules import Status
from services.enrollments.terms import home_day
from services.folders.keeping import open_answers
from services.folders.models import Folder
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from tests.factories.enrollments import agency_says, upload_document
from tests.factories.files import jpeg
from tests.factories.plans import open_all
from tests.factories.staff import Browser, citizen_browser, staff_browser
from tests.factories.web import Web, form_with_file
from tests.pages.test_enrollments_at_the_desk import (
    CONTACT,
    FORM,
    RFC_NUMBER,
    SEEN,
    _draft,
    _Form,
    _sent_code,
    _to_check,
)

PERMISSION = {"consents": "transfer_to_agency"}


@pytest.fixture(autouse=True)
def _open(monkeypatch: pytest.MonkeyPatch) -> None:
    open_all(monkeypatch)


def _prove(web: Web, form: _Form) -> None:
    """The person tells the code that was sent to them."""
    assert form.at.endswith("/code")
    form.send(code=_sent_code(web))
    assert "La solicitud quedó recibida" in form.page


def _ask_for_rfc(web: Web, officer: Browser) -> None:
    begun = officer.post("/desk/enrollments/new/rfc", **FORM, **SEEN, **CONTACT)
    form = _Form(officer, f"/desk/enrollments/new/rfc/code?d={_draft(begun.location)}")
    _prove(web, form)


def _ask_for_imss(web: Web, officer: Browser) -> _Form:
    form = _to_check(officer, **{"data-rfc": RFC_NUMBER})
    form.send(**PERMISSION, **SEEN)
    _prove(web, form)
    return form


def _hear(web: Web, id: UUID, *words: AgencyStatus) -> None:
    agency_says(web.database, web.app.extensions["consular.vault"], id, *words)


def _requests(web: Web) -> dict[str, Enrollment]:
    with web.database.transaction(NETWORK_SCOPE) as session:
        found = {each.program: each for each in session.scalars(select(Enrollment))}
        session.expunge_all()
    return found


def _told(web: Web) -> dict[str, dict[str, object]]:
    """What the one folder that there is holds."""
    with web.database.transaction(NETWORK_SCOPE) as session:
        [folder] = session.scalars(select(Folder)).all()
        return open_answers(session, folder, vault=web.app.extensions["consular.vault"])


def test_a_person_asks_at_two_offices_and_signed_in(web: Web) -> None:
    houston = staff_browser(web.app, "officer", "houston")
    losangeles = staff_browser(web.app, "officer", "losangeles")
    _ask_for_rfc(web, houston)
    with web.database.transaction(NETWORK_SCOPE) as session:
        [rfc] = session.scalars(select(Enrollment)).all()
        upload_document(session, rfc, "other", vault=web.app.extensions["consular.vault"])
    form = _ask_for_imss(web, losangeles)
    requests = _requests(web)
    assert {each.account_id for each in requests.values()} == {rfc.account_id}
    assert {each.folder_id for each in requests.values()} == {rfc.folder_id}
    assert _told(web)["imss"]["municipality"] == "Tonalá"
    # What the first office wrote down it still reads.
    assert FORM["curp"] in houston.get(f"/desk/enrollments/{rfc.id}").text
    imss = form.at
    _hear(
        web,
        requests["imss"].id,
        AgencyStatus(Status.SENT_TO_AGENCY),
        AgencyStatus(
            Status.MORE_INFORMATION_REQUESTED,
            details=Details(requested=("rfc", "proof_of_address")),
            answer_by=home_day(system_clock()) + timedelta(days=20),
        ),
    )
    # The document that was given at the first office, and one that is brought to this one.
    kept = losangeles.get(f"{imss}/documents")
    assert "hoja.jpg" in kept.text
    at = f"{imss}/documents/upload/other"
    ours = {"csrf_token": losangeles.csrf(), "form_key": "recibo"}
    sent = losangeles.client.post(at, **form_with_file(jpeg(), "recibo.jpg", **ours))
    assert sent.status_code == 303
    assert "recibo.jpg" in losangeles.get(sent.location).text
    answered = losangeles.post(f"{imss}/answer", **{"data-rfc": RFC_NUMBER})
    assert answered.location.endswith(imss)
    assert _requests(web)["imss"].status == "in_review"
    told = _told(web)["imss"]
    assert (told["rfc"], told["municipality"]) == (RFC_NUMBER, "Tonalá")
    assert rfc.account_id
    person = citizen_browser(web.app, rfc.account_id)
    for each in requests.values():
        assert each.folio[:4] in person.get(f"/inscripciones/{each.id}").text
    documents = unescape(person.get(f"/inscripciones/{requests['imss'].id}/documentos").text)
    assert "hoja.jpg" in documents
    assert "recibo.jpg" in documents


def test_an_office_goes_on_in_a_folder_that_was_opened_without_one(web: Web) -> None:
    """The folder was opened for a row that no office sees; what it holds goes to the next form."""
    losangeles = staff_browser(web.app, "officer", "losangeles")
    agent = staff_browser(web.app, "agent")
    _ask_for_rfc(web, agent)
    form = _ask_for_imss(web, losangeles)
    assert _requests(web)["rfc"].consulate_code is None
    again = _Form(losangeles, losangeles.post(f"{form.at}/next/imss").location)
    assert again.at.endswith("/revisar")
    for told in (FORM["curp"], RFC_NUMBER, "Tonalá"):
        assert told in again.page
