"""Disclosures and receipts of remittances: Spanish and English side by side, on page and paper.

By the names and in the order of 12 CFR 1005.31(b), in Spanish as providers print them. Both
languages stand on every one of them, whatever the reader's is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import current_app, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from consular.auth import account, now, vault
from consular.clock import reader_clock
from consular.db import database_now
from consular.i18n import date_long, deadline, folio, in_language, money, reading_in
from consular.prices import price, shares_shown
from consular.printing.appointments import check_address
from consular.printing.pdf import compile_pdf
from consular.printing.qr import qr_svg
from services.kernel.catalogue import LANGUAGES
from services.kernel.errors import NotFound
from services.kernel.ids import spaced
from services.remittances import receipts
from services.remittances.contacts import ContactRole, contact_on
from services.remittances.models import Quote
from services.remittances.queries import get_remittance
from services.remittances.quoting import get_quote
from services.remittances.receipts import Facts, Receipt
from services.remittances.rules import (
    DISPUTE_DAYS,
    REFUND_DAYS,
    Payout,
    ReceiptKind,
    day_in_mexico,
    shown_rate,
)
from services.remittances.tariffs import tariff
from services.remittances.verify_receipt import PARAMETER

_TEMPLATE = Path(__file__).with_name("remittance.typ")
# A label, its value, and whether it is a sum of what stands above.
Line = tuple[str, str, bool]
Both = dict[str, Any]


def disclosure(offer: Mapping[str, Any]) -> list[Both]:
    """Amounts, rate and day of a quote or remittance, in both languages. ``offer`` has the
    contract's fields; those named in ``estimated`` are said to be estimates."""
    return _rows(lambda: _price_lines(offer))


def read_receipt(
    session: Session, remittance_id: UUID, kind: ReceiptKind | None, version: int | None
) -> Receipt:
    """The reader's own receipt of that kind, or that of what happened last.

    Raises NotFound, also before anything was paid, and what `receipts.get_receipt` raises.
    """
    remittance = get_remittance(session, remittance_id, account=account())
    kinds = receipts.kinds_of(remittance)
    if not kinds:
        raise NotFound()
    return receipts.get_receipt(
        session,
        remittance,
        kind or kinds[-1],
        version,
        _put_into_words,
        current_app.extensions["consular.signer"],
        now=database_now(session),
        vault=vault(),
    )


def receipt_pdf(receipt: Receipt) -> bytes:
    """A receipt on one sheet, always the same bytes."""
    data = {**receipt.content, "code": str(receipt_qr(receipt))}
    return compile_pdf(_TEMPLATE, data)


def receipt_qr(receipt: Receipt) -> Any:
    """The square code that holds where the receipt is verified, and what is verified."""
    address = f"{receipt.content['check']}?{PARAMETER}={receipt.code}"
    return qr_svg(address, receipt.content["scan_label"])


def quote_pdf(session: Session, quote_id: UUID) -> bytes:
    """What a sender is told before paying, as a file. Raises NotFound."""
    quote = get_quote(session, quote_id)
    if quote is None or quote.account_id != account():
        raise NotFound()
    rules = tariff(session, day_in_mexico(quote.created_at))
    zone = reader_clock().zone
    offer = {**price(quote), "parts": shares_shown(quote.shares)}
    rows = disclosure(offer) + _rows(lambda: [_until(quote, zone)])
    rights = _sides(lambda: [_cancel_right(rules.cancel), _not_a_receipt()])
    return compile_pdf(
        _TEMPLATE,
        {
            "title": _both(lambda: _("Antes de pagar")),
            "rows": rows,
            "rights": rights,
            "note": _both(lambda: _("Cotización %(id)s", id=quote.id)),
            "made_on": day_in_mexico(quote.created_at).isoformat(),
            "code": None,
        },
    )


def _put_into_words(facts: Facts, version: int) -> Both:
    """Everything that is printed of a receipt."""
    zone = reader_clock().zone
    made_on = day_in_mexico(now())
    check = check_address(facts.signed["folio"])
    return {
        "title": _both(lambda: _title(facts)),
        "rows": _rows(lambda: _lines(facts, version, zone)),
        "rights": _sides(lambda: _rights(facts, made_on)),
        "note": _both(lambda: _note(facts, check)),
        "scan": _both(_scan),
        "scan_label": " · ".join(_both(_scan_label).values()),
        "check": check,
        "made_on": made_on.isoformat(),
    }


def _title(facts: Facts) -> str:
    titles: dict[str, str] = {
        ReceiptKind.PAYMENT: _("Recibo de tu envío"),
        ReceiptKind.DELIVERY: _("Recibo de tu envío: entregado"),
        ReceiptKind.REFUND: _("Recibo de devolución"),
    }
    return titles[facts.signed["kind"]]


def _lines(facts: Facts, version: int, zone: str) -> list[Line]:
    numbered = [(_("Versión"), str(version), False)] if version > 1 else []
    return [
        (_("Folio"), spaced(facts.signed["folio"]), False),
        *numbered,
        *_what_happened(facts, zone),
        (_("Quien envía"), facts.sender, False),
        (_("Destinatario"), facts.recipient, False),
        (_("Cómo lo recibe"), destination(facts.payout, facts.account_hint or ""), False),
        *([(_("Dónde"), facts.branch, False)] if facts.branch else []),
        (_("Cómo se pagó"), funding_words(facts.funding), False),
        *_price_lines(_offer(facts)),
    ]


def _what_happened(facts: Facts, zone: str) -> list[Line]:
    """When it was paid or delivered, or what is given back."""
    at = deadline(datetime.fromisoformat(facts.signed["at"]), zone)
    kind = facts.signed["kind"]
    if kind == ReceiptKind.REFUND:
        return [*_given_back(facts), (_("Fecha de la devolución"), at, False)]
    if kind == ReceiptKind.DELIVERY:
        return [(_("Entregado"), at, False)]
    until = deadline(datetime.fromisoformat(facts.cancel_until), zone)
    return [(_("Pagado"), at, False), (_("Puedes cancelar hasta"), until, False)]


def _given_back(facts: Facts) -> list[Line]:
    """What goes back; and where that isn't all that was paid, where the rest went."""
    if not facts.refund:
        return [(_("Te devolvemos"), money(facts.signed["total"], "USD"), True)]
    none = "0.00"
    parts = (
        (_("Pagaste"), facts.signed["total"], True),
        (_("Ya te habíamos devuelto"), facts.refund["before"], facts.refund["before"] != none),
        (_("Tu banco retiró"), facts.refund["taken_back"], facts.refund["taken_back"] != none),
    )
    said = [(label, money(amount, "USD"), False) for label, amount, shown in parts if shown]
    return [*said, (_("Te devolvemos ahora"), money(facts.refund["now"], "USD"), True)]


def _offer(facts: Facts) -> dict[str, Any]:
    pesos = ("other_fees", "total_to_recipient")
    amounts = ("transfer_amount", "transfer_fees", "transfer_taxes", "total", *pesos)
    money_of = {
        name: {"amount": facts.signed[name], "currency": "MXN" if name in pesos else "USD"}
        for name in amounts
    }
    return {
        **money_of,
        "parts": facts.parts,
        "exchange_rate": shown_rate(Decimal(facts.signed["exchange_rate"])),
        "date_available": facts.date_available,
    }


def _price_lines(offer: Mapping[str, Any]) -> list[Line]:
    """The lines that the rule names, in its order."""
    none = {"amount": "0.00", "currency": "MXN"}
    day = offer["date_available"]
    rate = _("1 USD = %(rate)s MXN", rate=offer["exchange_rate"])
    lines = (
        ("transfer_amount", _("Cantidad de envío"), money(offer["transfer_amount"])),
        ("transfer_fees", _("Cargos por envío"), f"+ {money(offer['transfer_fees'])}"),
        ("transfer_taxes", _("Impuestos de envío"), f"+ {money(offer['transfer_taxes'])}"),
        ("total", _("Total"), money(offer["total"])),
        ("exchange_rate", _("Tasa de cambio"), rate),
        ("other_fees", _("Otros cargos por envío"), f"− {money(offer['other_fees'] or none)}"),
        ("total_to_recipient", _("Total al destinatario"), money(offer["total_to_recipient"])),
        *_part_lines(offer.get("parts") or ()),
        ("date_available", _("Fecha disponible"), date_long(_day(day))),
    )
    estimates, estimated = offer.get("estimated") or (), _("Estimado")
    return [
        (f"{label} ({estimated})" if name in estimates else label, value, "total" in name)
        for name, label, value in lines
    ]


def _part_lines(parts: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """How an order of two parts is divided: what each brings, and its share of all that is paid."""
    if not parts:
        return []
    person, dues = parts
    return [
        ("part", _("De eso, a la persona"), _share(person)),
        ("part", _("De eso, cuotas del IMSS"), _share(dues)),
    ]


def _share(part: Mapping[str, Any]) -> str:
    paid, received = money(part["total"]), money(part["total_to_recipient"])
    return str(_("%(received)s (pagas %(paid)s)", received=received, paid=paid))


def _rights(facts: Facts, day: date) -> list[str]:
    """What the sender may do, in the words of the rule's model forms."""
    kind, said = facts.signed["kind"], []
    if kind == ReceiptKind.REFUND:
        said.append(_refund_term())
    said.append(_error_right(day))
    if kind == ReceiptKind.PAYMENT:
        paid, until = (
            datetime.fromisoformat(at) for at in (facts.signed["at"], facts.cancel_until)
        )
        said.append(_cancel_right(until - paid))
    if facts.payout != Payout.BRANCH:
        said.append(_others_may_charge())
    return [*said, _questions(day)]


def _refund_term() -> str:
    return str(
        _(
            "Lo recibes por donde pagaste, a más tardar en %(days)s días hábiles.",
            days=REFUND_DAYS,
        )
    )


def _error_right(day: date) -> str:
    provider = contact_on(ContactRole.PROVIDER, day)
    return str(
        _(
            "Tienes derecho a reclamar los errores de tu envío. Si crees que hay uno, avísanos"
            " dentro de los %(days)s días siguientes a la fecha disponible, al %(telephone)s o en"
            " %(site)s. También puedes pedirnos una explicación por escrito de tus derechos.",
            days=DISPUTE_DAYS,
            telephone=provider.telephone,
            site=provider.site or _site(),
        )
    )


def _others_may_charge() -> str:
    return str(
        _(
            "El destinatario puede recibir menos por comisiones que cobre su banco o por impuestos"
            " en el extranjero."
        )
    )


def _questions(day: date) -> str:
    name = in_language(contact_on(ContactRole.PROVIDER, day), "name")
    others = [contact_on(role, day) for role in (ContactRole.STATE, ContactRole.CFPB)]
    said = [f"{in_language(each, 'name')}, {each.telephone}, {each.site}" for each in others]
    return str(
        _(
            "Si tienes preguntas o quejas sobre %(provider)s, comunícate con: %(others)s.",
            provider=name,
            others="; ".join(said),
        )
    )


def _cancel_right(window: timedelta) -> str:
    return str(
        _(
            "Puedes cancelar y recibir todo tu dinero dentro de los %(minutes)s minutos después de"
            " pagar, a menos que ya se haya cobrado o depositado.",
            minutes=round(window / timedelta(minutes=1)),
        )
    )


def _not_a_receipt() -> str:
    return str(_("Esto no es un recibo: todavía no pagas nada."))


def _until(quote: Quote, zone: str) -> Line:
    until = deadline(quote.expires_at, zone)
    return _("Este precio vale hasta"), until, False


def _note(facts: Facts, check: str) -> str:
    said = _("Folio %(folio)s · %(address)s", folio=folio(facts.signed["folio"]), address=check)
    return str(said)


def _scan() -> str:
    return str(
        _(
            "Escanea el código para comprobar que este recibo es auténtico: compara los montos y la"
            " hora con los que aparecen. El código no dice de quién es."
        )
    )


def _scan_label() -> str:
    return str(_("Código para comprobar el recibo"))


def destination(payout: str, ending: str) -> str:
    """How the recipient gets the pesos; ``ending``: the last digits of where they go."""
    words: dict[Any, str] = {
        "account": _("Depósito en la cuenta que termina en %(ending)s", ending=ending),
        "card": _("Tarjeta de Finabien que termina en %(ending)s", ending=ending),
        "branch": _("Efectivo en una oficina de Finabien"),
        "dues": _("Línea de pago del IMSS que termina en %(ending)s", ending=ending),
    }
    return words[payout]


def funding_words(funding: str) -> str:
    """How the sender pays."""
    words: dict[Any, str] = {
        "bank_account": _("Desde mi cuenta de banco"),
        "us_card": _("Con una tarjeta de Estados Unidos"),
        "cash": _("En efectivo"),
    }
    return words[funding]


def _site() -> str:
    return f"{current_app.extensions['consular.settings'].public_url}{url_for('portal.home')}"


def _day(day: date | str) -> date:
    return date.fromisoformat(day) if isinstance(day, str) else day


def _both(say: Callable[[], str]) -> dict[str, str]:
    """What is said, by language."""
    said = {}
    for language in LANGUAGES:
        with reading_in(language):
            said[language] = str(say())
    return said


def _sides(say: Callable[[], Sequence[str]]) -> dict[str, list[str]]:
    """Paragraphs by language."""
    said = {}
    for language in LANGUAGES:
        with reading_in(language):
            said[language] = [str(each) for each in say()]
    return said


def _rows(say: Callable[[], Sequence[Line]]) -> list[Both]:
    """Lines as rows that have each label and value in both languages."""
    sides = {}
    for language in LANGUAGES:
        with reading_in(language):
            sides[language] = list(say())
    return [
        {
            "label": {language: str(line[0]) for language, line in zip(sides, lines, strict=True)},
            "value": {language: str(line[1]) for language, line in zip(sides, lines, strict=True)},
            "total": lines[0][2],
        }
        for lines in zip(*sides.values(), strict=True)
    ]
