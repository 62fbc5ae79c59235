"""The tax register's codes and what each means to us. README.md tells which are assumed."""

from __future__ import annotations

from collections.abc import Mapping

from integrations import registers
from integrations.contracts import EnrollmentStatus, Remedy

STATUSES: Mapping[str, EnrollmentStatus] = {
    "RECIBIDA": EnrollmentStatus.RECEIVED,
    "EN_REVISION": EnrollmentStatus.IN_REVIEW,
    "POR_CORREGIR": EnrollmentStatus.MORE_INFORMATION_REQUESTED,
    "CITA_PROGRAMADA": EnrollmentStatus.APPOINTMENT_SCHEDULED,
    "ACTIVA": EnrollmentStatus.ACTIVE,
    "RECHAZADA": EnrollmentStatus.REJECTED,
    "CANCELADA": EnrollmentStatus.ENDED,
}

# Why a request that was taken in ended as RECHAZADA or CANCELADA.
REASONS: Mapping[str, str] = {
    "DATOS_NO_COINCIDEN": "data_mismatch",
    "YA_INSCRITO": "already_registered",
    "MENOR_DE_EDAD": "under_age",
    "NO_SE_PRESENTO": "missed_appointment",
}

# Answers 4xx: the request was not taken in.
REFUSALS: Mapping[str, str] = {
    "NO_ENCONTRADA": "not_found",
    "FOLIO_REUTILIZADO": "key_reused",
    "SIN_CORRECCION_PEDIDA": "nothing_requested",
    "CURP_INVALIDA": "curp_invalid",
    "DATOS_INVALIDOS": "data_invalid",
}

# What can be done, by our code.
REMEDIES: Mapping[str, Remedy] = {
    **registers.REMEDIES,
    "under_age": Remedy.WAIT,
    "missed_appointment": Remedy.ASK_AGAIN,
    "nothing_requested": Remedy.OURS,
}

# What it asks to have corrected: names of the program's fields and documents.
REQUESTED: Mapping[str, str] = {
    "CURP": "curp",
    "NOMBRE": "given_names",
    "CORREO": "email",
    "IDENTIFICACION": "identification",
    "COMPROBANTE_DOMICILIO": "proof_of_address",
}
