"""Verify a file that Consular signed, such as a report, without asking anybody.

    python verify_signed.py FILE SIGNATURE.json KEYS.json

FILE is as it was downloaded, SIGNATURE.json its signature, KEYS.json the public keys of Consular
(/api/v1/signing-keys), which you got and kept apart from the other two. Prints what was signed and
exits 0; or says what is wrong and exits 1; exits 3 where all fits, but the key was withdrawn. Needs
Python 3.9 and the package `cryptography`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def name_key(public_key: bytes) -> str:
    """How a public key is called: the first 16 bytes of its SHA-256, in hexadecimal."""
    return hashlib.sha256(public_key).hexdigest()[:32]


def statement_faults(signature: dict[str, Any], public_keys: dict[str, bytes]) -> list[str]:
    """What is wrong with a signature, whatever became of the file; nothing where it is good.

    ``public_keys`` are those that the reader trusts, by name.
    """
    public_key = public_keys.get(signature["key"])
    if public_key is None or name_key(public_key) != signature["key"]:
        return [f"The key {signature['key']} is none of those that you trust."]
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(
            base64.b64decode(signature["signature"]), signature["statement"].encode()
        )
    except (InvalidSignature, ValueError):
        return ["The signature doesn't fit what it says was signed."]
    return []


def faults(file: bytes, signature: dict[str, Any], public_keys: dict[str, bytes]) -> list[str]:
    """What is wrong with a file and its signature; nothing where they are as they were signed."""
    wrong = statement_faults(signature, public_keys)
    signed = json.loads(signature["statement"])["files"].values() if not wrong else []
    if not wrong and hashlib.sha256(file).hexdigest() not in signed:
        return ["The file isn't the one that was signed: it was changed, or is another version."]
    return wrong


def main(arguments: list[str]) -> int:
    """Verify what the command line names. 0 where all is well, 1 where it isn't, 3 where the key
    was withdrawn, 2 to explain."""
    if len(arguments) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    file, signature_file, keys_file = (Path(argument).read_bytes() for argument in arguments)
    signature = json.loads(signature_file)
    items = json.loads(keys_file)["items"]
    keys = {item["key"]: base64.b64decode(item["public_key"]) for item in items}
    wrong = faults(file, signature, keys)
    for fault in wrong:
        print(f"NOT VALID: {fault}")
    if wrong:
        return 1
    withdrawn = {item["key"]: item.get("withdrawn_at") for item in items}[signature["key"]]
    if withdrawn:
        print(
            f"CAREFUL: signed with a key withdrawn on {withdrawn}: whoever took it could sign too."
        )
    else:
        print(f"Valid, signed with the key {signature['key']}:")
    print(json.dumps(json.loads(signature["statement"]), indent=2, ensure_ascii=False))
    return 3 if withdrawn else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
