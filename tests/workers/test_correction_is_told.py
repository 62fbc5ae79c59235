"""Whose data were corrected at a window hears of it where the account is reached."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import text

from services.citizens.accounts import set_profile
from services.citizens.people import PersonData
from services.identity.checking import CheckIdentity, check_identity
from services.identity.correcting import ask_for_correction, correct
from services.kernel.audit import Actor, Role
from services.kernel.clock import system_clock
from services.kernel.ids import new_id
from tests.factories.consulates import add_consulate
from tests.factories.enrollments import make_account, make_applicant
from tests.workers.conftest import messages
from workers.jobs.run import run_outbox
from workers.runtime import JobContext

OFFICE = "villanueva"


def test_the_holder_reads_that_their_data_were_corrected(
    job: JobContext, agencies_url: str
) -> None:
    right = PersonData("Itzel", "Luna", "Peña", make_applicant().birth_date, email="i@example.org")
    now, officer = system_clock(), Actor(Role.OFFICER, new_id(), OFFICE)
    with job.transaction() as session:
        add_consulate(session, OFFICE)
        account = make_account(session)
        wrong = replace(right, given_names="Itzell")
        set_profile(session, account, wrong, now=now, vault=job.vault)
        folio = ask_for_correction(session, account, right, now=now, vault=job.vault)
        command = CheckIdentity(replace(right, email=None), "Acta", folio=folio)
        check = check_identity(session, command, now=now, actor=officer, vault=job.vault)
        correct(session, check.id, now=now, actor=officer, vault=job.vault)
        item = session.scalar(text("SELECT id FROM outbox WHERE topic = 'identity.corrected'"))
    run_outbox(str(item))
    [message] = messages(agencies_url, "i@example.org")
    assert "corrigió tu nombre" in message["body"]
    assert "Itzel" not in message["body"]
