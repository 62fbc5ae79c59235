"""How an agency's proof that the money arrived is said, on pages and receipts."""

from __future__ import annotations

from flask_babel import gettext as _

from consular.i18n import date_plain, words
from services.remittances.credit import CreditKind, CreditProof


def proof_rows(proof: CreditProof) -> list[dict[str, str]]:
    """Label and value of each part of it that is known."""
    spei = proof.kind is CreditKind.SPEI
    rows = [
        (_("Clave de rastreo (SPEI)") if spei else _("Recibo número"), proof.reference),
        (_("Día"), date_plain(proof.credited_on) if proof.credited_on else None),
        (_("Banco que lo recibió"), proof.bank),
        (_("Comprobante de Banco de México (CEP)"), proof.certificate),
        (
            _("Identificación que mostró"),
            words("remittances.identification", proof.identification)
            if proof.identification
            else None,
        ),
    ]
    return [{"label": label, "value": value} for label, value in rows if value]
