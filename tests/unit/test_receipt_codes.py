"""A receipt's code is genuine to the letter or not at all, for whoever has the public keys."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.kernel.verify_signed import name_key
from services.remittances import verify_receipt
from services.remittances.verify_receipt import (
    FIELDS,
    MARK,
    describe,
    main,
    read_code,
    signed_text,
    write_code,
)

VALUES = {
    "folio": "R7K3M9QXW42T",
    "kind": "payment",
    "version": "1",
    "transfer_amount": "300.00",
    "transfer_fees": "2.99",
    "transfer_taxes": "3.00",
    "total": "305.99",
    "exchange_rate": "11.9483779",
    "other_fees": "0.00",
    "total_to_recipient": "3584.51",
    "at": "2026-11-26T16:45:00Z",
}
OURS, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2))


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def _code(key: Ed25519PrivateKey = OURS, *, named: Ed25519PrivateKey | None = None) -> str:
    text = signed_text(VALUES)
    return write_code(text, name_key(_public(named or key)), key.sign(text.encode()))


def _keys(directory: Path, *keys: Ed25519PrivateKey, withdrawn_at: str | None = None) -> str:
    """The file of public keys that somebody kept."""
    items: list[dict[str, Any]] = [
        {
            "key": name_key(_public(key)),
            "public_key": base64.b64encode(_public(key)).decode(),
            "withdrawn_at": withdrawn_at,
        }
        for key in keys
    ]
    path = directory / "keys.json"
    path.write_text(json.dumps({"items": items, "next": None}))
    return str(path)


def test_a_genuine_code_is_told_with_what_was_signed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = f"https://consular.example/verify/R7K3M9QXW42T?receipt={_code()}"
    for scanned in (_code(), address, f" {address}\n"):
        assert main([scanned, _keys(tmp_path, OTHER, OURS)]) == 0
        said = capsys.readouterr().out
        assert "Valid, signed with the key" in said
        for value in VALUES.values():
            assert value in said


@pytest.mark.parametrize("place", range(len(FIELDS) + 3))
def test_one_letter_changed_anywhere_is_found(
    place: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = _keys(tmp_path, OURS)
    parts = _code().split(MARK)
    for at, letter in enumerate(parts[place]):
        other = "8" if letter != "8" else "3"
        changed = [*parts]
        changed[place] = parts[place][:at] + other + parts[place][at + 1 :]
        assert main([MARK.join(changed), keys]) == 1, (place, at)
        assert "NOT VALID" in capsys.readouterr().out


def test_the_last_letter_of_a_signature_has_no_other_spelling(tmp_path: Path) -> None:
    """Four bits of it say nothing, so that fifteen other letters would decode to the same."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    code, keys = _code(), _keys(tmp_path, OURS)
    good = [letter for letter in alphabet if main([code[:-1] + letter, keys]) == 0]
    assert good == [code[-1]]


def test_a_key_that_isnt_trusted_or_isnt_the_one_named_proves_nothing(tmp_path: Path) -> None:
    assert main([_code(OTHER), _keys(tmp_path, OURS)]) == 1
    assert main([_code(OTHER, named=OURS), _keys(tmp_path, OURS)]) == 1


def test_what_a_withdrawn_key_signed_is_said_to_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = _keys(tmp_path, OURS, withdrawn_at="2026-12-01T00:00:00Z")
    assert main([_code(), keys]) == 3
    assert "signed with a key withdrawn on 2026-12-01T00:00:00Z" in capsys.readouterr().out


@pytest.mark.parametrize("scanned", ["", "R7K3M9QXW42T", "~" * 13, "CR1~" + "x~" * 12, "💵"])
def test_what_is_no_code_is_refused(scanned: str, tmp_path: Path) -> None:
    assert main([scanned, _keys(tmp_path, OURS)]) == 1


def test_amounts_are_described_with_their_currencies() -> None:
    said = describe(read_code(_code()))
    assert "305.99 USD" in said
    assert "3584.51 MXN" in said


def test_the_program_stands_alone_and_reads_what_is_scanned(tmp_path: Path) -> None:
    """As it is downloaded: apart from the project, in a process of its own."""
    program = tmp_path / "verify_receipt.py"
    program.write_bytes(Path(verify_receipt.__file__).read_bytes())
    keys = _keys(tmp_path, OURS)

    def run(*arguments: str, given: str = "") -> tuple[int, str]:
        command = [sys.executable, "-I", str(program), *arguments]
        done = subprocess.run(
            command, input=given, capture_output=True, text=True, cwd=tmp_path, check=False
        )
        return done.returncode, done.stdout + done.stderr

    code, said = run("-", keys, given=_code())
    assert (code, "Valid" in said) == (0, True)
    code, said = run(_code().replace("305.99", "905.99"), keys)
    assert (code, "something of the receipt was changed" in said) == (1, True)
    assert run()[0] == 2
