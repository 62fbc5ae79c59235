"""Speak with Finabien about recipients: whose an account is, and a name to be corrected."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from integrations.contracts import HolderQuestion, NameCorrection, PayoutChannel
from integrations.errors import OutcomeUnknown, Refused
from integrations.registry import Purpose
from services.outbox.delivery import Lease
from services.remittances.correcting import (
    CorrectionTask,
    claim_correction,
    refuse_correction,
    settle_correction,
)
from services.remittances.holders import HolderTask, claim_check, settle_check
from services.remittances.rules import HolderMatch
from workers.agencies import code_of
from workers.runtime import JobContext
from workers.steps import RetryLater, Settled, run_steps

AGENCY = code_of(Purpose.PAYOUTS)


def check_holder(job: JobContext, lease: Lease) -> None:
    """Ask whether the account is of whom its sender named."""

    def claim(session: Session, _now: datetime) -> HolderTask | None:
        return claim_check(session, lease.ref, vault=job.vault)

    run_steps(job, lease, claim, _ask_holder, agency=AGENCY)


def _ask_holder(job: JobContext, task: HolderTask) -> Settled:
    match = HolderMatch(job.agencies.payouts.match_holder(_question(task)))

    def write(session: Session, now: datetime) -> None:
        settle_check(session, task.check, match, now=now)

    return Settled(match, write)


def _question(task: HolderTask) -> HolderQuestion:
    return HolderQuestion(
        PayoutChannel(task.payout),
        task.account,
        task.given_names,
        task.first_surname,
        task.second_surname,
    )


def correct_name(job: JobContext, lease: Lease) -> None:
    """Have the agency pay to the corrected name."""

    def claim(session: Session, now: datetime) -> CorrectionTask | None:
        return claim_correction(session, lease.ref, now=now)

    run_steps(job, lease, claim, _correct, agency=AGENCY)


def _correct(job: JobContext, task: CorrectionTask) -> Settled | RetryLater:
    name = task.name
    try:
        job.agencies.payouts.correct_name(
            NameCorrection(
                task.key, task.folio, name.given_names, name.first_surname, name.second_surname
            )
        )
    except OutcomeUnknown:
        # The key makes it the same correction.
        return RetryLater()
    except Refused as refusal:
        if refusal.code == "not_found":
            # The order may still be on its way there.
            return RetryLater()
        code = refusal.code
        return Settled(code, lambda session, now: refuse_correction(session, task, code, now=now))
    return Settled("corrected", lambda session, now: settle_correction(session, task, now=now))
