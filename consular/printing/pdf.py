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

_TEMPLATE = Path(__file__).with_name("document.typ")
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
    """An SVG of a barcode, what it holds in letters, and what a screen reader says of it."""

    svg: str
    text: str
    label: str


@dataclass(frozen=True)
class Document:
    """One page or more. ``made_on`` is its date; ``note`` stands at the foot of each page."""

    title: str
    language: str
    made_on: date
    parts: tuple[Part, ...]
    note: str
    barcode: Barcode | None = None


def make_pdf(document: Document) -> bytes:
    """The document as a file."""
    return compile_pdf(_TEMPLATE, asdict(document))


def compile_pdf(template: Path, data: dict[str, Any]) -> bytes:
    """A template of this directory with its data, as a file."""
    pdf = typst.compile(
        template,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"document": json.dumps(data, default=date.isoformat)},
        pdf_standards=STANDARDS,
    )
    if not isinstance(pdf, bytes):
        raise TypeError("a PDF is one file")
    return pdf


@cache
def _fonts() -> typst.Fonts:
    """The packaged fonts alone: a document looks the same wherever it is made."""
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(_FONTS)]
    )
