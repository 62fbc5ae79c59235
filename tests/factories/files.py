"""Files as people send them, and files that were made to do harm."""

from __future__ import annotations

import base64
import io
import os
import struct
import warnings
import zlib
from collections.abc import Mapping
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf
from PIL import Image

# An iPhone's photo in small: 64 x 48 that are shown turned, red above and blue below; in its Exif
# "Apple" as its maker. Made with pillow-heif, whose encoder we don't install.
HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAchtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAA"
    "AAAAAAAAADRpbG9jAAAAAERAAAIAAQAAAAAB7AABAAAAAAAAAIcAAgAAAAACcwABAAAAAAAAADYAAAA4aWluZgAAAAAA"
    "AgAAABVpbmZlAgAAAAABAABodmMxAAAAABVpbmZlAgAAAQACAABFeGlmAAAAAA5waXRtAAAAAAABAAABB2lwcnAAAADm"
    "aXBjbwAAAHZodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQAq"
    "QgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq5Ka5uAhoMCAAAAMDIAAAAwAhYgABAAZEAcFzwIkAAAATY29scm5jbHgAAQAN"
    "AAaAAAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAoY2xhcAAAAEAAAAABAAAAMAAAAAEAAAAAAAAAAv////AAAAACAAAAEHBp"
    "eGkAAAAAAwgICAAAAAlpcm90AwAAABlpcG1hAAAAAAAAAAEAAQaBAgMFhIYAAAAaaXJlZgAAAAAAAAAOY2RzYwACAAEA"
    "AQAAAMVtZGF0AAAAgygBrwngPfMi///yPzf//LDOy/vFxFe//8dbw7/Ulg//5BV6YSgwK4fJZOV/OjuvTe0nzRSLF6VX"
    "ROUsfyV5YE0dz5ScPKu0k7mrR5Zm03rO8lbypFTqxOw5etvY1hyVJ2YWxFMxWkiECHU6E8t7/aXrC6g/pw39+aqK+UFz"
    "2Mj7hoeOAAAABkV4aWYAAE1NACoAAAAIAAIBDwACAAAABgAAACYBEgADAAAAAQAGAAAAAAAAQXBwbGUA"
)
_ORIENTATION, _MAKER, _TURNED = 0x0112, 0x010F, 6


def make_picture(width: int = 64, height: int = 48) -> Image.Image:
    """Red on the left, blue on the right."""
    picture = Image.new("RGB", (width, height), "blue")
    picture.paste("red", (0, 0, width // 2, height))
    return picture


def encode(picture: Image.Image, form: str, **options: Any) -> bytes:
    """As a file of that format."""
    target = io.BytesIO()
    picture.save(target, form, **options)
    return target.getvalue()


def jpeg(width: int = 64, height: int = 48) -> bytes:
    """A telephone's photo: lying on its side, with its maker, its place and a comment."""
    exif = Image.Exif()
    exif[_ORIENTATION], exif[_MAKER] = _TURNED, "Apple"
    exif.get_ifd(0x8825)[2] = (19.0, 25.0, 42.0)
    return encode(make_picture(width, height), "JPEG", exif=exif, comment=b"private comment")


def png(width: int = 64, height: int = 48) -> bytes:
    """A screenshot."""
    return encode(make_picture(width, height), "PNG")


def pdf(pages: int = 1, root: Mapping[str, Any] | None = None, **save: Any) -> bytes:
    """A PDF with metadata, and with ``root`` among its catalogue's entries."""
    with Pdf.new() as document:
        for number in range(pages):
            document.add_blank_page(page_size=(200, 300))
            page = document.pages[-1]
            page.contents_add(b"0 0 1 rg 10 10 50 50 re f % page " + str(number).encode())
        with document.open_metadata() as metadata:
            metadata["dc:creator"] = ["Somebody Private"]
        document.docinfo["/Author"] = "Somebody Private"
        for name, value in (root or {}).items():
            document.Root[name] = document.make_indirect(value)
        target = io.BytesIO()
        document.save(target, **save)
        return target.getvalue()


def pdf_with_annotation(annotation: Mapping[str, Any]) -> bytes:
    """A PDF whose page has one annotation."""
    with Pdf.new() as document:
        page = document.add_blank_page(page_size=(200, 300))
        note = {"/Type": Name.Annot, "/Rect": Array([10, 10, 50, 50]), **annotation}
        page.obj[Name.Annots] = Array([document.make_indirect(Dictionary(note))])
        target = io.BytesIO()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a button that belongs to no form
            document.save(target)
        return target.getvalue()


def encrypted_pdf(*, user: str) -> bytes:
    """Without a password to open it, ``user`` is empty: it still has one against changes."""
    return pdf(encryption=pikepdf.Encryption(owner="owner", user=user))


def pdf_bomb(*, megabytes: int = 2000) -> bytes:
    """A PDF whose page unpacks to that much; the file itself is a thousandth of it."""
    packed = _zeros(megabytes)
    head = f"<< /Length {len(packed)} /Filter /FlateDecode >>\nstream\n".encode()
    return _written(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>",
        head + packed + b"\nendstream",
    )


def pdf_bomb_of_objects(*, megabytes: int = 2000) -> bytes:
    """The same where it has to be unpacked to see what the PDF is made of."""
    packed = _zeros(megabytes)
    head = (
        f"<< /Type /ObjStm /N 1 /First 4 /Length {len(packed)} /Filter /FlateDecode >>\nstream\n"
    ).encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 6 0 R >>",
        head + packed + b"\nendstream",
    ]
    body, places = _body(objects)
    rows = [(0, 0, 65535), *((1, place, 0) for place in places), (1, len(body), 0), (2, 4, 0)]
    table = b"".join(struct.pack(">BIH", *row) for row in rows)
    xref = (
        f"5 0 obj\n<< /Type /XRef /Size 7 /W [1 4 2] /Root 1 0 R /Length {len(table)} >>\nstream\n"
    ).encode()
    end = f"\nendstream\nendobj\nstartxref\n{len(body)}\n%%EOF\n".encode()
    return body + xref + table + end


def png_bomb(side: int = 50_000) -> bytes:
    """A PNG that says that it has side x side points, in a few kilobytes."""
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return _png_of(head, zlib.compress(bytes(1_000_000)))


def png_bomb_of_text() -> bytes:
    """A PNG whose comment unpacks to 2 GB."""
    head = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    comment = _chunk(b"zTXt", b"Comment\0\0" + _zeros(2000))
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + comment + _chunk(b"IEND", b"")


def jpeg_bomb() -> bytes:
    """A JPEG that says that it has 65,500 x 65,500 points."""
    small = bytearray(encode(Image.new("RGB", (8, 8)), "JPEG"))
    at = small.index(b"\xff\xc0") + 5
    small[at : at + 4] = struct.pack(">HH", 65_500, 65_500)
    return bytes(small)


def jpeg_of_scans(scans: int, side: int = 64) -> bytes:
    """A gray progressive JPEG of which so many scans say that there is no more: a few bytes each,
    and each has every block looked at."""
    blocks = (-(-side // 8)) ** 2
    frame = struct.pack(">HBHHB", 11, 8, side, side, 1) + b"\x01\x11\x00"
    tables = [bytes([place, 1, *bytes(15), symbol]) for place, symbol in ((0x00, 0), (0x10, 0xE0))]
    head = [
        b"\xff\xd8\xff\xdb" + struct.pack(">HB", 67, 0) + bytes([1] * 64),
        b"\xff\xc2" + frame,
        *(b"\xff\xc4" + struct.pack(">H", 2 + len(table)) + table for table in tables),
    ]
    runs = ("0" + "1" * 14) * (blocks // 32_767 + 1)
    padded = runs + "1" * (-len(runs) % 8)
    nothing = int(padded, 2).to_bytes(len(padded) // 8).replace(b"\xff", b"\xff\x00")
    first = _scan(0, 0) + bytes(-(-blocks // 8))
    return b"".join([*head, first, (_scan(1, 63) + nothing) * (scans - 1), b"\xff\xd9"])


def _scan(begins: int, ends: int) -> bytes:
    return b"\xff\xda" + struct.pack(">H", 8) + bytes([1, 1, 0, begins, ends, 0])


def heic_bomb() -> bytes:
    """A HEIC that says that it has 30,000 x 30,000 points."""
    at = HEIC.index(b"ispe") + 8
    return HEIC[:at] + struct.pack(">II", 30_000, 30_000) + HEIC[at + 8 :].replace(b"clap", b"free")


def noise(size: int) -> bytes:
    """A PNG of about that many bytes, which can't be packed smaller."""
    side = int((size / 3) ** 0.5)
    return encode(Image.frombytes("RGB", (side, side), os.urandom(side * side * 3)), "PNG")


def _zeros(megabytes: int) -> bytes:
    """Packed: one mebibyte, packed so that it can be repeated."""
    packing = zlib.compressobj(9)
    head = packing.compress(b"") + packing.flush(zlib.Z_FULL_FLUSH)
    block = packing.compress(bytes(1024 * 1024)) + packing.flush(zlib.Z_FULL_FLUSH)
    return head + block * megabytes + packing.flush()


def _png_of(head: bytes, packed: bytes) -> bytes:
    chunks = _chunk(b"IHDR", head) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _body(objects: list[bytes]) -> tuple[bytes, list[int]]:
    body, places = b"%PDF-1.7\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n".encode() + each + b"\nendobj\n"
    return body, places


def _written(*objects: bytes) -> bytes:
    body, places = _body(list(objects))
    rows = "".join(f"{place:010} 00000 n \n" for place in places)
    table = f"xref\n0 {len(places) + 1}\n0000000000 65535 f \n{rows}"
    end = f"trailer\n<< /Size {len(places) + 1} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    return body + (table + end).encode()
