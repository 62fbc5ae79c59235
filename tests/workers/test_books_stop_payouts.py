"""While the books differ nothing new is sent to be paid; what is under way and new orders go on."""

from __future__ import annotations

from services.incidents.reporting import Report, id_of_sums, recover, report
from services.incidents.rules import Kind, Subject
from services.remittances.rules import Payout, Status
from tests.factories.payouts import PayoutBench
from tests.factories.remittances import make_remittance, make_sender


def test_orders_wait_and_questions_go_on_until_the_case_is_closed(bench: PayoutBench) -> None:
    with bench.work.transaction() as session:
        sender = make_sender(session)
        sent = make_remittance(session, sender, now=bench.clock(), paid=False).id
    bench.run_all()
    assert bench.status(sent) is Status.SUBMITTED
    with bench.work.transaction() as session:
        differ = Report(Kind.BOOKS_DIFFER, Subject.SUMS, id_of_sums("ledger"))
        incident = report(session, differ, now=bench.clock())
        waiting = make_remittance(
            session, sender, payout=Payout.CARD, now=bench.clock(), paid=False
        ).id
    for _ in range(3):
        bench.clock.forward(seconds=120)
        bench.run_all()
    assert bench.ending(sent) == (Status.PAID, 1)
    assert (bench.ending(waiting), bench.attempts(waiting)) == ((Status.FUNDED, 0), [])
    with bench.work.transaction() as session:
        recover(session, [incident], now=bench.clock())
    bench.finish()
    assert bench.ending(waiting) == (Status.PAID, 1)
