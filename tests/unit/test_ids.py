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


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading(text: str) -> None:
    found = parse_folio(text)
    assert found is None or len(found) == 12


@pytest.mark.parametrize("text", ["", "C", "C7K3-M9QX-W42", "X00000000000", "CUUUUUUUUUUU"])
def test_what_can_be_no_folio_is_none(text: str) -> None:
    assert parse_folio(text) is None


def test_ids_are_version_7_and_ordered_by_time() -> None:
    made = [new_id() for _ in range(2000)]
    assert {i.version for i in made} == {7}
    assert len(set(made)) == len(made)
    stamps = [i.int >> 80 for i in made]
    assert stamps == sorted(stamps)
