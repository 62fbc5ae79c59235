"""Give out receipts: signed, and the same to the byte whenever they are asked for again.

A receipt is made when it is first asked for, from what never changes of a remittance (amounts,
rate, moments) and from the names as they are then. It keeps every word that it says in both
languages, so that it says the same after a release. Where its facts were corrected, or its key was
withdrawn, the next version is made; the earlier ones stay.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.citizens.models import Person
from services.citizens.people import find_key
from services.kernel.crypto import Vault
from services.kernel.errors import NotFound
from services.kernel.ids import new_id
from services.kernel.money import format_minor
from services.kernel.signatures import Signer, find_signing_key, withdrawn_at
from services.remittances.errors import RecipientForgotten
from services.remittances.models import Priced, Quote, Remittance, RemittanceReceipt
from services.remittances.rules import TO_PERSON, ReceiptKind
from services.remittances.verify_receipt import Code, fits, read_code, signed_text, write_code

_PLACE = "remittance_receipts.content"


@dataclass(frozen=True)
class Facts:
    """What a receipt states, before it is put into words. ``signed`` are the fields of its code but
    for the version; ``account_hint`` the last digits of where the pesos go, ``branch`` where cash
    is collected, or was. ``refund``: where not all of it goes back now, how much does, did before,
    and was taken back by the sender's bank."""

    signed: Mapping[str, str]
    sender: str
    recipient: str
    funding: str
    payout: str
    account_hint: str | None
    branch: str | None
    date_available: str
    cancel_until: str
    refund: Mapping[str, str] | None = None
    # Of an order of two parts, on the receipt of its one payment: what each takes and brings.
    parts: Sequence[Mapping[str, Any]] = ()

    def stated(self) -> dict[str, Any]:
        """As they are kept with a receipt, to be compared with what holds later."""
        optional = ("refund", "parts")
        return {
            name: value for name, value in asdict(self).items() if value or name not in optional
        }


# Puts facts and a version into words of both languages, to be printed.
PutIntoWords = Callable[[Facts, int], Mapping[str, Any]]


@dataclass(frozen=True)
class Receipt:
    """A version of a receipt: the ``code`` with its signature, and what is printed."""

    kind: ReceiptKind
    version: int
    code: str
    content: Mapping[str, Any]


@dataclass(frozen=True)
class CheckedCode:
    """What a code that somebody scanned is worth.

    ``issued``: it is one that was given out here; ``outdated``: a newer version was since;
    ``withdrawn_at``: its key was. ``code`` is None for what isn't genuine.
    """

    code: Code | None
    issued: bool = False
    outdated: bool = False
    withdrawn_at: datetime | None = None


def kinds_of(remittance: Remittance) -> list[ReceiptKind]:
    """The receipts that there are of a remittance now, in the order in which they came to be. The
    payment's is that of the order's first part."""
    kinds = [kind for kind in ReceiptKind if _moment(remittance, kind)]
    return kinds if remittance.part == TO_PERSON else kinds[1:]


def get_receipt(
    session: Session,
    remittance: Remittance,
    kind: ReceiptKind,
    version: int | None,
    put_into_words: PutIntoWords,
    signer: Signer,
    *,
    now: datetime,
    vault: Vault,
) -> Receipt:
    """The receipt as it was given out before, or made and signed now; ``version``: an earlier one.

    Raises NotFound where there is none of that kind, `RecipientForgotten`, and what signing raises.
    """
    if kind not in kinds_of(remittance):
        raise NotFound()
    facts = _facts(remittance, kind, _priced(session, remittance, kind))
    row = _find(session, remittance, kind, version)
    if version is not None or (row and _still_holds(session, row, facts, vault)):
        return _opened(session, row, vault)
    number = row.version + 1 if row else 1
    text = signed_text({**facts.signed, "version": str(number)})
    signed = signer.sign_text(session, text, now=now)
    content = {**put_into_words(facts, number), "facts": facts.stated()}
    session.execute(
        insert(RemittanceReceipt)
        .values(
            remittance_id=remittance.id,
            account_id=remittance.account_id,
            kind=kind.value,
            version=number,
            code=signed.statement,
            signature=signed.signature,
            key=signed.key,
            issued_at=now,
            **_sealed(remittance.payee, content, vault),
        )
        # Whoever asked at the same moment has made it.
        .on_conflict_do_nothing(constraint="uq_remittance_receipts_version")
    )
    return _opened(session, _find(session, remittance, kind, number), vault)


def list_receipts(session: Session, remittance: UUID) -> Sequence[RemittanceReceipt]:
    """Every version that was given out, the oldest first."""
    return session.scalars(
        select(RemittanceReceipt)
        .where(RemittanceReceipt.remittance_id == remittance)
        .order_by(RemittanceReceipt.issued_at, RemittanceReceipt.id)
    ).all()


def code_of(row: RemittanceReceipt) -> str:
    """The code of a receipt with its signature, as its square code holds it."""
    return write_code(row.code, row.key, row.signature)


def check_code(session: Session, folio: str, scanned: str) -> CheckedCode:
    """Say what a code is worth that somebody holds beside the folio. For the whole network."""
    try:
        code = read_code(scanned)
    except ValueError:
        return CheckedCode(None)
    key = find_signing_key(session, code.key)
    if key is None or code.values["folio"] != folio or not fits(code, key.public_key):
        return CheckedCode(None)
    row = session.scalars(
        select(RemittanceReceipt).where(
            RemittanceReceipt.remittance_id == _id_of(folio), RemittanceReceipt.code == code.text
        )
    ).first()
    outdated = row is not None and session.scalar(select(_newer(row))) is True
    return CheckedCode(code, row is not None, outdated, key.withdrawn_at)


def _moment(remittance: Remittance, kind: ReceiptKind) -> datetime | None:
    """When that happened, if it did. Who never paid has no receipt."""
    if remittance.funded_at is None:
        return None
    return {
        ReceiptKind.PAYMENT: remittance.funded_at,
        ReceiptKind.DELIVERY: remittance.paid_at,
        ReceiptKind.REFUND: remittance.refunded_at,
    }[kind]


def _priced(session: Session, remittance: Remittance, kind: ReceiptKind) -> Priced:
    """Whose amounts it states: of the payment, those of the whole order."""
    if kind is not ReceiptKind.PAYMENT:
        return remittance
    return session.get_one(Quote, remittance.quote_id)


def _facts(remittance: Remittance, kind: ReceiptKind, priced: Priced) -> Facts:
    at = _moment(remittance, kind)
    amounts = (
        "transfer_amount", "transfer_fees", "transfer_taxes", "total", "other_fees",
        "total_to_recipient",
    )  # fmt: skip
    signed = {name: str(getattr(priced, name).amount) for name in amounts}
    signed |= {
        "folio": remittance.folio,
        "kind": kind.value,
        "exchange_rate": f"{remittance.rate.normalize():f}",
        "at": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else "",
    }
    return Facts(
        signed=signed,
        sender=remittance.sender_name,
        recipient=remittance.recipient_name,
        funding=remittance.funding,
        payout=remittance.payout,
        account_hint=remittance.account_hint,
        branch=_branch(remittance, kind),
        date_available=remittance.date_available.isoformat(),
        cancel_until=remittance.cancel_until.isoformat(),
        refund=_refund(remittance) if kind is ReceiptKind.REFUND else None,
        parts=_parts(priced),
    )


def _refund(remittance: Remittance) -> dict[str, str] | None:
    """None where all that was paid goes back at once."""
    if not (remittance.remedied_minor or remittance.returned_minor):
        return None
    return {
        "now": format_minor(remittance.refunded_minor),
        "before": format_minor(remittance.remedied_minor),
        "taken_back": format_minor(remittance.returned_minor),
    }


def _parts(priced: Priced) -> list[dict[str, Any]]:
    shares = priced.shares if isinstance(priced, Quote) else []
    return [
        {name: getattr(share, name).as_dict() for name in ("total", "total_to_recipient")}
        for share in shares
    ]


def _branch(remittance: Remittance, kind: ReceiptKind) -> str | None:
    """The place that was chosen, or, once it was collected, where that was."""
    if kind is ReceiptKind.DELIVERY and remittance.branch:
        return remittance.branch
    place = remittance.place
    return f"{place.name}, {place.address}" if place else None


def _find(
    session: Session, remittance: Remittance, kind: ReceiptKind, version: int | None
) -> RemittanceReceipt | None:
    """That version, or the newest."""
    query = select(RemittanceReceipt).filter_by(remittance_id=remittance.id, kind=kind.value)
    if version is not None:
        query = query.filter_by(version=version)
    return session.scalars(query.order_by(RemittanceReceipt.version.desc()).limit(1)).first()


def _still_holds(session: Session, row: RemittanceReceipt, facts: Facts, vault: Vault) -> bool:
    if withdrawn_at(session, row.key):
        return False
    return bool(_opened(session, row, vault).content["facts"] == facts.stated())


def _sealed(person: Person, content: Mapping[str, Any], vault: Vault) -> dict[str, Any]:
    key = find_key(person, vault)
    if key is None:
        raise RecipientForgotten()
    row = new_id()
    text = json.dumps(content, ensure_ascii=False)
    return {
        "id": row,
        "sealed_for": person.id,
        "content_sealed": key.seal(text, place=_PLACE, row=row),
    }


def _opened(session: Session, row: RemittanceReceipt | None, vault: Vault) -> Receipt:
    if row is None:
        raise NotFound()
    key = find_key(session.get_one(Person, row.sealed_for), vault)
    if key is None:
        raise RecipientForgotten()
    content = json.loads(key.open(row.content_sealed, place=_PLACE, row=row.id))
    return Receipt(ReceiptKind(row.kind), row.version, code_of(row), content)


def _id_of(folio: str) -> Any:
    return select(Remittance.id).where(Remittance.folio == folio).scalar_subquery()


def _newer(row: RemittanceReceipt) -> ColumnElement[bool]:
    newer = select(RemittanceReceipt.id).where(
        RemittanceReceipt.remittance_id == row.remittance_id,
        RemittanceReceipt.kind == row.kind,
        RemittanceReceipt.version > row.version,
    )
    return newer.exists()
