"""The process that reads one file: it may open nothing, and take little memory and time.

``python -m services.files.sandbox`` reads the file from its standard input and answers on its
standard output: a line of JSON, then the file as it is kept, then its preview. A file that is made
to use up a machine, or to take over whatever reads it, meets limits of the operating system here.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Mapping
from typing import Any

from services.files import pdfs, pictures
from services.files.errors import FileUnreadable
from services.files.pdfs import clean_pdf
from services.files.pictures import clean_picture
from services.files.recognizing import recognize
from services.files.rules import CPU_SECONDS, MEMORY_BYTES, MOST_BYTES, Kind, Stored
from services.kernel.errors import DomainError


def main() -> None:
    """Read a file, clean it, answer."""
    pictures.prepare()
    pdfs.prepare()
    data = sys.stdin.buffer.read(MOST_BYTES + 1)
    try:
        kind = recognize(data)
        _limit(kind)
        answer, parts = _clean(data, kind)
    except DomainError as refused:
        answer, parts = {"refused": refused.code, "params": dict(refused.params)}, ()
    except Exception:
        # What a library raises of a broken file has no end; the file can't be read.
        answer, parts = {"refused": FileUnreadable.code, "params": {}}, ()
    _write(answer, parts)


def _limit(kind: Kind) -> None:
    """From here on: no new file or socket, no file to write, so much memory and time."""
    limits = {
        resource.RLIMIT_AS: MEMORY_BYTES[kind],
        resource.RLIMIT_CPU: CPU_SECONDS,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 3,
    }
    for what, most in limits.items():
        resource.setrlimit(what, (most, most))


def _clean(data: bytes, kind: Kind) -> tuple[Mapping[str, Any], tuple[bytes, ...]]:
    if kind is Kind.PDF:
        pdf = clean_pdf(data)
        about = {"stored": Stored.PDF.value, "pages": pdf.pages}
        return about | {"preview": len(pdf.preview)}, (pdf.data, pdf.preview)
    picture, preview = clean_picture(data, kind)
    about = {"stored": Stored.JPEG.value, "pages": 1}
    return about | {"preview": len(preview)}, (picture, preview)


def _write(answer: Mapping[str, Any], parts: tuple[bytes, ...]) -> None:
    out = sys.stdout.buffer
    out.write(json.dumps(answer).encode() + b"\n")
    for part in parts:
        out.write(part)
    out.flush()


if __name__ == "__main__":
    main()
