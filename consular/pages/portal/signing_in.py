"""Sign in by a code, by Llave MX or as staff; sign out."""

from __future__ import annotations

import hmac
import re
import secrets
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from flask import Response, current_app, g, render_template, request, url_for
from flask_babel import gettext as _
from itsdangerous import BadData, URLSafeTimedSerializer
from marshmallow import Schema

from consular.auth import ANYONE, CITIZEN, STAFF, allow, now, vault
from consular.callers import address_index
from consular.db import transaction
from consular.errors import FieldsInvalid
from consular.i18n import current_language
from consular.input.fields import Email, Phone
from consular.pages.drafts import answers, draft, drop, keep_draft
from consular.pages.forms import Errors, check, go, local, phone_of
from consular.pages.portal.blueprint import pages
from consular.pages.portal.form_prefill import as_form
from consular.pages.portal.proved import proved_before, remember_proved
from consular.pages.posting import once
from consular.pages.session import forget, keep
from consular.security import browser_secret
from consular.sign_in import SignIn
from services.citizens.accounts import find_holder, sign_in
from services.citizens.codes import LIFETIME, MOST_TRIES, Destination, send_code, use_code
from services.citizens.errors import (
    CodeExpired,
    CodeIncomplete,
    CodeTriesUsed,
    CodeWrong,
    TooManyAttempts,
)
from services.citizens.limits import Budget, Rate, spend
from services.identity.proving import prove
from services.kernel.audit import Actor, Role
from services.kernel.db import NETWORK_SCOPE
from services.kernel.errors import Forbidden, TooMany
from services.kernel.identifiers import format_phone, parse_phone
from services.staff.accounts import find_by_subject
from services.staff.sessions import start_session

FLOW_COOKIE = "consular-sign-in"
FLOW_SECONDS = 600
WINDOW = timedelta(minutes=15)
# In a draft: when the latest code went out.
CODE_SENT = "code_sent_at"
SENT_AGAIN = "code_sent_again"
# Of a sign-in that is to prove who one is.
PROVES = "comprobar"
MINUTES = int(LIFETIME.total_seconds() // 60)


class _EmailContact(Schema):
    contact = Email(required=True)


class _PhoneContact(Schema):
    contact = Phone(required=True)


def destination(contact: str, errors: Errors) -> Destination | None:
    """An e-mail where there is an @, else a phone; None with the reason in ``errors``."""
    email = "@" in contact
    if not email and (not contact.strip() or any(letter.isalpha() for letter in contact)):
        errors["contact"] = [_("Escribe tu correo completo, con @, o tu teléfono.")]
        return None
    contact_value = check(
        _EmailContact() if email else _PhoneContact(), {"contact": contact}, errors
    )
    return (
        Destination("email" if email else "sms", contact_value["contact"])
        if contact_value
        else None
    )


def mask(to: Destination) -> str:
    """Mask an address: enough to recognize, too little to learn."""
    if to.channel == "sms":
        return f"{format_phone(to.address).split()[0]} ••• {to.address[-4:]}"
    name, _at, host = to.address.partition("@")
    return f"{name[:1]}•••@{host}"


def send_code_to(to: Destination) -> None:
    """One code, within the limits of the address and of the network address."""
    most = current_app.config["CODES_PER_CALLER"]
    try:
        with transaction(NETWORK_SCOPE) as session:
            spend(session, [Budget(address_index("codes"), Rate(most, WINDOW))], now=now())
            send_code(
                session,
                to,
                language=current_language(),
                now=now(),
                vault=vault(),
                asked_by=_asked_by(),
                network=address_index("codes"),
                known=proved_before(to),
                most=current_app.config["CODES_PER_ADDRESS"],
            )
    except TooManyAttempts as spent:
        seconds = int(str(spent.params["retry_after"]))
        raise TooMany(
            "too_many_codes",
            retry_after=seconds,
            minutes=max(1, round(seconds / 60)),
            lifetime=MINUTES,
        ) from None


def enter_with_code(to: Destination, code: str) -> tuple[UUID, str]:
    """(account, secret of the new session). Raises what `use_code` does, and CodeWrong."""
    digits = re.sub(r"[\s-]", "", code)
    with transaction(NETWORK_SCOPE) as session:
        outcome = use_code(session, to, digits, now=now(), vault=vault(), asked_by=_asked_by())
        if isinstance(outcome, UUID):
            return outcome, start_session(session, now=now(), account_id=outcome)
    if not outcome.left:
        raise CodeTriesUsed(field="code", tries=MOST_TRIES)
    raise CodeWrong(field="code", left=outcome.left)


def _asked_by() -> bytes:
    return vault().blind_index("codes.browser", browser_secret())


def sent_at(form: dict[str, str]) -> int | None:
    """Whole minutes since the latest code went out."""
    try:
        passed = now() - datetime.fromisoformat(form.get(CODE_SENT, ""))
    except (ValueError, TypeError):
        return None
    return max(0, int(passed.total_seconds() // 60))


@pages.get("/login")
@allow(ANYONE)
def login() -> str:
    """Show the ways to sign in."""
    form = {**draft().form, **request.args.to_dict()}
    errors = draft().errors(_read)
    number = form.get("confirm", "")
    return render_template(
        "portal/login.html",
        next=_next(form.get("next")),
        form=form,
        errors=errors,
        confirm=_confirm(number) if not errors else None,
    )


def _confirm(number: str) -> dict[str, str] | None:
    """The whole number, to be read again before a message goes there."""
    try:
        return {"number": parse_phone(number), "words": format_phone(number)} if number else None
    except ValueError:
        return None


@pages.post("/login")
@allow(ANYONE)
def login_send() -> Response:
    """Send a code to sign in with."""
    return _send(answers())


@pages.get("/login/codigo")
@allow(ANYONE)
def login_code() -> Any:
    """Show the form for the code."""
    form = draft().form
    to = _read(form, {}) if CODE_SENT in form else None
    if to is None and g.actor is not None and g.actor.is_citizen:
        return go(url_for("portal.dashboard"))
    if to is None:
        return go(url_for("portal.login", next=_next(request.args.get("next")) or None))
    return render_template(
        "portal/login_code.html",
        sent_to=mask(to),
        sent_at=sent_at(form),
        sent_again=SENT_AGAIN in form,
        errors=draft().errors(),
        minutes=MINUTES,
    )


@pages.post("/login/codigo")
@allow(ANYONE)
def login_code_use() -> Response:
    """Use the code to sign in, or send another; a reader signed in meanwhile is sent on."""
    form = answers()
    then = _next(form.get("next")) or url_for("portal.dashboard")
    to = _read(form, {})
    already = g.actor is not None and g.actor.is_citizen
    if to is None and already:
        return go(then)
    if to is None or "again" in request.form:
        return _send(form)
    try:
        _account, secret = enter_with_code(to, request.form.get("code", ""))
    except (CodeExpired, CodeIncomplete, CodeTriesUsed, CodeWrong):
        if already:
            return go(then)
        raise
    drop()
    return keep(remember_proved(go(then), to), secret)


def _send(form: dict[str, str]) -> Response:
    errors: Errors = {}
    to = _read(form, errors)
    if to is None:
        raise FieldsInvalid(errors)
    if to.channel == "sms" and form.get("confirmed") != to.address:
        return go(url_for("portal.login", d=keep_draft({**form, "confirm": to.address})))
    send_code_to(to)
    return go(url_for("portal.login_code", d=keep_draft({**form, **code_sent()})))


def code_sent() -> dict[str, str]:
    """What a draft notes of a code that was just sent."""
    again = {SENT_AGAIN: "yes"} if "again" in request.form else {}
    return {CODE_SENT: now().isoformat(), **again}


def _read(form: dict[str, str], errors: Errors) -> Destination | None:
    typed_contact = form.get("contact", "")
    contact = typed_contact if "@" in typed_contact else phone_of(form, "contact").get("contact")
    return destination(contact or "", errors)


@pages.get("/salir")
@allow(ANYONE)
def back_home() -> Response:
    """The address of the sign-out, opened after a change of language."""
    return go(url_for("portal.home"))


@pages.post("/salir")
@allow(ANYONE)
def logout() -> Response:
    """Sign out, in the browser and on the server."""
    return forget(go(url_for("portal.home")))


@pages.get("/login/llave-mx")
@allow(ANYONE)
def login_llavemx() -> Response:
    """Redirect to Llave MX to sign in."""
    flow = {
        "state": secrets.token_urlsafe(24),
        "next": _next(request.args.get("next")),
        PROVES: "yes" if PROVES in request.args else "",
    }
    address = _providers().citizen_address(
        state=flow["state"], redirect_uri=_callback("portal.llavemx_callback")
    )
    return _begin(address, flow, "citizen")


@pages.get("/login/llave-mx/vuelta")
@once
@allow(ANYONE)
def llavemx_callback() -> Response:
    """Back from Llave MX: the account of that person, with the data they verified there."""
    try:
        flow = _flow("citizen")
    except Forbidden:
        return _already(CITIZEN)
    who, profile = _providers().citizen(
        code=request.args.get("code", ""), redirect_uri=_callback("portal.llavemx_callback")
    )
    with transaction(NETWORK_SCOPE) as session:
        account = sign_in(session, issuer="llavemx", subject=who, now=now(), vault=vault())
        whole = bool(profile.given_names and profile.first_surname)
        if whole:
            _providers().remember(session, account, profile, now=now(), vault=vault())
        known = whole or find_holder(session, account) is not None
        check = (
            prove(session, account, profile, now=now(), vault=vault()) if flow.get(PROVES) else None
        )
        secret = start_session(session, now=now(), account_id=account)
    onward = flow["next"] or url_for("portal.dashboard")
    if flow.get(PROVES):
        onward = url_for("portal.proved", id=check.id) if check else _not_proved()
    if not known:
        g.actor = Actor(Role.CITIZEN, account, None, g.get("request_id"))
        onward = url_for("portal.profile", d=keep_draft({**as_form(profile), "next": onward}))
    return _end(onward, secret)


def _not_proved() -> str:
    """Where it is said that Llave MX told too little."""
    return url_for("portal.prove_identity", incompleta=1)


@pages.get("/login/personal")
@allow(ANYONE)
def login_staff() -> Response:
    """Redirect to the staff's identity provider to sign in."""
    flow = {
        "state": secrets.token_urlsafe(24),
        "nonce": secrets.token_urlsafe(24),
        "verifier": secrets.token_urlsafe(48),
        "next": _next(request.args.get("next")),
    }
    address = _providers().official_address(
        state=flow["state"],
        redirect_uri=_callback("portal.staff_callback"),
        nonce=flow["nonce"],
        code_verifier=flow["verifier"],
    )
    return _begin(address, flow, "staff")


@pages.get("/login/personal/vuelta")
@once
@allow(ANYONE)
def staff_callback() -> Response:
    """Back from the identity provider: whoever has an account here may enter."""
    try:
        flow = _flow("staff")
    except Forbidden:
        return _already(STAFF)
    subject = _providers().official(
        code=request.args.get("code", ""),
        redirect_uri=_callback("portal.staff_callback"),
        code_verifier=flow["verifier"],
        nonce=flow["nonce"],
    )
    with transaction(NETWORK_SCOPE) as session:
        member = find_by_subject(session, subject)
        if member is None:
            raise Forbidden("no_staff_account")
        secret = start_session(session, now=now(), staff_id=member.id)
        start = first_page(member.role)
    return _end(flow["next"] or start, secret)


def _already(roles: frozenset[Role]) -> Response:
    """The return from a sign-in, opened again: on to the first page. Raises Forbidden when nobody
    is signed in."""
    if g.actor is None or g.actor.role not in roles:
        raise Forbidden("form_expired")
    return go(url_for("portal.dashboard") if g.actor.is_citizen else first_page(g.actor.role))


def first_page(role: str) -> str:
    """Return the first page of a role."""
    if role in ("officer", "supervisor"):
        return url_for("desk.today")
    if role == "admin":
        return url_for("admin.staff")
    if role in ("analyst", "auditor"):
        return url_for("monitoring.overview")
    if role in ("treasury", "compliance"):
        return url_for("incidents_pages.queue")
    return url_for("telephone.book_for_others")


def _next(address: str | None) -> str:
    return local(address, "")


def _providers() -> SignIn:
    return cast(SignIn, current_app.extensions["consular.sign_in"])


def _callback(endpoint: str) -> str:
    base: str = current_app.extensions["consular.settings"].public_url
    return f"{base}{url_for(endpoint)}"


def _serializer(kind: str) -> URLSafeTimedSerializer:
    """A serializer for one kind of sign-in: what began as a citizen's can't be ended as staff's."""
    return URLSafeTimedSerializer(current_app.config["FORM_KEY"], salt=f"sign-in.{kind}")


def _begin(address: str, flow: dict[str, str], kind: str) -> Response:
    response = go(address)
    browser_secret()
    response.set_cookie(
        _flow_cookie(flow["state"]), str(_serializer(kind).dumps(flow)), max_age=FLOW_SECONDS,
        httponly=True, samesite="Lax", secure=current_app.config["SECURE"],
    )  # fmt: skip
    return response


def _flow(kind: str) -> dict[str, str]:
    """What this browser began; raises Forbidden when it began nothing or something else."""
    try:
        flow: dict[str, str] = _serializer(kind).loads(
            request.cookies.get(_flow_cookie(request.args.get("state", "")), ""),
            max_age=FLOW_SECONDS,
        )
    except BadData:
        raise Forbidden("form_expired") from None
    if not hmac.compare_digest(flow["state"].encode(), request.args.get("state", "").encode()):
        raise Forbidden("form_expired")
    return flow


def _end(address: str, secret: str) -> Response:
    response = keep(go(address), secret)
    response.delete_cookie(_flow_cookie(request.args.get("state", "")))
    return response


def _flow_cookie(state: str) -> str:
    """One for each sign-in that was begun, so that two tabs don't disturb each other."""
    return f"{FLOW_COOKIE}-{re.sub('[^A-Za-z0-9_-]', '', state)[:8]}"
