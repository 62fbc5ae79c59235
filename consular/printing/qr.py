"""QR codes as SVG, for pages that are printed."""

from __future__ import annotations

from markupsafe import Markup
from pystrich.qrcode import QRCodeEncoder

# The standard's quiet zone, in modules.
_QUIET = 4


def qr_svg(text: str, label: str) -> Markup:
    """An SVG that holds ``text``; ``label`` is what a screen reader says."""
    matrix = QRCodeEncoder(text).matrix
    size = len(matrix) + 2 * _QUIET
    dots = [
        f"M{x + _QUIET} {y + _QUIET}h1v1h-1z"
        for y, row in enumerate(matrix)
        for x, module in enumerate(row)
        if module
    ]
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" width="220" height="220" role="img"'
        ' aria-label="{}" viewBox="0 0 {} {}" shape-rendering="crispEdges">'
        '<path fill="#fff" d="M0 0h{}v{}H0z"/><path d="{}"/></svg>'
    ).format(label, size, size, size, size, "".join(dots))
