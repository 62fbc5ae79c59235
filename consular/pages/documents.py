"""Documents of a request's person: choose a file, see what arrived, change or remove it; the same
for its owner and for the desk, each under an address of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request, url_for
from sqlalchemy.orm import Session

from consular.access_log import record_reading
from consular.auth import actor, allow, now, vault
from consular.db import transaction
from consular.documents import give_out, keep_document, read_document
from consular.i18n import translated
from consular.input.documents import DocumentSchema
from consular.input.loading import load_fields
from consular.pages.drafts import answers, draft, finish
from consular.pages.forms import go
from consular.pages.posting import reopen
from consular.uploads import sent_file, takes_file
from services.enrollments.documents import file_kinds, folder_of
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.programs.schema import Document as DocumentKind
from services.enrollments.queries import get_enrollment
from services.files.cleaning import MEBIBYTES
from services.files.errors import FileEmpty
from services.files.rules import ACCEPTED_TYPES, MOST_BYTES, Stored
from services.folders.documents import NamedDocument, get_document, list_documents, open_names
from services.folders.removing import confirm, remove
from services.folders.rules import DocumentState, can_remove
from services.kernel.audit import Role
from services.kernel.errors import NotFound

View = Callable[..., Any]
# What is read as a number of megabytes, with one decimal.
_MEGABYTE = 1_000_000


@dataclass(frozen=True)
class _Area:
    """The pages of one area: a blueprint, and the endpoint of the page that leads to them."""

    blueprint: str
    layout: str
    own_page: str

    def address(self, page: str, **values: Any) -> str:
        """The address of one of these pages."""
        return url_for(f"{self.blueprint}.{page}", **values)

    def list(self, id: UUID) -> str:
        """What is there of each kind, and where to add to it."""
        with transaction() as session:
            enrollment = get_enrollment(session, id)
            record_reading(session, "enrollment", enrollment)
            kept = open_names(session, list_documents(session, folder_of(enrollment)), vault())
            context, kinds = self._context(enrollment), file_kinds(PROGRAMS[enrollment.program])
        shown = [self._shown(id, each) for each in kept]
        return render_template(
            "documents/list.html",
            **context,
            kinds=[
                {
                    **_kind_in_words(each),
                    "upload": self.address("document_send", id=id, kind=each.code),
                    "documents": [one for one in shown if one["kind"] == each.code],
                }
                for each in kinds
            ],
            errors=draft().errors(also_under=True),
        )

    def choose(self, id: UUID, kind: str) -> str:
        """The form of one kind, with what its file should look like."""
        form = {"replaces": request.args.get("cambia", ""), **draft().form}
        with transaction() as session:
            enrollment = get_enrollment(session, id)
            document_kind = _document_kind(enrollment, kind)
            replaced = self._replaced(session, enrollment, form["replaces"])
            context = self._context(enrollment)
        return render_template(
            "documents/upload.html",
            **context,
            kind=_kind_in_words(document_kind),
            action=self.address("document_send", id=id, kind=kind),
            accepted=",".join(ACCEPTED_TYPES),
            most_bytes=MOST_BYTES,
            mebibytes=MEBIBYTES,
            replaced=replaced,
            form=form,
            errors=draft().errors(),
        )

    def send(self, id: UUID, kind: str) -> Response:
        """Keep the file, and show what became of it."""
        form, file = answers(), sent_file("file")
        if file is None:
            raise FileEmpty(field="file")
        replaces = form.get("replaces") or None
        sent = load_fields(DocumentSchema(), {"kind": kind, "file": file, "replaces": replaces})
        ready = read_document(id, sent)
        with transaction() as session:
            document = keep_document(session, id, ready).id
        return finish(self.address("document", id=id, document=document))

    def show(self, id: UUID, document: UUID) -> str:
        """One document as it is kept: is it the right one, and can it be read?"""
        with transaction() as session:
            enrollment = get_enrollment(session, id)
            row = get_document(session, folder_of(enrollment), document)
            [named] = open_names(session, [row], vault())
            record_reading(session, "enrollment", enrollment)
            document_kind = _document_kind(enrollment, row.kind)
            context = self._context(enrollment)
        return render_template(
            "documents/document.html",
            **context,
            kind=_kind_in_words(document_kind),
            document=self._shown(id, named),
            errors=draft().errors(also_under=True),
        )

    def confirm(self, id: UUID, document: UUID) -> Response:
        """Confirm that it is the right document and can be read."""
        with transaction() as session:
            folder = folder_of(get_enrollment(session, id))
            confirm(session, folder, document, now=now(), actor=actor())
        return go(self.address("documents", id=id))

    def remove(self, id: UUID, document: UUID) -> Response:
        """Take a document back."""
        with transaction() as session:
            folder = folder_of(get_enrollment(session, id))
            remove(session, folder, document, now=now(), actor=actor())
        return go(self.address("documents", id=id))

    def _context(self, enrollment: Any) -> dict[str, Any]:
        program = PROGRAMS[enrollment.program]
        return {
            "layout": self.layout,
            "area": self.blueprint,
            "own_page": url_for(self.own_page, id=enrollment.id),
            "list_page": self.address("documents", id=enrollment.id),
            "enrollment": {
                "id": enrollment.id,
                "folio": enrollment.folio,
                "program_name": translated(program.name),
            },
        }

    def _shown(self, id: UUID, named: NamedDocument) -> dict[str, Any]:
        row = named.row
        at = {"id": id, "document": row.id}
        state = DocumentState(row.state)
        change = self.address("document_send", id=id, kind=row.kind, cambia=row.id)
        return {
            "id": row.id,
            "kind": row.kind,
            "name": named.name,
            "pdf": row.stored == Stored.PDF,
            "pages": row.pages,
            "megabytes": f"{max(row.size / _MEGABYTE, 0.1):.1f}",
            "confirmed": row.confirmed_at is not None,
            "page": self.address("document", **at),
            "file": self.address("document_file", **at),
            "preview": self.address("document_preview", **at),
            "change": change,
            "remove": self.address("document_remove", **at)
            if can_remove(state, sent=row.sent_at is not None)
            else None,
        }

    def _replaced(self, session: Session, enrollment: Any, document: str) -> str | None:
        """The name of the document that is to be replaced, if it is there still."""
        try:
            row = get_document(session, folder_of(enrollment), UUID(document))
        except (ValueError, NotFound):
            return None
        return open_names(session, [row], vault())[0].name


@dataclass(frozen=True)
class Words:
    """The last parts of the pages' addresses."""

    upload: str
    file: str
    preview: str
    remove: str


SPANISH = Words("subir", "archivo", "vista", "quitar")
ENGLISH = Words("upload", "file", "preview", "remove")


def add_documents(
    pages: Blueprint, at: str, words: Words, *, own_page: str, layout: str, who: frozenset[Role]
) -> None:
    """Register the pages of a request's documents under ``at``, which has the request's ``id``."""
    area = _Area(pages.name, layout, own_page)
    of_kind, one = f"{at}/{words.upload}/<code:kind>", f"{at}/<uuid:document>"
    views: tuple[tuple[str, str, str, View], ...] = (
        ("GET", at, "documents", area.list),
        ("GET", of_kind, "document_form", area.choose),
        ("POST", of_kind, "document_send", takes_file(_view(area.send))),
        ("GET", one, "document", area.show),
        ("POST", one, "document_confirm", area.confirm),
        ("GET", f"{one}/{words.file}", "document_file", give_out),
        ("GET", f"{one}/{words.preview}", "document_preview", partial(give_out, preview=True)),
        ("POST", f"{one}/{words.remove}", "document_remove", area.remove),
    )
    for method, rule, endpoint, view in views:
        pages.add_url_rule(rule, endpoint, allow(who)(_view(view)), methods=[method])
    reopen(pages, [f"{one}/{words.remove}"], f"{pages.name}.document", who, own="document")


def _view(view: View) -> View:
    """A function of its own, which can carry who may call it."""

    def handle(**values: Any) -> Any:
        return view(**values)

    handle.__dict__.update(getattr(view, "__dict__", {}))
    return handle


def _kind_in_words(kind: DocumentKind) -> dict[str, str]:
    """A kind of document, in the reader's language."""
    return {
        "code": kind.code,
        "label": translated(kind.label),
        "example": translated(kind.file) if kind.file else "",
    }


def _document_kind(enrollment: Any, kind: str) -> DocumentKind:
    """What the request's program says of that kind. Raises NotFound."""
    by_code = {each.code: each for each in file_kinds(PROGRAMS[enrollment.program])}
    if kind not in by_code:
        raise NotFound()
    return by_code[kind]
