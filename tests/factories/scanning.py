"""What a reader reads of the code on a sheet."""

from __future__ import annotations

import pypdfium2
import zxingcpp


def scan(pdf: bytes) -> zxingcpp.Barcode:
    """The one code on the first page of a file."""
    image = pypdfium2.PdfDocument(pdf)[0].render(scale=3, grayscale=True)
    pixels = memoryview(bytes(image.buffer)).cast("B", (image.height, image.stride))
    [code] = zxingcpp.read_barcodes(pixels)
    return code
