"""What is done from time to time. Many schedulers may run: the database lets one start each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from services.alerts import agreements, scheduling
from services.alerts.evaluating import list_active
from services.appointments import holding, releasing, reminding, watching
from services.enrollments import batches, lapsing
from services.enrollments import queries as enrollments
from services.enrollments.rules import HOME_ZONE
from services.facts.rolling_up import roll_up
from services.facts.settling import note_settled
from services.kernel.clock import SessionClock
from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.settings import Settings
from services.ledger.expiring import expire_holds
from services.ledger.settling import is_waiting
from services.outbox.delivery import enqueue
from services.outbox.periodic import start_if_due, start_if_due_daily
from services.privacy import queries as privacy
from services.remittances import queries as remittances
from services.remittances import remedying, screening
from services.remittances.rules import Status

PERIOD_SECONDS = 1.0
UNATTENDED_AFTER = timedelta(seconds=20)
BATCH = 200
BATCH_HOUR = 1
PUBLISHED_HOUR = 6
RECOUNT_HOUR = 3
COMPARE_HOUR = 4
AGREEMENTS_HOUR = 8

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Periodic:
    """``start`` puts what is to be done into the outbox, in the transaction that took the turn.

    With an ``hour`` it is due once a day, then, in Mexico City.
    """

    job: str
    every_seconds: int
    start: Callable[[Session, datetime], None]
    hour: int | None = None

    def is_due(self, session: Session) -> bool:
        """Whether this transaction is the one that starts it now."""
        if self.hour is None:
            return start_if_due(session, self.job, every_seconds=self.every_seconds)
        return start_if_due_daily(session, self.job, hour=self.hour, zone=HOME_ZONE)


def id_of(job: str) -> UUID:
    """What an item of a periodic job is about: the job, so that its items are known as one."""
    return uuid5(NAMESPACE_URL, f"urn:consular:{job}")


def _fetch_rates(session: Session, _: datetime) -> None:
    enqueue(session, "rates.fetch", id_of("rates.fetch"))


def _fetch_places(session: Session, _: datetime) -> None:
    enqueue(session, "places.fetch", id_of("places.fetch"))


def _fetch_published(session: Session, _: datetime) -> None:
    enqueue(session, "published.fetch", id_of("published.fetch"))


def _watch(session: Session, _: datetime) -> None:
    enqueue(session, "incidents.watch", id_of("incidents.watch"))


def _sweep(session: Session, _: datetime) -> None:
    enqueue(session, "housekeeping.sweep", id_of("housekeeping.sweep"))


def _close_days(session: Session, _: datetime) -> None:
    enqueue(session, "appointments.close_days", id_of("appointments.close_days"))


def _free_holds(session: Session, now: datetime) -> None:
    if holding.list_due(session, now=now, most=1):
        enqueue(session, "appointments.free_holds", id_of("appointments.free_holds"))


def _remind(session: Session, now: datetime) -> None:
    reminding.remind(session, now=now, most=BATCH)


def _extend_series(session: Session, _: datetime) -> None:
    enqueue(session, "appointments.extend_series", id_of("appointments.extend_series"))


def _release_places(session: Session, now: datetime) -> None:
    if releasing.list_due(session, now=now):
        enqueue(session, "appointments.release_places", id_of("appointments.release_places"))


def _tell_of_places(session: Session, now: datetime) -> None:
    watching.notify(session, now=now, most=BATCH)


def _ask_about_enrollments(session: Session, now: datetime) -> None:
    """A net below the questions that jobs enqueue for themselves: none of them gets lost."""
    for enrollment in enrollments.list_unattended(
        session, before=now - UNATTENDED_AFTER, limit=BATCH
    ):
        enqueue(session, "enrollments.refresh", enrollment)
    for batch in batches.list_unattended(session, before=now - UNATTENDED_AFTER, limit=BATCH):
        enqueue(session, "enrollments.batch", batch)


def _collect_batches(session: Session, _: datetime) -> None:
    if batches.anything_waits(session):
        enqueue(session, "enrollments.collect", id_of("enrollments.collect"))


def _end_terms(session: Session, now: datetime) -> None:
    """Remind of terms that end soon; those that have lapsed are closed, each by its own item."""
    lapsing.remind(session, now=now, limit=BATCH)
    for enrollment in lapsing.list_lapsed(session, now=now, limit=BATCH):
        enqueue(session, "enrollments.lapse", enrollment)


_GOES_ON: dict[str, str] = {
    Status.CANCELLING: "remittances.cancel",
    Status.REFUNDING: "remittances.refund",
}


def _go_on_with_remittances(session: Session, now: datetime) -> None:
    """The same net below money: the payout's job asks or sends, whichever the state calls for."""
    before = now - UNATTENDED_AFTER
    for remittance in remittances.list_unattended(session, before=before, limit=BATCH):
        topic = _GOES_ON.get(remittance.status, "remittances.payout")
        enqueue(session, topic, remittance.id)
    for remedy in remedying.list_unattended_remedies(session, before=before, limit=BATCH):
        enqueue(session, remedying.TOPIC, remedy)


def _screen_again(session: Session, _: datetime) -> None:
    if screening.list_outdated(session, most=1):
        enqueue(session, "remittances.screen", id_of("remittances.screen"))


def _evaluate_alerts(session: Session, _: datetime) -> None:
    if list_active(session):
        enqueue(session, "alerts.evaluate", id_of("alerts.evaluate"))


def _send_reports(session: Session, now: datetime) -> None:
    scheduling.begin_due(session, now=now)


def _remind_of_agreements(session: Session, now: datetime) -> None:
    agreements.remind(session, now=now)


def _roll_up(session: Session, _: datetime) -> None:
    """Few lines are added in passing."""
    if roll_up(session):
        enqueue(session, "facts.build", id_of("facts.build"))


def _recount(session: Session, _: datetime) -> None:
    enqueue(session, "facts.recount", id_of("facts.recount"))


def _settle_books(session: Session, now: datetime) -> None:
    expire_holds(session, now=now, most=BATCH)
    if is_waiting(session):
        enqueue(session, "ledger.settle", id_of("ledger.settle"))


def _compare_books(session: Session, _: datetime) -> None:
    enqueue(session, "ledger.compare", id_of("ledger.compare"))


def _go_on_erasing(session: Session, now: datetime) -> None:
    """Retry erasure requests that were blocked."""
    for request in privacy.list_waiting(session, limit=BATCH):
        enqueue(session, "privacy.erase", request)


PERIODIC = (
    # Banco de México publishes once a day; a failed fetch is repeated by its own item.
    Periodic("rates.fetch", 30 * 60, _fetch_rates),
    Periodic("places.fetch", 6 * 60 * 60, _fetch_places),
    Periodic("published.fetch", 0, _fetch_published, hour=PUBLISHED_HOUR),
    Periodic("housekeeping.sweep", 60 * 60, _sweep),
    Periodic("appointments.close_days", 60 * 60, _close_days),
    Periodic("appointments.free_holds", 5, _free_holds),
    Periodic("appointments.extend_series", 60 * 60, _extend_series),
    Periodic("appointments.release_places", 60, _release_places),
    # In batches: the morning of the largest office takes some minutes.
    Periodic("appointments.reminder", 20, _remind),
    Periodic("appointments.place_found", 60, _tell_of_places),
    Periodic("enrollments.lapse", 60, _end_terms),
    Periodic("enrollments.unattended", 10, _ask_about_enrollments),
    Periodic("alerts.evaluate", 5 * 60, _evaluate_alerts),
    Periodic("alerts.report", 60, _send_reports),
    Periodic("alerts.agreements", 0, _remind_of_agreements, hour=AGREEMENTS_HOUR),
    Periodic("facts.build", 5, _roll_up),
    Periodic("facts.recount", 0, _recount, hour=RECOUNT_HOUR),
    Periodic("incidents.watch", 60, _watch),
    Periodic("ledger.settle", 5, _settle_books),
    Periodic("ledger.compare", 0, _compare_books, hour=COMPARE_HOUR),
    Periodic("privacy.unattended", 20 * 60, _go_on_erasing),
    Periodic("remittances.screen", 60, _screen_again),
    Periodic("remittances.unattended", 10, _go_on_with_remittances),
)


def collecting(settings: Settings) -> Periodic:
    """When requests that travel by file are collected: at night, in development all the time."""
    seconds = settings.number("CONSULAR_BATCH_SECONDS", 3 if settings.development else 0)
    hour = None if seconds else int(settings.number("CONSULAR_BATCH_HOUR", BATCH_HOUR))
    return Periodic("enrollments.collect", int(seconds), _collect_batches, hour)


class Schedule:
    """One pass is `tick`. ``more`` is what the settings decide about."""

    def __init__(self, database: Database, clock: SessionClock, *more: Periodic) -> None:
        self._periodic = (*PERIODIC, *more)
        self._database = database
        self._clock = clock
        self._missing = False

    def tick(self) -> list[str]:
        """Start what is due; returns the jobs that this scheduler started."""
        try:
            started = [periodic.job for periodic in self._periodic if self._start(periodic)]
            with self._database.transaction(NETWORK_SCOPE) as session:
                note_settled(session)
        except SQLAlchemyError:
            if not self._missing:
                log.warning("schedule_waits", part="database")
            self._missing = True
            return []
        self._missing = False
        return started

    def _start(self, periodic: Periodic) -> bool:
        with self._database.transaction(NETWORK_SCOPE) as session:
            due = periodic.is_due(session)
            if due:
                periodic.start(session, self._clock(session))
        return due
