"""Treasury sees every balance, what stands in suspense and why, what nobody knows yet, and a day's
totals; and ends what senders claim."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from consular.i18n import folio
from services.disputes.claiming import ClaimError, claim
from services.disputes.rules import Kind
from services.kernel.audit import Actor
from services.kernel.clock import database_clock
from services.kernel.crypto import Vault
from services.kernel.db import NETWORK_SCOPE, NO_SCOPE, Database
from services.ledger.queries import trial_balance
from services.ledger.second_book import Comparison, Difference, note_comparison, read_agreement
from services.remittances.advancing import claim_next
from services.remittances.books import compare_books
from services.remittances.models import Remittance
from services.remittances.parts import list_parts
from services.remittances.payout import PayoutAnswer, PayoutTask, mark_unknown, settle_payout
from services.remittances.rules import Answer, Funding, day_in_mexico
from services.treasury.queries import open_lines, read_books, read_suspense, read_totals
from tests.factories.remittances import (
    give_back,
    make_divided,
    make_line,
    make_remittance,
    make_sender,
    prepare_reference,
)
from tests.factories.staff import Browser, citizen_browser, staff_browser
from tests.factories.web import Web

WHY = "Llegó un día tarde; te devolvemos el cargo."


@pytest.fixture
def workers(web: Web) -> Iterator[Database]:
    database = Database(web.settings.worker_database_url)
    with database.transaction(NETWORK_SCOPE) as session:
        prepare_reference(session, now=database_clock(session))
    yield database
    database.dispose()


@pytest.fixture
def treasurer(web: Web) -> Browser:
    return staff_browser(web.app, "treasury")


def _send(
    web: Web, workers: Database, *answers: Answer, funding: Funding = Funding.CASH
) -> tuple[Actor, UUID]:
    """A remittance about which the agency said this; without a word its answer was lost."""
    vault = web.app.extensions["consular.vault"]
    with workers.transaction(NETWORK_SCOPE) as session:
        now = database_clock(session)
        sender = make_sender(session, now=now, vault=vault)
        sent = make_remittance(session, sender, send=10_00, funding=funding, now=now, vault=vault)
        task = claim_next(session, sent.id, now=now, vault=vault)
        for answer in answers:
            settle_payout(session, sent.id, PayoutAnswer(answer), now=now)
        if not answers and isinstance(task, PayoutTask):
            mark_unknown(session, task, now=now)
        return sender, sent.id


def _divided(session: Session, vault: Vault) -> tuple[Actor, Sequence[Remittance]]:
    """A sender, and an order of theirs that also pays dues."""
    now = database_clock(session)
    sender = make_sender(session, now=now, vault=vault)
    line = make_line(due_on=day_in_mexico(now) + timedelta(days=9))
    return sender, make_divided(session, sender, line=line, now=now, vault=vault)


def _claim(web: Web, workers: Database, sender: Actor, remittance: UUID) -> UUID:
    vault = web.app.extensions["consular.vault"]
    with workers.transaction(NETWORK_SCOPE) as session:
        command = ClaimError(remittance, Kind.LATE, "Llegó tarde")
        now = database_clock(session)
    with web.app.extensions["consular.database"].transaction(sender.scope) as session:
        return claim(session, command, now=now, actor=sender, vault=vault).id


def _folio(workers: Database, remittance: UUID) -> str:
    with workers.transaction(NETWORK_SCOPE) as session:
        return session.get_one(Remittance, remittance).folio


def _audited(workers: Database, action: str) -> int:
    query = text("SELECT count(*) FROM audit_entries WHERE action = :action")
    with workers.transaction(NETWORK_SCOPE) as session:
        return int(session.execute(query, {"action": action}).scalar_one())


def _rows(page: str) -> list[str]:
    """The rows of the page's table, without its head."""
    return re.findall(r"<tr class=\"d-block d-md-table-row.*?</tr>", page, re.DOTALL)


@pytest.mark.parametrize("role", ["treasury", "auditor", "admin"])
def test_those_who_may_see_the_books_do(web: Web, role: str) -> None:
    browser = staff_browser(web.app, role)
    for page in ("", "suspense", "unknown", "disputes", "day", "trace"):
        answer = browser.get(f"/treasury/{page}")
        assert answer.status_code == 200, page
        assert 'href="/treasury/"' in answer.text


@pytest.mark.parametrize("role", ["compliance", "analyst", "agent"])
def test_nobody_else_does(web: Web, role: str) -> None:
    browser = staff_browser(web.app, role)
    for page in ("", "suspense", "unknown", "disputes", "day", "day/lines.csv", "trace"):
        assert browser.get(f"/treasury/{page}").status_code == 403, page


def test_balances_are_the_ledgers_now_and_as_of_a_moment(
    web: Web, workers: Database, treasurer: Browser
) -> None:
    _send(web, workers, Answer.PAID)
    with workers.transaction(NETWORK_SCOPE) as session:
        before = database_clock(session)
    _send(web, workers)
    with web.app.extensions["consular.database"].transaction(NETWORK_SCOPE) as session:
        now, then = read_books(session), read_books(session, before)
    with workers.transaction(NETWORK_SCOPE) as session:
        for books, as_of in ((now, None), (then, before)):
            expected = trial_balance(session, as_of)
            assert {each.code: each.posted for each in books.accounts} == expected.balances
            assert books.sums == {"USD": 0, "MXN": 0}
    held = {each.code: each.held for each in now.accounts if each.held}
    assert held == {"payouts_pending": 184_56, "finabien_settlement": -184_56}
    page = treasurer.get("/treasury/").text
    assert page.count("Cuadra: cero de diferencia") == 2
    assert "Pesos que se le deben a Finabien por lo que pagó" in page
    assert "Saldos del" in treasurer.get("/treasury/?balances_at=2026-01-01T00:00").text
    assert "Escribe el día y la hora" in treasurer.get("/treasury/?balances_at=ayer").text


def test_the_page_shows_the_balances_of_the_moment_that_was_asked_for(
    web: Web, workers: Database, treasurer: Browser
) -> None:
    """A browser sends whole minutes."""
    _send(web, workers, Answer.PAID)
    with workers.transaction(NETWORK_SCOPE) as session:
        now = database_clock(session).astimezone(ZoneInfo("America/Mexico_City"))
    shown = {}
    for minutes in (-1, 1):
        moment = f"{now + timedelta(minutes=minutes):%Y-%m-%dT%H:%M}"
        shown[minutes] = treasurer.get(f"/treasury/?balances_at={moment}").text
        assert shown[minutes].count("Cuadra: cero de diferencia") == 2
    paid = "13.09"
    assert paid in shown[1]
    assert paid not in shown[-1]


def test_a_payout_is_followed_from_the_payment_that_funded_it(
    web: Web, workers: Database, treasurer: Browser
) -> None:
    """One payment of two parts: the dues were paid out, the family's part went back."""
    vault = web.app.extensions["consular.vault"]
    with workers.transaction(NETWORK_SCOPE) as session:
        _sender, (person, dues) = _divided(session, vault)
        now = database_clock(session)
        for part, answer in ((person, Answer.REFUSED), (dues, Answer.PAID)):
            assert claim_next(session, part.id, now=now, vault=vault)
            settle_payout(session, part.id, PayoutAnswer(answer), now=now)
        give_back(session, person, now=now)
        folios = [folio(part.folio) for part in (person, dues)]
        total, back = dues.total, person.total
    before = _audited(workers, "remittance.read")
    page = treasurer.get(f"/treasury/trace?{urlencode({'folio': folios[1].lower()})}").text
    assert _audited(workers, "remittance.read") == before + 2
    first, second = page.split("<h2>")[1:]
    for part, own, said in (
        (first, folios[0], (f"{back.amount}", "Volvió al remitente", "0.00")),
        (second, folios[1], (f"{total.amount}", folios[0], "500.00", "Entregado")),
    ):
        assert own in part
        for words in (*said, "El remitente pagó", "Cambio a pesos", "Pesos apartados"):
            assert words in part, words
        table = part[part.index("Movimientos de") :]
        assert table.index("El remitente pagó") < table.index("Cambio a pesos")
    assert "Volvió al remitente" not in second
    assert (
        "Volvió" in staff_browser(web.app, "auditor").get(f"/treasury/trace?folio={folios[0]}").text
    )
    unpaid = make_unpaid(web, workers)
    assert "el remitente no ha pagado" in treasurer.get(f"/treasury/trace?folio={unpaid}").text


def test_of_an_order_that_was_paid_short_it_says_what_was_paid(
    web: Web, workers: Database, treasurer: Browser
) -> None:
    paid = "Pesos que pagó Finabien</dt>\n    <dd>%s"
    for currency, said in (("MXN", "100.00"), ("USD", "0.00")):
        _sender, sent = _send(web, workers, Answer.AVAILABLE)
        word = PayoutAnswer(Answer.PAID, amount_minor=100_00, currency=currency)
        with workers.transaction(NETWORK_SCOPE) as session:
            settle_payout(session, sent, word, now=database_clock(session))
        page = treasurer.get(f"/treasury/trace?folio={_folio(workers, sent)}").text
        assert "Puesto en suspenso" in page
        assert paid % said in page, currency


@pytest.mark.parametrize("written", ["R7K3M9QXW42T", "hola"])
def test_a_folio_of_no_remittance_is_said_to_be_none(
    web: Web, treasurer: Browser, written: str
) -> None:
    page = treasurer.get(f"/treasury/trace?folio={written}").text
    assert 'href="#f-folio"' in page
    assert f'value="{written}"' in page


def make_unpaid(web: Web, workers: Database) -> str:
    """The folio of an order whose sender hasn't paid."""
    vault = web.app.extensions["consular.vault"]
    with workers.transaction(NETWORK_SCOPE) as session:
        now = database_clock(session)
        sender = make_sender(session, now=now, vault=vault)
        return make_remittance(session, sender, now=now, vault=vault, paid=False).folio


def test_the_web_reads_the_ledger_for_the_network_alone(web: Web) -> None:
    with (
        pytest.raises(Exception, match="on behalf of the network"),
        web.app.extensions["consular.database"].transaction(NO_SCOPE) as session,
    ):
        read_books(session)


def test_suspense_is_the_sum_of_its_cases(web: Web, workers: Database, treasurer: Browser) -> None:
    empty = treasurer.get("/treasury/suspense").text
    assert "No hay dinero en suspenso" in empty
    _send(web, workers, Answer.REFUSED, Answer.PAID)
    _send(web, workers, Answer.PAID, Answer.REFUSED)
    _send(web, workers, Answer.REFUSED, Answer.PAID)
    with web.app.extensions["consular.database"].transaction(NETWORK_SCOPE) as session:
        suspense = read_suspense(session)
    assert len(suspense.cases) == 3
    assert suspense.ledger_minor == suspense.cases_minor == 184_56
    before = _audited(workers, "remittance.list")
    page = treasurer.get("/treasury/suspense").text
    assert _audited(workers, "remittance.list") == before + 3
    assert "El libro y los casos dicen lo mismo" in page
    only_read = staff_browser(web.app, "auditor").get("/treasury/suspense").text
    for case, row in zip(suspense.cases, _rows(page), strict=True):
        assert treasurer.get(f"/incidents/{case.id}").status_code == 200
        assert f'href="/incidents/{case.id}"' in row
        assert folio(_folio(workers, case.subject_id)) in row
        assert "184.56" in row
        assert f"/incidents/{case.id}" not in only_read
        assert folio(_folio(workers, case.subject_id)) in only_read
    # Why, and what to do: once of each kind.
    assert page.count("Aclara con la dependencia cuál de las dos cosas ocurrió") == 1
    assert page.count("Pide a la dependencia que los recupere") == 1
    with workers.transaction(NETWORK_SCOPE) as session:
        session.execute(text("UPDATE incidents SET suspense_minor = suspense_minor + 5"))
    assert "El suspenso no es la suma de sus casos" in treasurer.get("/treasury/suspense").text


def test_dues_in_suspense_are_named_with_the_order_that_paid_for_them(
    web: Web, workers: Database, treasurer: Browser
) -> None:
    vault = web.app.extensions["consular.vault"]
    with workers.transaction(NETWORK_SCOPE) as session:
        now = database_clock(session)
        _sender, (person, dues) = _divided(session, vault)
        assert claim_next(session, dues.id, now=now, vault=vault)
        for answer in (Answer.PAID, Answer.REFUSED):
            settle_payout(session, dues.id, PayoutAnswer(answer), now=now)
        folios = [folio(part.folio) for part in (dues, person)]
    [row] = _rows(treasurer.get("/treasury/suspense").text)
    assert all(each in row for each in (*folios, "Cuotas del IMSS del envío", "Nadie todavía"))
    [case] = re.findall(r'href="(/incidents/[0-9a-f-]+)"', row)
    treasurer.send(f"{case}/take")
    assert "Yo" in _rows(treasurer.get("/treasury/suspense").text)[0]
    treasurer.send(f"{case}/resolve", resolution="corrected", reason="Finabien sí pagó")
    [ended] = _rows(treasurer.get("/treasury/suspense").text)
    assert "Cerrado: falta asentarlo" in ended
    assert f'href="{case}"' in ended


def test_what_nobody_knows_is_listed_with_its_deadline_and_what_was_tried(
    web: Web, workers: Database, treasurer: Browser
) -> None:
    assert "de todos se sabe qué pasó" in treasurer.get("/treasury/unknown").text
    _sender, first = _send(web, workers)
    _sender, second = _send(web, workers)
    with workers.transaction(NETWORK_SCOPE) as session:
        late = text("UPDATE remittances SET answer_due_at = now() - interval '1 hour',"
                    " changed_at = now() - interval '2 days' WHERE id = :id")  # fmt: skip
        session.execute(late, {"id": second})
    before = _audited(workers, "remittance.list")
    page = treasurer.get("/treasury/unknown").text
    older, newer = (page.index(_folio(workers, each)[-4:]) for each in (second, first))
    assert older < newer
    assert "Vencido" in page
    assert "Se envió 1 vez" in page
    assert _audited(workers, "remittance.list") == before + 2


def test_whether_payouts_go_out_and_since_when_the_books_agree(
    web: Web, workers: Database, treasurer: Browser
) -> None:
    assert "Todavía no se compara" in treasurer.get("/treasury/").text
    vault = web.app.extensions["consular.vault"]
    difference = Comparison(1, [Difference("postings", "x 1", "altered")])
    with workers.transaction(NETWORK_SCOPE) as session:
        now = database_clock(session)
        for days, compared in ((4, Comparison(1, [])), (3, difference), (2, difference)):
            note_comparison(session, compared, now=now - timedelta(days=days))
        agreement = read_agreement(session)
        assert (agreement.differences, agreement.since) == (1, now - timedelta(days=3))
        compare_books(session, now=now, vault=vault)
        assert read_agreement(session).since == now
    page = treasurer.get("/treasury/").text
    assert "Coincide desde el" in page
    assert "Los pagos están detenidos" not in page
    with workers.transaction(NETWORK_SCOPE) as session:
        session.execute(text("UPDATE ledger_cells SET amount = amount + 1"))
        session.execute(text("INSERT INTO ledger_cells VALUES ('fee_income', 'posted', now(), 7)"))
        compare_books(session, now=database_clock(session), vault=vault)
    page = treasurer.get("/treasury/").text
    assert "Los pagos están detenidos" in page
    assert "No coincide: " in page
    pause = {"change": "pause", "reason": "Finabien avisa de una falla"}
    treasurer.send("/operations/agencies/finabien", **pause)
    assert "Finabien avisa de una falla" in treasurer.get("/treasury/").text


def test_a_day_adds_up_and_its_lines_are_all_there(
    web: Web, workers: Database, treasurer: Browser
) -> None:
    _send(web, workers, Answer.PAID)
    _send(web, workers, Answer.REFUSED, funding=Funding.BANK_ACCOUNT)
    with web.app.extensions["consular.database"].transaction(NETWORK_SCOPE) as session:
        today = day_in_mexico(database_clock(session))
        totals = {each.measure.code: each for each in read_totals(session, today)}
        with open_lines(session, today) as (count, lines):
            assert count == len(list(lines))
    # 10.00 each, 2.99 fee, 0.10 tax on the one in cash; the other went back whole.
    assert {code: total.minor for code, total in totals.items()} == {
        "orders": 26_08, "fees": 5_98, "taxes": 10, "exchanged_usd": 10_00,
        "exchanged_mxn": 184_56, "spread": 0, "margin": 0, "paid": 184_56, "refunds": 12_99,
        "fees_returned": 2_99, "taxes_returned": 0, "remedies": 0,
    }  # fmt: skip
    assert totals["orders"].entries == 2
    page = treasurer.get(f"/treasury/day?day={today}").text
    assert "26.08" in page
    before = _audited(workers, "ledger.export")
    answer = treasurer.get(f"/treasury/day/lines.csv?day={today}")
    rows = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert len(rows) == count + 1 == int(answer.headers["X-Row-Count"]) + 1
    assert f"-{count}-rows.csv" in answer.headers["Content-Disposition"]
    sums: dict[tuple[str, str], float] = {}
    for row in rows[1:]:
        sums[row[1], row[11]] = sums.get((row[1], row[11]), 0) + float(row[12])
    assert all(round(total, 2) == 0 for total in sums.values())
    assert _audited(workers, "ledger.export") == before + 1
    workbook = treasurer.get(f"/treasury/day/lines.xlsx?day={today}")
    assert workbook.headers["X-Row-Count"] == str(count)
    empty = treasurer.get("/treasury/day/lines.csv?day=2026-01-01")
    assert empty.headers["X-Row-Count"] == "0"
    assert treasurer.get("/treasury/day/lines.pdf").status_code == 404


def test_an_order_of_two_parts_is_one_payment_and_two_transfers(
    web: Web, workers: Database, treasurer: Browser
) -> None:
    _send(web, workers, Answer.PAID)
    vault = web.app.extensions["consular.vault"]
    with workers.transaction(NETWORK_SCOPE) as session:
        now = database_clock(session)
        today = day_in_mexico(now)
        assert "órdenes con" not in treasurer.get(f"/treasury/day?day={today}").text
        _sender, parts = _divided(session, vault)
        folios = [part.folio for part in parts]
    with web.app.extensions["consular.database"].transaction(NETWORK_SCOPE) as session:
        [ordered] = [each for each in read_totals(session, today) if each.measure.code == "orders"]
    assert (ordered.orders, ordered.entries) == (2, 3)
    page = treasurer.get(f"/treasury/day?day={today}").text
    assert "Se pagaron 2 órdenes con 3 envíos" in page
    answer = treasurer.get(f"/treasury/day/lines.csv?day={today}")
    charged = {row[7]: row[8] for row in csv.reader(io.StringIO(answer.text)) if row[7] in folios}
    assert charged == dict.fromkeys(folios, folios[0])


def test_of_dues_without_an_answer_the_order_is_named(
    web: Web, workers: Database, treasurer: Browser
) -> None:
    vault = web.app.extensions["consular.vault"]
    with workers.transaction(NETWORK_SCOPE) as session:
        now = database_clock(session)
        sender, (person, dues) = _divided(session, vault)
        for part in (person, dues):
            task = claim_next(session, part.id, now=now, vault=vault)
            assert isinstance(task, PayoutTask)
            mark_unknown(session, task, now=now)
        settle_payout(session, dues.id, PayoutAnswer(Answer.REFUSED), now=now)
        settle_payout(session, dues.id, PayoutAnswer(Answer.PAID), now=now)
        other = make_divided(session, sender, now=now, vault=vault)[1]
        task = claim_next(session, other.id, now=now, vault=vault)
        assert isinstance(task, PayoutTask)
        mark_unknown(session, task, now=now)
        folios = [folio(each.folio) for each in (person, dues, other)]
        first = folio(list_parts(session, other.id)[0].folio)
        case = session.execute(text("SELECT id FROM incidents")).scalar_one()
    page = " ".join(re.sub(r"<[^>]+>", " ", treasurer.get("/treasury/unknown").text).split())
    assert f"{folios[2]} Cuotas del IMSS del envío {first}" in page
    assert f"{folios[0]} Cuotas" not in page
    page = " ".join(re.sub(r"<[^>]+>", " ", treasurer.get(f"/incidents/{case}").text).split())
    assert f"Folio {folios[1]} Cuotas del IMSS del envío {folios[0]}" in page


def test_a_sender_claims_and_treasury_puts_it_right(
    web: Web, workers: Database, treasurer: Browser
) -> None:
    sender, remittance = _send(web, workers, Answer.PAID)
    assert sender.account_id is not None
    citizen = citizen_browser(web.app, sender.account_id)
    assert "Reclamar un error" in citizen.get(f"/envios/{remittance}").text
    missing = citizen.send(f"/envios/{remittance}/reclamar", description="algo").text
    assert 'href="#f-kind"' in missing
    assert "algo" in missing
    received = citizen.send(f"/envios/{remittance}/reclamar", kind="late", description="Tarde")
    assert "Recibimos tu reclamación" in received.text
    assert "Te respondemos a más tardar el" in received.text
    again = citizen.send(f"/envios/{remittance}/reclamar", kind="late").text
    assert "Ya hay una reclamación de este envío" in again
    queue = treasurer.get("/treasury/disputes").text
    address = queue.partition('href="/treasury/disputes/')[2].partition('"')[0]
    address = f"/treasury/disputes/{address}"
    assert "Yo" in treasurer.send(f"{address}/take").text
    page = treasurer.get(address).text
    assert "Tarde" in page
    assert "3.09 USD" in page.replace("\xa0", " ").replace("&#160;", " ")
    refused = treasurer.send(f"{address}/resolve", remedy="amount", explanation=WHY).text
    assert 'href="#f-amount"' in refused
    above = treasurer.send(f"{address}/resolve", remedy="amount", amount="500", explanation=WHY)
    assert "pasaría del total que pagó el remitente" in above.text
    done = treasurer.send(f"{address}/resolve", remedy="fees", explanation=WHY).text
    assert "Se devuelven el cargo y el impuesto" in done
    told = citizen.get(f"/envios/{remittance}").text
    mine = told.partition('href="/reclamaciones/')[2].partition('"')[0]
    answer = citizen.get(f"/reclamaciones/{mine}").text
    assert WHY in answer
    assert "Sí hubo un error y lo corregimos" in answer
    assert _audited(workers, "dispute.read") >= 2
    assert _audited(workers, "dispute.corrected") == 1


def test_what_was_explained_has_its_documents(
    web: Web, workers: Database, treasurer: Browser
) -> None:
    sender, remittance = _send(web, workers, Answer.PAID)
    assert sender.account_id is not None
    dispute = _claim(web, workers, sender, remittance)
    address = f"/treasury/disputes/{dispute}"
    assert 'value="no_error"' in treasurer.get(address).text
    treasurer.send(f"{address}/resolve", remedy="no_error", explanation="Llegó en dos minutos.")
    citizen = citizen_browser(web.app, sender.account_id)
    page = citizen.get(f"/reclamaciones/{dispute}").text
    assert "Pedir los documentos" in page
    assert "Los pediste" in citizen.send(f"/reclamaciones/{dispute}/documentos").text
    assert "Enviar los documentos" in treasurer.get("/treasury/disputes").text
    treasurer.send(f"{address}/documents")
    assert "Ya te los enviamos" in citizen.get(f"/reclamaciones/{dispute}").text
    assert "No hay reclamaciones por atender" in treasurer.get("/treasury/disputes").text
    other = make_other(web)
    assert other.get(f"/reclamaciones/{dispute}").status_code == 404
    assert other.get(f"/envios/{remittance}/reclamar").status_code == 404


def make_other(web: Web) -> Browser:
    """Another citizen."""
    with web.database.transaction(NETWORK_SCOPE) as session:
        actor = make_sender(session, vault=web.app.extensions["consular.vault"])
    assert actor.account_id is not None
    return citizen_browser(web.app, actor.account_id)


@pytest.mark.parametrize("role", ["auditor", "admin"])
def test_who_only_reads_decides_nothing(web: Web, workers: Database, role: str) -> None:
    sender, remittance = _send(web, workers, Answer.PAID)
    address = f"/treasury/disputes/{_claim(web, workers, sender, remittance)}"
    browser = staff_browser(web.app, role)
    assert "La investigo yo" not in browser.get(address).text
    fields: dict[str, Any] = {"remedy": "everything", "explanation": "x"}
    assert browser.post(f"{address}/resolve", **fields).status_code == 403
    assert browser.post(f"{address}/take").status_code == 403


def test_claiming_over_the_api(web: Web) -> None:
    with web.database.transaction(NETWORK_SCOPE) as session:
        prepare_reference(session, now=database_clock(session))
    token = web.token("citizen", subject="ana", name="Ana|Demo|Prueba")
    quote = web.quote("10.00", token).get_json()["id"]
    recipient = {"given_names": "Luz", "first_surname": "Ibarra", "clabe": "032180000118359719"}
    sent = web.call(
        "POST", "/remittances", {"quote": quote, "recipient": recipient}, token=token,
        headers={"Idempotency-Key": "one"},
    ).get_json()  # fmt: skip
    path, body = f"/remittances/{sent['id']}/disputes", {"kind": "not_received"}
    first = web.call("POST", path, body, token=token, headers={"Idempotency-Key": "two"})
    again = web.call("POST", path, body, token=token, headers={"Idempotency-Key": "two"})
    assert first.status_code == again.status_code == 201
    assert first.get_json() == again.get_json()
    other = web.call("POST", path, {"kind": "late"}, token=token)
    assert (other.status_code, other.get_json()["code"]) == (409, "dispute_open")
    assert other.get_json()["folio"] == first.get_json()["folio"]
    listed = web.call("GET", path, token=token).get_json()["items"]
    assert [item["folio"] for item in listed] == [first.get_json()["folio"]]
    stranger = web.token("citizen", subject="eva", name="Eva|Demo|Otra")
    assert web.call("POST", path, body, token=stranger).status_code == 404
    assert web.call("GET", path, token=stranger).status_code == 404
