"""Code 128 barcodes as SVG, for pages and for PDF."""

from __future__ import annotations

from itertools import groupby

from markupsafe import Markup
from pystrich.code128 import Code128Encoder

# Modules of the narrowest bar's width: the standard's quiet zone on each side, and a height that a
# hand-held reader finds.
_QUIET = 10
_HEIGHT = 60


def barcode_svg(text: str, label: str) -> Markup:
    """An SVG that holds ``text``, which is ASCII; ``label`` is what a screen reader says."""
    modules = Code128Encoder(text).bars
    bars, at = [], _QUIET
    for module, run in groupby(modules):
        width = len(list(run))
        if module == "1":
            bars.append(f"M{at} 0h{width}v{_HEIGHT}h-{width}z")
        at += width
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" class="d-block mw-100" width="320" height="80"'
        ' role="img" aria-label="{}"'
        ' viewBox="0 0 {} {}" preserveAspectRatio="none" shape-rendering="crispEdges">'
        '<path fill="#fff" d="M0 0h{}v{}H0z"/><path d="{}"/></svg>'
    ).format(label, at + _QUIET, _HEIGHT, at + _QUIET, _HEIGHT, "".join(bars))
