"""Tell what a file is by its content; its name and what the sender called it count for nothing."""

from __future__ import annotations

from collections.abc import Mapping

import puremagic

from services.files.errors import FileTypeNotAccepted
from services.files.rules import Kind

# Signatures are at the beginning; the rest of a large file would only take time.
_BEGINNING = 4096
_KINDS: Mapping[str, Kind] = {
    "application/pdf": Kind.PDF,
    "image/jpeg": Kind.JPEG,
    "image/png": Kind.PNG,
    "image/heic": Kind.HEIC,
    "image/heif": Kind.HEIC,
}


def recognize(data: bytes) -> Kind:
    """The kind of a file that isn't empty. Raises `FileTypeNotAccepted`."""
    try:
        matches = puremagic.magic_string(data[:_BEGINNING])
    except puremagic.PureError:
        matches = []
    known = (_KINDS.get(match.mime_type) for match in matches)
    kind = next((kind for kind in known if kind), None)
    if kind is None:
        raise FileTypeNotAccepted(field="file")
    return kind
