"""What can go wrong with a document that is to be collected."""

from __future__ import annotations

from services.kernel.errors import Invalid


class CollectorNotAllowed(Invalid):
    """That person may not collect the document: see `rules.collectors`."""

    code = "collector_not_allowed"


class CollectorNameRequired(Invalid):
    """Somebody else than the person collects it, and nobody said who."""

    code = "collector_name_required"
