"""Our payout order in Finabien's words, and its answers in ours.

Field limits are those of a SPEI order as public clients of it show: upper-case ASCII, names and
concept of 39 characters at most, `claveRastreo` of 29, amount with two decimals, a numeric
reference from 1 to 9,999,999. A name is written
with all its letters or not at all: a clerk compares it with a document.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from typing import Any

from integrations.answers import OptionalFields
from integrations.contracts import (
    Branch,
    BranchList,
    CreditProof,
    PayoutChannel,
    PayoutOrder,
    PayoutState,
    PayoutStatus,
)
from integrations.finabien.codes import (
    BENEFICIARY_UNWRITABLE,
    CHANNELS,
    CREDITS,
    IDENTIFICATIONS,
    OTHER_IDENTIFICATION,
    OTHER_REASON,
    REASONS,
    SENDER_UNWRITABLE,
    STATUSES,
)
from integrations.latin import take_apart

MAX_NAME = 39
MAX_CONCEPT = 39
MAX_TRACKING_KEY = 29
MAX_REFERENCE = 9_999_999
ACCOUNT_DIGITS: Mapping[PayoutChannel, tuple[int, ...]] = {
    PayoutChannel.ACCOUNT: (18,),
    PayoutChannel.CARD: (15, 16, 18),
    PayoutChannel.DUES: tuple(range(10, 41)),
}


class UnencodableOrder(ValueError):
    """The order cannot be said in SPEI's alphabet and lengths; `code` says which part."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def ascii_upper(text: str, limit: int) -> str:
    """Upper-case ASCII letters, digits and single spaces, `limit` at most: "Muñoz" -> "MUNOZ"."""
    plain = take_apart(text).encode("ascii", "ignore").decode("ascii").upper()
    return " ".join(re.sub(r"[^A-Z0-9]+", " ", plain).split())[:limit].rstrip()


def tracking_key(folio: str) -> str:
    """The folio as `claveRastreo`. ValueError when it is not one of ours."""
    if not re.fullmatch(rf"[A-Z0-9]{{1,{MAX_TRACKING_KEY}}}", folio):
        raise ValueError("folio does not fit claveRastreo")
    return folio


def numeric_reference(folio: str) -> int:
    """The number that SPEI wants beside the key, the same each time for a folio."""
    return zlib.crc32(folio.encode()) % MAX_REFERENCE + 1


def order_body(order: PayoutOrder) -> dict[str, Any]:
    """The body of an order. Raises `UnencodableOrder`; ValueError for an amount that isn't
    positive."""
    if order.amount_minor <= 0:
        raise ValueError("amount must be positive")
    pesos, cents = divmod(order.amount_minor, 100)
    return {
        "claveRastreo": tracking_key(order.folio),
        "monto": f"{pesos}.{cents:02d}",
        "moneda": "MXN",
        "tipoPago": CHANNELS[order.channel],
        "cuentaBeneficiario": account_digits(order.channel, order.account),
        "nombreBeneficiario": written_name(_beneficiary(order), BENEFICIARY_UNWRITABLE),
        "nombreOrdenante": written_name(order.sender_name, SENDER_UNWRITABLE),
        "concepto": ascii_upper(order.concept, MAX_CONCEPT) or "REMESA",
        "referenciaNumerica": numeric_reference(order.folio),
        **({"sucursal": order.branch} if order.branch else {}),
    }


def _beneficiary(order: PayoutOrder) -> str:
    parts = (
        order.beneficiary_given_names,
        order.beneficiary_first_surname,
        order.beneficiary_second_surname,
    )
    return " ".join(part for part in parts if part)


def written_name(name: str, code: str) -> str:
    """A name with all its letters, as the agency takes it. Raises `UnencodableOrder` with
    ``code``."""
    written = ascii_upper(name, MAX_NAME)
    lost = any(c.isalnum() and not c.isascii() for c in take_apart(name))
    if lost or not written:
        raise UnencodableOrder(code)
    return written


def account_digits(channel: PayoutChannel, account: str | None) -> str | None:
    """The account that this way of payout needs, None for cash. Raises `UnencodableOrder`."""
    if channel is PayoutChannel.BRANCH:
        return None
    account = account or ""
    # isascii: str.isdigit alone takes the digits of every script.
    if not (account.isascii() and account.isdigit()):
        raise UnencodableOrder("account_invalid")
    if len(account) not in ACCOUNT_DIGITS[channel]:
        raise UnencodableOrder("account_invalid")
    return account


def payout_state(folio: str, body: Mapping[str, Any]) -> PayoutState:
    """The state in the answer. ValueError or KeyError when unreadable or about another folio.

    Folio and state decide. Everything else is optional: what can't be used of it is dropped.
    """
    if body["claveRastreo"] != folio:
        raise ValueError("an answer about another order")
    status = STATUSES[body["estado"]]
    optional = OptionalFields(body)
    return PayoutState(
        folio=folio,
        status=status,
        reason_code=_reason(status, optional.text("causa")),
        agency_reference=optional.text("referencia"),
        branch=optional.text("sucursal"),
        paid_at=optional.moment("fechaLiquidacion"),
        amount_minor=optional.minor_units("monto"),
        currency=optional.currency("moneda"),
        credit=_credit(optional.part("comprobante")),
        dropped=tuple(optional.dropped),
    )


def branches_page(body: Mapping[str, Any]) -> tuple[BranchList, int | None]:
    """One page of the branches, and which is the next. ValueError or KeyError when unreadable.

    A branch that can't be read is left out and named: it spoils none of the others.
    """
    following = body.get("siguiente")
    if following is not None and not (isinstance(following, int) and following > 0):
        raise ValueError("no number of a page")
    branches: list[Branch] = []
    unreadable: list[str] = []
    for row in body["sucursales"]:
        try:
            branches.append(_branch(row))
        except (ValueError, KeyError, TypeError, AttributeError):
            unreadable.append(_code(row))
    return BranchList(tuple(branches), tuple(unreadable)), following


def _code(row: object) -> str:
    """The code of a row of which the rest can't be read, where it can."""
    return (OptionalFields(row).text("clave") or "") if isinstance(row, Mapping) else ""


def _branch(row: Mapping[str, Any]) -> Branch:
    municipality = str(row["municipio"])
    if not re.fullmatch(r"[0-9]{5}", municipality):
        raise ValueError("no code of a municipality")
    latitude, longitude = float(row["latitud"]), float(row["longitud"])
    # A NaN is between nothing.
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise ValueError("no place on Earth")
    texts = [OptionalFields(row).text(name) for name in ("clave", "nombre", "domicilio", "horario")]
    code, name, address, hours = (text or "" for text in texts)
    if not (code and name and address):
        raise ValueError("a branch without a name or an address")
    return Branch(code, name, municipality, address, hours, latitude, longitude)


def _credit(proof: OptionalFields | None) -> CreditProof | None:
    """The proof of credit, where its kind is known and it has a reference."""
    if proof is None:
        return None
    kind = CREDITS.get(proof.text("tipo") or "")
    reference = proof.text("referencia")
    if kind is None or reference is None:
        return None
    shown = proof.text("identificacion")
    return CreditProof(
        kind=kind,
        reference=reference,
        credited_on=proof.day("fechaOperacion"),
        bank=proof.text("bancoReceptor"),
        certificate=proof.text("cep"),
        identification=IDENTIFICATIONS.get(shown, OTHER_IDENTIFICATION) if shown else None,
    )


def _reason(status: PayoutStatus, cause: str | None) -> str | None:
    return REASONS.get(cause or "", OTHER_REASON) if status is PayoutStatus.REFUSED else None
