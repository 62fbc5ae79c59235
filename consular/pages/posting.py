"""What happens around every form of the pages: one effect for two sendings, and always a redirect.

- A form carries a key of its own (`form_key`). The same form sent twice, at once or one after the
  other, is done once; both answers lead to the same page.
- A refusal keeps what was typed with the reason and leads back to the form's page.
- A form whose session ended leads to the sign-in and back; nothing typed is lost.
- A form sent by a button of a language is kept, and shown again in that language.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import structlog
from flask import Blueprint, Flask, Response, current_app, g, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge

from consular.auth import allow, vault
from consular.db import transaction
from consular.errors import Unauthenticated, answer_error, answer_http_error, sign_in_address
from consular.pages.drafts import (
    Draft,
    answers,
    answers_of_ended_session,
    draft_id,
    keep_draft,
    keep_for_another_language,
)
from consular.pages.forms import go, hash_of
from consular.pages.language import remember_language
from consular.pages.session import set_session_cookie
from consular.security import browser_secret, came_from_here, form_fault, is_page_form
from consular.uploads import brings_file, file_too_large, sent_digests
from services.forms.owners import browser_owner
from services.forms.submissions import (
    Outcome,
    begin_submission,
    drop_submission,
    find_outcome,
    finish_submission,
    is_under_way,
)
from services.kernel.audit import Role
from services.kernel.catalogue import LANGUAGES
from services.kernel.db import NO_SCOPE
from services.kernel.errors import Conflict, DomainError, Forbidden, NotFound
from services.kernel.idempotency import RequestKey

_log = structlog.get_logger()
WAIT_SECONDS = 8.0
LOOK_SECONDS = 0.05
# Of a process's few threads, how many may wait for the first sending of a form; the other repeats
# are led to a page that asks again, so that they can't take every thread.
MOST_WAITING = 1
_places_to_wait = threading.BoundedSemaphore(MOST_WAITING)


def init_forms(app: Flask) -> None:
    """Put every form of the pages under the rules above; after sign-in, form checks and errors."""
    app.before_request(_before)
    app.after_request(_after)
    app.teardown_request(_release)
    app.jinja_env.globals["form_key"] = form_key
    app.jinja_env.globals["draft_id"] = draft_id
    app.register_error_handler(DomainError, _refuse)
    app.register_error_handler(RequestEntityTooLarge, _refuse_size)


def form_key() -> str:
    """For a hidden field: another one each time a form is shown."""
    return secrets.token_urlsafe(12)


def submission_key(command: Any) -> RequestKey:
    """What makes this sending of a form one of its kind, for what must never be done twice."""
    digest: bytes = g.submission
    return RequestKey(f"form:{digest.hex()}", hash_of(command))


def once(view: Any) -> Any:
    """Mark a page that is opened by a link but has an effect, such as the return from a sign-in."""
    view.once = True
    return view


def _before() -> Response | None:
    if not (is_page_form() or _has_effect()):
        return None
    language = request.form.get("language")
    if language in LANGUAGES:
        return remember_language(back_to_form(keep_for_another_language()), language)
    return _claim()


def _has_effect() -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    return bool(getattr(view, "once", False)) and request.method == "GET"


def _claim() -> Response | None:
    """Claim this submission: None when it is ours, else the first request's answer or a wait."""
    g.submission = _digest()
    g.submission_open = _begin()
    if g.submission_open:
        return None
    outcome = find_outcome_of(g.submission)
    if outcome is None and _places_to_wait.acquire(blocking=False):
        try:
            outcome = _await_outcome()
        finally:
            _places_to_wait.release()
    if outcome is not None:
        return repeat(outcome)
    return None if g.submission_open else _wait_elsewhere()


def _await_outcome() -> Outcome | None:
    """Where the first request led; None when that takes too long, or when it gave up and this one
    does it now."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
        outcome = find_outcome_of(g.submission)
        if outcome is not None:
            return outcome
        g.submission_open = _begin()
        if g.submission_open:
            return None
    return None


def _wait_elsewhere() -> Response:
    """A page that asks again, at once; should the first request give up, what was typed is kept."""
    back = request.full_path if _has_effect() else form_address(keep_draft(answers()))
    return go(url_for("portal.under_way", digest=g.submission.hex(), back=back))


def _begin() -> bool:
    with transaction(NO_SCOPE) as session:
        return begin_submission(session, g.submission, owner=_owner())


def find_outcome_of(digest: bytes) -> Outcome | None:
    """Where that form of this browser led; None before it ends, or when it gave up."""
    with transaction(NO_SCOPE) as session:
        return find_outcome(session, digest, owner=_owner(), vault=vault())


def still_under_way(digest: bytes) -> bool:
    """Whether a request of this browser is at that form now."""
    with transaction(NO_SCOPE) as session:
        return is_under_way(session, digest, owner=_owner())


def repeat(outcome: Outcome) -> Response:
    """The answer of the request that did it, for another sending of the same form."""
    response = go(outcome.location)
    if outcome.session_secret:
        set_session_cookie(response, outcome.session_secret)
    return response


def _after(response: Response) -> Response:
    if g.get("submission_open") and response.status_code == 303:
        outcome = Outcome(response.headers["Location"], g.get("session_secret"))
        try:
            with transaction(NO_SCOPE) as session:
                finish_submission(session, g.submission, outcome, owner=g.owner, vault=vault())
        except Exception as error:  # it was done, and whoever asked must be told
            _log.warning("form_outcome_lost", error=type(error).__name__)
        g.submission_open = False
    return response


def _release(_error: BaseException | None) -> None:
    """Release the claim, so that the same form may be sent again."""
    if not g.pop("submission_open", False):
        return
    try:
        with transaction(NO_SCOPE) as session:
            drop_submission(session, g.submission, owner=g.owner)
    except Exception as error:  # the lease ends by itself
        _log.warning("form_not_released", error=type(error).__name__)


def _digest() -> bytes:
    """A digest of all that the form holds. One without a key, of a page from before, is one of
    its kind."""
    fields = sorted([*request.form.items(multi=True), *sent_digests()])
    key = request.form.get("form_key") or ("" if _has_effect() else form_key())
    whole = [_owner(), request.full_path, key, *fields]
    return vault().request_hash(json.dumps(whole).encode())


def _owner() -> str:
    """Return the submission's owner: the browser, which stays the same across a sign-in."""
    if "owner" not in g:
        g.owner = browser_owner(browser_secret(), vault())
    return str(g.owner)


def back_to_form(draft: object) -> Response:
    """The page of the form that was sent."""
    return go(form_address(draft))


def form_address(draft: object) -> str:
    """The page of a form has the address that the form is sent to."""
    return f"{request.path}?{urlencode({'d': draft})}"


def reopen(
    pages: Blueprint, rules: Sequence[str], page: str, who: frozenset[Role], *, own: str = ""
) -> None:
    """Register GET at the addresses of a page's forms, which a refusal, a change of language or a
    sign-in may open: they lead back to the page, with the draft. ``own``: what of the address,
    besides ``id``, the page's address has too."""

    @allow(who)
    def back(id: UUID, **step: Any) -> Response:
        kept: dict[str, Any] = {
            name: request.args[name] for name in ("d", "desk") if name in request.args
        }
        kept |= {own: step[own]} if own else {}
        return go(url_for(page, id=id, **kept))

    for rule in rules:
        pages.add_url_rule(rule, endpoint=f"back_to_{page.rpartition('.')[2]}", view_func=back)


def _refuse(error: DomainError) -> Any:
    """Keep what was typed and why it was refused; what can't be mended by typing is a page."""
    if not is_page_form() or error.code == "request_in_progress":
        return answer_error(error)
    if isinstance(error, NotFound) or (isinstance(error, Forbidden) and not _may_keep(error)):
        return answer_error(error)
    if isinstance(error, Unauthenticated):
        return _sign_in_first(error)
    return back_to_form(keep_draft(answers(), error))


def _refuse_size(error: RequestEntityTooLarge) -> Any:
    """Back to the form, which says how large a file may be: of this request nothing is read."""
    if not (is_page_form() and brings_file() and came_from_here()):
        return answer_http_error(error)
    g.draft = Draft()
    return back_to_form(keep_draft({}, file_too_large()))


def _may_keep(error: Forbidden) -> bool:
    """A form that was open for too long is shown again, if it is one of ours for certain."""
    return error.code == "form_expired" and came_from_here()


def _sign_in_first(error: DomainError) -> Any:
    if form_fault() is not None and not came_from_here():
        return answer_error(error)
    kept = keep_draft(answers_of_ended_session(), Conflict("session_over"))
    return go(sign_in_address(form_address(kept)))
