"""Receipts, corrections and the day's cash at the desk."""

from __future__ import annotations

import csv
import re
import threading
import zipfile
from io import BytesIO, StringIO
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.cashier.recording import Visit, issue_receipt
from services.cashier.rules import Means
from services.kernel.audit import Actor, Role
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.money import Money
from tests.factories.staff import Browser, staff_browser
from tests.factories.web import Web, morning_at_office, person, working_day

DAY = working_day().isoformat()


@pytest.fixture
def officer(web: Web) -> Browser:
    web.session(closes="12:00")
    web.travel(morning_at_office())
    return staff_browser(web.app, "officer", "losangeles")


@pytest.fixture
def supervisor(web: Web, officer: Browser) -> Browser:
    return staff_browser(web.app, "supervisor", "losangeles")


def book(web: Web, number: int, **changes: Any) -> str:
    booked = web.book(
        web.free()[0]["start"],
        token=web.token("citizen", subject=f"p{number}"),
        **{"attendees": [person(number)], **changes},
    )
    return str(booked.get_json()["id"])


def serve(web: Web, officer: Browser, number: int = 0, **form: str) -> str:
    """The id of an appointment that an officer completed for a full fee in cash."""
    id = book(web, number)
    at = f"/desk/appointments/{id}"
    officer.post(f"{at}/check-in", identity_checked="true")
    answer = officer.post(
        f"{at}/complete",
        **{"fee_amount": "209.00", "fee_currency": "USD", "payment": "cash", **form},
    )
    assert answer.status_code == 303, answer.text
    return id


def link(page: str, path: str) -> str:
    match = re.search(rf'(?:href|action)="({path}[^"?]*)', page)
    assert match, page
    return match[1]


def test_numbers_have_no_gap_whoever_issues_and_gives_up(web: Web, officer: Browser) -> None:
    """Fifty clients at once, of five officers; every fifth gives up at the end."""
    appointment, database = UUID(book(web, 0)), Database(web.settings.database_url, pool_size=50)
    visit = Visit(appointment, "losangeles", None, working_day())
    numbers, refused = [], []

    def issue(client: int) -> None:
        actor = Actor(Role.OFFICER, UUID(int=client % 5 + 1), "losangeles")
        try:
            with database.transaction(actor.scope) as session:
                sum_ = Money(4100 + client, "USD")
                receipt = issue_receipt(
                    session, visit, sum_, Means.CASH, now=system_clock(), actor=actor
                )
                if client % 5 == 0:
                    raise RuntimeError("gives up")
                numbers.append(receipt.number)
        except RuntimeError:
            refused.append(client)

    threads = [threading.Thread(target=issue, args=(client,)) for client in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    database.dispose()
    assert len(refused) == 10
    assert sorted(numbers) == list(range(1, 41))
    with web.database.transaction(NETWORK_SCOPE) as session:
        last = session.execute(text("SELECT last FROM receipt_numbers")).scalar_one()
    assert last == 40


def test_a_receipt_is_printed_once_as_original(web: Web, officer: Browser) -> None:
    appointment = officer.get(f"/desk/appointments/{serve(web, officer)}").text
    at = link(appointment, "/desk/receipts/")
    assert "209.00" in officer.get(at).text
    first = officer.send(f"{at}/print")
    second = officer.send(f"{at}/print")
    assert first.data.startswith(b"%PDF")
    assert second.data.startswith(b"%PDF")
    assert officer.get(f"{at}/print/3").status_code == 404
    stranger = staff_browser(web.app, "officer", "chicago")
    assert stranger.get(at).status_code == 404


def test_a_correction_is_a_second_persons_and_gives_the_sum_back(
    web: Web, officer: Browser, supervisor: Browser
) -> None:
    id = serve(web, officer)
    at = link(officer.get(f"/desk/appointments/{id}").text, "/desk/services/")
    assert "Falta este dato" in supervisor.send(at, reason="").text
    assert supervisor.post(at, reason="Era de tres años").status_code == 303
    assert "Ya se pidió corregirlo" in supervisor.get(at).text
    waiting = supervisor.get("/desk/cash").text
    assert "Tú la pediste" in waiting
    with web.database.transaction(NETWORK_SCOPE) as session:
        asked = session.execute(text("SELECT id FROM corrections")).scalar_one()
    own = supervisor.send(f"/desk/cash/corrections/{asked}/approve")
    assert "Quien pide una corrección no puede aprobarla" in own.text
    other = staff_browser(web.app, "supervisor", "losangeles", who="-2")
    assert other.post(f"/desk/cash/corrections/{asked}/approve").status_code == 303
    page = officer.get(f"/desk/appointments/{id}").text
    assert "-209.00" in page
    assert "Era de tres años" in page
    assert "Corregido" in page
    token = web.token("officer", "losangeles")
    answer = web.call("GET", f"/appointments/{id}", token=token).get_json()
    assert answer["outcome"]["fee"]["amount"] == "0.00"
    assert [s["receipt_number"] for s in answer["services_rendered"]] == [1, 2]
    # The right one follows under its own receipt.
    again = f"/desk/appointments/{id}/services"
    form = officer.get(again).text
    assert "Registrar otro servicio" in form
    # Nothing is chosen and nothing charged until somebody says which; then its own fee is there.
    assert "Cuánto pagó" not in form
    assert "Falta este dato" in officer.get(f"{again}?service=").text
    nothing = {"fee_amount": "209.00", "fee_currency": "USD", "payment": "cash"}
    assert "Falta este dato" in officer.send(again, **nothing).text
    assert 'value="101.00"' in officer.get(f"{again}?service=PAS3&person=1").text
    right = {"service": "PAS3", "fee_amount": "101.00", "fee_currency": "USD", "payment": "card"}
    assert "Con lo que elegiste" in officer.send(again, **{**right, "fee_amount": "209.00"}).text
    assert officer.post(again, **right).status_code == 303
    answer = web.call("GET", f"/appointments/{id}", token=token).get_json()
    assert answer["outcome"]["fee"]["amount"] == "101.00"
    # Once.
    again = other.send(f"/desk/cash/corrections/{asked}/approve")
    assert "Ese paso no corresponde" in again.text


def test_cash_is_counted_once_and_signed_by_somebody_else(
    web: Web, officer: Browser, supervisor: Browser
) -> None:
    serve(web, officer)
    at = link(officer.get(f"/desk/cash?day={DAY}").text, "/desk/cash/")
    # What nobody counted isn't nothing, whatever the reason given.
    empty = officer.send(f"{at}/count", cash_USD="", reason_cash_USD="con prisa")
    assert "Falta este dato" in empty.text
    assert "Contar la caja" in officer.get(at).text
    unexplained = officer.send(f"{at}/count", cash_USD="200")
    assert "no coincide" in unexplained.text
    assert (
        officer.post(f"{at}/count", cash_USD="200", reason_cash_USD="cambio mal dado").status_code
        == 303
    )
    assert "cambio mal dado" in officer.get(at).text
    assert officer.post(f"{at}/sign").status_code == 403
    # What comes later belongs to the next one.
    serve(web, officer, 1)
    day = officer.get(f"/desk/cash?day={DAY}").text
    assert len(set(re.findall(r"/desk/cash/[0-9a-f-]{36}", day))) == 2
    assert supervisor.post(f"{at}/sign").status_code == 303
    assert "Firmada por supervisión" in supervisor.get(at).text


def test_page_and_files_of_the_day_have_each_person_once_under_one_label(
    web: Web, officer: Browser
) -> None:
    serve(web, officer)
    missed, sent_away, undone = (book(web, number) for number in (1, 4, 5))
    book(web, 2, attendees=[person(2), person(3)])
    web.travel(morning_at_office().replace(hour=20))
    officer = staff_browser(web.app, "officer", "losangeles")
    officer.post(f"/desk/appointments/{missed}/no-show")
    for each, *steps in (
        (sent_away, "check-in", "not-served"),
        # Called, taken back and called again: one person still.
        (undone, "check-in", "call", "undo", "call"),
    ):
        for step in steps:
            told = {"n": "1", "desk": "A", "reason": "Falta el acta", "identity_checked": "true"}
            answer = officer.post(f"/desk/appointments/{each}/{step}", **told)
            assert answer.status_code == 303, (step, answer.text)
    page = officer.get(f"/desk/day?day={DAY}").text
    rows = list(
        csv.DictReader(StringIO(officer.get(f"/desk/day.csv?day={DAY}").data.decode("utf-8-sig")))
    )
    assert sorted(row["Estado"] for row in rows) == [
        "Atendida", "Llamada a ventanilla", "No se presentó", "No se pudo atender", "Reservada",
        "Reservada",
    ]  # fmt: skip
    assert len({row["Folio"] for row in rows}) == len(rows)
    table = page.rpartition("<table")[2]
    assert table.count('<th scope="col"') * 6 == table.count("<td") + table.count('<th scope="row"')
    book_ = zipfile.ZipFile(BytesIO(officer.get(f"/desk/day.xlsx?day={DAY}").data))
    sheet = book_.read("xl/worksheets/sheet1.xml").decode()
    for row in rows:
        assert row["Folio"] in sheet
        assert row["Estado"] in sheet
        assert row["Estado"] in page
    assert sheet.count("<row ") == 7
    assert "<v>209.00</v>" in sheet
    assert "<f>" not in sheet
