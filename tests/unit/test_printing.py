"""PDF files are tagged and kept, say what they were given and no more, and their barcodes read."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pypdfium2
import pytest
import zxingcpp

from consular.printing.barcode import barcode_svg
from consular.printing.pdf import Barcode, Document, Part, make_pdf
from consular.printing.qr import qr_svg
from tests.factories.scanning import scan

REFERENCE = "0012345678901234567"
DOCUMENT = Document(
    title="Línea de captura",
    language="es",
    made_on=date(2026, 11, 26),
    parts=(
        Part("", (("A nombre de", "Ñusta D’Amico Łukasz"),)),
        Part("Qué pagar", (("Cuánto", "1,234.50 MXN"),), ("Se paga en un banco.",)),
    ),
    note="Folio E123",
)


def _text(pdf: bytes) -> str:
    return "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf))


def test_a_file_is_tagged_kept_and_in_its_language() -> None:
    for language in ("es", "en"):
        pdf = make_pdf(replace(DOCUMENT, language=language))
        assert b"<pdfuaid:part>1<" in pdf
        assert b"<pdfaid:part>2</pdfaid:part><pdfaid:conformance>A<" in pdf
        assert b"/Marked true" in pdf
        assert f"/Lang({language})".encode() in pdf
        assert len(pdf) < 60_000


def test_all_that_was_given_is_in_it() -> None:
    said = _text(make_pdf(DOCUMENT))
    for words in ("Línea de captura", "Ñusta D’Amico Łukasz", "1,234.50 MXN", "Folio E123"):
        assert words in said


@pytest.mark.parametrize(
    "name", ["#panic()", "*no* _no_ $x$ @a", "= no", '#read("/etc/passwd")', "</svg>", "\\u{41}"]
)
def test_nothing_that_somebody_typed_is_markup(name: str) -> None:
    part = Part("", (("A nombre de", name),))
    assert name in _text(make_pdf(replace(DOCUMENT, parts=(part,))))


@pytest.mark.parametrize("name", ["Ana 🎉", "Ana 王小明", "Ana محمد", "Ana ≥", "Ana 👩‍👧"])
def test_a_character_that_the_font_hasnt_costs_no_file(name: str) -> None:
    part = Part("", (("A nombre de", name),))
    said = _text(make_pdf(replace(DOCUMENT, title=name, parts=(part,))))
    assert said.count("Ana \N{REPLACEMENT CHARACTER}") == 2


@pytest.mark.parametrize("reference", [REFERENCE, "IMSS-98347ABC", "1234", "9" * 48, "99"])
def test_a_reader_reads_the_barcode_of_the_file(reference: str) -> None:
    svg = str(barcode_svg(reference, "Código de barras"))
    pdf = make_pdf(replace(DOCUMENT, barcode=Barcode(svg, reference, "Código de barras")))
    barcode = scan(pdf)
    assert (barcode.text, barcode.format) == (reference, zxingcpp.BarcodeFormat.Code128)


def test_a_reader_reads_the_code_of_a_turn() -> None:
    address = "https://citas.sre.gob.mx/turno/C7K3M9QXW42T/abcDEF_-12345678"
    svg = str(qr_svg(address, "Código"))
    size = int(re.search(r'viewBox="0 0 (\d+)', svg)[1])  # type: ignore[index]
    scale = 4
    pixels = bytearray(b"\xff" * (size * scale) ** 2)
    for x, y in re.findall(r"M(\d+) (\d+)h1v1", svg):
        for row in range(int(y) * scale, (int(y) + 1) * scale):
            begin = row * size * scale + int(x) * scale
            pixels[begin : begin + scale] = bytes(scale)
    view = memoryview(bytes(pixels)).cast("B", (size * scale, size * scale))
    [code] = zxingcpp.read_barcodes(view)
    assert (code.text, code.format) == (address, zxingcpp.BarcodeFormat.QRCode)


def test_a_screen_reader_hears_what_the_barcode_is() -> None:
    assert 'role="img" aria-label="Código &lt;1&gt;"' in barcode_svg("1", "Código <1>")
