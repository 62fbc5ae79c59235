"""Build the Flask application of the web process from all of its parts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import redis
import structlog
from flask import Flask, g, request
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import BaseConverter

from consular import migrations, tokens
from consular.announcements import init_announcements
from consular.api.contract import MAX_BODY
from consular.api.openapi import docs
from consular.api.v1.alerts.routes import api as alerts_api
from consular.api.v1.announcements.routes import api as announcements_api
from consular.api.v1.appointments.routes import api as appointments_api
from consular.api.v1.callbacks.routes import api as callbacks_api
from consular.api.v1.catalogue.routes import api as catalogue_api
from consular.api.v1.chart_notes.routes import api as chart_notes_api
from consular.api.v1.closures.routes import api as closures_api
from consular.api.v1.commission.routes import api as commission_api
from consular.api.v1.disputes.routes import api as disputes_api
from consular.api.v1.documents.routes import api as documents_api
from consular.api.v1.enrollments.routes import api as enrollments_api
from consular.api.v1.exports.routes import api as exports_api
from consular.api.v1.folders.routes import api as folders_api
from consular.api.v1.group_figures.routes import api as group_figures_api
from consular.api.v1.holds.routes import api as holds_api
from consular.api.v1.identity.routes import api as identity_api
from consular.api.v1.incidents.routes import api as incidents_api
from consular.api.v1.me.routes import api as me_api
from consular.api.v1.monitoring.routes import api as monitoring_api
from consular.api.v1.open_data.routes import api as open_data_api
from consular.api.v1.operations.routes import api as operations_api
from consular.api.v1.people.routes import api as people_api
from consular.api.v1.programs.routes import api as programs_api
from consular.api.v1.queue.routes import api as queue_api
from consular.api.v1.ready_documents.routes import api as ready_documents_api
from consular.api.v1.recipients.routes import api as recipients_api
from consular.api.v1.remittances.routes import api as remittances_api
from consular.api.v1.scheduled_reports.routes import api as scheduled_reports_api
from consular.api.v1.service_levels.routes import api as service_levels_api
from consular.api.v1.session_series.routes import api as session_series_api
from consular.api.v1.sessions.routes import api as sessions_api
from consular.api.v1.voting.routes import api as voting_api
from consular.assets import init_assets
from consular.auth import begin_request, init_auth
from consular.errors import init_errors, refuse_late
from consular.health import init_health
from consular.i18n import init_i18n
from consular.input.fields import CODE
from consular.pages.admin.routes import pages as admin_pages
from consular.pages.alerts.reports import pages as report_pages
from consular.pages.alerts.routes import pages as alert_pages
from consular.pages.announcements.routes import pages as announcement_pages
from consular.pages.commission.routes import pages as commission_pages
from consular.pages.compliance.routes import pages as compliance_pages
from consular.pages.counts.routes import pages as counts_pages
from consular.pages.desk.board import screens as screen_pages
from consular.pages.desk.routes import pages as desk_pages
from consular.pages.elections.routes import pages as election_pages
from consular.pages.group_figures.routes import pages as group_figures_pages
from consular.pages.incidents.routes import pages as incident_pages
from consular.pages.indicators.routes import pages as indicator_pages
from consular.pages.language import init_language
from consular.pages.monitoring.changes import pages as change_pages
from consular.pages.monitoring.downloads import pages as download_pages
from consular.pages.monitoring.routes import pages as monitoring_pages
from consular.pages.open_data.routes import pages as open_data_pages
from consular.pages.operations.routes import pages as operation_pages
from consular.pages.portal.routes import pages as portal_pages
from consular.pages.posting import init_forms
from consular.pages.privacy.routes import pages as privacy_pages
from consular.pages.session import page_actor
from consular.pages.telephone.routes import pages as telephone_pages
from consular.pages.treasury.routes import pages as treasury_pages
from consular.security import init_security
from consular.sign_in import SignIn
from consular.uploads import UploadRequest, init_uploads
from integrations.errors import AgencyError, Refused
from integrations.identity.keys import JwksClient
from integrations.registry import AGENCIES, Purpose, calling_back, serving
from services.appointments.rules import DEVELOPMENT_LIMITS, PRODUCTION_LIMITS
from services.citizens.limits import Rate
from services.kernel import logs
from services.kernel.clock import Clock, system_clock
from services.kernel.crypto import Vault
from services.kernel.db import Database
from services.kernel.errors import Unavailable
from services.kernel.logins import Duty
from services.kernel.settings import Settings, SettingsError
from services.kernel.signatures import Signer
from services.remittances.house_accounts import SIMULATED, read_house_accounts

# One byte more than a body may have, so that a longer one is seen to be too long.
MAX_REQUEST = MAX_BODY + 1
BLUEPRINTS = (
    catalogue_api,
    appointments_api,
    holds_api,
    identity_api,
    people_api,
    sessions_api,
    session_series_api,
    closures_api,
    programs_api,
    enrollments_api,
    documents_api,
    recipients_api,
    remittances_api,
    disputes_api,
    incidents_api,
    queue_api,
    ready_documents_api,
    operations_api,
    voting_api,
    monitoring_api,
    service_levels_api,
    alerts_api,
    scheduled_reports_api,
    group_figures_api,
    chart_notes_api,
    exports_api,
    open_data_api,
    commission_api,
    announcements_api,
    me_api,
    folders_api,
    callbacks_api,
    docs,
    portal_pages,
    desk_pages,
    telephone_pages,
    treasury_pages,
    compliance_pages,
    screen_pages,
    counts_pages,
    election_pages,
    admin_pages,
    announcement_pages,
    monitoring_pages,
    group_figures_pages,
    change_pages,
    alert_pages,
    report_pages,
    download_pages,
    open_data_pages,
    commission_pages,
    indicator_pages,
    incident_pages,
    operation_pages,
    privacy_pages,
)
# The contract's room for tests: 600 requests a minute a person, of whom ten share this machine.
_A_MINUTE = Rate(600, timedelta(minutes=1))
_TEN_A_MINUTE = Rate(6000, timedelta(minutes=1))

_events = structlog.get_logger()


class Web(Flask):
    """Flask for views that are plain functions: it need not look whether each is a coroutine."""

    request_class = UploadRequest

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function as it is; Flask asks for each hook of each request."""
        return func


class CodeConverter(BaseConverter):
    """URL converter for codes, as forms and bodies take them."""

    regex = CODE
    # After those that are stricter: a UUID is a code too.
    weight = 110


def _house_accounts(settings: Settings) -> frozenset[str]:
    """Raises `SettingsError`."""
    usual = SIMULATED if settings.development else ""
    try:
        return read_house_accounts(settings.values.get("CONSULAR_HOUSE_ACCOUNTS", usual))
    except ValueError:
        raise SettingsError("CONSULAR_HOUSE_ACCOUNTS: no CLABE or card number.") from None


def create_app(settings: Settings, *, clock: Clock = system_clock) -> Flask:
    """An application that is ready to fork: no connection is open yet."""
    app = Web(__name__, static_folder=None)
    app.url_map.converters["code"] = CodeConverter
    app.url_map.strict_slashes = False
    app.config.update(
        SECURE=not settings.development,
        DEVELOPMENT=settings.development,
        MAX_CONTENT_LENGTH=MAX_REQUEST,
        MAX_FORM_MEMORY_SIZE=MAX_REQUEST,
        FORM_KEY=hashlib.sha256(b"consular.form" + settings.index_key()).digest(),
        MIGRATIONS_HEAD=migrations.head(),
        HOUSE_ACCOUNTS=_house_accounts(settings),
        TAKES_PAYMENTS=settings.development or "CONSULAR_PAYMENTS_URL" in settings.values,
        # In a quarter of an hour. Development leaves room for tests that act as many people.
        CODES_PER_ADDRESS=5 if not settings.development else 9000,
        CODES_PER_CALLER=30 if not settings.development else 9000,
        LOOKUPS=20 if not settings.development else 9000,
        # What one hand may book and hold, and how often it may name somebody whose appointment or
        # enrollment another account has.
        BOOKING_LIMITS=DEVELOPMENT_LIMITS if settings.development else PRODUCTION_LIMITS,
        ENROLLMENTS_PER_ACCOUNT=_A_MINUTE if settings.development else Rate(20, timedelta(days=1)),
        HOLDS_PER_ACCOUNT=_A_MINUTE if settings.development else Rate(30, timedelta(days=1)),
        UPLOADS_PER_ACCOUNT=_A_MINUTE if settings.development else Rate(60, timedelta(hours=1)),
        PERSON_SEARCHES=_A_MINUTE if settings.development else Rate(60, timedelta(hours=1)),
        GUESSES_PER_ACCOUNT=_A_MINUTE if settings.development else Rate(10, timedelta(days=1)),
        GUESSES_PER_ADDRESS=_TEN_A_MINUTE if settings.development else Rate(50, timedelta(days=1)),
    )
    app.extensions |= {
        "consular.settings": settings,
        "consular.database": _database(settings),
        "consular.vault": Vault(settings.master_keys(), settings.index_key()),
        "consular.signer": Signer(settings.signing_keys()),
        "consular.clock": clock,
        "consular.page_actor": page_actor,
        "consular.tokens": tokens.Verifier(_issuers(settings)),
        "consular.sign_in": _sign_in(settings),
        "consular.callback_secrets": {
            agency.code: settings.signing_secrets(agency.callback_setting)
            for agency in calling_back()
        },
        "consular.agencies": _called_by_workers(),
        "consular.payout_agency": _code_of(Purpose.PAYOUTS),
        "consular.redis": redis.Redis.from_url(
            settings.redis_url or "redis://127.0.0.1:1", socket_timeout=0.5,
            socket_connect_timeout=0.5,
        ),
    }  # fmt: skip
    logs.configure()
    _init(app)
    app.after_request(_log)
    if not settings.development:
        # One proxy stands before us; more would let a caller name their own address.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    return app


def _called_by_workers() -> tuple[str, ...]:
    """The codes of the agencies that only workers call, which staff may pause."""
    ours = (Purpose.CITIZEN_SIGN_IN, Purpose.STAFF_SIGN_IN)
    return tuple(agency.code for agency in AGENCIES.values() if agency.purpose not in ours)


def _code_of(purpose: Purpose) -> str:
    """The code of the one agency that serves a purpose."""
    [code] = [agency.code for agency in AGENCIES.values() if agency.purpose is purpose]
    return code


def _init(app: Flask) -> None:
    """What happens around every request, in the order in which it happens."""
    app.before_request(begin_request)
    app.before_request(refuse_late)
    init_health(app)
    init_i18n(app)
    init_assets(app)
    init_announcements(app)
    init_auth(app)
    init_uploads(app)
    init_security(app)
    init_errors(app)
    init_language(app)
    init_forms(app)
    _register(app)


def _database(settings: Settings) -> Database:
    """Refuses an unfit login at once; one that can't be asked yet, at its first connection."""
    database = Database(settings.database_url, duty=Duty.WEB, apart=not settings.development)
    with suppress(psycopg.OperationalError):
        database.refuse_unfit()
    return database


def _register(app: Flask) -> None:
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)


def _sign_in(settings: Settings) -> SignIn:
    """Llave MX for citizens, OpenID Connect for staff."""
    [citizens], [staff] = serving(Purpose.CITIZEN_SIGN_IN), serving(Purpose.STAFF_SIGN_IN)
    return SignIn(
        citizens=citizens.connect(settings),
        staff=staff.connect(settings),
        refused=Refused,
        failed=AgencyError,
    )


def _issuers(settings: Settings) -> dict[str, tokens.Issuer]:
    """The issuers whose bearer tokens the API takes."""
    known = [issuer for issuer in (_development_issuer(settings), _issuer(settings)) if issuer]
    return {issuer.name: issuer for issuer in known}


def _development_issuer(settings: Settings) -> tokens.Issuer | None:
    path = settings.values.get("CONSULAR_TOKEN_KEY_FILE")
    if not settings.development or not path:
        return None
    public = tokens.public_key(Path(path).read_text(encoding="ascii"))
    return tokens.issuer(
        tokens.DEVELOPMENT_ISSUER,
        tokens.AUDIENCE,
        tokens.ALGORITHM,
        {tokens.DEVELOPMENT_KEY_ID: public},
    )


def _issuer(settings: Settings) -> tokens.Issuer | None:
    """The identity provider of CONSULAR_TOKEN_ISSUER, with the keys it publishes."""
    issuer = settings.token_issuer()
    if issuer is None:
        return None
    client = JwksClient(issuer.jwks_url)

    def fetch(kid: str) -> Mapping[str, Any]:
        try:
            return client.keys(kid)
        except AgencyError as error:
            raise Unavailable("sign_in_unavailable", retry_after=5) from error

    keys = tokens.PublishedKeys(fetch)
    return tokens.Issuer(issuer.name, issuer.audience, tokens.ALGORITHM, keys)


def _log(response: Any) -> Any:
    _events.info(
        "request",
        request_id=g.get("request_id"),
        method=request.method,
        route=str(request.url_rule),
        status=response.status_code,
    )
    return response
