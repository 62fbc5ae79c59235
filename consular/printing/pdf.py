"""Make a PDF: tagged (PDF/UA-1) and made to be kept (PDF/A-2a), in its reader's language.

A document is data; how it looks is `document.typ`. Nothing of the data is read as markup.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import fontpkg_noto_sans
import typst
from PIL import ImageFont

_TEMPLATE = Path(__file__).with_name("document.typ")
# A code that no font may draw (Unicode, 23.7).
_NO_CHARACTER = "\uffff"
_FONTS = Path(fontpkg_noto_sans.__file__).with_name("files")
STANDARDS: list[typst.PDFStandard] = ["ua-1", "a-2a"]


@dataclass(frozen=True)
class Part:
    """Lines under a heading: ``rows`` of (label, value), then paragraphs."""

    heading: str
    rows: tuple[tuple[str, str], ...] = ()
    paragraphs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Barcode:
    """An SVG of a code, what it holds in letters, and what a screen reader says of it."""

    svg: str
    text: str
    label: str


@dataclass(frozen=True)
class Document:
    """One page or more. ``made_on`` is its date; ``note`` stands at the foot of each page;
    ``square`` is a QR code beside its first part, whose note says the same in letters."""

    title: str
    language: str
    made_on: date
    parts: tuple[Part, ...]
    note: str
    barcode: Barcode | None = None
    square: Barcode | None = None


def make_pdf(document: Document) -> bytes:
    """The document as a file."""
    return compile_pdf(_TEMPLATE, asdict(document))


def compile_pdf(template: Path, data: dict[str, Any]) -> bytes:
    """A template of this directory with its data, as a file."""
    pdf = typst.compile(
        template,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"document": _displayable(_as_json(data))},
        pdf_standards=STANDARDS,
    )
    if not isinstance(pdf, bytes):
        raise TypeError("a PDF is one file")
    return pdf


def _as_json(data: dict[str, Any]) -> str:
    return json.dumps(data, default=date.isoformat, ensure_ascii=False)


def _displayable(text: str) -> str:
    """The text with a sign in place of each character that the font hasn't, such as an emoji or a
    Chinese letter: a file that is made to be kept may hold none, and none may cost the file."""
    missing = {c for c in set(text) if not (c.isascii() or _has_glyph(c))}
    return text.translate({ord(c): "\N{REPLACEMENT CHARACTER}" for c in missing})


@cache
def _has_glyph(character: str) -> bool:
    """Whether the font draws the character otherwise than what it draws for none of its own."""
    font = ImageFont.truetype(str(_FONTS / "NotoSans[wdth,wght].ttf"), 20)
    drawn, none = (bytes(font.getmask(c)) for c in (character, _NO_CHARACTER))
    return drawn != none


@cache
def _fonts() -> typst.Fonts:
    """The packaged fonts alone: a document looks the same wherever it is made."""
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(_FONTS)]
    )
