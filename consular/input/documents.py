"""Documents: what may be sent with a file, by API and pages."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, fields, post_load

from consular.input.fields import Code, UploadedFile
from consular.uploads import SentDocument
from services.enrollments.programs.files import OTHER


class DocumentSchema(Schema):
    """A PDF, a JPEG or a PNG, by its content; a HEIC is turned into a JPEG. ``kind`` is one of the
    program's documents; ``replaces`` the id of the document whose place it takes."""

    example: ClassVar[dict[str, Any]] = {"kind": "identification", "file": "…"}

    kind = Code(load_default=OTHER.code)
    replaces = fields.UUID(load_default=None, allow_none=True)
    file = UploadedFile(required=True)

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> SentDocument:
        return SentDocument(**data)
