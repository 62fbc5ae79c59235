"""Take in one file: what is kept is never what came, but what we made of it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from services.files.errors import (
    FileActiveContent,
    FileEmpty,
    FileEncrypted,
    FileTooLarge,
    FileTooManyPages,
    FileTypeNotAccepted,
    FileUnreadable,
    ImageTooLarge,
)
from services.files.recognizing import recognize
from services.files.rules import MOST_BYTES, WALL_SECONDS, Kind, Stored
from services.kernel.errors import Invalid, Unavailable

# Of one process, at once; each may take a core and the memory of `rules.MEMORY_BYTES`.
AT_ONCE = 2
WAIT_SECONDS = 10.0
MEBIBYTES = MOST_BYTES // (1024 * 1024)
# What comes back: the file, which may grow by little when it is written anew, and the preview.
_MOST_ANSWER = 2 * MOST_BYTES
# -I: neither the environment nor the working directory says what is imported.
_COMMAND = (sys.executable, "-I", "-m", "services.files.sandbox")
# One arena: each of more would reserve memory that the limit counts.
_ENVIRONMENT = {"MALLOC_ARENA_MAX": "1", "LC_ALL": "C.UTF-8"}
# What the process may answer besides the file.
_REFUSALS: tuple[type[Invalid], ...] = (
    FileTypeNotAccepted,
    FileEncrypted,
    FileActiveContent,
    FileTooManyPages,
    FileUnreadable,
    ImageTooLarge,
)
_places = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True)
class CleanFile:
    """What is kept of a file. ``preview``: a small JPEG, of a PDF its first page."""

    stored: Stored
    data: bytes = field(repr=False)
    preview: bytes = field(repr=False)
    pages: int


def clean(data: bytes) -> CleanFile:
    """Recognize the file by its content and write it anew in a process of its own.

    Raises `FileEmpty`, `FileTooLarge`, `FileTypeNotAccepted`, `FileEncrypted`,
    `FileActiveContent`, `FileTooManyPages`, `FileUnreadable`, `ImageTooLarge`, each for the field
    ``file``; Unavailable while too many files are being read.
    """
    if not data:
        raise FileEmpty(field="file")
    if len(data) > MOST_BYTES:
        raise FileTooLarge(field="file", mebibytes=MEBIBYTES)
    kind = recognize(data)
    with _place():
        answer = _run(data)
    return _read(answer, kind)


@contextmanager
def _place() -> Iterator[None]:
    if not _places.acquire(timeout=WAIT_SECONDS):
        raise Unavailable(retry_after=5)
    try:
        yield
    finally:
        _places.release()


def _run(data: bytes) -> bytes:
    """What the process answers to the file; cut off where it is killed or says too much."""
    with subprocess.Popen(  # noqa: S603  # our own module under our own interpreter
        _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=_ENVIRONMENT,
    ) as process:  # fmt: skip
        assert process.stdin is not None  # noqa: S101
        assert process.stdout is not None  # noqa: S101
        killing = threading.Timer(WALL_SECONDS, process.kill)
        killing.start()
        try:
            # It reads everything before it answers, so neither end waits for the other.
            with suppress(BrokenPipeError):
                process.stdin.write(data)
            with suppress(BrokenPipeError):
                process.stdin.close()
            return process.stdout.read(_MOST_ANSWER)
        finally:
            killing.cancel()
            process.kill()


def _read(answer: bytes, kind: Kind) -> CleanFile:
    """Raises the refusal that the process wrote, `FileUnreadable` where it was killed."""
    line, ends, parts = answer.partition(b"\n")
    if not ends:
        raise FileUnreadable(field="file", kind=kind.value)
    about: dict[str, Any] = json.loads(line)
    if "refused" in about:
        raise _refusal(about["refused"], about["params"])
    preview = int(about["preview"])
    return CleanFile(
        Stored(about["stored"]), parts[:-preview], parts[-preview:], int(about["pages"])
    )


def _refusal(code: str, params: dict[str, Any]) -> Invalid:
    known = {kind.code: kind for kind in _REFUSALS}
    return known.get(code, FileUnreadable)(field="file", **params)
