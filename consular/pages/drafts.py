"""Answers of a form under way: kept on the server, named in the address by ``d``.

Every form is sent to the address of its own page, and every answer to it is a redirect. Where the
form is refused, what was typed is kept with the reason, and the page shows both: it can be
reloaded, read in the other language, left and taken up again. A journey of pages is one draft.
The reasons are kept as codes; what is wrong with fields is found again by reading the form again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from flask import Response, g, request

from consular.auth import now, vault
from consular.db import transaction
from consular.errors import FieldsInvalid, Unauthenticated
from consular.pages.forms import Errors, form_errors, go, submitted
from consular.security import browser_secret, session_cookie
from consular.uploads import MOST_TABLE
from services.forms.drafts import drop_draft, find_draft, save_draft
from services.forms.owners import account_owner, browser_owner
from services.kernel.errors import DomainError
from services.kernel.ids import new_id
from services.kernel.money import Money
from services.staff.sessions import SignedIn, last_signed_in

# The longest field is a file of appointments.
MOST_CHARACTERS = MOST_TABLE


@dataclass
class Draft:
    """``refused``: why the last sending of it was refused, None when it wasn't; ``at``: the path
    of the page that says so."""

    id: UUID | None = None
    form: dict[str, str] = field(default_factory=dict)
    refused: DomainError | None = None
    at: str = ""

    def errors(
        self,
        read: Callable[[dict[str, str], Errors], object] | None = None,
        *,
        also_under: bool = False,
    ) -> Errors:
        """The refusal in the reader's language; ``read`` finds again what is wrong with fields.
        ``also_under``: the page also shows what was refused at addresses under its own."""
        here = self.at == request.path or (also_under and self.at.startswith(request.path))
        if self.refused is None or not here:
            return {}
        errors: Errors = {}
        if read is not None and isinstance(self.refused, FieldsInvalid):
            read(self.form, errors)
        return errors or form_errors(self.refused)


def draft() -> Draft:
    """The draft that this request names, empty when there is none for this reader.

    Raises Unauthenticated when it may be whose session ended: after signing in it is there again.
    """
    if "draft" not in g:
        g.draft = _find()
    kept: Draft = g.draft
    return kept


def answers() -> dict[str, str]:
    """The draft's answers, with those of this request in their place. A refusal keeps them."""
    known = draft()
    known.form = {**known.form, **submitted()}
    return known.form


def keep_for_another_language() -> UUID:
    """Keep the answers of this request, and why they were refused where nothing was typed since."""
    known = draft()
    before = known.form
    form = answers()
    if form != before:
        return keep_draft(form)
    return keep_draft(form, known.refused, known.at)


def answers_of_ended_session() -> dict[str, str]:
    """The answers of whoever was signed in when the form was opened and no longer is."""
    g.draft = _find_as(_ended_session()) or Draft()
    return answers()


def keep_draft(form: dict[str, str], refused: DomainError | None = None, at: str = "") -> UUID:
    """Keep these answers under the request's draft, or a new one; its id goes into an address.
    ``at``: the path of the page that shows the refusal, when it isn't the form's own."""
    known = draft()
    known.id = known.id or new_id()
    known.form, known.refused, known.at = form, refused, at or request.path
    owners = _owners(g.get("actor") or _ended_session())
    content = {
        "form": {name: value[:MOST_CHARACTERS] for name, value in form.items()},
        "refused": _as_json(refused),
        "at": known.at,
    }
    with transaction() as session:
        save_draft(
            session, known.id, content, owner=owners[0], owners=owners, now=now(), vault=vault()
        )
    return known.id


def drop() -> None:
    """The form is finished: forget its answers."""
    known = draft()
    if known.id is not None:
        with transaction() as session:
            drop_draft(session, known.id, owners=_owners(g.get("actor")))
        known.id = None


def finish(address: str) -> Response:
    """The form is finished: forget its answers, and go on to this address."""
    drop()
    return go(address)


def draft_id() -> str:
    """For hidden fields and addresses of the pages of this draft; empty when there is none."""
    known: Draft | None = g.get("draft")
    return str(known.id) if known and known.id else ""


def _find() -> Draft:
    draft = _find_as(g.get("actor"))
    if draft is None and _named() and g.get("actor") is None and _ended_session() is not None:
        raise Unauthenticated()
    return draft or Draft()


def _find_as(signed_in: Any) -> Draft | None:
    id = _named()
    if id is None:
        return None
    owners = _owners(signed_in)
    with transaction() as session:
        draft = find_draft(session, id, owners=owners, now=now(), vault=vault())
    if draft is None:
        return None
    return Draft(id, draft["form"], _from_json(draft["refused"]), draft["at"])


def _named() -> UUID | None:
    try:
        return UUID(request.form.get("d") or request.args.get("d") or "")
    except ValueError:
        return None


def _owners(signed_in: Any) -> list[str]:
    """The reader's names for row security: their account first, then their browser."""
    account: UUID | None = signed_in and (
        getattr(signed_in, "account_id", None) or getattr(signed_in, "staff_id", None)
    )
    browser = browser_owner(browser_secret(), vault())
    return [account_owner(account, vault()), browser] if account else [browser]


def _ended_session() -> SignedIn | None:
    """The owner of the session that this browser had last."""
    secret = request.cookies.get(session_cookie())
    if not secret:
        return None
    with transaction() as session:
        return last_signed_in(session, secret)


def _as_json(refused: DomainError | None) -> dict[str, Any] | None:
    if refused is None:
        return None
    return {
        "code": refused.code,
        "field": refused.field,
        "params": {name: _packed(value) for name, value in refused.params.items()},
        "errors": getattr(refused, "errors", None),
    }


def _from_json(kept: dict[str, Any] | None) -> DomainError | None:
    if kept is None:
        return None
    if kept["errors"] is not None:
        return FieldsInvalid(kept["errors"])
    params = {name: _unpacked(value) for name, value in kept["params"].items()}
    return DomainError(kept["code"], field=kept["field"], **params)


def _packed(value: object) -> Any:
    """Amounts and times as JSON; anything else that JSON doesn't know as its text."""
    if isinstance(value, Money):
        return {"money": [value.minor, value.currency]}
    if isinstance(value, datetime):
        return {"moment": value.isoformat()}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    return value if isinstance(value, str | int | float | None) else str(value)


def _unpacked(value: Any) -> object:
    if not isinstance(value, dict):
        return value
    kind, packed = next(iter(value.items()))
    if kind == "money":
        return Money(*packed)
    return datetime.fromisoformat(packed) if kind == "moment" else date.fromisoformat(packed)
