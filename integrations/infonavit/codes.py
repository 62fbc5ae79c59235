"""The housing fund's codes and what each means to us. README.md tells which are assumed."""

from __future__ import annotations

from collections.abc import Mapping

from integrations import registers
from integrations.contracts import BatchStatus, EnrollmentStatus, Remedy

BATCH_STATUSES: Mapping[str, BatchStatus] = {
    "RECIBIDO": BatchStatus.RECEIVED,
    "EN_PROCESO": BatchStatus.RECEIVED,
    "PROCESADO": BatchStatus.ANSWERED,
}

# A row's.
STATUSES: Mapping[str, EnrollmentStatus] = {
    "EN_PROCESO": EnrollmentStatus.IN_REVIEW,
    "POR_CORREGIR": EnrollmentStatus.MORE_INFORMATION_REQUESTED,
    "ACEPTADA": EnrollmentStatus.ACTIVE,
    "RECHAZADA": EnrollmentStatus.REJECTED,
    "BAJA": EnrollmentStatus.ENDED,
}

# Why a row ended as RECHAZADA or BAJA.
REASONS: Mapping[str, str] = {
    "DATOS_NO_COINCIDEN": "data_mismatch",
    "NSS_INVALIDO": "nss_invalid",
    "SIN_AFILIACION_IMSS": "not_insured",
    "YA_REGISTRADO": "already_registered",
    "CURP_INVALIDA": "curp_invalid",
    "DATOS_INVALIDOS": "data_invalid",
}

# Answers 4xx: nothing of the file was taken in.
REFUSALS: Mapping[str, str] = {
    "NO_ENCONTRADO": "not_found",
    "CLAVE_REUTILIZADA": "key_reused",
    "ARCHIVO_DANADO": "file_damaged",
    "ARCHIVO_INVALIDO": "file_invalid",
}

# What can be done, by our code.
REMEDIES: Mapping[str, Remedy] = {
    **registers.REMEDIES,
    "nss_invalid": Remedy.CORRECT,
    "not_insured": Remedy.ASK_AGAIN,
    "file_damaged": Remedy.OURS,
    "file_invalid": Remedy.OURS,
}

# What it asks to have corrected: names of the program's fields and documents.
REQUESTED: Mapping[str, str] = {
    "CURP": "curp",
    "NOMBRE": "given_names",
    "NSS": "nss",
    "MONTO": "amount",
}
