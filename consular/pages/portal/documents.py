"""A citizen's own documents."""

from __future__ import annotations

from consular.auth import CITIZEN
from consular.pages.documents import SPANISH, add_documents
from consular.pages.portal.blueprint import pages

add_documents(
    pages, "/inscripciones/<uuid:id>/documentos", SPANISH,
    own_page="portal.enrollment", layout="layouts/citizen.html", who=CITIZEN,
)  # fmt: skip
