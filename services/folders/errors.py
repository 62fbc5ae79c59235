"""What can go wrong with a folder's documents."""

from __future__ import annotations

from services.kernel.errors import Conflict


class TooManyDocuments(Conflict):
    """The person has as many documents, or as many bytes of them, as are kept for one."""

    code = "too_many_documents"


class DocumentSent(Conflict):
    """A request that it belongs to was sent: it can be replaced, not removed."""

    code = "document_sent"
