"""Tells the duty officer when the relay, the workers or the schedule are dead, once an outage, and
of incidents that can't wait, each once.

It runs beside the relay and beside the schedule, and sends by itself: what is dead may be just what
would carry the message. The gateway takes a message once per key, and the key is the outage's id.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from integrations.contracts import Message, MessageChannel, MessageSender
from integrations.errors import AgencyError
from services.agencies.entering import NotNow
from services.enrollments.rules import HOME_ZONE
from services.incidents import alarming
from services.incidents.models import Incident
from services.incidents.words import KINDS, MEANINGS
from services.kernel.catalogue import DEFAULT_LANGUAGE, translate
from services.kernel.clock import database_clock
from services.kernel.db import NETWORK_SCOPE, Database
from services.operations import outages
from services.operations.models import Outage
from services.operations.words import PROCESSES
from workers.message_context import local_time
from workers.messages import write

PERIOD_SECONDS = 5.0
# Incidents that are told in one pass.
BATCH = 20

log = structlog.get_logger(__name__)


class Alarm:
    """``address`` is the duty officer's; without ``notices``, page and metrics alone tell."""

    def __init__(
        self, database: Database, notices: MessageSender | None, *, address: str, site: str
    ) -> None:
        self._database = database
        self._notices = notices
        self._address = address
        self._site = site

    def start(self) -> None:
        """Watch from a thread, until this process ends."""
        threading.Thread(target=self._run, name="alarm", daemon=True).start()

    def tick(self) -> None:
        """Look once; send what hasn't been sent."""
        with self._database.transaction(NETWORK_SCOPE) as session:
            outages.watch(session, now=database_clock(session))
            dead = outages.list_untold(session)
            urgent = alarming.list_untold(session, now=database_clock(session), most=BATCH)
        if self._notices is not None:
            for outage in dead:
                self._tell(self._notices, self._of_outage(outage), outages.mark_notified, outage.id)
            for incident in urgent:
                message = self._of_incident(incident)
                self._tell(self._notices, message, alarming.mark_told, incident.id)

    def _tell(
        self,
        notices: MessageSender,
        message: Message,
        mark: Callable[[Session, UUID], None],
        told: UUID,
    ) -> None:
        try:
            notices.send(message)
        except (AgencyError, NotNow) as error:
            log.warning("duty_not_told", error=type(error).__name__)
            return
        with self._database.transaction(NETWORK_SCOPE) as session:
            mark(session, told)

    def _of_outage(self, outage: Outage) -> Message:
        process = translate(PROCESSES[outage.process], DEFAULT_LANGUAGE)
        values = {"process": process, "address": f"{self._site}/operations"}
        return self._message(outage.id, "process_dead", values)

    def _of_incident(self, incident: Incident) -> Message:
        values = {
            "what": translate(KINDS[incident.kind], DEFAULT_LANGUAGE),
            "meaning": translate(MEANINGS[incident.kind], DEFAULT_LANGUAGE),
            "since": local_time(incident.opened_at, HOME_ZONE, DEFAULT_LANGUAGE),
            "address": f"{self._site}/incidents/{incident.id}",
        }
        return self._message(incident.id, "incident_urgent", values)

    def _message(self, key: UUID, message: str, values: dict[str, str]) -> Message:
        text = write(message, DEFAULT_LANGUAGE, values)
        return Message(str(key), MessageChannel.EMAIL, self._address, text.subject, text.body)

    def _run(self) -> None:
        stopped = threading.Event()
        while not stopped.wait(PERIOD_SECONDS):
            try:
                self.tick()
            except Exception as error:  # the thread goes on whatever happens
                log.warning("alarm_failed", error=type(error).__name__)
