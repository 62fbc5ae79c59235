"""Charts as pictures, each at an address that browsers may keep."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import asdict, dataclass
from typing import Any

from flask import Response, request, url_for
from sqlalchemy.orm import Session

from consular.auth import MONITORS, allow
from consular.charts.drawing import NARROW, WIDE, Chart, png, size, svg
from consular.db import transaction
from consular.errors import FieldsInvalid
from consular.i18n import current_language
from consular.pages.forms import Errors
from consular.pages.monitoring.blueprint import Question, pages, read_question
from consular.pages.monitoring.dashboard_charts import CHARTS
from services.kernel.errors import NotFound

# What an address with its digest shows never changes.
KEPT = f"max-age={365 * 24 * 3600}, immutable"


@dataclass(frozen=True)
class Picture:
    """A chart on a page: its words and table, and where its drawings are."""

    name: str
    chart: Chart
    address: dict[str, str]

    def link(self, kind: str, **how: str) -> str:
        """Address of a drawing; ``how``: ``width`` for a telephone, ``alone`` with its title."""
        asked: dict[str, Any] = {**self.address, **how}
        return url_for("monitoring.picture", name=self.name, kind=kind, **asked)

    @property
    def room(self) -> dict[str, int]:
        """What the page keeps free for it."""
        return dict(zip(("width", "height"), size(self.chart), strict=True))


def picture_of(session: Session, name: str, question: Question) -> Picture | None:
    """The chart with its addresses: they say its moment and its content, so they may be kept."""
    chart = CHARTS[name](session, question)
    if chart is None:
        return None
    address = {**question.pinned, "lang": current_language(), "v": version(chart)}
    return Picture(name, chart, address)


def version(chart: Chart) -> str:
    """A digest of all that is drawn."""
    return hashlib.sha256(repr(asdict(chart)).encode()).hexdigest()[:16]


@pages.get("/charts/<code:name>.<code:kind>")
@allow(MONITORS)
def picture(name: str, kind: str) -> Response:
    """Draw a chart of the overview or of an office."""
    if name not in CHARTS or kind not in ("svg", "png"):
        raise NotFound()
    errors: Errors = {}
    with transaction() as session:
        question = read_question(session, errors)
        if question is None:
            raise FieldsInvalid(errors)
        chart = CHARTS[name](session, question)
    if chart is None:
        raise NotFound()
    return _answer(chart, kind)


def _answer(chart: Chart, kind: str) -> Response:
    """Drawn only for a browser that hasn't got it."""
    narrow, alone = request.args.get("width") == "narrow", "alone" in request.args
    answer = Response(mimetype="image/svg+xml" if kind == "svg" else "image/png")
    answer.set_etag(f"{version(chart)}-{kind}{'-narrow' * narrow}{'-alone' * alone}", weak=True)
    answer.vary.update(("Accept-Encoding", "Cookie"))
    same = request.args.get("v") == version(chart)
    answer.headers["Cache-Control"] = f"private, {KEPT if same else 'no-cache'}"
    if not request.if_none_match.contains_weak(answer.get_etag()[0] or ""):
        _draw(answer, chart, kind, width=NARROW if narrow else WIDE, titled=alone)
    answer.make_conditional(request)
    return answer


def _draw(answer: Response, chart: Chart, kind: str, *, width: int, titled: bool) -> None:
    if kind == "png":
        answer.set_data(png(chart, width=width, titled=titled))
    elif request.accept_encodings.quality("gzip") > 0:
        drawn = svg(chart, width=width, titled=titled).encode()
        answer.set_data(gzip.compress(drawn, mtime=0))
        answer.headers["Content-Encoding"] = "gzip"
    else:
        answer.set_data(svg(chart, width=width, titled=titled))
