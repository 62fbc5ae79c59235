"""Authentication and authorisation: each route declares who may call it.

The API takes bearer tokens only, the pages a session cookie only, so that neither can be used
to reach the other. Every view carries its declaration; one without is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast
from uuid import UUID

from flask import Flask, current_app, g, request

from consular import tokens
from consular.db import autocommit_session, transaction
from consular.errors import Unauthenticated
from services.citizens.accounts import sign_in
from services.kernel import audit
from services.kernel.audit import Actor, Role
from services.kernel.clock import Clock
from services.kernel.crypto import Vault
from services.kernel.db import NETWORK_SCOPE
from services.kernel.errors import Forbidden
from services.kernel.ids import new_id
from services.staff.accounts import find_active, find_by_subject

# Files that are the same for everybody: nobody needs to be looked up for them.
ANONYMOUS = frozenset({"assets.serve", "health.live", "health.ready"})

View = TypeVar("View", bound=Callable[..., Any])

ANYONE: frozenset[Role] = frozenset(Role)
CITIZEN = frozenset({Role.CITIZEN})
DESK = frozenset({Role.OFFICER, Role.SUPERVISOR})
# They ask for others, who are at the window or on the telephone.
HELPERS = DESK | {Role.AGENT}
# They book, for themselves or for others.
BOOKERS = CITIZEN | HELPERS
STAFF = frozenset(Role) - {Role.CITIZEN, Role.SYSTEM}
# Decides about what an office asks in somebody's name: an office's own staff never do.
PRIVACY = frozenset({Role.COMPLIANCE})
INCIDENTS = frozenset({Role.TREASURY, Role.COMPLIANCE})
# On duty: may stop and go on, never see more of a person than a folio.
DUTY = INCIDENTS | {Role.ADMIN}
# Write down what isn't counted here: targets, and what working groups report.
ANALYSTS = frozenset({Role.ANALYST})
MONITORS = frozenset({Role.ANALYST, Role.AUDITOR, Role.ADMIN})
# How long people wait is also for who can change it: at their own office.
SERVICE_LEVELS = MONITORS | {Role.SUPERVISOR}
# They have figures watched: an office's supervisor the service levels of their own.
ALERTERS = ANALYSTS | {Role.SUPERVISOR}


def allow(who: frozenset[Role]) -> Callable[[View], View]:
    """Declare who may call a view; `ANYONE` includes whoever isn't signed in."""

    def declare(view: View) -> View:
        view.__dict__["who"] = who
        return view

    return declare


def init_auth(app: Flask) -> None:
    """Check the declaration before every view."""
    app.before_request(_check)


def now() -> Any:
    """The injected clock's time."""
    return cast(Clock, current_app.extensions["consular.clock"])()


def vault() -> Vault:
    """The process's encryption keys."""
    return cast(Vault, current_app.extensions["consular.vault"])


def actor() -> Actor:
    """Return the current actor; raises `Unauthenticated` when nobody is signed in."""
    acting = g.get("actor")
    if acting is None:
        raise Unauthenticated()
    return cast(Actor, acting)


def actor_id() -> UUID | None:
    """Return the current actor's account id, or None when nobody is signed in."""
    acting = cast(Actor | None, g.get("actor"))
    return acting.account_id if acting else None


def account() -> UUID:
    """Return the current actor's account id; raises `Unauthenticated` when there is none."""
    account_id = actor().account_id
    if account_id is None:
        raise Unauthenticated()
    return account_id


def _check() -> None:
    endpoint = request.endpoint
    if endpoint is None:
        return
    view = current_app.view_functions[endpoint]
    who: frozenset[Role] | None = getattr(view, "who", None)
    if who is None:
        raise Forbidden()
    acting = g.actor = None if endpoint in ANONYMOUS else _identify()
    if who is ANYONE:
        return
    if acting is None:
        raise Unauthenticated()
    if acting.role not in who:
        _record_refusal(acting)
        raise Forbidden()


def _identify() -> Actor | None:
    if request.path.startswith("/api/"):
        return _from_bearer()
    identify = cast(Callable[[], Actor | None], current_app.extensions["consular.page_actor"])
    return identify()


def _from_bearer() -> Actor | None:
    header = request.headers.get("Authorization", "")
    if not header:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated()
    try:
        claims = _verifier().claims(token.strip())
        role = Role(str(claims.get("role")))
        account = _account_of(claims["iss"], claims["sub"], role)
    except (tokens.TokenRefused, ValueError, TypeError, AttributeError):
        raise Unauthenticated() from None
    if role is Role.CITIZEN:
        return Actor(role, account, None, g.request_id)
    return staff_actor(account, role)


def _account_of(issuer: str, subject: str, role: Role) -> UUID:
    """The account of a token's subject; a citizen of a real issuer gets one at the first token.

    The development issuer names our accounts; any other names people by its own subjects, staff as
    they do at the staff's sign-in. Raises ValueError, Unauthenticated.
    """
    if issuer == tokens.DEVELOPMENT_ISSUER:
        return UUID(subject)
    with transaction(NETWORK_SCOPE) as session:
        if role is Role.CITIZEN:
            return sign_in(session, issuer=issuer, subject=subject, now=now(), vault=vault())
        member = find_by_subject(session, subject)
        if member is None:
            raise Unauthenticated()
        return member.id


def staff_actor(account: UUID, role: Role | None = None) -> Actor:
    """Staff as their account says now, so that ending it works at once."""
    with autocommit_session() as session:
        member = find_active(session, account)
    if member is None or (role is not None and member.role != role):
        raise Unauthenticated()
    return Actor(Role(member.role), account, member.consulate_code, g.request_id)


def _verifier() -> tokens.Verifier:
    return cast(tokens.Verifier, current_app.extensions["consular.tokens"])


def _record_refusal(refused: Actor) -> None:
    with transaction(NETWORK_SCOPE) as session:
        account = refused.account_id if refused.is_citizen else None
        subject = audit.Subject(f"{request.method} {request.url_rule}", None, account)
        audit.record(session, subject, action="access.refused", now=now(), actor=refused)


def begin_request() -> None:
    """Give the request an id; a proxy's is taken when it is plain."""
    request_id = request.headers.get("X-Request-ID", "")
    plain = request_id.isascii() and request_id.replace("-", "").isalnum() and len(request_id) <= 64
    g.request_id = request_id if request_id and plain else str(new_id())
