"""A citizen's enrollment as PDF."""

from __future__ import annotations

from uuid import UUID

from flask import Response

from consular.auth import CITIZEN, allow
from consular.db import transaction
from consular.pages.portal.blueprint import pages
from consular.printing.enrollments import as_file, print_enrollment
from services.enrollments.rules import Paper


@pages.get("/inscripciones/<uuid:id>/acuse.pdf", defaults={"paper": Paper.ACKNOWLEDGEMENT})
@pages.get("/inscripciones/<uuid:id>/pago.pdf", defaults={"paper": Paper.PAYMENT})
@pages.get("/inscripciones/<uuid:id>/constancia.pdf", defaults={"paper": Paper.PROOF})
@allow(CITIZEN)
def enrollment_paper(id: UUID, paper: Paper) -> Response:
    """Show the acknowledgement, the payment line or the proof."""
    with transaction() as session:
        document = print_enrollment(session, id, paper)
    return as_file(document, paper)
