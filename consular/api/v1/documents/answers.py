"""Documents: what the API answers."""

from __future__ import annotations

from consular.api.answer_fields import (
    Answer,
    Flag,
    Id,
    Instant,
    ListAnswer,
    Many,
    Number,
    Text,
    Word,
)
from services.files.rules import CONTENT_TYPES
from services.folders.rules import DocumentState


class DocumentAnswer(Answer):
    """A document as we made it anew: ``size``, ``sha256`` and ``content_type`` are of that file.

    ``name`` is how its owner calls the file, made safe to show. ``sent``: it belongs to a request
    that went to its agency, so it can be replaced but not removed.
    """

    id = Id()
    kind = Text()
    state = Word(DocumentState)
    name = Text()
    content_type = Word(tuple(CONTENT_TYPES.values()))
    pages = Number()
    size = Number()
    sha256 = Text()
    uploaded_at = Instant()
    confirmed = Flag()
    sent = Flag()


class DocumentList(ListAnswer):
    """The documents in use."""

    items = Many(DocumentAnswer)
