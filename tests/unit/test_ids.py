"""A folio survives being read aloud and typed in, and a slip of one character is noticed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.ids import CROCKFORD, FolioKind, new_folio, new_id, parse_folio

folios = st.sampled_from(FolioKind).map(new_folio)


@given(folios)
def test_a_folio_reads_back_as_itself(folio: str) -> None:
    assert len(folio) == 12
    assert parse_folio(folio) == folio


@given(folios, st.integers(1, 11), st.sampled_from(CROCKFORD))
def test_a_single_wrong_character_is_always_found(folio: str, at: int, wrong: str) -> None:
    changed = folio[:at] + wrong + folio[at + 1 :]
    assert (parse_folio(changed) is None) == (changed != folio)


@given(folios, st.sampled_from(FolioKind))
def test_a_folio_of_another_kind_is_found(folio: str, kind: FolioKind) -> None:
    changed = kind + folio[1:]
    assert (parse_folio(changed) is None) == (changed != folio)


@given(folios, st.sampled_from(["-", " ", "‑", ""]), st.booleans())
def test_groups_and_small_letters_are_understood(folio: str, gap: str, small: bool) -> None:
    typed = gap.join((folio[:4], folio[4:8], folio[8:]))
    assert parse_folio(f"  {typed.lower() if small else typed}\t") == folio


@given(folios, st.data())
def test_lookalikes_are_read_as_the_digits_they_resemble(folio: str, data: st.DataObject) -> None:
    one, zero = data.draw(st.sampled_from("1IiLl")), data.draw(st.sampled_from("0Oo"))
    assert parse_folio(folio[0] + folio[1:].replace("1", one).replace("0", zero)) == folio


DASHES = (
    "-\u00ad\u058a\u05be\u1806\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2e3a\u30a0\ufe58"
    "\ufe63\uff0d"
)
SIGNS = "./_:,;·|\\*'\"#\t\n\u00a0\u2007\u202f\u3000\u200b\u200d\u2060\ufeff\u200e\u202d"


@pytest.mark.parametrize("sign", [*DASHES, *SIGNS, " - ", " – "])
def test_any_sign_between_the_groups_is_understood(sign: str) -> None:
    folio = new_folio(FolioKind.APPOINTMENT)
    groups = (folio[:4], folio[4:8], folio[8:])
    assert parse_folio(sign.join(groups)) == folio
    assert parse_folio(f"{sign}{sign.join(groups).lower()}{sign}") == folio


@pytest.mark.parametrize(
    "around",
    [
        "Folio: {}", "folio {}", "FOLIO:{}", "Folio no. {}", "Folio Nº {}", "Número de folio: {}",
        "Mi folio es {}", "Folio de la cita: {}", "Your folio: {}", "Folio #{}.", "«{}»", "({})",
        "https://citas.example/verify/{}", "http://127.0.0.1:8000/verify/{}?lang=en",
        "citas.example/VERIFY/{}#top", "https://citas.example/verify/{}/", "/verify/%20{}%20",
        "\u200bFolio:\u00a0{}\u200b",
    ],
)  # fmt: skip
@given(folio=folios)
def test_a_folio_is_read_with_what_stands_around_it(around: str, folio: str) -> None:
    spaced = f"{folio[:4]}-{folio[4:8]}-{folio[8:]}"
    for typed in (folio, spaced, spaced.lower(), spaced.replace("-", "–")):
        assert parse_folio(around.format(typed)) == folio


@given(folios, st.sampled_from(["Cita ", "x", "C", "1", "https://citas.example/citas/"]))
def test_what_else_stands_before_it_makes_it_no_folio(folio: str, before: str) -> None:
    assert parse_folio(before + folio) is None


def test_wide_characters_and_long_texts() -> None:
    folio = new_folio(FolioKind.REMITTANCE)
    wide = "".join(chr(ord(c) + 0xFEE0) for c in folio)
    assert parse_folio(wide) == folio
    assert parse_folio(folio + " " * 300) is None


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading(text: str) -> None:
    folio = parse_folio(text)
    assert folio is None or len(folio) == 12


@pytest.mark.parametrize("text", ["", "C", "C7K3-M9QX-W42", "X00000000000", "CUUUUUUUUUUU"])
def test_what_can_be_no_folio_is_none(text: str) -> None:
    assert parse_folio(text) is None


def test_ids_are_version_7_and_ordered_by_time() -> None:
    ids = [new_id() for _ in range(2000)]
    assert {i.version for i in ids} == {7}
    assert len(set(ids)) == len(ids)
    stamps = [i.int >> 80 for i in ids]
    assert stamps == sorted(stamps)
