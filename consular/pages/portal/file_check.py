"""Verify a file that was downloaded here, for anyone who holds it: a report's PDF, or open data.

The file is read, compared by its SHA-256 and forgotten; whoever doesn't want to send it sends that.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from flask import Response, render_template, request, url_for

from consular.access_words import words_of_role
from consular.auth import ANYONE, allow
from consular.db import transaction
from consular.i18n import MEXICO_CITY
from consular.input.signed_files import FileForm, FileQuery
from consular.lookups import count_file
from consular.pages.drafts import answers, draft, drop
from consular.pages.forms import Errors, check, go, pick, read_fields
from consular.pages.portal.blueprint import pages
from consular.signed_files import REPORT, find_file
from consular.uploads import compares_file, sent_file
from services.files.cleaning import MEBIBYTES
from services.files.errors import FileEmpty


@pages.get("/verify/file")
@allow(ANYONE)
def file_check() -> str:
    """Ask for the file; once it was sent, say whether it is one of ours, and which."""
    errors: Errors = draft().errors(_read)
    asked = check(FileQuery(), pick(request.args.to_dict(), "sha256"), errors) or {}
    digest = asked.get("sha256")
    with transaction() as session:
        file = find_file(session, digest) if digest else None
    return render_template(
        "portal/verify_file.html",
        digest=digest,
        file=file,
        signer=words_of_role(file["signed_by_role"]) if file and file["kind"] == REPORT else "",
        mebibytes=MEBIBYTES,
        zone=MEXICO_CITY,
        form=draft().form,
        errors=errors,
    )


@pages.post("/verify/file")
@allow(ANYONE)
@compares_file
def file_check_send() -> Response:
    """Go on to what is known of the file, which isn't kept."""
    count_file()
    form, file = answers(), sent_file("file")
    if file is not None and not file.data:
        raise FileEmpty(field="file")
    digest = sha256(file.data).hexdigest() if file else _read(form, None)["sha256"]
    drop()
    return go(url_for("portal.file_check", sha256=digest))


def _read(form: dict[str, str], errors: Errors | None) -> Any:
    return read_fields(FileForm(), pick(form, "sha256"), errors)
