"""Read a PDF and write it anew: its pages alone, with nothing that acts and no metadata."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pikepdf
import pypdfium2
from pikepdf import Array, Dictionary, Name, Pdf, Stream

from services.files.errors import (
    FileActiveContent,
    FileEncrypted,
    FileTooManyPages,
    FileUnreadable,
    ImageTooLarge,
)
from services.files.pictures import make_preview
from services.files.rules import MOST_PAGES, MOST_UNPACKED, PREVIEW_SIDE, Kind

# What an object is refused for: the name of a key, or the value of /S or /Subtype.
_KEYS = {
    "/JS": "script",
    "/JavaScript": "script",
    "/XFA": "form",
    "/EmbeddedFile": "attachment",
    "/EmbeddedFiles": "attachment",
    "/EF": "attachment",
    "/RichMediaContent": "media",
}
_ACTIONS = {
    "/JavaScript": "script",
    "/Launch": "action",
    "/SubmitForm": "action",
    "/ImportData": "action",
    "/GoToR": "action",
    "/GoToE": "action",
    "/Rendition": "media",
    "/Movie": "media",
    "/Sound": "media",
    "/RichMediaExecute": "media",
    "/GoTo3DView": "media",
}
_SUBTYPES = {
    "/FileAttachment": "attachment",
    "/RichMedia": "media",
    "/Movie": "media",
    "/Sound": "media",
    "/Screen": "media",
    "/3D": "media",
}
# What of a page isn't its looks.
_PAGE_EXTRAS = ("/Annots", "/AA", "/Metadata", "/PieceInfo", "/Thumb", "/B", "/LastModified")
_FLATE = ("/FlateDecode", "/Fl")
_PACKING = (*_FLATE, "/LZWDecode", "/LZW")
_CHUNK = 1024 * 1024


@dataclass(frozen=True)
class CleanPdf:
    """A PDF of ours, how many pages it has, and a small picture of the first."""

    data: bytes
    pages: int
    preview: bytes


def prepare() -> None:
    """Load what reading needs, so that no file has to be opened afterwards: to see that a PDF is
    encrypted, the library wants the system's random numbers."""
    with Pdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(io.BytesIO(), encryption=pikepdf.Encryption(owner="any", user="any"))


def clean_pdf(data: bytes) -> CleanPdf:
    """Raises `FileEncrypted`, `FileActiveContent`, `FileTooManyPages`, `FileUnreadable`,
    `ImageTooLarge`."""
    try:
        return _clean(data)
    except pikepdf.PasswordError as error:
        raise FileEncrypted(field="file") from error
    except MemoryError as error:
        raise ImageTooLarge(field="file", kind=Kind.PDF.value) from error
    except (
        pikepdf.PdfError, pypdfium2.PdfiumError, zlib.error,
        ValueError, TypeError, RuntimeError, KeyError, RecursionError,
    ) as error:  # fmt: skip
        raise FileUnreadable(field="file", kind=Kind.PDF.value) from error


def _clean(data: bytes) -> CleanPdf:
    with Pdf.open(io.BytesIO(data), suppress_warnings=True) as pdf:
        if pdf.is_encrypted:
            raise FileEncrypted(field="file")
        pages = len(pdf.pages)
        if not pages:
            raise FileUnreadable(field="file", kind=Kind.PDF.value)
        if pages > MOST_PAGES:
            raise FileTooManyPages(field="file", pages=MOST_PAGES)
        _refuse_active(pdf)
        _refuse_bombs(pdf)
        written = _write_pages(pdf)
    return CleanPdf(written, pages, _first_page(written))


def _refuse_active(pdf: Pdf) -> None:
    opening = pdf.Root.get(Name.OpenAction)
    # Where to begin reading is harmless, and is dropped with everything else that isn't a page.
    if isinstance(opening, Dictionary) and opening.get(Name.S) not in (None, Name.GoTo):
        raise FileActiveContent(field="file", found=_active_content(opening) or "action")
    for each in pdf.objects:
        for part in _parts(each):
            if content := _active_content(part):
                raise FileActiveContent(field="file", found=content)


def _parts(thing: Any) -> Iterator[Any]:
    """The dictionaries within an object of the file, which the file doesn't list by themselves."""
    waiting = [thing]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Dictionary | Stream):
            yield part
            children = [value for _, value in part.items()]
        elif isinstance(part, Array):
            children = list(part)
        else:
            continue
        waiting += [
            child
            for child in children
            if isinstance(child, Dictionary | Array) and not child.is_indirect
        ]


def _active_content(part: Any) -> str | None:
    """What the dictionary does besides being looked at."""
    keys = set(part.keys())
    named = next((_KEYS[key] for key in keys & _KEYS.keys()), None)
    action = _ACTIONS.get(str(part.get(Name.S))) if "/S" in keys else None
    kind = _SUBTYPES.get(str(part.get(Name.Subtype))) if "/Subtype" in keys else None
    return named or action or kind


def _refuse_bombs(pdf: Pdf) -> None:
    """Raise `ImageTooLarge` where the streams unpack to too much, without keeping what they hold.

    Pictures within are in formats of their own; how much memory those take is limited for the
    process that draws the first page.
    """
    room = MOST_UNPACKED
    for each in pdf.objects:
        if isinstance(each, Stream):
            room -= _unpacked(each, room)
        if room < 0:
            raise ImageTooLarge(field="file", kind=Kind.PDF.value)


def _unpacked(stream: Stream, room: int) -> int:
    filters = stream.get(Name.Filter)
    names = [str(each) for each in filters] if isinstance(filters, Array) else [str(filters)]
    packings = [name for name in names if name in _PACKING]
    if len(packings) > 1:
        # Packed twice: no honest program does that.
        raise ImageTooLarge(field="file", kind=Kind.PDF.value)
    if not packings:
        return 0
    if names[0] in _FLATE:
        return _inflated(stream.read_raw_bytes(), room)
    return len(stream.read_bytes())


def _inflated(packed: bytes, room: int) -> int:
    """How many bytes come out; raises `ImageTooLarge` past ``room``."""
    unpacking, total = zlib.decompressobj(), 0
    rest = packed
    while rest and not unpacking.eof:
        total += len(unpacking.decompress(rest, _CHUNK))
        if total > room:
            raise ImageTooLarge(field="file", kind=Kind.PDF.value)
        rest = unpacking.unconsumed_tail
    return total


def _write_pages(pdf: Pdf) -> bytes:
    """What is filled in becomes part of the page; then only the pages are taken along."""
    if Name.AcroForm in pdf.Root:
        pdf.generate_appearance_streams()
    pdf.flatten_annotations("all")
    with Pdf.new() as written:
        written.pages.extend(pdf.pages)
        for page in written.pages:
            for extra in _PAGE_EXTRAS:
                if extra in page.obj:
                    del page.obj[extra]
        for each in written.objects:
            if isinstance(each, Dictionary | Stream):
                for extra in ("/Metadata", "/PieceInfo"):
                    if extra in each:
                        del each[extra]
        written.remove_unreferenced_resources()
        target = io.BytesIO()
        written.save(
            target,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
            deterministic_id=True,
        )
        return target.getvalue()


def _first_page(data: bytes) -> bytes:
    with pypdfium2.PdfDocument(data) as document:
        page = document[0]
        scale = PREVIEW_SIDE / max(*page.get_size(), 1)
        return make_preview(page.render(scale=scale).to_pil())
