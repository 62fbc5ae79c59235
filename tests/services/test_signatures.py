"""What is signed is verified by anybody, also after its key was rotated."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from services.kernel.clock import system_clock
from services.kernel.db import NO_SCOPE, Database
from services.kernel.errors import Unavailable
from services.kernel.signatures import (
    Signed,
    Signer,
    is_signed_by_us,
    list_signing_keys,
    withdraw_key,
)
from services.kernel.verify_signed import faults, main
from tests.servers import DatabaseUrls

FILE = b"%PDF-1.7 a report"
STATEMENT = {"kind": "test", "files": {"es": hashlib.sha256(FILE).hexdigest()}}
OLD, NEW = bytes(range(32)), bytes(range(1, 33))


@pytest.fixture
def session(shared_database: DatabaseUrls) -> Iterator[Session]:
    database = Database(shared_database.web_url, pool_size=1)
    with database.transaction(NO_SCOPE) as session:
        yield session
        session.rollback()
    database.dispose()


def _sign(session: Session, keys: dict[int, bytes]) -> Signed:
    return Signer(keys).sign(session, STATEMENT, now=system_clock())


def test_what_an_old_key_signed_stays_valid(session: Session) -> None:
    before = _sign(session, {1: OLD})
    after = _sign(session, {1: OLD, 2: NEW})
    assert before.key != after.key
    assert _sign(session, {2: NEW}).key == after.key
    assert is_signed_by_us(session, before)
    assert is_signed_by_us(session, after)


def test_a_withdrawn_key_signs_no_more_and_whoever_verifies_is_told(
    database: DatabaseUrls, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    owned = Database(database.owner_url, pool_size=1)
    with owned.transaction(NO_SCOPE) as session:
        signed = _sign(session, {1: OLD})
        withdraw_key(session, signed.key, "stolen", now=system_clock())
        with pytest.raises(Unavailable, match="signing_key_withdrawn"):
            _sign(session, {1: OLD})
        assert _sign(session, {1: OLD, 2: NEW}).key != signed.key
        [key] = [row for row in list_signing_keys(session) if row.key == signed.key]
    owned.dispose()
    assert key.withdrawn_at is not None
    item = {
        "key": key.key,
        "public_key": base64.b64encode(key.public_key).decode(),
        "withdrawn_at": key.withdrawn_at.isoformat(),
    }
    assert main(_files(tmp_path, signed, item)) == 3
    assert "signed with a key withdrawn on" in capsys.readouterr().out


def _files(directory: Path, signed: Signed, key: dict[str, str]) -> list[str]:
    """What the program reads: a file, its signature and the keys."""
    contents = {
        "report.pdf": FILE,
        "signature.json": json.dumps(signed.as_json()).encode(),
        "keys.json": json.dumps({"items": [key]}).encode(),
    }
    for name, data in contents.items():
        (directory / name).write_bytes(data)
    return [str(directory / name) for name in contents]


def test_without_a_key_nothing_is_signed(session: Session) -> None:
    with pytest.raises(Unavailable, match="signing_key_missing"):
        _sign(session, {})


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda file, signature: (file + b" ", signature), "isn't the one that was signed"),
        (
            lambda file, signature: (
                file,
                {**signature, "statement": signature["statement"].replace("test", "tost")},
            ),
            "doesn't fit",
        ),
        (lambda file, signature: (file, {**signature, "key": "0" * 32}), "none of those"),
        (lambda file, signature: (file, {**signature, "signature": "AAAA"}), "doesn't fit"),
    ],
    ids=["the file", "the statement", "the key", "the signature"],
)
def test_whatever_is_tampered_with_is_found(session: Session, spoil: object, says: str) -> None:
    signed = _sign(session, {1: OLD})
    keys = {row.key: row.public_key for row in list_signing_keys(session)}
    assert faults(FILE, signed.as_json(), keys) == []
    file, signature = spoil(FILE, signed.as_json())  # type: ignore[operator]
    [fault] = faults(file, signature, keys)
    assert says in fault


def test_the_program_verifies_offline(
    session: Session, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    signed = _sign(session, {1: OLD})
    [key] = [row for row in list_signing_keys(session) if row.key == signed.key]
    item = {"key": key.key, "public_key": base64.b64encode(key.public_key).decode()}
    arguments = _files(tmp_path, signed, item)
    assert main(arguments) == 0
    assert "Valid, signed with the key" in capsys.readouterr().out
    (tmp_path / "report.pdf").write_bytes(FILE.replace(b"a", b"b"))
    assert main(arguments) == 1
    assert "NOT VALID" in capsys.readouterr().out
    assert main([]) == 2
