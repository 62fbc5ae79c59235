"""What is kept of an upload is made by us: upright, without metadata, and nothing that acts."""

from __future__ import annotations

import io
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String
from PIL import Image

from services.files.cleaning import clean
from services.files.rules import LONGEST_SIDE, MOST_BYTES, MOST_PAGES, PREVIEW_SIDE, Stored
from services.kernel.errors import DomainError
from tests.factories import files

RED, BLUE = (254, 0, 0), (0, 0, 254)


def _refusal(data: bytes) -> DomainError:
    with pytest.raises(DomainError) as refused:
        clean(data)
    return refused.value


def _is(color: Any, wanted: tuple[int, ...]) -> bool:
    return all(abs(a - b) < 24 for a, b in zip(color, wanted, strict=True))


@pytest.mark.parametrize("data", [files.jpeg(), files.HEIC], ids=["jpeg", "heic"])
def test_a_photo_is_upright_and_says_nothing_but_its_pixels(data: bytes) -> None:
    kept = clean(data)
    picture = Image.open(io.BytesIO(kept.data))
    assert (kept.stored, kept.pages, picture.format) == (Stored.JPEG, 1, "JPEG")
    assert picture.size == (48, 64)
    assert _is(picture.getpixel((24, 8)), RED)
    assert _is(picture.getpixel((24, 56)), BLUE)
    assert dict(picture.getexif()) == {}
    assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    for private in (b"Apple", b"private comment", b"Exif"):
        assert private not in kept.data + kept.preview


def test_a_screenshot_is_on_white_where_it_was_transparent() -> None:
    see_through = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    kept = clean(files.encode(see_through, "PNG"))
    assert Image.open(io.BytesIO(kept.data)).getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "CMYK", "RGBA"])
def test_every_kind_of_color_is_read(mode: str) -> None:
    form = "JPEG" if mode == "CMYK" else "PNG"
    kept = clean(files.encode(Image.new(mode, (30, 20)), form))
    assert Image.open(io.BytesIO(kept.data)).mode == "RGB"


def test_a_large_photo_is_made_smaller_and_has_a_preview() -> None:
    kept = clean(files.jpeg(6000, 4000))
    assert max(Image.open(io.BytesIO(kept.data)).size) == LONGEST_SIDE
    assert max(Image.open(io.BytesIO(kept.preview)).size) == PREVIEW_SIDE


def test_a_pdf_keeps_its_pages_alone() -> None:
    kept = clean(files.pdf(3))
    assert (kept.stored, kept.pages) == (Stored.PDF, 3)
    assert b"Private" not in kept.data
    with pikepdf.open(io.BytesIO(kept.data)) as pdf:
        assert set(pdf.Root.keys()) == {"/Type", "/Pages"}
        pdf.pages[2].contents_coalesce()
        assert b"page 2" in pdf.pages[2].Contents.read_bytes()
        assert "/Info" not in pdf.trailer
    preview = Image.open(io.BytesIO(kept.preview))
    assert preview.size == (320, 480)
    assert _is(preview.getpixel((50, 430)), BLUE)


def test_where_a_pdf_opens_is_no_harm_and_is_dropped() -> None:
    opening = {"/OpenAction": Array([0, Name.Fit])}
    assert clean(files.pdf(root=opening)).pages == 1


def test_what_was_filled_in_stays_as_part_of_the_page() -> None:
    looks = b"1 0 0 rg 0 0 40 40 re f"
    with pikepdf.open(io.BytesIO(files.pdf())) as document:
        form = pikepdf.Stream(document, looks)
        form.update({"/Type": Name.XObject, "/Subtype": Name.Form, "/BBox": [0, 0, 40, 40]})
        field = Dictionary(
            Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=String("curp"), V=String("X"),
            Rect=Array([100, 200, 140, 240]), AP=Dictionary(N=document.make_indirect(form)), F=4,
        )  # fmt: skip
        widget = document.make_indirect(field)
        document.pages[0].obj[Name.Annots] = Array([widget])
        document.Root[Name.AcroForm] = Dictionary(Fields=Array([widget]))
        target = io.BytesIO()
        document.save(target)
    kept = clean(target.getvalue())
    with pikepdf.open(io.BytesIO(kept.data)) as pdf:
        assert "/Annots" not in pdf.pages[0].obj
    preview = Image.open(io.BytesIO(kept.preview))
    assert _is(preview.getpixel((190, 130)), RED)


@pytest.mark.parametrize("user", ["secret", ""], ids=["to open", "against changes"])
def test_a_pdf_with_a_password_is_refused(user: str) -> None:
    assert _refusal(files.encrypted_pdf(user=user)).code == "file_encrypted"


_SCRIPT = {"/S": Name.JavaScript, "/JS": String("app.alert(1)")}
ACTIVE = {
    "opens a script": files.pdf(root={"/OpenAction": Dictionary(_SCRIPT)}),
    "launches": files.pdf(
        root={"/OpenAction": Dictionary({"/S": Name.Launch, "/F": String("a.exe")})}
    ),
    "opens an address": files.pdf(
        root={"/OpenAction": Dictionary({"/S": Name.URI, "/URI": String("https://a.example")})}
    ),
    "scripts by name": files.pdf(
        root={
            "/Names": Dictionary(
                {"/JavaScript": Dictionary({"/Names": Array(["a", Dictionary(_SCRIPT)])})}
            )
        }
    ),
    "attached": files.pdf(
        root={"/Names": Dictionary({"/EmbeddedFiles": Dictionary({"/Names": Array([])})})}
    ),
    "XFA": files.pdf(root={"/AcroForm": Dictionary({"/XFA": Array([])})}),
    "on leaving": files.pdf(root={"/AA": Dictionary({"/WC": Dictionary(_SCRIPT)})}),
    "script of a button": files.pdf_with_annotation(
        {"/Subtype": Name.Link, "/A": Dictionary(_SCRIPT)}
    ),
    "attached to a page": files.pdf_with_annotation({"/Subtype": Name.FileAttachment}),
    "film": files.pdf_with_annotation({"/Subtype": Name.RichMedia}),
    "sends": files.pdf_with_annotation(
        {"/Subtype": Name.Widget, "/A": Dictionary({"/S": Name.SubmitForm})}
    ),
}


@pytest.mark.parametrize("what", ACTIVE)
def test_a_pdf_that_acts_by_itself_is_refused(what: str) -> None:
    assert _refusal(ACTIVE[what]).code == "file_active_content"


def test_a_pdf_may_have_so_many_pages() -> None:
    refused = _refusal(files.pdf(MOST_PAGES + 1))
    assert (refused.code, refused.params["pages"]) == ("file_too_many_pages", MOST_PAGES)


OTHERS = {
    "gif": files.encode(files.make_picture(), "GIF"),
    "webp": files.encode(files.make_picture(), "WEBP"),
    "avif": files.encode(files.make_picture(), "AVIF"),
    "tiff": files.encode(files.make_picture(), "TIFF"),
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "html": b"<!doctype html><script>alert(1)</script>",
    "gif and pdf": b"GIF89a" + bytes(20) + files.pdf(),
    "html and pdf": b"<html><!--" + files.pdf(),
    "zip": b"PK\x03\x04" + bytes(40),
    "program": b"MZ\x90\0" + bytes(40),
    "zeros": bytes(1000),
    "text": b"no soy un documento",
    "one byte": b"%",
}


@pytest.mark.parametrize("what", OTHERS)
def test_its_content_says_what_a_file_is(what: str) -> None:
    assert _refusal(OTHERS[what]).code == "file_type_not_accepted"


def test_what_hangs_on_a_picture_is_left_behind() -> None:
    script = b"<script>alert(1)</script>"
    kept = clean(files.jpeg() + script + files.pdf())
    assert kept.stored is Stored.JPEG
    assert script not in kept.data
    assert b"%PDF" not in kept.data


def test_no_file_and_one_that_is_too_large() -> None:
    assert _refusal(b"").code == "file_empty"
    refused = _refusal(b"%PDF-1.7\n" + bytes(MOST_BYTES))
    assert (refused.code, refused.params["mebibytes"]) == ("file_too_large", 10)


@pytest.mark.parametrize("whole", [files.jpeg(400, 300), files.png(400, 300), files.HEIC])
def test_a_picture_that_was_cut_off_is_refused_in_words(whole: bytes) -> None:
    for part in (24, len(whole) // 2, len(whole) - 40):
        assert _refusal(whole[:part]).code in ("file_unreadable", "file_type_not_accepted")


def test_a_pdf_that_was_cut_off_is_read_or_refused_in_words() -> None:
    whole = files.pdf(2)
    for part in (9, 60, len(whole) // 2):
        assert _refusal(whole[:part]).code == "file_unreadable"


def test_an_iphones_photo_that_cannot_be_read_is_refused_with_its_kind() -> None:
    refused = _refusal(files.HEIC[:500])
    assert (refused.code, refused.params["kind"]) == ("file_unreadable", "heic")
