"""Verify the receipt of a remittance that Consular signed, without asking anybody.

    python verify_receipt.py TEXT KEYS.json

TEXT is what the receipt's square code holds, as any reader of QR codes shows it; - reads it from
the standard input. KEYS.json are the public keys of Consular (/api/v1/signing-keys), which you got
and kept apart from the receipt. Prints what was signed and exits 0; says what is wrong and exits 1;
exits 3 where the signature fits, but its key was withdrawn. Compare what is printed with the paper:
names are not signed. Needs Python 3.9 and the package `cryptography`.
"""

from __future__ import annotations

import base64
import binascii
import json
import sys
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

# Begins what is signed, so that nothing else that Consular signs can be taken for a receipt.
FORMAT = "CR1"
# Stands between the fields: no value holds it, and an address needs no escape for it.
MARK = "~"
PARAMETER = "receipt"
# What is signed, in this order. Amounts in USD, from `other_fees` on in MXN; `at` is in UTC.
FIELDS = (
    "folio", "kind", "version", "transfer_amount", "transfer_fees", "transfer_taxes", "total",
    "exchange_rate", "other_fees", "total_to_recipient", "at",
)  # fmt: skip
_PESOS = ("other_fees", "total_to_recipient")
_DOLLARS = ("transfer_amount", "transfer_fees", "transfer_taxes", "total")


@dataclass(frozen=True)
class Code:
    """What a receipt's code holds: the text that was signed, its fields, key and signature."""

    text: str
    values: dict[str, str]
    key: str
    signature: bytes


def signed_text(values: dict[str, str]) -> str:
    """The text that is signed for these values of `FIELDS`."""
    return MARK.join([FORMAT, *(values[name] for name in FIELDS)])


def write_code(text: str, key: str, signature: bytes) -> str:
    """The code: what was signed, the name of the key and the signature."""
    return MARK.join([text, key, _encode(signature)])


def read_code(scanned: str) -> Code:
    """Take a code apart, whether it stands alone or in an address. Raises ValueError."""
    parts = scanned.strip().rpartition(f"{PARAMETER}=")[2].split(MARK)
    if len(parts) != len(FIELDS) + 3 or parts[0] != FORMAT:
        raise ValueError("This is not the code of a receipt.")
    *signed, key, written = parts
    try:
        signature = base64.b64decode(written + "=" * (-len(written) % 4), altchars=b"-_")
    except (binascii.Error, ValueError):
        raise ValueError("The signature can't be read.") from None
    # Base64 has several spellings of some values: only ours is taken.
    if _encode(signature) != written:
        raise ValueError("The signature can't be read.")
    return Code(MARK.join(signed), dict(zip(FIELDS, signed[1:])), key, signature)  # noqa: B905


def fits(code: Code, public_key: bytes) -> bool:
    """Whether whoever has that key signed just this text."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(code.signature, code.text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def describe(code: Code) -> str:
    """What was signed, a line a field, for people to compare with the paper."""
    unit = {**dict.fromkeys(_DOLLARS, " USD"), **dict.fromkeys(_PESOS, " MXN")}
    return "\n".join(f"{n:>19}: {value}{unit.get(n, '')}" for n, value in code.values.items())


def main(arguments: list[str]) -> int:
    """Verify what the command line gives. 0 genuine, 1 not, 3 of a withdrawn key, 2 to explain."""
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    scanned = sys.stdin.read() if arguments[0] == "-" else arguments[0]
    keys = {key["key"]: key for key in json.loads(Path(arguments[1]).read_text())["items"]}
    try:
        code = read_code(scanned)
    except ValueError as error:
        print(f"NOT VALID: {error}")
        return 1
    key = keys.get(code.key)
    if key is None:
        print(f"NOT VALID: The key {code.key} is none of those that you trust.")
        return 1
    if not fits(code, base64.b64decode(key["public_key"])):
        print("NOT VALID: The signature doesn't fit: something of the receipt was changed.")
        return 1
    print(describe(code))
    if key.get("withdrawn_at"):
        print(f"CAREFUL: signed with a key withdrawn on {key['withdrawn_at']}: whoever took it")
        print("could sign this too. Ask at the address of the receipt whether it was issued.")
        return 3
    print(f"Valid, signed with the key {code.key}.")
    return 0


def _encode(signature: bytes) -> str:
    return base64.urlsafe_b64encode(signature).decode().rstrip("=")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
