"""Pages of yes-or-no questions for whoever wonders whether they can: of a program or a service.

Nothing is kept: answers stand in addresses only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Response, render_template
from flask_babel import gettext as _

from consular.pages.forms import go
from services.kernel.questionnaires import Question

FIRST_QUESTION = "1"
ADVICE = "-aviso"
ALL_ANSWERED = "listo"
Link = tuple[str, str]


@dataclass(frozen=True)
class Check:
    """``name`` is what the questions are about, ``home`` its page; ``address`` is that of a place
    among them; ``links`` are what helps after an answer, (words, address); ``heading`` stands over
    the advice, where it isn't the usual one."""

    name: str
    home: str
    questions: tuple[Question, ...]
    address: Callable[[str], str]
    links: Callable[[Question], list[Link]]
    heading: Callable[[Question], str] = lambda _asked: ""

    def page(self, place: str) -> Response | str:
        """The question at that place, or what to do after its answer."""
        number = place.removesuffix(ADVICE)
        if not number.isdigit() or not 1 <= int(number) <= len(self.questions):
            return go(self.home)
        question, at = self.questions[int(number) - 1], int(number)
        following = str(at + 1) if at < len(self.questions) else ALL_ANSWERED
        if place.endswith(ADVICE):
            return self._advice(question, at, None if question.ends else following)
        return render_template(
            "portal/question.html",
            name=self.name,
            home=self.home,
            question=question,
            number=at,
            of=len(self.questions),
            answers=self._answers(question, at, following),
        )

    def _advice(self, question: Question, at: int, following: str | None) -> str:
        usual = _("Así no se puede") if question.ends else _("Antes de seguir")
        return render_template(
            "portal/advice.html",
            heading=self.heading(question) or usual,
            question=question,
            back=self.address(str(at)),
            links=self.links(question),
            following=self.address(following) if following else None,
        )

    def _answers(self, question: Question, at: int, following: str) -> list[dict[str, Any]]:
        """Yes and no, and where each leads."""
        return [
            {
                "words": words,
                "address": self.address(
                    f"{at}{ADVICE}" if answer is question.advised_on else following
                ),
            }
            for words, answer in ((_("Sí"), True), (_("No"), False))
        ]
