"""Read a picture and write it anew: upright, of a sane size, with nothing but its pixels."""

from __future__ import annotations

import io
import re
import warnings

import pi_heif

# Pillow would load the last two when a picture asks for them, and then no file can be opened.
from PIL import Image, ImageOps, MpoImagePlugin, TiffImagePlugin  # noqa: F401

from services.files.errors import FileUnreadable, ImageTooLarge
from services.files.rules import LONGEST_SIDE, MOST_PIXELS, MOST_SCANS, PREVIEW_SIDE, Kind

_QUALITY = 85
_PREVIEW_QUALITY = 70
# In a JPEG, what isn't pixels: behind it stands the length of its segment, but for the end.
_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")
_SCAN, _END = b"\xda", b"\xd9"
_FORMATS = {Kind.JPEG: ("JPEG",), Kind.PNG: ("PNG",), Kind.HEIC: ("HEIF",)}


def prepare() -> None:
    """Load what reading needs, so that no file has to be opened afterwards."""
    Image.preinit()
    pi_heif.register_heif_opener(thumbnails=False)
    # A thread of libheif would take memory for a stack and a heap of its own.
    pi_heif.options.DECODE_THREADS = 1
    # How large a picture may be is said by our own rule, before anything is decoded.
    Image.MAX_IMAGE_PIXELS = None


def clean_picture(data: bytes, kind: Kind) -> tuple[bytes, bytes]:
    """The picture as a JPEG of ours, and a small one to recognize it by.

    Of several pictures in one file the first. Raises `FileUnreadable`, `ImageTooLarge`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = _read(data, kind)
            return _as_jpeg(picture, _QUALITY), make_preview(picture)
    except (OSError, ValueError, SyntaxError, RuntimeError, EOFError, OverflowError) as error:
        raise FileUnreadable(field="file", kind=kind.value) from error
    except MemoryError as error:
        raise ImageTooLarge(field="file", kind=kind.value) from error


def make_preview(picture: Image.Image) -> bytes:
    """A small JPEG of a picture."""
    small = picture.copy()
    small.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    return _as_jpeg(small, _PREVIEW_QUALITY)


def _read(data: bytes, kind: Kind) -> Image.Image:
    """Raises `ImageTooLarge`, `FileUnreadable` by what the file says of itself, before it is
    decoded."""
    picture: Image.Image = Image.open(io.BytesIO(data), formats=_FORMATS[kind])
    width, height = picture.size
    if width * height > MOST_PIXELS[kind]:
        raise ImageTooLarge(field="file", kind=kind.value)
    if kind is Kind.JPEG:
        _refuse_many_scans(data)
        # Decoded at a half, a quarter or an eighth, where what is left is still large enough.
        smaller = max(width, height) // LONGEST_SIDE or 1
        picture.draft("RGB", (width // smaller, height // smaller))
    picture.load()
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), reducing_gap=2.0)
    return _on_white(ImageOps.exif_transpose(picture))


def _refuse_many_scans(data: bytes) -> None:
    """Of its first picture; what stands in a segment or behind the end is no scan."""
    scans, at = 0, 2
    while (marker := _MARKER.search(data, at)) and marker[1] != _END:
        scans += marker[1] == _SCAN
        if scans > MOST_SCANS:
            raise FileUnreadable(field="file", kind=Kind.JPEG.value)
        at = marker.end() + int.from_bytes(data[marker.end() : marker.end() + 2])


def _on_white(picture: Image.Image) -> Image.Image:
    """Without transparency, in the colors that a JPEG has."""
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    see_through = picture.convert("RGBA")
    paper = Image.new("RGB", picture.size, "white")
    paper.paste(see_through, mask=see_through.getchannel("A"))
    return paper


def _as_jpeg(picture: Image.Image, quality: int) -> bytes:
    """Only pixels are written: a picture's ``info`` is left behind."""
    target = io.BytesIO()
    plain = Image.new("RGB", picture.size)
    plain.paste(picture)
    plain.save(target, "JPEG", quality=quality, optimize=True)
    return target.getvalue()
