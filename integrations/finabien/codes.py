"""Finabien's codes and what each means to us. README.md tells which are assumed."""

from __future__ import annotations

from collections.abc import Mapping

from integrations.contracts import CreditKind, HolderMatch, PayoutChannel, PayoutStatus, Remedy

CHANNELS: Mapping[PayoutChannel, str] = {
    PayoutChannel.ACCOUNT: "CUENTA",
    PayoutChannel.CARD: "TARJETA",
    PayoutChannel.BRANCH: "SUCURSAL",
    PayoutChannel.DUES: "CUOTAS_IMSS",
}

STATUSES: Mapping[str, PayoutStatus] = {
    "EN_PROCESO": PayoutStatus.ACCEPTED,
    "DISPONIBLE": PayoutStatus.AVAILABLE,
    "LIQUIDADO": PayoutStatus.PAID,
    "RECHAZADO": PayoutStatus.REFUSED,
    "CANCELADO": PayoutStatus.CANCELLED,
}

# Why an order that was taken in ended as RECHAZADO.
REASONS: Mapping[str, str] = {
    "CUENTA_CERRADA": "account_closed",
    "CUENTA_INEXISTENTE": "account_not_found",
    "TITULAR_DISTINTO": "beneficiary_mismatch",
    "BANCO_SIN_SERVICIO": "bank_unavailable",
    "NO_COBRADO": "not_collected",
}
OTHER_REASON = "other"

# How it shows that the money arrived.
CREDITS: Mapping[str, CreditKind] = {
    "SPEI": CreditKind.SPEI,
    "RECIBO": CreditKind.BRANCH,
}
# The kind of document that was shown at a branch; of it nothing else is told.
IDENTIFICATIONS: Mapping[str, str] = {
    "INE": "voter_card",
    "PASAPORTE": "passport",
    "CEDULA": "professional_licence",
    "CARTILLA": "military_card",
    "MATRICULA": "consular_card",
}
OTHER_IDENTIFICATION = "other"

# Answers 4xx: the order was not taken in, nothing was done.
REFUSALS: Mapping[str, str] = {
    "NO_ENCONTRADO": "not_found",
    "CLAVE_REUTILIZADA": "key_reused",
    "CUENTA_INVALIDA": "account_invalid",
    "BENEFICIARIO_BLOQUEADO": "beneficiary_blocked",
    "MONTO_FUERA_DE_RANGO": "amount_out_of_range",
    "DATOS_INVALIDOS": "data_invalid",
    "CORRECCION_TARDE": "too_late",
    "LINEA_INVALIDA": "line_invalid",
    "LINEA_PAGADA": "line_paid",
}
# Names that SPEI can't write: never sent.
BENEFICIARY_UNWRITABLE = "beneficiary_name_unwritable"
SENDER_UNWRITABLE = "sender_name_unwritable"

# What can be done, by our code. The money goes back first; the sender corrects and sends again.
REMEDIES: Mapping[str, Remedy] = {
    "account_closed": Remedy.CORRECT,
    "account_not_found": Remedy.CORRECT,
    "account_invalid": Remedy.CORRECT,
    "beneficiary_mismatch": Remedy.CORRECT,
    "bank_unavailable": Remedy.ASK_AGAIN,
    "not_collected": Remedy.ASK_AGAIN,
    "beneficiary_blocked": Remedy.ASK_AGENCY,
    "amount_out_of_range": Remedy.CORRECT,
    "data_invalid": Remedy.CORRECT,
    BENEFICIARY_UNWRITABLE: Remedy.CORRECT,
    SENDER_UNWRITABLE: Remedy.CORRECT,
    "line_invalid": Remedy.ASK_AGENCY,
    "line_paid": Remedy.ASK_AGENCY,
    OTHER_REASON: Remedy.ASK_AGENCY,
    "too_late": Remedy.ASK_AGAIN,
    "not_found": Remedy.OURS,
    "key_reused": Remedy.OURS,
}

# Whether the holder of an account is called as we asked.
MATCHES: Mapping[str, HolderMatch] = {
    "SI": HolderMatch.YES,
    "PARECIDO": HolderMatch.CLOSE,
    "NO": HolderMatch.NO,
    "NO_OFRECIDO": HolderMatch.NOT_OFFERED,
}
