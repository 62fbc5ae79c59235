"""The tax register's codes and what each means to us. README.md tells which are assumed."""

from __future__ import annotations

from collections.abc import Mapping

from integrations.contracts import EnrollmentStatus

STATUSES: Mapping[str, EnrollmentStatus] = {
    "RECIBIDA": EnrollmentStatus.RECEIVED,
    "EN_REVISION": EnrollmentStatus.IN_REVIEW,
    "ACTIVA": EnrollmentStatus.ACTIVE,
    "RECHAZADA": EnrollmentStatus.REJECTED,
}

# Why a request that was taken in ended as RECHAZADA.
REASONS: Mapping[str, str] = {
    "DATOS_NO_COINCIDEN": "data_mismatch",
    "YA_INSCRITO": "already_registered",
    "MENOR_DE_EDAD": "under_age",
}
OTHER_REASON = "other"

# Answers 4xx: the request was not taken in.
REFUSALS: Mapping[str, str] = {
    "NO_ENCONTRADA": "not_found",
    "FOLIO_REUTILIZADO": "key_reused",
    "CURP_INVALIDA": "curp_invalid",
    "DATOS_INVALIDOS": "data_invalid",
}
