"""Once an appointment's time has begun nobody gives its place back: by API and page alike."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from services.kernel.db import NETWORK_SCOPE
from services.kernel.settings import Settings
from tests.factories.staff import citizen_browser
from tests.factories.web import running_web


def test_cancelling_after_the_start_is_refused(settings: Settings) -> None:
    with running_web(settings) as web:
        web.session()
        token = web.token("citizen", subject="ana")
        appointment = web.book(web.free()[0]["start"], token=token).get_json()["id"]
        database = web.database
        with database.transaction(NETWORK_SCOPE) as session:
            starts_at, account = session.execute(
                text("SELECT starts_at, account_id FROM appointments")
            ).one()
        web.app.extensions["consular.clock"] = lambda: starts_at
        page = citizen_browser(web.app, account).get(f"/citas/{appointment}").text
        assert "Sí, cancelar la cita" not in page
        officer = web.token("officer", "losangeles")
        for who in (token, officer):
            answer = web.call("POST", f"/appointments/{appointment}/cancel", {}, token=who)
            assert (answer.status_code, answer.get_json()["code"]) == (409, "wrong_state")
        web.app.extensions["consular.clock"] = lambda: starts_at - timedelta(seconds=1)
        answer = web.call("POST", f"/appointments/{appointment}/cancel", {}, token=officer)
        assert answer.get_json()["status"] == "cancelled"
