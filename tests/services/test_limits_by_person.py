"""Limits hold for a person, in however many accounts; a sender stays who they said they are."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier

import pytest
from sqlalchemy.orm import Session

from services.citizens.accounts import find_holder, set_profile
from services.citizens.errors import IdentityBound
from services.citizens.people import PersonData, open_person
from services.consulates.models import Consulate
from services.identity.checking import CheckIdentity, check_identity
from services.identity.errors import NobodyElse
from services.kernel.audit import Actor, Role
from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.ids import new_id
from services.processes.identity_checks import tell_apart
from services.remittances.cancelling import cancel
from services.remittances.errors import LimitExceeded, PersonLimitExceeded, ProfileRequired
from services.remittances.models import Remittance
from tests.factories.consulates import add_consulate
from tests.factories.remittances import NOW, VAULT, make_remittance, make_sender, prepare_reference
from tests.servers import DatabaseUrls, connected

BORN = date(1984, 2, 29)
CURP, OTHER_CURP = "QUNM840229MDFRXR00", "QUNM840229MDFRXR18"
ROUNDS, ACCOUNTS, THREADS = 10, 6, 20
OFFICE = "villanueva"


pytestmark = pytest.mark.usefixtures("reference")


def _rename(session: Session, who: Actor, given_names: str, **changes: object) -> None:
    assert who.account_id
    values = {"birth_date": BORN, "curp": None, **changes}
    profile = PersonData(given_names, "Quiroga", "Núñez", **values)  # type: ignore[arg-type]
    set_profile(session, who.account_id, profile, now=NOW, vault=VAULT)


def test_one_curp_in_three_accounts_has_one_limit(session: Session) -> None:
    senders = [make_sender(session, curp=CURP) for _ in range(3)]
    make_remittance(session, senders[0], send=2000_00)
    make_remittance(session, senders[1], send=500_00)
    for sender in senders[1:]:
        with pytest.raises(PersonLimitExceeded) as refused:
            make_remittance(session, sender, send=1_00)
        assert refused.value.params["limit"] == "day"
        # What others sent is nobody's to know.
        assert "available" not in refused.value.params


def test_one_name_and_birth_date_in_two_accounts_have_one_limit(session: Session) -> None:
    first, second = make_sender(session, born=BORN), make_sender(session, born=BORN)
    make_remittance(session, first, send=2500_00)
    with pytest.raises(PersonLimitExceeded):
        make_remittance(session, second, send=1_00)


def _tell_apart(session: Session, who: Actor | None, curp: str | None = None) -> None:
    """A window knows them again by their account, their CURP or both."""
    if session.get(Consulate, OFFICE) is None:
        add_consulate(session, OFFICE)
    officer = Actor(Role.OFFICER, new_id(), OFFICE)
    person = PersonData("Marisol", "Quiroga", "Núñez", BORN, curp=curp)
    command = CheckIdentity(person, "Acta")
    check = check_identity(session, command, now=NOW, actor=officer, vault=VAULT)
    check.account_id = who.account_id if who else None
    tell_apart(session, check.id, now=NOW, actor=officer, vault=VAULT)


def test_two_people_told_apart_at_a_window_have_a_limit_each(session: Session) -> None:
    first, second = make_sender(session, born=BORN), make_sender(session, born=BORN)
    make_remittance(session, first, send=2500_00)
    _tell_apart(session, second)
    make_remittance(session, second, send=2500_00)
    for sender in (first, second):
        with pytest.raises(LimitExceeded):
            make_remittance(session, sender, send=1_00)
    # Whoever opens one account more in that name shares what the first one has sent.
    with pytest.raises(PersonLimitExceeded):
        make_remittance(session, make_sender(session, born=BORN), send=1_00)


def test_who_is_known_by_their_curp_keeps_one_limit_in_all_accounts(session: Session) -> None:
    make_remittance(session, make_sender(session, born=BORN), send=2500_00)
    _tell_apart(session, None, CURP)
    mine = [make_sender(session, born=BORN, curp=CURP) for _ in range(2)]
    make_remittance(session, mine[0], send=2000_00)
    with pytest.raises(PersonLimitExceeded):
        make_remittance(session, mine[1], send=501_00)
    make_remittance(session, mine[1], send=500_00)


def test_nobody_is_told_apart_from_themselves(session: Session) -> None:
    alone = make_sender(session, born=BORN, curp=CURP)
    make_sender(session, born=BORN, curp=CURP)
    with pytest.raises(NobodyElse):
        _tell_apart(session, alone, CURP)


def test_people_of_another_name_or_birth_date_have_their_own(session: Session) -> None:
    make_remittance(session, make_sender(session, born=BORN), send=2500_00)
    make_remittance(session, make_sender(session), send=2500_00)


def test_ones_own_account_says_how_much_is_left(session: Session) -> None:
    sender = make_sender(session, curp=CURP)
    make_remittance(session, sender, send=2000_00)
    with pytest.raises(LimitExceeded) as refused:
        make_remittance(session, sender, send=501_00)
    assert refused.value.params["available"] == "500.00"


def test_money_that_was_given_back_counts_in_no_account(session: Session) -> None:
    first, second = (make_sender(session, curp=CURP) for _ in range(2))
    remittance = make_remittance(session, first, send=2500_00)
    cancel(session, remittance.id, now=NOW, actor=first)
    make_remittance(session, second, send=2500_00)


def test_an_order_sees_the_sums_of_accounts_that_its_transaction_may_not_see(
    database: DatabaseUrls,
) -> None:
    with connected(database.app_url) as engine:
        with engine.transaction(NETWORK_SCOPE) as session:
            prepare_reference(session)
            first, second = (make_sender(session, curp=CURP) for _ in range(2))
            make_remittance(session, first, send=2000_00)
        with engine.transaction(second.scope) as session:
            with pytest.raises(PersonLimitExceeded):
                make_remittance(session, second, send=600_00)
            assert session.query(Remittance).count() == 0


def test_orders_at_once_in_several_accounts_stay_within_the_limit(database: DatabaseUrls) -> None:
    engine = Database(database.app_url, pool_size=ACCOUNTS)
    together = Barrier(ACCOUNTS)

    def send(sender: Actor) -> int:
        together.wait()
        with engine.transaction(sender.scope) as session:
            try:
                make_remittance(session, sender, send=1000_00)
            except PersonLimitExceeded:
                return 0
        return 1

    try:
        with engine.transaction(NETWORK_SCOPE) as session:
            prepare_reference(session)
        for number in range(ROUNDS):
            born = date(1990, 1, 1 + number)
            with engine.transaction(NETWORK_SCOPE) as session:
                people = [make_sender(session, born=born) for _ in range(ACCOUNTS)]
            with ThreadPoolExecutor(ACCOUNTS) as pool:
                assert sum(pool.map(send, people)) == 2
    finally:
        engine.dispose()


@pytest.mark.parametrize(("before", "limit", "accepted"), [(0, "day", 8), (4, "month", 3)])
def test_twenty_orders_at_once_from_one_account_pass_no_limit(
    database: DatabaseUrls, before: int, limit: str, accepted: int
) -> None:
    """Of 300 dollars each: 2,400 of a day's 2,500; or, after 9,000 on days before, 900 more."""
    engine = Database(database.app_url, pool_size=THREADS)
    together = Barrier(THREADS)

    def send(sender: Actor) -> str:
        together.wait()
        with engine.transaction(sender.scope) as session:
            try:
                make_remittance(session, sender, send=300_00)
            except LimitExceeded as refused:
                return f"{refused.params['limit']}: {refused.params['available']}"
        return "accepted"

    try:
        with engine.transaction(NETWORK_SCOPE) as session:
            sender = make_sender(session)
            prepare_reference(session)
            for days in range(1, before + 1):
                then = NOW - timedelta(days=days)
                prepare_reference(session, now=then)
                make_remittance(session, sender, send=2250_00, now=then)
        with ThreadPoolExecutor(THREADS) as pool:
            outcomes = Counter(pool.map(send, [sender] * THREADS))
    finally:
        engine.dispose()
    assert outcomes == {"accepted": accepted, f"{limit}: 100.00": THREADS - accepted}


def test_after_the_first_order_the_sender_stays_who_they_said_they_are(session: Session) -> None:
    sender = make_sender(session, born=BORN, curp=CURP)
    _rename(session, sender, "Mariana", curp=CURP)
    make_remittance(session, sender, send=10_00)
    for given_names, changes in (
        ("Marisol", {}),
        ("Mariana", {"birth_date": date(1985, 2, 28)}),
        ("Mariana", {"curp": OTHER_CURP}),
    ):
        with pytest.raises(IdentityBound):
            _rename(session, sender, given_names, **changes)


def test_contacts_accents_and_what_was_never_told_may_still_be_told(session: Session) -> None:
    sender = make_sender(session, born=BORN)
    make_remittance(session, sender, send=10_00)
    _rename(session, sender, "MÁRISOL", email="marisol@demo.invalid", curp=CURP)
    assert sender.account_id
    holder = find_holder(session, sender.account_id)
    assert holder is not None
    person = open_person(holder, VAULT)
    assert (person.given_names, person.email, person.curp) == (
        "MÁRISOL",
        "marisol@demo.invalid",
        CURP,
    )


def test_nobody_sends_without_a_birth_date(session: Session) -> None:
    sender = make_sender(session)
    holder = find_holder(session, sender.account_id) if sender.account_id else None
    assert holder is not None
    holder.birth_date = None
    session.flush()
    with pytest.raises(ProfileRequired):
        make_remittance(session, sender, send=10_00)
