"""Receipts of remittances: both languages on one sheet, signed, and the same to the byte."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pikepdf
import pypdfium2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from consular.printing.remittances import _put_into_words, disclosure, receipt_pdf
from consular.seed import withdraw_signing_key
from services.citizens.people import PersonData, make_person
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from services.kernel.signatures import Signer
from services.remittances.models import Remittance
from services.remittances.receipts import Facts, Receipt
from services.remittances.rules import ReceiptKind
from services.remittances.verify_receipt import main as check_offline
from services.remittances.verify_receipt import read_code, signed_text, write_code
from tests.api.calls import steady_web
from tests.factories.chance import without_chance
from tests.factories.remittances import pay_for, prepare_reference
from tests.factories.scanning import scan
from tests.factories.staff import Browser, citizen_browser
from tests.factories.web import Web
from tests.servers import Addresses

NEW_KEY = bytes(range(60, 92))
LABELS = {
    "es": (
        "Cantidad de envío", "Cargos por envío", "Impuestos de envío", "Total", "Tasa de cambio",
        "Otros cargos por envío", "Total al destinatario", "Fecha disponible", "Destinatario",
    ),
    "en": (
        "Transfer Amount", "Transfer Fees", "Transfer Taxes", "Total", "Exchange Rate",
        "Other Fees", "Total to Recipient", "Date Available", "Recipient",
    ),
}  # fmt: skip
RIGHTS = (
    "You have a right to dispute errors in your transaction",
    "within 180 days",
    "You can cancel for a full refund within 30 minutes of payment",
    "unless the funds have been picked up or deposited",
    "For questions or complaints about Consular",
    "Consumer Financial Protection Bureau",
    "855-411-2372",
    "Tienes derecho a reclamar los errores de tu envío",
    "dentro de los 30 minutos después de pagar",
)


@pytest.fixture(scope="module")
def web(servers: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with steady_web(servers, tmp_path_factory.mktemp("receipts")) as running:
        with running.database.transaction(NETWORK_SCOPE) as session:
            prepare_reference(session, now=system_clock(), value=Decimal("11.9483779"))
        yield running


def _sender(web: Web, who: str = "ana") -> str:
    return web.token("citizen", subject=who, name="Ana|Demo|Prueba")


def _quote(web: Web, who: str = "ana") -> str:
    price = {
        "send": {"amount": "20.00", "currency": "USD"}, "funding": "cash", "payout": "account",
    }  # fmt: skip
    return str(web.call("POST", "/quotes", price, token=_sender(web, who)).get_json()["id"])


def _order(web: Web, who: str = "ana") -> dict[str, Any]:
    recipient = {"given_names": "Rosa", "first_surname": "Ibarra", "clabe": "002010077777777771"}
    quote = _quote(web, who)
    order = {"quote": quote, "recipient": recipient}
    answer = web.call(
        "POST", "/remittances", order, token=_sender(web, who), headers={"Idempotency-Key": quote}
    )
    assert answer.status_code == 202, answer.text
    order = dict(answer.get_json())
    with web.database.transaction(NETWORK_SCOPE) as session:
        pay_for(session, session.get_one(Remittance, UUID(order["id"])), now=system_clock())
    return order


@pytest.fixture(scope="module")
def remittance(web: Web) -> dict[str, Any]:
    """One that is paid by the sender."""
    return _order(web)


def _pdf(web: Web, of: dict[str, Any], query: str = "", who: str = "ana") -> bytes:
    answer = web.call("GET", f"/remittances/{of['id']}/receipt.pdf{query}", token=_sender(web, who))
    assert answer.status_code == 200, answer.text
    return bytes(answer.get_data())


def _text(data: bytes) -> str:
    pages = pypdfium2.PdfDocument(data)
    assert len(pages) == 1
    return re.sub(r"\s+", " ", pages[0].get_textpage().get_text_range())


def _smallest(data: bytes) -> float:
    """Of its letters, in points."""
    page = pypdfium2.PdfDocument(data)[0]
    letters = list(page.get_objects(filter=[TEXT]))
    # Nothing is drawn smaller than its size says.
    assert {abs(each.get_matrix().d) for each in letters} == {1}
    return min(each.get_font_size() for each in letters)


def _scan(data: bytes) -> str:
    """What the square code holds, read from the sheet."""
    return str(scan(data).text)


AMOUNT = re.compile(r"\d\s(MXN|USD)\b")


def _verify(web: Web, address: str) -> str:
    parts = urlsplit(address)
    answer = web.client.get(f"{parts.path}?{parts.query}")
    assert answer.status_code == 200
    # The signature of the address may spell anything.
    return without_chance(unescape(answer.text))


def _change(web: Web, of: dict[str, Any], **values: Any) -> None:
    """As if the agency had said so."""
    with web.database.transaction(NETWORK_SCOPE) as session:
        row = session.get_one(Remittance, UUID(of["id"]))
        for name, value in values.items():
            setattr(row, name, value)


def _browser(web: Web, of: dict[str, Any]) -> Browser:
    with web.database.transaction(NETWORK_SCOPE) as session:
        account = session.execute(
            text("SELECT account_id FROM remittances WHERE id = :id"), {"id": of["id"]}
        ).scalar_one()
    return citizen_browser(web.app, account)


def test_it_says_all_that_the_rule_asks_for_in_both_languages(
    web: Web, remittance: dict[str, Any]
) -> None:
    said = _text(_pdf(web, remittance))
    for label in (*LABELS["es"], *LABELS["en"], *RIGHTS):
        assert label in said, label
    for amount in ("20.00 USD", "+ 2.99 USD", "+ 0.20 USD", "23.19 USD", "− 0.00 MXN"):
        assert said.count(amount.replace(" ", "\N{NO-BREAK SPACE}")) + said.count(amount) >= 2
    assert said.count("Rosa Ibarra") == 2
    # 20 x 11.9483779 is 238.967…: shown with four decimals, computed with all of them.
    assert said.count("1 USD = 11.9484 MXN") == 2
    assert "238.96" in said


def test_the_file_is_tagged_and_kept_and_no_letter_is_smaller_than_eight_points(
    web: Web, remittance: dict[str, Any]
) -> None:
    data = _pdf(web, remittance)
    assert b"<pdfuaid:part>1<" in data
    assert b"<pdfaid:part>2</pdfaid:part><pdfaid:conformance>A<" in data
    with pikepdf.open(BytesIO(data)) as document:
        languages = {str(each.Lang) for each in document.objects if _has_language(each)}
    assert languages >= {"es", "en"}
    assert _smallest(data) >= 8


@pytest.mark.parametrize("file", ["payment", "delivery", "refund", "quote"])
def test_every_file_has_what_pdf_a_and_pdf_ua_ask_for(web: Web, file: str) -> None:
    """No validator is installed here: what typst declares is looked for, part by part."""
    if file == "quote":
        address = f"/quotes/{_quote(web)}/disclosure.pdf"
        data = bytes(web.call("GET", address, token=_sender(web)).get_data())
    else:
        data = _pdf(web, _ended(web, file), f"?kind={file}")
    with pikepdf.open(BytesIO(data)) as document:
        root = document.Root
        with document.open_metadata() as metadata:
            declared = {name: metadata[name] for name in XMP}
            assert metadata["dc:title"]
        assert declared == XMP
        [intent] = root.OutputIntents
        assert str(intent.S) == "/GTS_PDFA1"
        assert intent.DestOutputProfile.N == 3
        assert str(root.Lang) == "es"
        assert root.MarkInfo.Marked
        assert root.ViewerPreferences.DisplayDocTitle
        assert not document.is_encrypted
        assert "/JavaScript" not in root.get("/Names", {})
        kinds = [str(each.S) for each in document.objects if _is_structure(each)]
        figures = [each for each in document.objects if _is_structure(each, "/Figure")]
        assert all(str(each.get("/Alt", "")).strip() for each in figures)
        assert len(figures) == (0 if file == "quote" else 1)
        assert {"/Document", "/H1", "/Table", "/TR", "/TH", "/TD", "/P"} <= {*kinds}
        assert root.StructTreeRoot.ParentTree
        headings = [each for each in document.objects if _is_structure(each, "/TH")]
        assert {str(one.Scope) for each in headings for one in each.A if "/Scope" in one} <= SCOPES
        assert all(any("/Scope" in one for one in each.A) for each in headings)
        for page in document.pages:
            assert str(page.get("/Tabs")) == "/S"
            assert _unmarked(page) == []
            for link in page.get("/Annots", []):
                assert str(link.Contents)
                assert "/StructParent" in link
        fonts = [each for each in document.objects if _is_dictionary(each, "/FontDescriptor")]
        assert fonts
        assert all({"/FontFile2", "/FontFile3"} & {*each.keys()} for each in fonts)
        written = [each for each in document.objects if _is_dictionary(each, "/Font")]
        assert all("/ToUnicode" in each for each in written if str(each.Subtype) == "/Type0")


XMP = {"pdfaid:part": "2", "pdfaid:conformance": "A", "pdfuaid:part": "1"}


def _ended(web: Web, kind: str) -> dict[str, Any]:
    sent = _order(web)
    if kind == "delivery":
        _change(web, sent, status="submitted")
        _change(web, sent, status="paid", paid_at=system_clock())
    elif kind == "refund":
        _change(web, sent, status="refunding", refunded_minor=23_19)
        _change(web, sent, status="refunded", refunded_at=system_clock())
    return sent


def _unmarked(page: pikepdf.Page) -> list[str]:
    """What is painted on the page outside of any mark: of text, lines and pictures none may be."""
    depth, outside = 0, []
    for instruction in pikepdf.parse_content_stream(page):
        operator = str(instruction.operator)
        if operator in ("BDC", "BMC"):
            depth += 1
        elif operator == "EMC":
            depth -= 1
        elif operator in PAINTING and depth == 0:
            outside.append(operator)
    assert depth == 0
    return outside


SCOPES = {"/Column", "/Row", "/Both"}
PAINTING = frozenset(
    {"Tj", "TJ", "'", '"', "S", "s", "f", "F", "f*", "B", "B*", "b", "b*", "Do", "sh"}
)


def _is_dictionary(thing: pikepdf.Object, kind: str) -> bool:
    return isinstance(thing, pikepdf.Dictionary) and str(thing.get("/Type", "")) == kind


def _is_structure(thing: pikepdf.Object, role: str | None = None) -> bool:
    if not _is_dictionary(thing, "/StructElem"):
        return False
    return role is None or str(thing.S) == role


TEXT = pypdfium2.raw.FPDF_PAGEOBJ_TEXT


def _has_language(thing: pikepdf.Object) -> bool:
    return isinstance(thing, pikepdf.Dictionary) and "/Lang" in thing


def test_it_is_the_same_to_the_byte_and_its_code_is_genuine(
    web: Web, remittance: dict[str, Any]
) -> None:
    first = _pdf(web, remittance)
    assert _pdf(web, remittance, "?kind=payment&version=1") == first
    page = _verify(web, _scan(first))
    assert "Este recibo es auténtico" in page
    assert "238.96" in page
    assert AMOUNT.search(page)
    for untold in ("Rosa", "Ibarra", "Ana", "Demo Prueba"):
        assert untold not in page


def test_a_changed_amount_or_another_folio_is_not(web: Web, remittance: dict[str, Any]) -> None:
    address, other = _scan(_pdf(web, remittance)), _order(web)["folio"]
    for changed in (
        address.replace("20.00", "90.00"),
        address.replace(f"/{remittance['folio']}?", f"/{other}?"),
        address.replace("receipt=CR1", "receipt=CR2"),
    ):
        assert changed != address
        page = _verify(web, changed)
        assert "Este recibo no es auténtico" in page
        assert not AMOUNT.search(page)


def test_without_the_code_the_page_tells_no_amount(web: Web, remittance: dict[str, Any]) -> None:
    page = _verify(web, f"/verify/{remittance['folio']}")
    assert "Este folio es auténtico" in page
    assert not AMOUNT.search(page)


def test_a_corrected_fact_makes_the_next_version_and_the_first_stays(web: Web) -> None:
    sent = _order(web)
    _change(web, sent, status="submitted")
    _change(web, sent, status="paid", paid_at=system_clock(), branch="Oaxaca")
    first = _pdf(web, sent)
    _change(web, sent, branch="Oaxaca Centro")
    second = _pdf(web, sent)
    assert "Oaxaca Centro" in _text(second)
    assert _pdf(web, sent, "?version=1&kind=delivery") == first
    assert "Hay una versión más nueva" in _verify(web, _scan(first))
    assert "Hay una versión más nueva" not in _verify(web, _scan(second))
    shown = web.call("GET", f"/remittances/{sent['id']}", token=_sender(web)).get_json()
    assert [receipt["version"] for receipt in shown["receipts"]] == [1, 2]


def test_a_corrected_name_makes_the_next_version_too(web: Web) -> None:
    sent = _order(web)
    first = _pdf(web, sent)
    with web.database.transaction(NETWORK_SCOPE) as session:
        row = session.get_one(Remittance, UUID(sent["id"]))
        corrected = PersonData("Rosa", "Ybarra", None, None)
        vault = web.app.extensions["consular.vault"]
        row.corrected = make_person(
            corrected, account=row.account_id, now=system_clock(), vault=vault
        )
    assert "Rosa Ybarra" in _text(_pdf(web, sent))
    assert _pdf(web, sent, "?version=1") == first
    assert "Rosa Ibarra" in _text(first)


def test_what_is_an_estimate_is_said_to_be(web: Web, remittance: dict[str, Any]) -> None:
    with web.app.test_request_context():
        rows = disclosure({**remittance, "estimated": {"total_to_recipient"}})
    estimates = [row["label"] for row in rows if "Estim" in row["label"]["en"]]
    assert estimates == [
        {"es": "Total al destinatario (Estimado)", "en": "Total to Recipient (Estimated)"}
    ]


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        (
            {"refunded_minor": 18_19, "remedied_minor": 5_00},
            ("Pagaste", "23.19", "Ya te habíamos devuelto", "We had given back", "5.00", "18.19"),
        ),
        (
            {"refunded_minor": 0, "returned_minor": 23_19},
            ("Tu banco retiró", "Your bank took back", "23.19", "Te devolvemos ahora", "0.00"),
        ),
    ],
    ids=["after a remedy", "after the bank took it"],
)
def test_a_refund_says_what_goes_back_and_what_went_before(
    web: Web, columns: dict[str, int], says: tuple[str, ...]
) -> None:
    sent = _order(web)
    _change(web, sent, status="refunding", refunded_minor=23_19)
    whole = {"status": "refunded", "refunded_at": system_clock()}
    _change(web, sent, **whole)
    first = _pdf(web, sent)
    assert "Te devolvemos ahora" not in _text(first)
    _change(web, sent, **columns)
    said = _text(_pdf(web, sent))
    for words in says:
        assert words in said, words
    assert _pdf(web, sent, "?kind=refund&version=1") == first
    page = _browser(web, sent).get(f"/envios/{sent['id']}").text
    assert "todo lo que pagaste" not in page


@pytest.mark.parametrize(
    ("before", "status", "moment", "kind", "says"),
    [
        ("submitted", "paid", "paid_at", "delivery", ("Entregado", "Delivered")),
        (
            "refunding",
            "refunded",
            "refunded_at",
            "refund",
            ("Te devolvemos", "We give back", "Refund receipt"),
        ),
    ],
    ids=["delivered", "given back"],
)
def test_the_end_has_a_receipt_of_its_own(
    web: Web, before: str, status: str, moment: str, kind: str, says: tuple[str, ...]
) -> None:
    sent = _order(web)
    missing = f"/remittances/{sent['id']}/receipt.pdf?kind={kind}"
    assert web.call("GET", missing, token=_sender(web)).status_code == 404
    _change(web, sent, status=before)
    _change(web, sent, status=status, **{moment: system_clock()})
    said = _text(_pdf(web, sent))
    for words in says:
        assert words in said
    assert "Este recibo es auténtico" in _verify(web, _scan(_pdf(web, sent, f"?kind={kind}")))
    for words in says:
        assert words not in _text(_pdf(web, sent, "?kind=payment"))


def test_nobody_else_gets_it(web: Web, remittance: dict[str, Any]) -> None:
    receipt = f"/remittances/{remittance['id']}/receipt.pdf"
    paths = (receipt, f"/quotes/{_quote(web)}/disclosure.pdf")
    for path in paths:
        answer = web.call("GET", path, token=_sender(web, "berta"))
        assert answer.status_code == 404


def test_what_is_told_before_paying_is_a_file_too(web: Web) -> None:
    path = f"/quotes/{_quote(web)}/disclosure.pdf"
    said = _text(web.call("GET", path, token=_sender(web)).get_data())
    for label in (*LABELS["es"][:8], *LABELS["en"][:8]):
        assert label in said, label
    assert "This is not a receipt" in said


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_page_has_both_languages_whatever_the_readers(
    web: Web, remittance: dict[str, Any], language: str
) -> None:
    browser = _browser(web, remittance)
    pages = [
        unescape(browser.get(f"/envios/{remittance['id']}{more}?lang={language}").text)
        for more in ("/recibo", "")
    ]
    for page in pages:
        for label in (*LABELS["es"][:8], *LABELS["en"][:8]):
            assert f">{label}<" in page, label
    assert "1 USD = 11.9484 MXN" in pages[0]
    for right in RIGHTS:
        assert right in pages[0], right
    assert browser.get(f"/envios/{remittance['id']}/recibo.pdf").get_data() == _pdf(web, remittance)


def _check_offline(web: Web, data: bytes, directory: Path) -> int:
    """What the program says with the keys as anybody downloads them."""
    published = directory / "keys.json"
    published.write_bytes(web.call("GET", "/signing-keys").get_data())
    return check_offline([_scan(data), str(published)])


def test_rotated_keys_stay_good_and_a_withdrawn_one_is_said_to_be(web: Web, tmp_path: Path) -> None:
    """Last, for it withdraws the key of this file's application."""
    sent = _order(web)
    old = _pdf(web, sent)
    web.app.extensions["consular.signer"] = Signer({2: NEW_KEY})
    assert _pdf(web, sent) == old
    assert "Este recibo es auténtico" in _verify(web, _scan(old))
    rotated = _pdf(web, _order(web))
    assert _scan(rotated).split("~")[-2] != _scan(old).split("~")[-2]
    assert [_check_offline(web, each, tmp_path) for each in (old, rotated)] == [0, 0]
    name = _scan(old).split("~")[-2]
    withdraw_signing_key(web.settings.database_owner_url, name, "stolen")
    page = _verify(web, _scan(old))
    assert "Este recibo es auténtico" in page
    assert "Firmado con una clave retirada el" in page
    assert [_check_offline(web, each, tmp_path) for each in (old, rotated)] == [3, 0]
    keys = web.call("GET", "/signing-keys").get_json()["items"]
    assert [key["key"] for key in keys if key["withdrawn_at"]] == [name]
    new = _pdf(web, sent)
    assert new != old
    assert _scan(new).split("~")[-2] != name
    assert "clave retirada" not in _verify(web, _scan(new))
    forged = _forged(web, sent)
    assert "Este recibo no es auténtico" in _verify(web, forged)


def _forged(web: Web, sent: dict[str, Any]) -> str:
    """The address of what somebody with the stolen key signs, which was never given out."""
    address, _mark, scanned = _scan(_pdf(web, sent, "?version=1")).partition("receipt=")
    code = read_code(scanned)
    signed = signed_text({**code.values, "total": "999.99"})
    stolen = Ed25519PrivateKey.from_private_bytes(web.settings.signing_keys()[1])
    return f"{address}receipt={write_code(signed, code.key, stolen.sign(signed.encode()))}"


@pytest.mark.parametrize("payout", ["account", "branch"])
@pytest.mark.parametrize("kind", ReceiptKind)
def test_the_longest_names_places_and_amounts_still_stand_on_one_sheet(
    web: Web, remittance: dict[str, Any], kind: ReceiptKind, payout: str
) -> None:
    """As long as the fields take them, in the two parts of one order."""
    receipt = web.call("GET", f"/remittances/{remittance['id']}", token=_sender(web)).get_json()
    name = " ".join(("Wenceslao " * 8).strip()[:80] for _ in range(3))
    pesos = {"amount": "46000.00", "currency": "MXN"}
    share = {"total": {"amount": "2528.00", "currency": "USD"}, "total_to_recipient": pesos}
    amounts = ("transfer_amount", "transfer_fees", "transfer_taxes", "total", "other_fees")
    moment = "2026-11-27T03:00:00+00:00"
    facts = Facts(
        signed={
            **dict.fromkeys(amounts, "2500.00"), "total_to_recipient": "46000.00",
            "folio": receipt["folio"], "kind": kind, "at": moment, "exchange_rate": "11.9483779",
        },
        sender=name, recipient=name, funding="us_card", payout=payout,
        account_hint="7771",
        branch="Oficina de Finabien, " + "avenida muy larga " * 9 if payout == "branch" else None,
        date_available="2026-11-29", cancel_until="2026-11-27T03:30:00+00:00",
        refund={"now": "2500.00", "before": "20.00", "taken_back": "8.00"}
        if kind is ReceiptKind.REFUND else None,
        parts=(share, share) if kind is ReceiptKind.PAYMENT else (),
    )  # fmt: skip
    with web.app.test_request_context():
        web.app.preprocess_request()
        content = _put_into_words(facts, 12)
        data = receipt_pdf(Receipt(kind, 12, receipt["folio"] * 30, content))
    assert name in _text(data)
    assert _smallest(data) >= 8
