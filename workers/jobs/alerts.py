"""Look at the rules that watch figures."""

from __future__ import annotations

import structlog

from services.alerts import evaluating
from services.kernel.errors import DomainError
from services.outbox.delivery import Lease
from workers.runtime import JobContext

log = structlog.get_logger(__name__)


def evaluate(job: JobContext, lease: Lease) -> None:
    """One transaction a rule: what one of them can't answer keeps no other from telling."""
    with job.transaction() as session:
        rules = evaluating.list_active(session)
    for rule in rules:
        try:
            with job.transaction() as session:
                evaluating.evaluate(session, rule, now=job.now(session))
        except DomainError as refused:
            log.warning("alert_not_evaluated", error=refused.code)
    with job.settle(lease, "evaluated"):
        return
