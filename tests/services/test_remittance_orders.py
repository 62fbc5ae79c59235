"""Orders: one from a quote, within the limits however many come at once, nothing left readable."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from services.citizens.models import Account, Person
from services.facts.models import Fact
from services.kernel import idempotency
from services.kernel.audit import Actor, AuditEntry, Role
from services.kernel.crypto import SealBroken
from services.kernel.db import NETWORK_SCOPE, NO_SCOPE, Database, Scope
from services.kernel.errors import DomainError, Invalid, NotFound
from services.kernel.ids import new_id
from services.ledger.queries import balance
from services.outbox.models import OutboxItem
from services.remittances.advancing import claim_next
from services.remittances.entries import LedgerCode
from services.remittances.errors import (
    FundingUnavailable,
    HouseAccount,
    LimitExceeded,
    ProfileRequired,
    QuoteExpired,
    QuoteUsed,
)
from services.remittances.house_accounts import SIMULATED, read_house_accounts
from services.remittances.models import Remittance
from services.remittances.ordering import Order, OrderRemittance, order
from services.remittances.payees import ACCOUNT_PLACE, Recipient
from services.remittances.queries import get_notice, list_history, proof
from services.remittances.rules import TO_PEOPLE, Payout, Purpose, Status
from tests.factories.remittances import (
    NOW,
    VAULT,
    ask_quote,
    make_clabe,
    make_recipient,
    make_remittance,
    make_sender,
    order_from,
    prepare_reference,
)
from tests.servers import DatabaseUrls

pytestmark = pytest.mark.usefixtures("reference")


@pytest.fixture
def db(database: DatabaseUrls) -> Iterator[Database]:
    """A database of this test's own, to commit to, with rules and a rate."""
    db = Database(database.app_url, pool_size=16)
    with db.transaction(NETWORK_SCOPE) as session:
        prepare_reference(session)
    yield db
    db.dispose()


def _at_once(count: int, do: Callable[[int], object]) -> list[object]:
    """What each of ``count`` threads returned or raised."""

    def attempt(number: int) -> object:
        try:
            return do(number)
        except (DomainError, OperationalError) as error:
            return error

    with ThreadPoolExecutor(12) as threads:
        return list(threads.map(attempt, range(count)))


def test_an_order_takes_the_quotes_price_and_is_counted_audited_and_handed_over(
    session: Session, sender: Actor
) -> None:
    quoted = ask_quote(session, sender)
    remittance = order_from(session, sender, quoted.id, paid=False)
    assert remittance.status == Status.REGISTERED
    assert balance(session, LedgerCode.FUNDING_CLEARING) == 0
    assert remittance.folio[0] == "R"
    assert (remittance.total, remittance.total_to_recipient) == (
        quoted.total,
        quoted.total_to_recipient,
    )
    assert remittance.cancel_until == NOW + timedelta(minutes=30)
    assert remittance.sender_name == "Marisol Quiroga Núñez"
    assert remittance.recipient_name == "Hermelinda Ibarra Zepeda"
    assert [event.status for event in list_history(session, remittance.id)] == ["registered"]
    facts = session.execute(select(Fact.kind, Fact.payout, Fact.status, Fact.day)).all()
    assert facts == [("remittance", "account", "registered", remittance.day)]
    topic = session.scalar(select(OutboxItem.topic).where(OutboxItem.ref == remittance.id))
    assert topic == "remittances.payout"
    actions = session.scalars(
        select(AuditEntry.action).where(AuditEntry.subject_id == remittance.id)
    )
    assert actions.all() == ["remittance.order"]
    assert proof(session).holds


def test_the_day_is_that_of_mexico_city(session: Session, sender: Actor) -> None:
    evening = datetime(2026, 11, 25, 5, 59, tzinfo=UTC)
    assert make_remittance(session, sender, now=evening).day.isoformat() == "2026-11-24"


def test_the_account_number_is_sealed_for_this_remittance_under_the_recipients_key(
    session: Session, sender: Actor
) -> None:
    remittance = make_remittance(session, sender)
    person = session.get_one(Person, remittance.recipient_id)
    assert person.data_key is not None
    assert remittance.account_sealed is not None
    assert not person.holder
    key = VAULT.unwrap(person.data_key, person.id)
    assert (
        key.open(remittance.account_sealed, place=ACCOUNT_PLACE, row=remittance.id) == make_clabe()
    )
    assert remittance.account_hint == make_clabe()[-4:]
    with pytest.raises(SealBroken):
        key.open(remittance.account_sealed, place=ACCOUNT_PLACE, row=new_id())
    row = session.execute(text("SELECT remittances::text FROM remittances")).scalar_one()
    assert make_clabe() not in row


@pytest.mark.parametrize(
    ("payout", "recipient", "field", "code"),
    [
        (Payout.ACCOUNT, {"clabe": "012180000000000019"}, "clabe", "clabe_invalid"),
        (Payout.ACCOUNT, {"clabe": "０12180000000000015"}, "clabe", "clabe_invalid"),
        (Payout.ACCOUNT, {"clabe": None}, "clabe", "required"),
        (Payout.CARD, {"card": "4111111111111112"}, "card", "card_invalid"),
        (Payout.CARD, {"card": None}, "card", "required"),
        (Payout.BRANCH, {"given_names": " . "}, "given_names", "required"),
        (Payout.BRANCH, {"first_surname": ""}, "first_surname", "required"),
    ],
)
def test_each_way_of_payout_asks_for_its_own_number(
    session: Session,
    sender: Actor,
    payout: Payout,
    recipient: dict[str, str | None],
    field: str,
    code: str,
) -> None:
    quoted = ask_quote(session, sender, payout=payout)
    changed = replace(make_recipient(payout), **recipient)  # type: ignore[arg-type]
    with pytest.raises(Invalid) as refused:
        order_from(session, sender, quoted.id, recipient=changed)
    assert (refused.value.field, refused.value.code) == (f"recipient.{field}", code)


@pytest.mark.parametrize(
    ("payout", "kept"),
    [(Payout.ACCOUNT, make_clabe()), (Payout.CARD, "4111111111111111"), (Payout.BRANCH, None)],
)
def test_only_the_number_that_the_payout_needs_is_kept(
    session: Session, sender: Actor, payout: Payout, kept: str | None
) -> None:
    both = replace(make_recipient(), clabe=make_clabe(), card="4111111111111111")
    quoted = ask_quote(session, sender, payout=payout)
    remittance = order_from(session, sender, quoted.id, recipient=both)
    task = claim_next(session, remittance.id, now=NOW, vault=VAULT)
    assert task is not None
    assert task.account == kept


def test_a_card_is_reached_by_its_own_clabe_as_well(session: Session, sender: Actor) -> None:
    quoted = ask_quote(session, sender, payout=Payout.CARD)
    remittance = order_from(session, sender, quoted.id, recipient=make_recipient())
    assert remittance.account_hint == make_clabe()[-4:]


@pytest.mark.parametrize("payout", TO_PEOPLE)
def test_every_way_of_payout_can_be_ordered(
    session: Session, sender: Actor, payout: Payout
) -> None:
    remittance = make_remittance(session, sender, payout=payout)
    assert (remittance.account_sealed is None) == (payout is Payout.BRANCH)
    assert (remittance.collect_until is None) == (payout is not Payout.BRANCH)


def test_a_stale_quote_is_refused_to_the_second(session: Session, sender: Actor) -> None:
    quoted = ask_quote(session, sender)
    with pytest.raises(QuoteExpired):
        order_from(session, sender, quoted.id, now=quoted.expires_at)
    just = quoted.expires_at - timedelta(seconds=1)
    assert order_from(session, sender, quoted.id, now=just).status == Status.FUNDED


def test_a_used_quote_is_refused_also_once_it_expired(session: Session, sender: Actor) -> None:
    quoted = ask_quote(session, sender)
    order_from(session, sender, quoted.id)
    for now in (NOW, quoted.expires_at):
        with pytest.raises(QuoteUsed):
            order_from(session, sender, quoted.id, now=now)


def test_a_quote_of_somebody_else_does_not_exist(session: Session, sender: Actor) -> None:
    quoted = ask_quote(session, make_sender(session))
    for quote_id in (quoted.id, new_id()):
        with pytest.raises(NotFound):
            order_from(session, sender, quote_id)


def test_without_a_name_of_the_sender_nothing_is_ordered(session: Session) -> None:
    account = new_id()
    session.add(Account(id=account, language="es", created_at=NOW))
    session.flush()
    nameless = Actor(Role.CITIZEN, account)
    quoted = ask_quote(session, nameless)
    with pytest.raises(ProfileRequired):
        order_from(session, nameless, quoted.id)


def test_without_a_payment_provider_nothing_is_ordered(session: Session, sender: Actor) -> None:
    command = OrderRemittance(ask_quote(session, sender).id, make_recipient(), Purpose.FAMILY)
    with pytest.raises(FundingUnavailable):
        order(session, command, now=NOW, actor=sender, vault=VAULT, takes_payments=False)


@pytest.mark.parametrize(
    ("payout", "field"), [(Payout.ACCOUNT, "recipient.clabe"), (Payout.CARD, "recipient.card")]
)
def test_nothing_goes_to_an_account_of_the_house(
    session: Session, sender: Actor, payout: Payout, field: str
) -> None:
    who = make_recipient(payout)
    command = OrderRemittance(ask_quote(session, sender, payout=payout).id, who, Purpose.FAMILY)

    def order_where(house_accounts: frozenset[str]) -> Order:
        return order(
            session, command, now=NOW, actor=sender, vault=VAULT, house_accounts=house_accounts
        )

    written = read_house_accounts(f"646180157000000004, {who.clabe or who.card}")
    with pytest.raises(HouseAccount) as refused:
        order_where(written)
    assert (refused.value.code, refused.value.field) == ("house_account", field)
    assert order_where(written - {who.clabe, who.card})


def test_house_accounts_are_numbers_that_exist() -> None:
    assert len(read_house_accounts(SIMULATED)) == 2
    assert read_house_accounts(" ") == frozenset()
    for wrong in ("166180000000000014", "4000000000000003", "x", "1" * 40):
        with pytest.raises(ValueError, match="c"):
            read_house_accounts(wrong)


def test_a_day_holds_2500_dollars_and_says_when_it_frees(session: Session, sender: Actor) -> None:
    make_remittance(session, sender, send=2000_00)
    with pytest.raises(LimitExceeded) as refused:
        make_remittance(session, sender, send=500_01)
    assert refused.value.params == {
        "limit": "day",
        "available": "500.00",
        "frees_at": datetime(2026, 11, 25, 6, tzinfo=UTC),
    }
    make_remittance(session, sender, send=500_00)
    make_remittance(session, sender, send=2500_00, now=NOW + timedelta(days=1))


def test_a_month_holds_10000_dollars(session: Session, sender: Actor) -> None:
    first = datetime(2026, 11, 1, 18, tzinfo=UTC)
    prepare_reference(session, now=first)
    for day in range(4):
        make_remittance(session, sender, send=2500_00, now=first + timedelta(days=day))
    with pytest.raises(LimitExceeded) as refused:
        make_remittance(session, sender, send=1_00, now=first + timedelta(days=4))
    assert refused.value.params["limit"] == "month"
    assert refused.value.params["frees_at"] == datetime(2026, 12, 1, 6, tzinfo=UTC)
    prepare_reference(session, now=datetime(2026, 12, 1, 18, tzinfo=UTC))
    make_remittance(session, sender, send=1_00, now=datetime(2026, 12, 1, 18, tzinfo=UTC))


def test_limits_hold_for_each_account_by_itself(session: Session, sender: Actor) -> None:
    make_remittance(session, sender, send=2500_00)
    make_remittance(session, make_sender(session), send=2500_00)


def test_row_security_shows_nobody_elses_remittances(session: Session, sender: Actor) -> None:
    make_remittance(session, sender)
    other = make_sender(session)
    for scope, visible in (
        (Scope(account=sender.account_id), 1),
        (Scope(account=other.account_id), 0),
        (Scope(consulate="losangeles"), 0),
        (NO_SCOPE, 0),
    ):
        session.execute(
            text(
                "SELECT set_config('app.consulate', :office, true),"
                " set_config('app.account', :account, true)"
            ),
            {"office": scope.consulate, "account": str(scope.account or "")},
        )
        for table in ("remittances", "quotes", "charges"):
            counted = session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608
            assert counted == visible


def test_an_order_needs_no_more_than_the_senders_own_scope(db: Database) -> None:
    with db.transaction(NETWORK_SCOPE) as session:
        sender = make_sender(session)
    with db.transaction(sender.scope) as session:
        make_remittance(session, sender)
    with db.transaction(NETWORK_SCOPE) as session:
        assert proof(session).holds


def test_fifty_orders_at_once_from_one_quote_are_one(db: Database) -> None:
    with db.transaction(NETWORK_SCOPE) as session:
        sender = make_sender(session)
        quoted = ask_quote(session, sender).id

    def do(_: int) -> UUID:
        with db.transaction(sender.scope) as session:
            return order_from(session, sender, quoted).id

    results = _at_once(50, do)
    assert sum(isinstance(result, UUID) for result in results) == 1
    assert sum(isinstance(result, QuoteUsed) for result in results) == 49
    _one_order(db)


def test_fifty_posts_at_once_with_one_key_are_one_order_with_one_answer(db: Database) -> None:
    with db.transaction(NETWORK_SCOPE) as session:
        sender = make_sender(session)
        quoted = ask_quote(session, sender).id

    def do(_: int) -> str:
        return _keyed(db, sender, quoted)

    results = _at_once(50, do)
    assert len(results) == 50
    assert len(set(results)) == 1
    _one_order(db)


def test_orders_at_once_never_pass_the_limit(db: Database) -> None:
    with db.transaction(NETWORK_SCOPE) as session:
        sender = make_sender(session)
        quotes = [ask_quote(session, sender, send=400_00).id for _ in range(20)]

    def do(number: int) -> UUID:
        with db.transaction(sender.scope) as session:
            return order_from(session, sender, quotes[number]).id

    results = _at_once(20, do)
    assert sum(isinstance(result, UUID) for result in results) == 6
    assert sum(isinstance(result, LimitExceeded) for result in results) == 14
    with db.transaction(NETWORK_SCOPE) as session:
        assert session.scalar(select(func.sum(Remittance.send_minor))) == 2400_00
        assert proof(session).holds


def _keyed(db: Database, sender: Actor, quoted: UUID) -> str:
    """As the edge does it: key, order and answer in one transaction."""
    assert sender.account_id is not None
    key, account = idempotency.RequestKey("k-1", b"same"), sender.account_id
    with db.transaction(sender.scope) as session:
        stored = idempotency.begin(session, key, account_id=account, now=NOW)
        if stored:
            return str(stored.response["folio"])
        folio = order_from(session, sender, quoted).folio
        answer = {"folio": folio}
        idempotency.finish(session, key, account_id=account, status=202, response=answer)
        return folio


def _one_order(db: Database) -> None:
    with db.transaction(NETWORK_SCOPE) as session:
        assert session.scalar(select(func.count()).select_from(Remittance)) == 1
        topics = session.scalars(select(OutboxItem.topic)).all()
        assert sorted(topics) == ["remittances.funded", "remittances.payout"]
        assert proof(session).holds


def test_a_recipients_account_does_not_show_in_a_representation() -> None:
    recipient = Recipient("Hermelinda", "Ibarra", clabe=make_clabe(), card="4111111111111111")
    assert make_clabe() not in repr(recipient)
    assert "4111" not in repr(recipient)


def test_news_is_told_in_the_language_of_the_latest_order(session: Session, sender: Actor) -> None:
    command = OrderRemittance(
        ask_quote(session, sender).id, make_recipient(), Purpose.FAMILY, language="en"
    )
    remittance = order(session, command, now=NOW, actor=sender, vault=VAULT).first
    session.expire_all()
    notice = get_notice(session, remittance.id, VAULT)
    assert notice is not None
    assert notice.language == "en"
    again = make_remittance(session, sender)
    session.expire_all()
    notice = get_notice(session, again.id, VAULT)
    assert notice is not None
    assert notice.language == "es"
