"""Words of figures."""

from __future__ import annotations

from collections.abc import Mapping

from services.facts.people import AgeBand, Sex
from services.kernel.words import ErrorMessage
from services.kernel.words import marked as _
from services.monitoring.dimensions import Dimension
from services.monitoring.indicators import Unit
from services.monitoring.rules import ReportedUnit

UNITS: Mapping[str, str] = {
    Unit.APPOINTMENTS: _("citas"),
    Unit.PEOPLE: _("personas"),
    Unit.SERVICES: _("servicios"),
    Unit.ENROLLMENTS: _("inscripciones"),
    Unit.REMITTANCES: _("envíos"),
    Unit.VOTES: _("votos"),
    Unit.SEARCHES: _("búsquedas"),
    Unit.CREDENTIALS: _("credenciales"),
    ReportedUnit.CARDS: _("tarjetas"),
    ReportedUnit.CENTRES: _("centros"),
    ReportedUnit.COMPANIES: _("empresas"),
    ReportedUnit.COUNTRIES: _("países"),
    ReportedUnit.DOCUMENTS: _("documentos"),
    ReportedUnit.NUMBERS: _("números"),
    ReportedUnit.OPENINGS: _("vacantes"),
    ReportedUnit.PROCEDURES: _("trámites"),
    ReportedUnit.PRODUCTS: _("productos"),
    ReportedUnit.REQUESTS: _("solicitudes"),
    ReportedUnit.PERCENT: _("porcentaje"),
    ReportedUnit.USD_MILLION: _("millones de USD"),
}

DIMENSIONS: Mapping[str, str] = {
    Dimension.PROGRAM: _("Programa o trámite"),
    Dimension.CONSULATE: _("Oficina"),
    Dimension.COUNTRY: _("País"),
    Dimension.MODE: _("Modalidad"),
    Dimension.ELECTION: _("Elección"),
    Dimension.ORIGIN: _("Estado de origen"),
    Dimension.SEX: _("Sexo"),
    Dimension.AGE: _("Edad"),
    Dimension.DAY: _("Día"),
    Dimension.STATUS: _("Estado"),
}

# What ``program`` is of transfers and votes.
PAYOUTS_AND_MODES: Mapping[str, str] = {
    "account": _("Envío: depósito en cuenta"),
    "card": _("Envío: tarjeta Finabien"),
    "branch": _("Envío: efectivo en sucursal"),
    "dues": _("Envío: cuotas del IMSS"),
    "electronic": _("Voto: por internet"),
    "postal": _("Voto: por correo"),
    "in_person": _("Voto: en persona"),
    "all": _("Voto: todas las modalidades"),
}

SEXES: Mapping[str, str] = {
    Sex.MAN: _("Hombre"),
    Sex.WOMAN: _("Mujer"),
    Sex.NEITHER: _("No binario"),
}

AGE_BANDS: Mapping[str, str] = {
    AgeBand.MINOR: _("0 a 17 años"),
    AgeBand.YOUNG: _("18 a 29 años"),
    AgeBand.ADULT: _("30 a 44 años"),
    AgeBand.MIDDLE: _("45 a 59 años"),
    AgeBand.SENIOR: _("60 años o más"),
}

ERRORS: Mapping[str, ErrorMessage] = {
    "too_many_rows": ErrorMessage(
        _("No caben en una hoja de cálculo"),
        _(
            "Son %(rows)s renglones y una hoja tiene lugar para %(most)s. Descarga el CSV, que los"
            " lleva todos, o pide menos días o una sola oficina."
        ),
    ),
    "in_the_future": ErrorMessage(
        _("Ese corte aún no llega"), _("Ese corte aún no llega. Elige uno que ya haya pasado.")
    ),
    "dimension_not_held": ErrorMessage(
        _("Ese indicador no tiene ese desglose"),
        _("Este indicador no tiene %(others)s. Se desglosa por %(held)s."),
    ),
    "already_entered": ErrorMessage(
        _("Esa cifra ya está"),
        _("Ya hay una cifra para esa sesión y ese periodo. Ábrela en la lista y corrígela."),
    ),
    "corrected_meanwhile": ErrorMessage(
        _("Otra persona la cambió antes"),
        _("Otra persona cambió esa cifra mientras tanto. Ábrela otra vez y revisa cuál vale."),
    ),
    "indicator_exists": ErrorMessage(
        _("Ese código ya está en uso"), _("Ya hay un indicador con ese código. Escribe otro.")
    ),
    "group_indicator_unknown": ErrorMessage(
        _("No conocemos ese indicador"),
        _("Ningún grupo tiene ese indicador. Revisa el código o añade el indicador primero."),
    ),
    "unit_differs": ErrorMessage(
        _("La unidad no es la del indicador"),
        _("La unidad no es la del indicador. Revisa que la cifra sea de lo mismo."),
    ),
    "not_whole": ErrorMessage(
        _("Esa cifra no puede ser"), _("En esa unidad la cifra es un número entero desde cero.")
    ),
    "when_required": ErrorMessage(
        _("Falta de cuándo es"), _("Di de qué sesión es la cifra, de qué periodo o ambos.")
    ),
}
