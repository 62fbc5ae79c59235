"""Requests that bring a file: how much of them is read, and where it is kept meanwhile."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import IO, Any, TypeVar
from uuid import UUID

from flask import Flask, Request, current_app, request

from services.files.cleaning import MEBIBYTES
from services.files.errors import FileTooLarge
from services.files.rules import MOST_BYTES

# A form's or a body's other fields.
MAX_FIELDS = 64 * 1024
# With the file; the lines between the parts are counted with the fields.
MAX_UPLOAD = MOST_BYTES + MAX_FIELDS
# A file of lines of text, of which five thousand are taken.
MOST_TABLE = 2 * 1024 * 1024
MULTIPART = "multipart/form-data"

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class SentFile:
    """A file as it came; nothing in it or of its name is to be trusted."""

    name: str
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class SentDocument:
    """What was sent: a file, what it is said to be, and which document it is to replace."""

    kind: str
    file: SentFile
    replaces: UUID | None = None


class UploadRequest(Request):
    """A request whose files stay in memory: nobody's document is written to a disk in the clear."""

    def _get_file_stream(self, *_args: Any, **_kwargs: Any) -> IO[bytes]:
        return io.BytesIO()


def takes_file(view: View) -> View:
    """Declare that a view takes a file besides its fields; any other is sent less."""
    view.__dict__["takes_file"] = True
    return view


def compares_file(view: View) -> View:
    """The same, of a file that is only compared."""
    view.__dict__["compares_file"] = True
    return takes_file(view)


def takes_table(view: View) -> View:
    """The same, of lines of text, in a file or pasted."""
    view.__dict__["takes_table"] = True
    return takes_file(view)


def file_too_large() -> FileTooLarge:
    """The refusal of a file with more bytes than the view of this request takes."""
    if _declares("takes_table"):
        return FileTooLarge(field="file", mebibytes=MOST_TABLE // (1024 * 1024), use="table")
    use = "compare" if _declares("compares_file") else "keep"
    return FileTooLarge(field="file", mebibytes=MEBIBYTES, use=use)


def init_uploads(app: Flask) -> None:
    """Allow more to the views that take a file. After the sign-in: nobody else's is read."""
    app.before_request(_allow_more)


def brings_file() -> bool:
    """Whether this request is for a view that takes a file."""
    return _declares("takes_file")


def _declares(what: str) -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    return bool(getattr(view, what, False))


def sent_file(name: str) -> SentFile | None:
    """The file of that field, or None; a form sends a nameless empty one when none was chosen."""
    file = request.files.get(name)
    if file is None or not (file.filename or file.content_length):
        return None
    return SentFile(file.filename or "", file.stream.read())


def sent_digests() -> list[tuple[str, str]]:
    """(field, digest) of each file of a form: two sendings of it are one only with the same."""
    digests = []
    for name, file in request.files.items(multi=True):
        digests.append((name, sha256(file.stream.read()).hexdigest()))
        file.stream.seek(0)
    return digests


def _allow_more() -> None:
    if _declares("takes_table"):
        request.max_content_length = request.max_form_memory_size = MOST_TABLE + MAX_FIELDS
    elif brings_file():
        request.max_content_length = MAX_UPLOAD
