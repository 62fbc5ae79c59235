"""A file by its SHA-256, as people copy it."""

from __future__ import annotations

import re
from typing import Any

from flask_babel import lazy_gettext as _
from marshmallow import Schema

from consular.input.fields import Pattern, Text

SHA256 = Pattern(
    "[0-9a-f]{64}", error=_("Una huella SHA-256 tiene 64 signos: cifras y letras de «a» a «f».")
)


class Sha256(Text):
    """In hexadecimal; blanks, colons and capitals say nothing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(most=200, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        digits = re.sub(r"[\s:]", "", super()._deserialize(value, attr, data, **kwargs)).lower()
        SHA256(digits)
        return digits


class FileQuery(Schema):
    """Which file."""

    sha256 = Sha256(load_default=None)


class FileForm(Schema):
    """Which file, where none was sent."""

    sha256 = Sha256(required=True)
