"""Documents: what the API answers."""

from __future__ import annotations

from consular.api import answer_fields as fields
from services.files.rules import CONTENT_TYPES
from services.folders.rules import DocumentState


class DocumentAnswer(fields.Answer):
    """A document as we made it anew: ``size``, ``sha256`` and ``content_type`` are of that file.

    ``name`` is how its owner calls the file, made safe to show. ``sent``: it belongs to a request
    that went to its agency, so it can be replaced but not removed.
    """

    id = fields.Id()
    kind = fields.Text()
    state = fields.Word(DocumentState)
    name = fields.Text()
    content_type = fields.Word(tuple(CONTENT_TYPES.values()))
    pages = fields.Number()
    size = fields.Number()
    sha256 = fields.Text()
    uploaded_at = fields.Instant()
    confirmed = fields.Flag()
    sent = fields.Flag()


class DocumentList(fields.ListAnswer):
    """The documents in use."""

    items = fields.Many(DocumentAnswer)
