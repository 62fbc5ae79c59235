"""Words of what is charged at the desk."""

from __future__ import annotations

from collections.abc import Mapping

from services.cashier.rules import DIFFERENCE, Act, Kind, Means
from services.kernel.words import ErrorMessage
from services.kernel.words import marked as _

CASES: Mapping[str, str] = {
    "elderly": _("Persona adulta mayor"),
    "disability": _("Persona con discapacidad comprobada"),
    "farm_worker": _("Trabajo agrícola por convenio con otro país"),
    "will_of_mexican": _("Testamento de una persona mexicana"),
    "emergency_passport": _("Pasaporte de emergencia"),
    "criminal_matter": _("Documento para un asunto penal"),
    "federal_agency": _("Lo pide una dependencia federal"),
    "foreign_student": _("Estudiante de otro país, por reciprocidad"),
    "indigent_repatriation": _("Repatriación de una persona sin recursos"),
    "pensioner": _("Trámite de una persona pensionada para su pensión"),
    "first_birth_copy": _("Primera copia del acta de nacimiento"),
    "death_protection_copy": _("Copia del acta de defunción, caso de protección"),
    "foreign_service_move": _("Menaje de personal del Servicio Exterior"),
    "repatriated_move": _("Menaje de una persona repatriada"),
    "comparison_for_document": _("Cotejo para pasaporte, matrícula, cartilla, acta o INE"),
    "humanitarian_visa": _("Visa por causas humanitarias o víctimas"),
    DIFFERENCE: _("Diferencia con la tarifa"),
}
KINDS: Mapping[str, str] = {
    Kind.DISCOUNT: _("Descuento"),
    Kind.EXEMPTION: _("Exención"),
    Kind.SURCHARGE: _("Recargo"),
    Kind.DIFFERENCE: _("Diferencia"),
}
MEANS: Mapping[str, str] = {
    Means.CASH: _("Efectivo"),
    Means.CARD: _("Tarjeta"),
    Means.MONEY_ORDER: _("Giro (money order)"),
    Means.TRANSFER: _("Transferencia"),
    Means.NOT_TOLD: _("Sin anotar"),
}
ACTS: Mapping[str, str] = {
    Act.FIRST_ISSUE: _("Primera vez"),
    Act.RENEWAL: _("Renovación"),
    Act.REPLACEMENT: _("Reposición"),
    Act.REGISTRATION: _("Registro"),
    Act.COPY: _("Copia"),
    Act.ADVICE: _("Orientación"),
    Act.COLLECTION: _("Entrega de documento"),
}

ERRORS: Mapping[str, ErrorMessage] = {
    "case_unknown": ErrorMessage(
        _("Ese descuento no existe"), _("Elige uno de los que muestra la página.")
    ),
    "case_not_for_service": ErrorMessage(
        _("Ese caso no es de este trámite"),
        _("La ley no lo prevé para este trámite. Quítalo o elige otro."),
    ),
    "case_too_young": ErrorMessage(
        _("Todavía no tiene esa edad"),
        _("El descuento es desde los %(age)s años, según la fecha de nacimiento de la cita."),
    ),
    "cases_exclude": ErrorMessage(
        _("Solo uno a la vez"),
        _("Un descuento o una exención no se suma a otro. Elige el que más convenga."),
    ),
    "ground_required": ErrorMessage(
        _("Falta con qué se comprueba"), _("Escribe qué documento viste.")
    ),
    "correction_waits": ErrorMessage(
        _("Ya se pidió corregirlo"), _("Se corrige una sola vez: mira cómo va en la cita.")
    ),
    "own_correction": ErrorMessage(
        _("Otra persona debe aprobarlo"), _("Quien pide una corrección no puede aprobarla.")
    ),
    "own_cash_up": ErrorMessage(_("Otra persona debe firmarla"), _("Nadie firma su propia caja.")),
    "difference_reason": ErrorMessage(
        _("Lo contado no coincide"), _("Escribe por qué no coincide con los recibos.")
    ),
    "price_unknown": ErrorMessage(
        _("No conocemos la tarifa"),
        _("Sin tarifa no se puede calcular un descuento. Escribe lo que pagó y por qué."),
    ),
}
