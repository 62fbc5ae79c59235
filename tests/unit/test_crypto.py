"""A sealed value opens in its own row and column only, and keys can be rotated and forgotten."""

from __future__ import annotations

import os
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.crypto import SealBroken, Vault, fingerprint
from services.kernel.ids import new_id

PLACE = "people.curp"
OLD, NEW, INDEX = os.urandom(32), os.urandom(32), os.urandom(32)
BIRTH = date(1990, 5, 12)


@pytest.fixture
def vault() -> Vault:
    return Vault({1: OLD}, INDEX)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])), st.uuids())
def test_what_is_sealed_opens_as_the_same_text(text: str, row: UUID) -> None:
    key = Vault({1: OLD}, INDEX).new_key(row)
    assert key.open(key.seal(text, place=PLACE, row=row), place=PLACE, row=row) == text


def test_the_same_text_is_never_sealed_to_the_same_bytes(vault: Vault) -> None:
    row = new_id()
    key = vault.new_key(row)
    assert len({key.seal("HEGG560427MVZRRL04", place=PLACE, row=row) for _ in range(50)}) == 50


def test_a_sealed_value_doesnt_open_in_another_row_or_column(vault: Vault) -> None:
    row = new_id()
    key = vault.new_key(row)
    sealed = key.seal("HEGG560427MVZRRL04", place=PLACE, row=row)
    for place, other in ((PLACE, new_id()), ("people.email", row), ("people.cur", row)):
        with pytest.raises(SealBroken):
            key.open(sealed, place=place, row=other)


def test_place_and_row_cant_be_traded_against_each_other(vault: Vault) -> None:
    row = UUID(bytes=b"\x1f" * 16)
    key = vault.new_key(row)
    sealed = key.seal("x", place="a", row=row)
    with pytest.raises(SealBroken):
        key.open(sealed, place="a\x1f", row=row)


def test_an_altered_or_cut_value_doesnt_open(vault: Vault) -> None:
    row = new_id()
    key = vault.new_key(row)
    sealed = key.seal("HEGG560427MVZRRL04", place=PLACE, row=row)
    broken = [sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :] for at in range(len(sealed))]
    for value in [*broken, *(sealed[:cut] for cut in range(len(sealed))), sealed + b"\0"]:
        with pytest.raises(SealBroken):
            key.open(value, place=PLACE, row=row)


def test_one_persons_key_doesnt_open_anothers_values(vault: Vault) -> None:
    mine, theirs = new_id(), new_id()
    sealed = vault.new_key(theirs).seal("secret", place=PLACE, row=theirs)
    with pytest.raises(SealBroken):
        vault.new_key(mine).open(sealed, place=PLACE, row=theirs)


def test_a_wrapped_key_moved_to_another_row_doesnt_unwrap(vault: Vault) -> None:
    row = new_id()
    wrapped = vault.new_key(row).wrapped
    assert vault.unwrap(wrapped, row).wrapped == wrapped
    with pytest.raises(SealBroken):
        vault.unwrap(wrapped, new_id())


def test_after_a_rotation_the_new_master_wraps_and_the_old_still_opens(vault: Vault) -> None:
    row = new_id()
    before = vault.new_key(row)
    sealed = before.seal("secret", place=PLACE, row=row)
    rotated = Vault({1: OLD, 2: NEW}, INDEX)
    assert rotated.unwrap(before.wrapped, row).open(sealed, place=PLACE, row=row) == "secret"
    after = rotated.new_key(row)
    assert (before.wrapped[:2], after.wrapped[:2]) == (b"\0\1", b"\0\2")
    with pytest.raises(SealBroken):
        vault.unwrap(after.wrapped, row)


def test_the_version_of_a_wrapped_key_cant_be_forged() -> None:
    row = new_id()
    both = Vault({1: OLD, 2: NEW}, INDEX)
    wrapped = both.new_key(row).wrapped
    with pytest.raises(SealBroken):
        both.unwrap(b"\0\1" + wrapped[2:], row)


def test_a_master_key_that_is_gone_leaves_nothing_to_open(vault: Vault) -> None:
    row = new_id()
    wrapped = vault.new_key(row).wrapped
    with pytest.raises(SealBroken, match="not configured"):
        Vault({2: NEW}, INDEX).unwrap(wrapped, row)


def test_without_its_own_key_a_persons_value_is_lost(vault: Vault) -> None:
    row = new_id()
    sealed = vault.new_key(row).seal("secret", place=PLACE, row=row)
    # Shredding deletes the wrapped key: no other key of the same row and master opens the value.
    with pytest.raises(SealBroken):
        vault.new_key(row).open(sealed, place=PLACE, row=row)


def test_a_blind_index_finds_equals_of_its_kind_only(vault: Vault) -> None:
    curp = "HEGG560427MVZRRL04"
    assert vault.blind_index("curp", curp) == vault.blind_index("curp", curp)
    assert vault.blind_index("curp", curp) != vault.blind_index("nss", curp)
    assert vault.blind_index("curp", curp) != Vault({1: OLD}, os.urandom(32)).blind_index(
        "curp", curp
    )
    assert vault.blind_index("curp", curp) != fingerprint(curp.encode())


def test_a_blind_index_doesnt_depend_on_the_master_keys(vault: Vault) -> None:
    assert vault.blind_index("curp", "x") == Vault({2: NEW}, INDEX).blind_index("curp", "x")


def test_keys_dont_show_in_what_is_printed(vault: Vault) -> None:
    key = vault.new_key(new_id())
    for secret in (key.secret, OLD, INDEX):
        assert repr(secret) not in repr(key) + repr(vault)
