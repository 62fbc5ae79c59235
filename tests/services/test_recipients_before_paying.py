"""What is known of a recipient before anything is paid: whose the account is, and whether it is the
first large transfer to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.kernel.db import NETWORK_SCOPE, Database, Scope
from services.outbox.models import OutboxItem
from services.remittances.advancing import claim_next
from services.remittances.first_sends import is_first_large_send
from services.remittances.holders import (
    TOPIC,
    HolderAnswer,
    ask_holder,
    claim_check,
    find_answer,
    settle_check,
)
from services.remittances.models import HolderCheck, Quote
from services.remittances.payees import Recipient
from services.remittances.payout import PayoutAnswer, settle_payout
from services.remittances.rules import Answer, HolderMatch, Payout, day_in_mexico
from services.remittances.tariffs import first_send_minor, rules_of
from tests.factories.remittances import (
    NOW,
    VAULT,
    ask_quote,
    make_clabe,
    make_recipient,
    make_sender,
    order_from,
)
from tests.servers import DatabaseUrls, connected


@pytest.fixture
def web(database: DatabaseUrls) -> Iterator[Database]:
    with connected(database.web_url, pool_size=1) as opened:
        yield opened


@pytest.fixture
def workers(database: DatabaseUrls) -> Iterator[Database]:
    with connected(database.worker_url, pool_size=1) as opened:
        yield opened


def test_a_holder_is_asked_about_once_and_forgotten_when_answered(
    web: Database, workers: Database
) -> None:
    who, payout = make_recipient(), Payout.ACCOUNT
    same = replace(who, given_names=who.given_names.upper())
    with workers.transaction(NETWORK_SCOPE) as session:
        mine, others = (make_sender(session).scope.account for _ in range(2))
    assert mine
    assert others

    def answer(account: UUID) -> HolderAnswer | None:
        with web.transaction(Scope(account=account)) as session:
            return find_answer(session, account, same, payout, vault=VAULT)

    with web.transaction(Scope(account=mine)) as session:
        for recipient in (who, same):
            ask_holder(session, mine, recipient, payout, now=NOW, vault=VAULT)
        cash = make_recipient(Payout.BRANCH)
        ask_holder(session, mine, cash, Payout.BRANCH, now=NOW, vault=VAULT)
    assert answer(mine) == HolderAnswer(None)
    with workers.transaction(NETWORK_SCOPE) as session:
        [check] = session.scalars(select(OutboxItem.ref).where(OutboxItem.topic == TOPIC)).all()
        task = claim_check(session, check, vault=VAULT)
        assert task is not None
        assert (task.account, task.first_surname) == (who.clabe, who.first_surname)
        settle_check(session, check, HolderMatch.CLOSE, now=NOW)
        settle_check(session, check, HolderMatch.NO, now=NOW)
        assert claim_check(session, check, vault=VAULT) is None
        assert session.get_one(HolderCheck, check).content_sealed is None
    assert answer(mine) == HolderAnswer(HolderMatch.CLOSE)
    assert answer(others) is None


@pytest.mark.usefixtures("reference")
def test_only_a_large_transfer_to_somebody_new_is_warned_of(session: Session) -> None:
    sender, who = make_sender(session), make_recipient()
    small, large = (ask_quote(session, sender, send=cents) for cents in (499_99, 500_00))

    large_minor = first_send_minor(rules_of(session, day_in_mexico(NOW)))

    def warned(quote: Quote, recipient: Recipient = who) -> bool:
        return is_first_large_send(session, quote, recipient, large_minor=large_minor, vault=VAULT)

    assert (warned(small), warned(large)) == (False, True)
    sent = order_from(session, sender, small.id, recipient=who)
    assert warned(large)
    claim_next(session, sent.id, now=NOW, vault=VAULT)
    settle_payout(session, sent.id, PayoutAnswer(Answer.PAID), now=NOW + timedelta(minutes=1))
    assert not warned(large)
    assert not warned(large, replace(who, given_names=who.given_names.upper()))
    assert warned(large, replace(who, clabe=make_clabe(2)))
    assert warned(large, replace(who, first_surname="Otra"))
