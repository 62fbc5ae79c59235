"""The population register's codes and what each means. README.md tells which are assumed."""

from __future__ import annotations

from collections.abc import Mapping

from integrations.contracts import CurpStatus, Remedy

STATUSES: Mapping[str, CurpStatus] = {
    "VIGENTE": CurpStatus.VALID,
    "SUSTITUIDA": CurpStatus.REPLACED,
    "BAJA": CurpStatus.CANCELLED,
    "DEFUNCION": CurpStatus.CANCELLED,
}

# Answers 4xx.
REFUSALS: Mapping[str, str] = {
    "NO_ENCONTRADA": "not_found",
    "CURP_INVALIDA": "curp_invalid",
    "DATOS_INVALIDOS": "data_invalid",
}

# What is registered otherwise than the applicant says, by our names.
DIFFERENCES: Mapping[str, str] = {
    "NOMBRES": "given_names",
    "PRIMER_APELLIDO": "first_surname",
    "SEGUNDO_APELLIDO": "second_surname",
    "FECHA_NACIMIENTO": "birth_date",
}

# What can be done about a CURP that isn't valid, by our code.
REMEDIES: Mapping[str, Remedy] = {
    "curp_not_found": Remedy.CORRECT,
    "curp_replaced": Remedy.CORRECT,
    "curp_cancelled": Remedy.ASK_AGENCY,
    "not_found": Remedy.CORRECT,
    "curp_invalid": Remedy.CORRECT,
    "data_invalid": Remedy.OURS,
}
