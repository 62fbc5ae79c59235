"""Words of the house's accounts and of a day's totals."""

from __future__ import annotations

from collections.abc import Mapping

from services.kernel.words import ErrorMessage
from services.kernel.words import marked as _
from services.ledger.rules import AccountKind
from services.remittances.entries import EntryKind, LedgerCode

ACCOUNTS: Mapping[str, str] = {
    LedgerCode.FUNDING_CLEARING: _("Pagado por los remitentes, por llegar del proveedor de pagos"),
    LedgerCode.REMITTANCES_PAYABLE: _("Debido a los remitentes hasta que su envío sale"),
    LedgerCode.FEE_INCOME: _("Ingreso por cargos de envío"),
    LedgerCode.EXCISE_PAYABLE: _("Impuesto cobrado, por pagar al fisco de Estados Unidos"),
    LedgerCode.REFUNDS_PAYABLE: _("Por devolver a los remitentes"),
    LedgerCode.FX_USD: _("Dólares cambiados a pesos"),
    LedgerCode.FX_MXN: _("Pesos comprados con esos dólares"),
    LedgerCode.FX_SPREAD_MXN: _("Centavos que sobran al redondear el cambio"),
    LedgerCode.FX_MARGIN_MXN: _("Ingreso por el margen sobre el FIX"),
    LedgerCode.PAYOUTS_PENDING: _("Pesos ordenados a Finabien, sin respuesta final"),
    LedgerCode.FINABIEN_SETTLEMENT: _("Pesos que se le deben a Finabien por lo que pagó"),
    LedgerCode.SUSPENSE_MXN: _("En suspenso: lo que una dependencia contradice"),
    LedgerCode.LOSSES_MXN: _("Pérdidas asumidas"),
    LedgerCode.FUNDING_RETURNED: _("Pagos que retiró el banco del remitente, por resolver"),
    LedgerCode.LOSSES_USD: _("Pérdidas por pagos que retiró el banco del remitente"),
    LedgerCode.REMEDIES_USD: _("Devuelto a remitentes por errores"),
    "customers": _("Saldos de clientes"),
}
ACCOUNT_KINDS: Mapping[str, str] = {
    AccountKind.ASSET: _("Activo"),
    AccountKind.LIABILITY: _("Pasivo"),
    AccountKind.INCOME: _("Ingreso"),
    AccountKind.POSITION: _("Posición cambiaria"),
    AccountKind.EXPENSE: _("Gasto"),
    AccountKind.CUSTOMER: _("De clientes"),
}
ENTRIES: Mapping[str, str] = {
    EntryKind.FUNDED: _("El remitente pagó"),
    EntryKind.CONVERTED: _("Cambio a pesos"),
    EntryKind.HELD: _("Pesos apartados para Finabien"),
    EntryKind.PAID: _("Entregado"),
    EntryKind.REVERSED: _("Cambio deshecho"),
    EntryKind.REFUNDED: _("Devuelto"),
    EntryKind.GIVEN_BACK: _("Dinero de vuelta con el remitente"),
    EntryKind.RETURNED: _("El banco del remitente retiró el pago"),
    EntryKind.UNFUNDED: _("Pago retirado, sin nada que deber"),
    EntryKind.LOST: _("Pérdida por un pago retirado"),
    EntryKind.SUSPENDED: _("Puesto en suspenso"),
    EntryKind.CLEARED: _("Suspenso aclarado"),
    EntryKind.REMEDIED: _("Error corregido"),
    EntryKind.REMEDY_GIVEN: _("Devuelto al remitente por un error"),
}
MEASURES: Mapping[str, str] = {
    "orders": _("Envíos ordenados"),
    "fees": _("Cargos cobrados"),
    "taxes": _("Impuesto cobrado"),
    "exchanged_usd": _("Dólares cambiados"),
    "exchanged_mxn": _("Pesos comprados"),
    "spread": _("Diferencia por redondeo del cambio"),
    "margin": _("Ganado con el margen sobre el FIX"),
    "paid": _("Entregado por Finabien"),
    "refunds": _("Devuelto a remitentes"),
    "fees_returned": _("de eso, cargos"),
    "taxes_returned": _("de eso, impuesto"),
    "remedies": _("Devuelto por errores"),
}
# Nothing is refused here.
ERRORS: Mapping[str, ErrorMessage] = {}
