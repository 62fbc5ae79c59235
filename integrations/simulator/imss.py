"""Social security as we assume it: it decides at once, and waits for the payment.

Besides the rules of `applicants`: first surname `AJENO` has another number than the one given;
`MOROSO` pays by a transfer or never, `VENCIDO` lets the last day pass; whoever is `ENFERMO`, or
says yes to the question about illnesses, gets no family health insurance. Everybody else has paid
after `decide_seconds`. `RENUEVA` was covered before, and that cover ends soon: what follows is paid
by a transfer.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from stdnum import luhn

from integrations.simulator import applicants, finabien, names
from integrations.simulator.memory import Order
from integrations.simulator.registers import SimulatedRegister

AGENCY = "imss"
OTHER_NUMBER = "AJENO"
NEVER_PAYS = "MOROSO"
TOO_LATE = "VENCIDO"
ILL = "ENFERMO"
RENEWS = "RENUEVA"
PROCEDURES = ("ASIGNACION_NSS", "PERSONA_INDEPENDIENTE", "SALUD_FAMILIA")
MONTHS = {"monthly": 1, "two_monthly": 2, "half_yearly": 6, "yearly": 12}
LAST_DAY_TO_PAY = 20
# So long before a cover ends, the next line can be paid.
RENEWAL = timedelta(days=45)
# An invented share of the income; a real one depends on zone, occupation and the year's tables.
SHARE_OF_INCOME = Decimal("0.25")
INCOME_WHEN_UNSAID = Decimal(9000)
# Pesos a year up to that age: the published table from 2025-03-01 (as in the press, 2025-11-27).
FAMILY_HEALTH = (
    (19, 8900),
    (29, 11100),
    (39, 11850),
    (49, 13800),
    (59, 14250),
    (69, 19800),
    (79, 20650),
    (200, 21300),
)


class SimulatedAgency(SimulatedRegister):
    """The institute, which decides at once."""

    agency = AGENCY
    collection = "tramites"
    corrected = "CORREGIR"
    fields = ("tramite", "rfc", "nss", "datos")
    blank: ClassVar = {"causa": None, "nss": None, "lineaPago": None}

    def refusal(self, body: Any) -> str | None:
        """A procedure that it doesn't have, data of another shape, a number that can't be."""
        return _refused(body)

    def state(self, order: Order) -> dict[str, Any]:
        """What became of it: corrected once, or decided at once; then it waits for the payment."""
        correction = self._register.correction(order.folio)
        if self._register.wants_correction(order.body) and correction is None:
            return {"estado": "POR_CORREGIR", **self._register.asks_correction(order)}
        latest = correction or order
        if applicants.is_called(latest.body, applicants.STUCK):
            return {"estado": "EN_REVISION"}
        cause = _cause(latest.body)
        if cause is not None:
            return {"estado": "RECHAZADO", "causa": cause}
        return self._accepted(latest)

    def _accepted(self, order: Order) -> dict[str, Any]:
        body, number = order.body, {"nss": order.body["nss"] or social_security_number(order.body)}
        if body["tramite"] == "ASIGNACION_NSS":
            return {"estado": "ASIGNADO", **number}
        paid = self._world.now() - order.taken_at >= self._world.decide_seconds
        paid = paid or applicants.is_called(body, RENEWS)
        if paid and applicants.is_called(body, TOO_LATE):
            return {"estado": "RECHAZADO", "causa": "NO_PAGADO"}
        shown = number if body["tramite"] == "PERSONA_INDEPENDIENTE" else {}
        line = self._line(order, 0)
        if (not paid or applicants.is_called(body, NEVER_PAYS)) and not self._paid_elsewhere(line):
            return {"estado": "POR_PAGAR", **shown, "lineaPago": line}
        return {"estado": "VIGENTE", **shown, **self._covered(order)}

    def _covered(self, order: Order) -> dict[str, Any]:
        """The cover as it was paid for, and the line by which it goes on."""
        paid = 0
        while self._paid_elsewhere(self._line(order, paid + 1)):
            paid += 1
        begins, ends = self._cover(order, 0)[0], self._cover(order, paid)[1]
        line, today = self._line(order, paid + 1), self._world.day()
        open_now = ends - RENEWAL <= today <= date.fromisoformat(line["vence"])
        return {
            "vigenciaDesde": begins.isoformat(),
            "vigenciaHasta": ends.isoformat(),
            "lineaPago": line if open_now else None,
        }

    def _paid_elsewhere(self, line: Mapping[str, str]) -> bool:
        """The payout agency has taken it with a transfer, and told the institute."""
        return finabien.SimulatedAgency(self._world).dues_paid(line["referencia"])

    def _line(self, order: Order, period: int) -> dict[str, str]:
        """By which a period of cover is paid: the first, or one that follows."""
        taken = self._world.day(order.taken_at)
        key = f"{order.folio}/{period}" if period else order.folio
        return {
            "referencia": str(applicants.number_of(key, digits=24)),
            "importe": f"{_amount(order.body, taken):.2f}",
            "moneda": "MXN",
            "vence": self._due(order, period).isoformat(),
        }

    def _due(self, order: Order, period: int) -> date:
        """The twentieth of the month before the period."""
        begins, _ends = self._cover(order, period)
        return (begins - timedelta(days=1)).replace(day=LAST_DAY_TO_PAY)

    def _cover(self, order: Order, period: int) -> tuple[date, date]:
        """From the first of the month after the payment, for as long as was paid."""
        months, last_to_pay = _months(order.body), _last_day(self._world.day(order.taken_at))
        ahead = 1 - months if applicants.is_called(order.body, RENEWS) else 1
        begins = _first_of(last_to_pay, ahead + period * months)
        return begins, _first_of(begins, months) - timedelta(days=1)


def social_security_number(body: Mapping[str, Any]) -> str:
    """An NSS that the person always gets: eleven digits, the last by Luhn."""
    born = date.fromisoformat(body["fechaNacimiento"]).year % 100
    folio = applicants.number_of(body["curp"], digits=4)
    first = f"92{(born + 18) % 100:02d}{born:02d}{folio:04d}"
    return first + luhn.calc_check_digit(first)


def _refused(body: Any) -> str | None:
    """What only the institute sees to be wrong with a request."""
    if not isinstance(body, dict) or not isinstance(body.get("datos"), dict):
        return "DATOS_INVALIDOS"
    if body.get("tramite") not in PROCEDURES:
        return "DATOS_INVALIDOS"
    number = body.get("nss")
    if number is not None and not (len(str(number)) == 11 and luhn.is_valid(str(number))):
        return "NSS_INVALIDO"
    return None


def _cause(body: Mapping[str, Any]) -> str | None:
    """Why the institute says no."""
    if applicants.is_called(body, applicants.ALREADY):
        return "YA_AFILIADO"
    if not names.agrees(body["curp"], applicants.person(body)):
        return "DATOS_NO_COINCIDEN"
    if body["nss"] and applicants.is_called(body, OTHER_NUMBER):
        return "NSS_NO_COINCIDE"
    ill = body["tramite"] == "SALUD_FAMILIA" and _is_ill(body)
    return "PADECIMIENTO_PREEXISTENTE" if ill else None


def _is_ill(body: Mapping[str, Any]) -> bool:
    """Somebody of the family answered the medical questionnaire with yes."""
    answers = (body["datos"], *_members(body))
    return applicants.is_called(body, ILL) or any(answer.get("ill") for answer in answers)


def _members(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    members = body["datos"].get("members") or []
    return [member for member in members if isinstance(member, dict)]


def _amount(body: Mapping[str, Any], today: date) -> Decimal:
    """The amount to be paid, in pesos."""
    if body["tramite"] == "SALUD_FAMILIA":
        births = [member.get("born") for member in _members(body)] or [body["fechaNacimiento"]]
        return Decimal(sum(_yearly(born, today) for born in births))
    return _income(body["datos"].get("income")) * SHARE_OF_INCOME * _months(body)


def _yearly(born: Any, today: date) -> int:
    day = date.fromisoformat(str(born))
    age = today.year - day.year - ((today.month, today.day) < (day.month, day.day))
    return next(pesos for most, pesos in FAMILY_HEALTH if age <= most)


def _income(value: Any) -> Decimal:
    amount = value.get("amount") if isinstance(value, dict) else value
    try:
        return Decimal(str(amount))
    except InvalidOperation:
        return INCOME_WHEN_UNSAID


def _months(body: Mapping[str, Any]) -> int:
    if body["tramite"] == "SALUD_FAMILIA":
        return MONTHS["yearly"]
    return MONTHS.get(str(body["datos"].get("period")), 1)


def _last_day(today: date) -> date:
    """Payments count until the twentieth of the month."""
    month = today if today.day <= LAST_DAY_TO_PAY else _first_of(today, 1)
    return month.replace(day=LAST_DAY_TO_PAY)


def _first_of(day: date, months: int) -> date:
    """The first of the month so many months on."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)
