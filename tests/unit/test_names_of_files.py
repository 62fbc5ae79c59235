"""A file's own name is shown safely, and shortened so that it can still be recognised."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.files.names import MOST_NAME_BYTES, UNNAMED, shown_name

NAMES = {
    "Acta de nacimiento – José Ñ.pdf": "Acta de nacimiento – José Ñ.pdf",
    "Jose\u0301.pdf": "José.pdf",
    "factura\u202efdp.exe": "facturafdp.exe",
    "acta.pdf\x00.exe": "acta.pdf.exe",
    "../../etc/passwd": "passwd",
    "C:\\Users\\ana\\acta.pdf": "acta.pdf",
    "  a \t\n b .png  ": "a b .png",
    "\u200b\u2066": UNNAMED,
    "..": UNNAMED,
    "": UNNAMED,
}


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_what_is_shown(name: str) -> None:
    assert shown_name(name) == NAMES[name]


def test_a_long_name_keeps_its_beginning_and_its_ending() -> None:
    shown = shown_name("ñ" * 125 + ".jpeg")
    assert shown.startswith("ñ" * 50)
    assert shown.endswith("….jpeg")
    assert len(shown.encode()) <= MOST_NAME_BYTES


@given(st.text())
def test_whatever_it_is_called(name: str) -> None:
    shown = shown_name(name)
    assert 0 < len(shown.encode()) <= MOST_NAME_BYTES
    assert not set(shown) & set("/\\\0\n\u202e")
    assert shown_name(shown) == shown
