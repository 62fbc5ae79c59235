"""Tells the duty officer when the relay, the workers or the schedule are dead, once an outage.

It runs beside the relay and beside the schedule, and sends by itself: what is dead may be just what
would carry the message. The gateway takes a message once per key, and the key is the outage's id.
"""

from __future__ import annotations

import threading

import structlog

from integrations.contracts import Message, MessageChannel, MessageSender
from integrations.errors import AgencyError
from services.agencies.entering import NotNow
from services.kernel.catalogue import DEFAULT_LANGUAGE, translate
from services.kernel.clock import database_clock
from services.kernel.db import NETWORK_SCOPE, Database
from services.operations import outages
from services.operations.models import Outage
from services.operations.words import PROCESSES
from workers.messages import write

PERIOD_SECONDS = 5.0

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
            untold = outages.list_untold(session)
        if self._notices is not None:
            for outage in untold:
                self._tell(self._notices, outage)

    def _tell(self, notices: MessageSender, outage: Outage) -> None:
        try:
            notices.send(self._message(outage))
        except (AgencyError, NotNow) as error:
            log.warning("outage_not_told", error=type(error).__name__)
            return
        with self._database.transaction(NETWORK_SCOPE) as session:
            outages.mark_notified(session, outage.id)

    def _message(self, outage: Outage) -> Message:
        process = translate(PROCESSES[outage.process], DEFAULT_LANGUAGE)
        values = {"process": process, "address": f"{self._site}/operations"}
        text = write("process_dead", DEFAULT_LANGUAGE, values)
        return Message(str(outage.id), MessageChannel.EMAIL, self._address, text.subject, text.body)

    def _run(self) -> None:
        stopped = threading.Event()
        while not stopped.wait(PERIOD_SECONDS):
            try:
                self.tick()
            except Exception as error:  # the thread goes on whatever happens
                log.warning("alarm_failed", error=type(error).__name__)
