"""The fund's codes and what each means. README.md tells which are assumed."""

from __future__ import annotations

from collections.abc import Mapping

from integrations import registers
from integrations.contracts import EnrollmentStatus, Remedy

STATUSES: Mapping[str, EnrollmentStatus] = {
    "POR_CORREGIR": EnrollmentStatus.MORE_INFORMATION_REQUESTED,
    "REGISTRADO": EnrollmentStatus.ACTIVE,
    "NEGADO": EnrollmentStatus.REJECTED,
}

REASONS: Mapping[str, str] = {
    "YA_REGISTRADO": "already_registered",
    "DATOS_NO_COINCIDEN": "data_mismatch",
}

REFUSALS: Mapping[str, str] = {
    "NO_ENCONTRADO": "not_found",
    "FOLIO_REUTILIZADO": "key_reused",
    "SIN_CORRECCION_PEDIDA": "nothing_requested",
    "CURP_INVALIDA": "curp_invalid",
    "DATOS_INVALIDOS": "data_invalid",
}

REMEDIES: Mapping[str, Remedy] = {**registers.REMEDIES, "nothing_requested": Remedy.OURS}

REQUESTED: Mapping[str, str] = {"COMPROBANTE_DOMICILIO": "proof_of_address"}
