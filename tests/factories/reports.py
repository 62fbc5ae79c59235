"""Session reports: written, prepared and signed over the API."""

from __future__ import annotations

import re
from typing import Any

import pypdfium2
from werkzeug.test import TestResponse

from tests.factories.web import Web

REPORTS = "/monitoring/reports"
AGENCIES = ("Secretaría de Relaciones Exteriores", "Secretaría de Gobernación")


def report_body(number: int = 11, **changes: Any) -> dict[str, Any]:
    """A session with all that its report must hold."""
    return {
        "number": number,
        "date": "2026-12-10",
        "place": "Sede de la Cancillería",
        "from": "2026-11-01",
        "to": "2027-01-31",
        "attendance": [{"agency": AGENCIES[0]}, {"agency": AGENCIES[1], "attended": False}],
        "agenda": ["Lista de asistencia", "Resultados de los grupos de trabajo"],
        "agreements": [
            {"agreed": "Publicar el informe", "responsible": AGENCIES[0], "due": "2027-01-15"}
        ],
        **changes,
    }


def analyst(web: Web, who: str = "one") -> str:
    """A token of an analyst."""
    return web.token("analyst", subject=f"analyst-{who}")


def made(web: Web, number: int = 11, **changes: Any) -> dict[str, Any]:
    """A report that was begun."""
    answer = web.call("POST", REPORTS, report_body(number, **changes), token=analyst(web))
    assert answer.status_code == 201, answer.text
    return dict(answer.get_json())


def step(web: Web, id: str, what: str, who: str = "one", body: Any = None) -> TestResponse:
    """Refresh, prepare, return, sign or amend."""
    return web.call("POST", f"{REPORTS}/{id}/{what}", body, token=analyst(web, who))


def signed(web: Web, number: int = 11, **changes: Any) -> dict[str, Any]:
    """A report that one analyst prepared and another signed."""
    id = made(web, number, **changes)["id"]
    return sign(web, id)


def sign(web: Web, id: str) -> dict[str, Any]:
    """Prepare and sign it."""
    for what, who in (("prepare", "one"), ("sign", "two")):
        answer = step(web, id, what, who)
        assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def pdf(web: Web, id: str, **query: str) -> bytes:
    """The PDF."""
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    answer = web.call("GET", f"{REPORTS}/{id}.pdf?{asked}", token=analyst(web))
    assert answer.status_code == 200, answer.text
    return answer.data


def text_of(pdf: bytes) -> str:
    """What all pages of a PDF say, on one line."""
    document = pypdfium2.PdfDocument(pdf)
    pages = [page.get_textpage().get_text_bounded() for page in document]
    document.close()
    return re.sub(r"\s+", " ", " ".join(pages))
