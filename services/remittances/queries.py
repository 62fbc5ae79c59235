"""Read remittances, tell a recipient, and prove the books.

Row security decides which rows the transaction sees; `lookup`, `find_by_folio`, `list_unattended`
and `proof` work on behalf of the network and need its scope.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, bindparam, exists, func, select, tuple_
from sqlalchemy.orm import Session

from services.citizens.models import Account, Person
from services.citizens.people import open_contact
from services.incidents.models import Incident
from services.kernel.crypto import Vault
from services.kernel.db import text
from services.kernel.errors import NotFound
from services.kernel.identifiers import compact_name
from services.kernel.ids import FolioKind, parse_folio
from services.kernel.money import Money
from services.kernel.tables import Page, fetch_page, get_row, list_numbered
from services.ledger.queries import balance, trial_balance
from services.outbox.models import OutboxItem
from services.remittances.entries import BESIDE_STATUS, LedgerCode
from services.remittances.models import (
    Charge,
    CollectionPlace,
    Quote,
    Remittance,
    RemittanceEvent,
    ScreeningHit,
)
from services.remittances.parts import list_parts
from services.remittances.rules import (
    ENDED_UNPAID,
    FOR_A_PERSON,
    GOES_BACK,
    IN_PAYOUT,
    OPEN,
    OWED,
    UNDECIDED,
    Payout,
    Status,
)

# What a branch asks for; the edge says it in the reader's words.
COLLECT_WITH = ("folio", "official_identification")


@dataclass(frozen=True)
class Collection:
    """What a recipient may know: no name, no sender. ``collect_*`` are for cash only; ``answer_by``
    is by when one that is `UNDECIDED` is decided."""

    folio: str
    status: Status
    pesos: Money
    payout: Payout
    branch: str | None
    place: CollectionPlace | None
    collect_with: tuple[str, ...]
    collect_until: date | None
    date_available: date
    answer_by: datetime | None


@dataclass(frozen=True)
class Notice:
    """Where and in which language to tell the sender, and what of. ``branch`` and
    ``collect_until`` are for cash only; ``order`` are total and pesos of all that was ordered, of
    which it may be a part; ``dues``: it pays those of an enrollment."""

    folio: str
    status: Status
    reason: str | None
    total: Money
    pesos: Money
    cancel_until: datetime
    branch: str | None
    collect_until: date | None
    language: str
    email: str | None
    phone: str | None
    account: UUID
    order: tuple[Money, Money]
    dues: bool
    was_paid: bool = True

    @property
    def is_part(self) -> bool:
        """There is another part of its order."""
        return self.order[0] != self.total


@dataclass(frozen=True)
class Back:
    """Of what the sender paid: what goes back with this remittance, what of it went back before,
    and what of its order stays with the other part, whose folio is ``other`` (empty where there is
    none)."""

    now: Money
    before: Money
    stays: Money
    other: str


@dataclass(frozen=True)
class Proof:
    """The books against the remittances. It holds when there is nothing in it."""

    differences: Mapping[str, int]
    unbalanced: Sequence[UUID]
    mismatched: Sequence[UUID]
    suspense_difference: int
    unexplained: int

    @property
    def holds(self) -> bool:
        """Every currency sums to zero, entries match statuses, pesos that are pending are those of
        open orders, and every peso in suspense has its incident."""
        return not (
            self.differences
            or self.unbalanced
            or self.mismatched
            or self.suspense_difference
            or self.unexplained
        )


def get_remittance(
    session: Session, remittance_id: UUID, *, account: UUID | None = None
) -> Remittance:
    """Raises NotFound, also for one that isn't of ``account`` or that row security hides."""
    remittance = session.get(Remittance, remittance_id)
    if remittance is None or (account and remittance.account_id != account):
        raise NotFound()
    return remittance


def list_remittances(
    session: Session,
    *,
    limit: int,
    account: UUID | None = None,
    after: tuple[datetime, UUID] | None = None,
    status: Status | None = None,
) -> Page[Remittance, tuple[datetime, UUID]]:
    """What the transaction may see, or only those of ``account``; newest first."""
    query = select(Remittance).order_by(Remittance.registered_at.desc(), Remittance.id.desc())
    if account:
        query = query.where(Remittance.account_id == account)
    if after:
        query = query.where(tuple_(Remittance.registered_at, Remittance.id) < after)
    if status:
        query = query.where(Remittance.status == status)
    return fetch_page(session, query, limit=limit, place=lambda row: (row.registered_at, row.id))


def find_dues_paid_by(session: Session, enrollment: UUID, due_on: date) -> Remittance | None:
    """The transfer that pays these dues, or has paid them."""
    return session.scalar(
        select(Remittance).where(
            Remittance.enrollment_id == enrollment,
            Remittance.dues_due_on == due_on,
            Remittance.status.not_in(sorted(ENDED_UNPAID)),
        )
    )


def get_charge(session: Session, remittance: UUID) -> Charge:
    """What the sender is asked to pay. Raises NotFound."""
    return get_row(session, Charge, remittance)


def find_charge(session: Session, remittance: UUID) -> Charge | None:
    """What the sender was asked to pay; None for one that the version before took as paid."""
    return session.get(Charge, remittance)


def list_hits(session: Session, remittance: UUID) -> Sequence[ScreeningHit]:
    """Names of it that were like one on a list, the oldest first."""
    query = select(ScreeningHit).where(ScreeningHit.remittance_id == remittance)
    return session.scalars(query.order_by(ScreeningHit.found_at, ScreeningHit.id)).all()


def list_history(session: Session, remittance: UUID) -> Sequence[RemittanceEvent]:
    """List a remittance's history, oldest first."""
    return list_numbered(session, RemittanceEvent, remittance_id=remittance)


def lookup(session: Session, folio: str, first_surname: str) -> Collection:
    """What the recipient may know, who has the folio and tells their first surname.

    Raises NotFound in the same way for a folio that doesn't exist and a name that isn't theirs.
    """
    parsed = parse_folio(folio) or ""
    remittance = session.scalars(select(Remittance).where(Remittance.folio == parsed)).first()
    # Compared in either case, so that the time taken tells nothing.
    known = remittance is not None and remittance.erased_at is None
    expected = compact_name(remittance.payee.first_surname) if remittance and known else "\x00"
    same = hmac.compare_digest(expected.encode(), compact_name(first_surname).encode())
    if remittance is None or not same:
        raise NotFound()
    return _collection(remittance)


def find_by_folio(session: Session, folio: str) -> UUID | None:
    """The id of the remittance with that folio, however it is written."""
    parsed = parse_folio(folio)
    if parsed is None or parsed[0] != FolioKind.REMITTANCE:
        return None
    return session.scalar(select(Remittance.id).where(Remittance.folio == parsed))


_BY_REFERENCE = text(
    """
    SELECT id, folio FROM remittances WHERE agency_reference = :reference
    ORDER BY id DESC LIMIT 1
    """
)
_BY_FOLIO = text("SELECT id, folio FROM remittances WHERE folio = :folio")


def find_spoken_of(session: Session, folio: str | None, reference: str | None) -> Any:
    """``id`` and ``folio`` of the remittance with that folio, or of the newest that the agency
    calls ``reference``; None where there is none. For the whole network."""
    if folio is None:
        return session.execute(_BY_REFERENCE, {"reference": reference}).first()
    return session.execute(_BY_FOLIO, {"folio": parse_folio(folio) or ""}).first()


def when_issued(session: Session, folio: str) -> datetime | None:
    """When that folio was given to somebody, or None: all that whoever holds a paper may know."""
    return session.scalar(select(Remittance.registered_at).where(Remittance.folio == folio))


# Built once: to build a statement takes as long as to send it. Columns, for rows take longer.
_NOTICE = (
    select(
        Remittance.folio,
        Remittance.status,
        Remittance.reason_code,
        Remittance.total_minor,
        Remittance.receive_minor,
        Remittance.cancel_until,
        Remittance.branch,
        Remittance.collect_until,
        Remittance.account_id,
        Remittance.funded_at,
        Remittance.enrollment_id,
        Quote.total_minor.label("order_total_minor"),
        Quote.receive_minor.label("order_receive_minor"),
        Account.language,
        Person.id,
        Person.data_key,
        Person.email_sealed,
        Person.phone_sealed,
    )
    .join(Quote, Quote.id == Remittance.quote_id)
    .join(Account, Account.id == Remittance.account_id)
    .outerjoin(Person, and_(Person.account_id == Remittance.account_id, Person.holder))
    .where(Remittance.id == bindparam("id"))
)


def get_notice(session: Session, remittance_id: UUID, vault: Vault) -> Notice | None:
    """What the message about it needs; None once the sender is forgotten."""
    row = session.execute(_NOTICE, {"id": remittance_id}).one()
    if row.id is None:
        return None
    email, phone = open_contact(row, vault)
    return Notice(
        row.folio,
        Status(row.status),
        row.reason_code,
        Money(row.total_minor, "USD"),
        Money(row.receive_minor, "MXN"),
        row.cancel_until,
        row.branch,
        row.collect_until,
        row.language,
        email=email,
        phone=phone,
        account=row.account_id,
        was_paid=row.funded_at is not None,
        order=(Money(row.order_total_minor, "USD"), Money(row.order_receive_minor, "MXN")),
        dues=row.enrollment_id is not None,
    )


def read_back(session: Session, remittance_id: UUID) -> Back:
    """Where the money of one goes that was given back."""
    remittance = session.get_one(Remittance, remittance_id)
    others = [part for part in list_parts(session, remittance_id) if part.id != remittance_id]
    stays = sum(
        part.total_minor - part.refunded_minor - part.remedied_minor - part.returned_minor
        for part in others
    )
    minor = (remittance.refunded_minor, remittance.remedied_minor, stays)
    now, before, left = (Money(each, remittance.total.currency) for each in minor)
    return Back(now, before, left, other="".join(part.folio for part in others))


def list_unattended(session: Session, *, before: datetime, limit: int) -> Sequence[Remittance]:
    """Open ones, unchanged since ``before``, about which nothing is on its way. Those that wait for
    a person aren't among them."""
    waiting = exists().where(and_(OutboxItem.ref == Remittance.id, OutboxItem.done_at.is_(None)))
    still_open = Remittance.status.in_(sorted(OPEN - FOR_A_PERSON))
    return session.scalars(
        select(Remittance)
        .where(still_open, Remittance.changed_at < before, ~waiting)
        .order_by(Remittance.changed_at)
        .limit(limit)
    ).all()


def proof(session: Session) -> Proof:
    """Check the whole of the books: one query an invariant."""
    pending = balance(session, LedgerCode.PAYOUTS_PENDING)
    statuses = {
        "owed": sorted(OWED),
        "goes_back": sorted(GOES_BACK),
        "pending": sorted(IN_PAYOUT),
        "unpaid": sorted(ENDED_UNPAID),
        "beside": sorted(BESIDE_STATUS),
    }
    return Proof(
        differences=trial_balance(session).differences,
        unbalanced=session.scalars(_UNBALANCED).all(),
        mismatched=session.scalars(_MISMATCHED, statuses).all(),
        suspense_difference=pending + _open_pesos(session),
        unexplained=balance(session, LedgerCode.SUSPENSE_MXN) - _incident_pesos(session),
    )


def _collection(remittance: Remittance) -> Collection:
    # Nobody should travel for what isn't there any more.
    at_branch = remittance.payout == Payout.BRANCH and remittance.status == Status.AVAILABLE
    return Collection(
        folio=remittance.folio,
        status=Status(remittance.status),
        pesos=Money(remittance.receive_minor, "MXN"),
        payout=Payout(remittance.payout),
        branch=remittance.branch if at_branch else None,
        place=remittance.place if at_branch else None,
        collect_with=COLLECT_WITH if at_branch else (),
        collect_until=remittance.collect_until if at_branch else None,
        date_available=remittance.date_available,
        answer_by=remittance.answer_due_at if remittance.status in UNDECIDED else None,
    )


def _open_pesos(session: Session) -> int:
    query = select(func.coalesce(func.sum(Remittance.receive_minor), 0)).where(
        Remittance.status.in_(sorted(IN_PAYOUT)), Remittance.funded_at.is_not(None)
    )
    return int(session.scalar(query) or 0)


def _incident_pesos(session: Session) -> int:
    query = select(func.coalesce(func.sum(Incident.suspense_minor), 0)).where(
        Incident.suspense_cleared_at.is_(None)
    )
    return int(session.scalar(query) or 0)


_UNBALANCED = text(
    "SELECT DISTINCT entry_id FROM postings GROUP BY entry_id, currency HAVING sum(amount) <> 0"
)

# What each account must hold for one remittance, by its status, against what it holds. One that the
# version before has exchanged has no linked transfers: neither a spread nor a hold; nor has it a
# charge, from which it could be given back. What was exchanged before margins were booked has none.
# Exchanges are read at once: lines of the ledger looked for by remittance take the square of time.
_MISMATCHED = text(
    """
    WITH converted AS MATERIALIZED (
        SELECT e.subject_id AS id, bool_or(e.linked_id IS NOT NULL) AS linked,
            bool_or(p.account_code = 'fx_margin_mxn') AS margin
        FROM journal_entries e JOIN postings p ON p.entry_id = e.id
        WHERE e.kind = 'converted' GROUP BY e.subject_id
    ), expected AS (
        SELECT r.id, v.account, v.layer, v.amount
        FROM remittances r
        LEFT JOIN charges c ON c.remittance_id = r.id
        LEFT JOIN converted ON converted.id = r.id
        CROSS JOIN LATERAL (SELECT
            r.status = ANY (:goes_back) AS goes_back,
            r.status = ANY (:pending) AS pending,
            r.status = 'paid' AS paid,
            r.status = ANY (:unpaid) AS unpaid,
            coalesce(c.refunded_at IS NOT NULL, false) AS sent_back,
            coalesce(c.returned_at IS NOT NULL, false) AS returned,
            coalesce(converted.linked, false) AS linked,
            floor(r.send_minor * r.rate)::bigint - r.receive_minor AS spread,
            CASE WHEN converted.margin
            THEN floor(r.send_minor * r.fix)::bigint - floor(r.send_minor * r.rate)::bigint
            ELSE 0 END AS margin
        ) s
        CROSS JOIN LATERAL (VALUES
            ('funding_clearing', 'posted', true, r.total_minor
                - CASE WHEN s.sent_back THEN r.refunded_minor ELSE 0 END
                - CASE WHEN s.returned THEN r.total_minor ELSE 0 END),
            ('remittances_payable', 'posted', r.status = ANY (:owed), -r.send_minor),
            ('fee_income', 'posted', NOT s.unpaid, -r.fee_minor),
            ('excise_payable', 'posted', NOT s.unpaid, -r.tax_minor),
            ('refunds_payable', 'posted', s.goes_back AND (s.sent_back OR NOT s.returned),
                CASE WHEN s.sent_back THEN r.refunded_minor ELSE 0 END - r.total_minor),
            ('funding_returned', 'posted', s.returned AND s.pending, r.total_minor),
            ('losses_usd', 'posted', true, r.lost_minor),
            ('fx_usd', 'posted', s.pending OR s.paid, -r.send_minor),
            ('fx_mxn', 'posted', s.pending OR s.paid,
                r.receive_minor + CASE WHEN s.linked THEN s.spread ELSE 0 END + s.margin),
            ('fx_spread_mxn', 'posted', s.linked AND (s.pending OR s.paid), -s.spread),
            ('fx_margin_mxn', 'posted', s.pending OR s.paid, -s.margin),
            ('payouts_pending', 'posted', s.pending, -r.receive_minor),
            ('payouts_pending', 'debit_pending', s.linked AND s.pending, r.receive_minor),
            ('finabien_settlement', 'credit_pending', s.linked AND s.pending, -r.receive_minor),
            ('finabien_settlement', 'posted', s.paid, -r.receive_minor)
        ) v (account, layer, holds, amount)
        WHERE r.funded_at IS NOT NULL AND v.holds AND v.amount <> 0
    ), held AS (
        SELECT e.subject_id AS id, p.account_code AS account, p.layer, sum(p.amount) AS amount
        FROM journal_entries e JOIN postings p ON p.entry_id = e.id
        WHERE e.kind <> ALL (:beside)
        GROUP BY e.subject_id, p.account_code, p.layer HAVING sum(p.amount) <> 0
    )
    SELECT DISTINCT coalesce(expected.id, held.id)
    FROM expected FULL JOIN held USING (id, account, layer)
    WHERE expected.amount IS DISTINCT FROM held.amount
    UNION
    SELECT r.id FROM remittances r LEFT JOIN (
        SELECT e.subject_id, -sum(p.amount) AS amount
        FROM journal_entries e JOIN postings p ON p.entry_id = e.id
        WHERE e.kind = 'remedied' AND p.account_code = 'refunds_payable' GROUP BY e.subject_id
    ) remedied ON remedied.subject_id = r.id
    WHERE r.remedied_minor <> coalesce(remedied.amount, 0)
    UNION
    SELECT coalesce(settled.remittance_id, given.subject_id) FROM (
        SELECT remittance_id, sum(amount_minor) AS amount FROM remedy_refunds
        WHERE state <> 'owed' GROUP BY remittance_id
    ) settled FULL JOIN (
        SELECT e.subject_id, sum(p.amount) AS amount
        FROM journal_entries e JOIN postings p ON p.entry_id = e.id
        WHERE e.kind = 'remedy_given' AND p.account_code = 'refunds_payable' GROUP BY e.subject_id
    ) given ON given.subject_id = settled.remittance_id
    WHERE settled.amount IS DISTINCT FROM given.amount
    """
)
