"""The social security institute's codes and what each means. README.md tells which are assumed."""

from __future__ import annotations

from collections.abc import Mapping

from integrations import registers
from integrations.contracts import EnrollmentStatus, Remedy

# Our program -> its procedure.
PROCEDURES: Mapping[str, str] = {
    "nss": "ASIGNACION_NSS",
    "imss": "PERSONA_INDEPENDIENTE",
    "imss_family_health": "SALUD_FAMILIA",
}

STATUSES: Mapping[str, EnrollmentStatus] = {
    "EN_REVISION": EnrollmentStatus.IN_REVIEW,
    "POR_CORREGIR": EnrollmentStatus.MORE_INFORMATION_REQUESTED,
    "POR_PAGAR": EnrollmentStatus.PAYMENT_PENDING,
    "ASIGNADO": EnrollmentStatus.ACTIVE,
    "VIGENTE": EnrollmentStatus.ACTIVE,
    "RECHAZADO": EnrollmentStatus.REJECTED,
    "BAJA": EnrollmentStatus.ENDED,
}

# Why a request that was taken in ended as RECHAZADO or BAJA.
REASONS: Mapping[str, str] = {
    "DATOS_NO_COINCIDEN": "data_mismatch",
    "CURP_NO_ENCONTRADA": "curp_not_found",
    "NSS_NO_COINCIDE": "nss_mismatch",
    "YA_AFILIADO": "already_registered",
    "MENOR_DE_EDAD": "under_age",
    "PADECIMIENTO_PREEXISTENTE": "pre_existing_illness",
    "NO_PAGADO": "not_paid",
}

# Answers 4xx: the request was not taken in.
REFUSALS: Mapping[str, str] = {
    "NO_ENCONTRADO": "not_found",
    "FOLIO_REUTILIZADO": "key_reused",
    "SIN_CORRECCION_PEDIDA": "nothing_requested",
    "CURP_INVALIDA": "curp_invalid",
    "NSS_INVALIDO": "nss_invalid",
    "DATOS_INVALIDOS": "data_invalid",
}

# What can be done, by our code.
REMEDIES: Mapping[str, Remedy] = {
    **registers.REMEDIES,
    "curp_not_found": Remedy.CORRECT,
    "nss_mismatch": Remedy.CORRECT,
    "under_age": Remedy.WAIT,
    "pre_existing_illness": Remedy.ASK_AGENCY,
    "not_paid": Remedy.ASK_AGAIN,
    "nss_invalid": Remedy.CORRECT,
    "nothing_requested": Remedy.OURS,
}

# What it asks to have corrected: names of the programs' fields and documents.
REQUESTED: Mapping[str, str] = {
    "CURP": "curp",
    "NOMBRE": "given_names",
    "CORREO": "email",
    "NSS": "nss",
    "RFC": "rfc",
    "IDENTIFICACION": "identification",
    "COMPROBANTE_DOMICILIO": "proof_of_address",
}
