"""Pure rules: what files are taken, and how large they may be."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

MOST_BYTES = 10 * 1024 * 1024
MOST_PAGES = 30
# The longer side of a picture that is kept: a page of A4 at about 250 dots an inch.
LONGEST_SIDE = 3000
PREVIEW_SIDE = 480


class Kind(StrEnum):
    """What an uploaded file is, by its content."""

    PDF = "pdf"
    JPEG = "jpeg"
    PNG = "png"
    HEIC = "heic"


class Stored(StrEnum):
    """What is kept of it: every picture as a JPEG that we made, a PDF as one that we wrote."""

    PDF = "pdf"
    JPEG = "jpeg"


CONTENT_TYPES: Mapping[Stored, str] = {Stored.PDF: "application/pdf", Stored.JPEG: "image/jpeg"}

# What a file input offers. Without HEIC an iPhone sends a JPEG of its own making.
ACCEPTED_TYPES = ("application/pdf", "image/jpeg", "image/png")

# Pixels of a picture, by how much memory it takes to read one, of which only a JPEG can be read at
# a smaller scale. Telephones take 12, 24 or 48 million; their HEIC has 24 at most unless asked.
MOST_PIXELS: Mapping[Kind, int] = {
    Kind.JPEG: 50_000_000,
    Kind.PNG: 30_000_000,
    Kind.HEIC: 25_000_000,
}

# Scans of a JPEG, each of which decodes all of it once more: a progressive one has about ten.
MOST_SCANS = 50

# What the streams of a PDF may unpack to altogether.
MOST_UNPACKED = 200_000_000

# Of the process that reads a file: what it may take before it is killed. What is refused by the
# rules above takes a second of work and 200 MB at most; an honest picture may take more.
MEMORY_BYTES: Mapping[Kind, int] = {
    Kind.PDF: 200_000_000,
    # What an honest picture takes at most; one that says that it has more is never decoded.
    **dict.fromkeys((Kind.JPEG, Kind.PNG, Kind.HEIC), 260_000_000),
}
CPU_SECONDS = 5
WALL_SECONDS = 15.0
