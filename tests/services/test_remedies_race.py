"""A remedy, a cancellation and the agency's refusal at once: never more goes back than was paid.

``--full`` runs 1,000 rounds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import text

from services.disputes.claiming import ClaimError, claim
from services.disputes.resolving import ResolveDispute, resolve
from services.disputes.rules import Kind, Remedy
from services.kernel.audit import Actor, Role
from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.errors import DomainError
from services.kernel.ids import new_id
from services.remittances.advancing import claim_next
from services.remittances.cancelling import cancel
from services.remittances.payout import PayoutAnswer, settle_payout
from services.remittances.queries import proof
from services.remittances.remedying import Remedied, give_remedy, lock_remittance
from services.remittances.rules import Answer
from tests.factories.remittances import NOW, VAULT, make_remittance, make_sender, prepare_reference
from tests.servers import Addresses

ROUNDS, ROUNDS_FULL = 6, 1000
Do = Callable[[], None]
TREASURER = Actor(Role.TREASURY, new_id())


@pytest.fixture
def database(servers: Addresses) -> Iterator[Database]:
    with servers.fresh_database() as urls:
        database = Database(urls.app_url, pool_size=8)
        with database.transaction(NETWORK_SCOPE) as session:
            prepare_reference(session)
        yield database
        database.dispose()


def _begin(database: Database) -> tuple[Actor, UUID, UUID]:
    """A remittance that the agency has, and of which an error was claimed."""
    with database.transaction(NETWORK_SCOPE) as session:
        sender = make_sender(session)
        remittance = make_remittance(session, sender, send=10_00)
        claim_next(session, remittance.id, now=NOW, vault=VAULT)
        command = ClaimError(remittance.id, Kind.NOT_RECEIVED)
        dispute = claim(session, command, now=NOW, actor=sender, vault=VAULT)
        return sender, remittance.id, dispute.id


def _at_once(database: Database, sender: Actor, remittance: UUID, dispute: UUID) -> list[Do]:
    def answer(word: Answer) -> None:
        with database.transaction(NETWORK_SCOPE) as session:
            settle_payout(session, remittance, PayoutAnswer(word), now=NOW)

    def take_back() -> None:
        with database.transaction(NETWORK_SCOPE) as session:
            cancel(session, remittance, now=NOW, actor=sender)

    def remedy(how: Remedy) -> None:
        with database.transaction(NETWORK_SCOPE) as session:
            command = ResolveDispute(dispute, how, "x", 12_00)
            resolve(session, command, now=NOW, actor=TREASURER, vault=VAULT)

    def again(minor: int) -> None:
        with database.transaction(NETWORK_SCOPE) as session:
            locked = lock_remittance(session, remittance)
            other = new_id()
            why = Remedied("other", other, f"OTHER{other.hex[-12:].upper()}", NOW.date())
            give_remedy(session, locked, minor, fees=False, why=why, now=NOW)

    return [
        lambda: answer(Answer.PAID), lambda: answer(Answer.CANCELLED), take_back,
        lambda: remedy(Remedy.EVERYTHING), lambda: remedy(Remedy.AMOUNT), lambda: again(5_00),
    ]  # fmt: skip


def _try(do: Do) -> None:
    try:
        do()
    except DomainError:
        return


def test_never_above_what_was_paid(database: Database, pytestconfig: pytest.Config) -> None:
    rounds = ROUNDS_FULL if pytestconfig.getoption("--full") else ROUNDS
    chance = Random(4711)
    with ThreadPoolExecutor(6) as threads:
        for round_ in range(rounds):
            sender, remittance, dispute = _begin(database)
            tries = _at_once(database, sender, remittance, dispute)
            if round_ % 2:
                # Paid before the race: nothing is left to cancel, so that remedies do race.
                tries.pop(0)()
            chance.shuffle(tries)
            list(threads.map(_try, tries))
            # Whatever came first, the rest once more: there is something left to race for.
            list(threads.map(_try, tries))
    with database.transaction(NETWORK_SCOPE) as session:
        above = text(
            "SELECT count(*) FROM remittances r WHERE r.total_minor < (SELECT -coalesce(sum(amount)"
            ", 0) FROM postings p JOIN journal_entries e ON e.id = p.entry_id WHERE"
            " e.subject_id = r.id AND p.account_code = 'refunds_payable')"
        )
        assert session.scalar(above) == 0
        given = text("SELECT count(*) FROM remittances WHERE remedied_minor > 0")
        assert session.scalar(given)
        assert proof(session).holds
