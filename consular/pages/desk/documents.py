"""Documents of whoever is at the window or on the telephone."""

from __future__ import annotations

from consular.auth import HELPERS
from consular.pages.desk.blueprint import pages
from consular.pages.documents import ENGLISH, add_documents

add_documents(
    pages, "/enrollments/<uuid:id>/documents", ENGLISH,
    own_page="desk.enrollment", layout="layouts/staff.html", who=HELPERS,
)  # fmt: skip
