"""A worker in this process over a simulated agency, whose time moves when told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Self, cast
from uuid import UUID

import httpx
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from integrations.contracts import (
    BranchList,
    ChargeMethod,
    ChargeOrder,
    CredentialCountSource,
    MessageSender,
    NameCorrection,
    PaymentProvider,
    PayoutAgency,
    PayoutOrder,
    PayoutState,
    PopulationRegister,
    RateSource,
)
from integrations.errors import AgencyError
from integrations.finabien.client import FinabienClient
from integrations.notices.client import NoticesClient
from integrations.payments.client import PaymentsClient
from integrations.simulator.app import create_simulator
from integrations.simulator.faults import Faults
from integrations.simulator.inprocess import InProcessTransport
from services.kernel.audit import Actor
from services.kernel.db import Database
from services.kernel.ids import new_id
from services.messages.models import SentMessage
from services.outbox.delivery import Lease, enqueue
from services.outbox.inbox import receive_callback
from services.outbox.models import OutboxItem
from services.remittances import cancelling
from services.remittances.advancing import claim_next
from services.remittances.funding import ChargeTask
from services.remittances.models import Charge, PayoutAttempt, Remittance
from services.remittances.payout import PayoutAnswer, PayoutTask, settle_payout
from services.remittances.queries import Proof, list_history, proof
from services.remittances.rules import FINAL, Answer, Status
from tests.factories.remittances import VAULT, ManualClock, pay_for, prepare_reference
from workers.agencies import Agencies
from workers.gate import Gate, Guarded
from workers.jobs.payments import refund
from workers.jobs.remittances import payout_order
from workers.jobs.run import run_outbox, use
from workers.routes import ROUTES
from workers.runtime import JobContext

PAYOUT = "remittances.payout"
CANCEL = "remittances.cancel"
REFUND = "remittances.refund"
CALLBACK = "finabien.callback"
REMEDY = "remittances.give_remedy"
CORRECT = "remittances.correct_name"
TOPICS = (PAYOUT, CANCEL, REFUND, REMEDY, CORRECT, CALLBACK, "payments.callback")
# What the sender is told, the recipient of cash too, and what the gateway of messages tells.
NEWS = (
    "remittances.funded",
    "remittances.available",
    "remittances.paid",
    "remittances.refunded",
    "remittances.not_paid",
    "remittances.tell_recipient",
    "messages.next_channel",
    "notices.callback",
)
TOKEN = "token-of-the-tests"
SECRET = "whsec_c2ltdWxhdG9yLW9mLWZpbmFiaWVu"


class Killed(BaseException):
    """The worker's process ends here."""


@dataclass
class Mortal:
    """The agency as a worker sees it that may be killed right before or after it acts."""

    client: FinabienClient
    before: bool = False
    after: bool = False
    sent: PayoutOrder | None = None

    def submit(self, order: PayoutOrder) -> PayoutState:
        """Send it, unless killed."""
        self.sent = order
        if self.before:
            raise Killed
        state = self.client.submit(order)
        if self.after:
            raise Killed
        return state

    def status(self, folio: str) -> PayoutState:
        """Ask."""
        return self.client.status(folio)

    def cancel(self, folio: str) -> PayoutState:
        """Stop it."""
        return self.client.cancel(folio)

    def correct_name(self, correction: NameCorrection) -> None:
        """Have it paid to another name, unless killed."""
        self.client.correct_name(correction)
        if self.after:
            raise Killed

    def branches(self) -> BranchList:
        """Ask where cash is collected."""
        return self.client.branches()


@dataclass
class MortalCaller:
    """An agency as a worker sees it that may be killed around one of its calls."""

    client: PaymentsClient | NoticesClient
    dies_before: str = ""
    dies_after: str = ""

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.client, name)

        def call(*arguments: Any) -> Any:
            if name == self.dies_before:
                raise Killed
            state = method(*arguments)
            if name == self.dies_after:
                raise Killed
            return state

        return call


@dataclass(frozen=True)
class Dying(JobContext):
    """Of a worker that is gone before it writes down what it did."""

    def finish(self, session: Session, lease: Lease, outcome: str) -> None:
        """Be gone."""
        raise Killed


@dataclass(frozen=True)
class Zombie:
    """A worker that is held up between its lease and its call, and may go on at any time."""

    bench: PayoutBench
    lease: Lease
    order: PayoutOrder
    since: float

    def wake(self) -> None:
        """Make the call after all, and settle. Raises LeaseLost when overtaken."""
        try:
            state = self.bench.agency.client.submit(self.order)
        except AgencyError:
            return
        with self.bench.work.settle(self.lease, state.status) as session:
            answer = PayoutAnswer(Answer(state.status), agency_reference=state.agency_reference)
            after = settle_payout(session, self.lease.ref, answer, now=self.bench.clock())
            if after not in FINAL and after is not Status.CANCELLING:
                enqueue(session, PAYOUT, self.lease.ref)


class PayoutBench:
    """``work`` is a worker's means; items are run one by one, whenever they are due."""

    def __init__(self, url: str, directory: Path) -> None:
        self.clock = ManualClock()
        self.simulator = create_simulator(
            directory / "simulator",
            callback_base_url="http://127.0.0.1:9",
            secrets={
                "finabien": TOKEN,
                "finabien.callbacks": SECRET,
                "payments": TOKEN,
                "payments.callbacks": SECRET,
                "notices": TOKEN,
            },
            clock=self.clock,
        )
        client = FinabienClient(
            "http://agency.test/finabien", TOKEN, transport=InProcessTransport(self.simulator)
        )
        self.agency = Mortal(client)
        self.provider = PaymentsClient(
            "http://agency.test/payments", TOKEN, transport=InProcessTransport(self.simulator)
        )
        self.payer = MortalCaller(self.provider)
        gateway = NoticesClient(
            "http://agency.test/notices", TOKEN, transport=InProcessTransport(self.simulator)
        )
        self.gateway = MortalCaller(gateway)
        nobody = cast(Any, None)
        database = Database(url)
        gate = Gate(database)
        self.work = JobContext(
            database=database,
            vault=VAULT,
            agencies=Agencies(
                payouts=cast(PayoutAgency, Guarded(gate, "finabien", self.agency)),
                payments=cast(PaymentProvider, Guarded(gate, "payments", self.payer)),
                enrollments={},
                batches={},
                curps=cast(PopulationRegister, nobody),
                credentials=cast(CredentialCountSource, nobody),
                rates=cast(RateSource, nobody),
                notices=cast(MessageSender, Guarded(gate, "notices", self.gateway)),
            ),
            gate=gate,
            clock=lambda _session: self.clock(),
            public_url="http://localhost",
            lease_seconds=30,
        )

    def __enter__(self) -> Self:
        use(self.work)
        with self.work.transaction() as session:
            prepare_reference(session)
        return self

    def __exit__(self, *_: object) -> None:
        use(None)
        self.agency.client.close()
        self.provider.close()
        self.gateway.client.close()
        self.simulator.close()
        self.work.database.dispose()

    def fault(self, agency: str = "finabien", **faults: Any) -> None:
        """Make the agency misbehave; with nothing, calm it."""
        self.simulator.world.board.put(agency, Faults(**faults))

    def waiting(self, topics: Sequence[str] = TOPICS) -> list[UUID]:
        """Items that are not done, oldest first: those about money, unless others are named."""
        with self.work.transaction() as session:
            query = select(OutboxItem.id).where(
                OutboxItem.done_at.is_(None), OutboxItem.topic.in_(topics)
            )
            return list(session.scalars(query.order_by(OutboxItem.id)))

    def run(self, item: UUID) -> None:
        """What a worker does when the item is rung, once the time to wait is over."""
        self._expire_lease(item)
        run_outbox(str(item))

    def die_doing(self, item: UUID) -> None:
        """A worker does the item, whatever it is about, and is gone before it writes that down."""
        self._expire_lease(item)
        use(Dying(**vars(self.work)))
        try:
            with suppress(Killed):
                run_outbox(str(item))
        finally:
            use(self.work)
        self._expire_lease(item)

    def run_all(self) -> None:
        """Every waiting item once."""
        for item in self.waiting():
            self.run(item)

    def finish(self) -> None:
        """Run and let time pass until nothing is left to do."""
        for _ in range(50):
            items = self.waiting()
            if not items:
                return
            for item in items:
                self.run(item)
            self.clock.forward(seconds=120)
        raise AssertionError("it doesn't come to an end")

    def item(self, remittance: UUID, topic: str) -> UUID:
        """The waiting item of that topic."""
        with self.work.transaction() as session:
            query = select(OutboxItem.id).where(
                OutboxItem.ref == remittance,
                OutboxItem.topic == topic,
                OutboxItem.done_at.is_(None),
            )
            return session.scalars(query).one()

    def topic(self, item: UUID) -> str:
        """What the item is about."""
        with self.work.transaction() as session:
            return session.get_one(OutboxItem, item).topic

    def die_before_call(self, remittance: UUID) -> Zombie:
        """A worker claims and writes its attempt down, and is gone before it calls."""
        lease = self._die(remittance, before=True)
        sent = self.agency.sent
        assert sent is not None
        return Zombie(self, lease, sent, self.clock().timestamp())

    def die_after_charge(self, remittance: UUID) -> None:
        """A worker is gone after the sender was charged, before it writes that down."""
        folio = self.folio(remittance)
        lease = self.work.take_lease(self.item(remittance, PAYOUT))
        assert lease is not None
        with self.work.transaction() as session:
            task = claim_next(session, remittance, now=self.clock(), vault=self.work.vault)
        assert isinstance(task, ChargeTask)
        method = ChargeMethod(task.funding)
        order = ChargeOrder(folio, task.amount_minor, method, task.expires_at)
        with suppress(AgencyError):
            self.provider.charge(order)
        self._expire_lease(lease.id)

    def die_after_call(self, remittance: UUID) -> None:
        """A worker is gone after the agency acted, before it settles."""
        self._die(remittance, after=True)

    def die_giving_back(self, remittance: UUID, *, before: str = "", after: str = "") -> None:
        """A worker that gives back is gone around that call to the provider, which has charged."""
        lease = self.work.take_lease(self.item(remittance, REFUND))
        assert lease is not None
        self.payer.dies_before, self.payer.dies_after = before, after
        try:
            refund(self.work, lease)
        except Killed:
            pass
        else:
            raise AssertionError("the worker didn't come there")
        finally:
            self.payer.dies_before = self.payer.dies_after = ""
        self._expire_lease(lease.id)

    def tell(self, items: Sequence[UUID], *, before: bool = False, after: bool = False) -> None:
        """A worker does these of one job; it may be gone before the first message of them is handed
        over, or right after that, before anybody writes it down."""
        for item in items:
            self._expire_lease(item)
        self.gateway.dies_before = "send" if before else ""
        self.gateway.dies_after = "send" if after else ""
        try:
            with suppress(Killed):
                run_outbox(*map(str, items))
        finally:
            self.gateway.dies_before = self.gateway.dies_after = ""
        for item in items:
            self._expire_lease(item)

    def messages(self, ids: Sequence[UUID]) -> Sequence[SentMessage]:
        """What was to be told about those remittances."""
        with self.work.transaction() as session:
            rows = session.scalars(select(SentMessage).where(SentMessage.ref.in_(ids))).all()
            session.expunge_all()
            return rows

    def was_handed_over(self, message: SentMessage) -> bool:
        """The gateway of messages has it."""
        return self.simulator.world.memory.find("notices", str(message.id)) is not None

    def unknown_messages(self) -> frozenset[str]:
        """Keys that the gateway has and we have not."""
        taken = self.simulator.world.memory.messages(None, 1_000_000)
        with self.work.transaction() as session:
            ours = session.scalars(select(SentMessage.id)).all()
        return frozenset(each["key"] for each in taken) - {str(id) for id in ours}

    def report(self, message: UUID) -> None:
        """The gateway tells that something became of that message."""
        with self.work.transaction() as session:
            receive_callback(session, "notices", str(new_id()), str(message), self.clock())

    def cancel(self, remittance: UUID, actor: Actor) -> None:
        """The sender cancels. Raises what the use case raises."""
        with self.work.database.transaction(actor.scope) as session:
            cancelling.cancel(session, remittance, now=self.clock(), actor=actor)

    def call_back(self, remittance: UUID, agency: str = "finabien") -> None:
        """The agency tells that something changed."""
        folio = self.folio(remittance)
        with self.work.transaction() as session:
            receive_callback(session, agency, str(new_id()), folio, self.clock())

    def charge_otherwise(self, folio: str) -> None:
        """Somebody has charged another amount under the folio."""
        later = self.clock() + timedelta(days=1)
        self.provider.charge(ChargeOrder(folio, 1, ChargeMethod.CASH, later))

    def run_one(self, remittance: UUID, topic: str) -> None:
        """The waiting item of that topic, once."""
        self.run(self.item(remittance, topic))

    def pay_first(self, remittance: UUID) -> None:
        """The sender has paid already, in whichever way."""
        with self.work.transaction() as session:
            pay_for(session, session.get_one(Remittance, remittance), now=self.clock())

    def charge_first(self, remittance: UUID) -> None:
        """The sender has paid already, at the provider, which tells us later if at all."""
        self.pay_first(remittance)
        with self.work.transaction() as session:
            charge = session.get_one(Charge, remittance)
            folio, minor = charge.folio or self.folio(remittance), charge.amount_minor
            minor = minor or session.get_one(Remittance, remittance).total_minor
            expires = charge.expires_at
        self.provider.charge(ChargeOrder(folio, minor, ChargeMethod.BANK_ACCOUNT, expires))

    def pay(self, remittance: UUID) -> bool:
        """The sender pays; False where there is nothing to pay."""
        return self._control(f"charges/{self.folio(remittance)}/pay")

    def take_back(self, remittance: UUID) -> bool:
        """The sender's bank takes back what they paid; False where they didn't."""
        return self._control(f"charges/{self.folio(remittance)}/return")

    def _control(self, path: str) -> bool:
        with httpx.Client(transport=InProcessTransport(self.simulator)) as control:
            return control.post(f"http://agency.test/_simulator/{path}").is_success

    def charged(self, remittance: UUID) -> int:
        """How many times the sender was charged for it, and wasn't given it back."""
        memory, folio = self.simulator.world.memory, self.folio(remittance)
        return memory.effects("payments").get(folio, 0) - memory.effects("payments.refunds").get(
            folio, 0
        )

    def collect(self, remittance: UUID) -> bool:
        """The recipient takes the cash; False when it isn't there to be taken."""
        memory, folio = self.simulator.world.memory, self.folio(remittance)
        if memory.find("finabien", folio) is None:
            return False
        return memory.mark_collected("finabien", folio, self.clock().timestamp())

    def effects(self, remittance: UUID) -> int:
        """How many times the agency paid it."""
        return self.simulator.world.memory.effects("finabien").get(self.folio(remittance), 0)

    def folio(self, remittance: UUID) -> str:
        """Of a remittance."""
        with self.work.transaction() as session:
            return session.get_one(Remittance, remittance).folio

    def reference(self, remittance: UUID) -> str:
        """What the agency calls it."""
        return self.agency.status(self.folio(remittance)).agency_reference or ""

    def surname(self, remittance: UUID) -> str:
        """Of its recipient."""
        with self.work.transaction() as session:
            return session.get_one(Remittance, remittance).recipient.first_surname

    def window_over(self, remittance: UUID) -> bool:
        """It can be cancelled no more."""
        with self.work.transaction() as session:
            return self.clock() > session.get_one(Remittance, remittance).cancel_until

    def status(self, remittance: UUID) -> Status:
        """As it is now."""
        with self.work.transaction() as session:
            return Status(session.get_one(Remittance, remittance).status)

    def ending(self, remittance: UUID) -> tuple[Status, int]:
        """Its status now, and how many times the agency paid it."""
        return self.status(remittance), self.effects(remittance)

    def rows(self, ids: Sequence[UUID]) -> Sequence[Remittance]:
        """Those remittances, as they are now."""
        with self.work.transaction() as session:
            rows = session.scalars(select(Remittance).where(Remittance.id.in_(ids))).all()
            session.expunge_all()
            return rows

    def all_effects(self) -> Mapping[str, list[int]]:
        """Folio -> how many times it was charged, given back, taken back by the sender's bank, and
        paid."""
        counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        books = ("payments", "payments.refunds", "payments.returns", "finabien")
        for place, book in enumerate(books):
            for folio, number in self.simulator.world.memory.effects(book).items():
                counts[folio][place] = number
        for folio, number in self.simulator.world.memory.effects("payments.parts").items():
            counts[folio][1] = number
        # What happened to the one payment happened to each of its parts.
        for folio, charge in self._charges_of_parts().items():
            counts[folio][0], counts[folio][2] = counts[charge][0], counts[charge][2]
        return counts

    def _charges_of_parts(self) -> Mapping[str, str]:
        with self.work.transaction() as session:
            query = select(Remittance.folio, Charge.folio).join(
                Charge, Charge.remittance_id == Remittance.id
            )
            rows = session.execute(query.where(Charge.folio.is_not(None))).all()
        return {folio: charge for folio, charge in rows if charge is not None}

    def history(self, remittance: UUID) -> list[str]:
        """Every status it came to."""
        with self.work.transaction() as session:
            return [event.status for event in list_history(session, remittance)]

    def attempts(self, remittance: UUID) -> list[str]:
        """Outcomes of its attempts, in order."""
        with self.work.transaction() as session:
            query = select(PayoutAttempt.outcome).where(PayoutAttempt.remittance_id == remittance)
            return list(session.scalars(query.order_by(PayoutAttempt.number)))

    def topics(self, remittance: UUID) -> list[str]:
        """Of everything that was ever to be done about it."""
        with self.work.transaction() as session:
            query = select(OutboxItem.topic).where(OutboxItem.ref == remittance)
            return list(session.scalars(query))

    def proof(self) -> Proof:
        """The books."""
        with self.work.transaction() as session:
            return proof(session)

    def order_of(self, task: PayoutTask, **changes: Any) -> PayoutOrder:
        """The order that a worker would send for the task, changed."""
        return replace(payout_order(task), **changes)

    def _die(self, remittance: UUID, *, before: bool = False, after: bool = False) -> Lease:
        lease = self.work.take_lease(self.item(remittance, PAYOUT))
        assert lease is not None
        self.agency.before, self.agency.after = before, after
        try:
            ROUTES[PAYOUT].handler(self.work, lease)
        except Killed:
            pass
        else:
            raise AssertionError("the worker had nothing to send")
        finally:
            self.agency.before = self.agency.after = False
        self._expire_lease(lease.id)
        return lease

    def _expire_lease(self, item: UUID) -> None:
        expire = text("UPDATE outbox SET lease_until = NULL WHERE id = :id")
        with self.work.transaction() as session:
            session.execute(expire, {"id": item})
