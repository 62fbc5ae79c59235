"""Answers: schemas that the OpenAPI document publishes, and through which all is sent.

`Answer.render` sends each declared field and nothing else, so the document can't differ from what
is sent. It isn't marshmallow's own ``dump``, which leaves out what is missing without a word, and
takes longer (docs/decisions/0025-answers-are-schemas.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cache
from operator import methodcaller
from typing import Any, ClassVar
from uuid import UUID

from marshmallow import Schema, fields, validate

from consular.input.fields import CLOCK
from consular.input.paging import cursor
from services.kernel.money import CURRENCIES

Json = dict[str, Any]


class _Answered(fields.Field[Any]):
    """A field of an answer. It is always there, unless ``required=False``.

    ``shape`` is what JSON Schema says of it besides its type; ``plain`` makes JSON of its value,
    where that isn't JSON already; ``says`` is its description.
    """

    shape: ClassVar[Json] = {}
    plain: Callable[[Any], Any] | None = None

    def __init__(self, *args: Any, says: str = "", required: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, required=required, **kwargs)
        described = {"description": says} if says else {}
        self.metadata = {**self.shape, **described}


class Text(_Answered, fields.String):
    """Text as it is."""


class Number(_Answered, fields.Integer):
    """A whole number."""


class Decimals(_Answered, fields.Float):
    """A number with decimals."""

    plain = float


class Figure(_Answered, fields.Float):
    """A number, without a point where it is whole."""

    @staticmethod
    def plain(value: Any) -> float | int:
        """As JSON has it."""
        return float(value) if value % 1 else int(value)


class Flag(_Answered, fields.Boolean):
    """True or false."""


class Table(_Answered, fields.Dict):
    """An object whose names aren't fixed."""


class Tables(_Answered, fields.List[Any]):
    """A list of objects whose names aren't fixed."""

    plain = list

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(fields.Dict(), **kwargs)


class Id(Text):
    """A UUID as text."""

    shape: ClassVar[Json] = {"format": "uuid"}
    plain = str


class Instant(Text):
    """A time with its offset."""

    shape: ClassVar[Json] = {"format": "date-time"}
    plain = methodcaller("isoformat")


class CalendarDay(Text):
    """A day as text (ISO 8601)."""

    shape: ClassVar[Json] = {"format": "date"}
    plain = methodcaller("isoformat")


class WallClock(Text):
    """Hours and minutes at the office."""

    shape: ClassVar[Json] = {"pattern": f"^{CLOCK}$", "examples": ["09:00"]}
    plain = methodcaller("strftime", "%H:%M")


class DecimalText(Text):
    """A decimal number as text, so that no reader rounds it."""

    shape: ClassVar[Json] = {"pattern": r"^[0-9]+(\.[0-9]+)?$", "examples": ["1.08"]}


class AmountText(Text):
    """An amount of money, with both decimals."""

    shape: ClassVar[Json] = {"pattern": r"^[0-9]{1,15}\.[0-9]{2}$"}


class SignedAmount(Text):
    """An amount of money that may be negative: what is taken off or given back."""

    shape: ClassVar[Json] = {"pattern": r"^-?[0-9]{1,15}\.[0-9]{2}$"}


class Word(Text):
    """One of the words that the contract lists."""

    def __init__(self, words: Iterable[str], **kwargs: Any) -> None:
        listed = words if isinstance(words, dict) else [str(word) for word in words]
        super().__init__(validate=validate.OneOf(listed), **kwargs)


class Texts(_Answered, fields.List[Any]):
    """A list of texts, or of words: ``Texts(Word(Status))``."""

    plain = list

    def __init__(self, of: Text | None = None, **kwargs: Any) -> None:
        super().__init__(of or Text(), **kwargs)


class One(_Answered, fields.Nested):
    """An answer within another."""

    def __init__(self, answer: type[Answer], **kwargs: Any) -> None:
        super().__init__(answer, **kwargs)
        self.plain = answer.within


class Many(_Answered, fields.List[Any]):
    """A list of answers."""

    def __init__(self, answer: type[Answer], **kwargs: Any) -> None:
        super().__init__(fields.Nested(answer), **kwargs)
        self.plain = answer.each_within


class Answer(Schema):
    """What an operation answers, or a part of it."""

    @classmethod
    def render(cls, thing: Any = None, /, **values: Any) -> Json:
        """``thing`` as JSON: each field is what is ``given`` under its name, or else the thing's
        attribute. Raises AttributeError where a required one is neither."""
        body: Json = {}
        for key, name, attribute, plain, required in cls._plan():
            if name in values:
                value = values[name]
            elif required:
                value = getattr(thing, attribute)
            else:
                continue
            body[key] = value if plain is None or value is None else plain(value)
        return body

    @classmethod
    def within(cls, thing: Any) -> Json:
        """The thing rendered within another answer, where it may be rendered already."""
        return thing if isinstance(thing, dict) else cls.render(thing)

    @classmethod
    def each_within(cls, things: Iterable[Any]) -> list[Json]:
        """Each of a list in its turn."""
        return [cls.within(thing) for thing in things]

    @classmethod
    @cache
    def _plan(cls) -> Sequence[tuple[str, str, str, Callable[[Any], Any] | None, bool]]:
        """(name in the answer, name of the field, attribute, plain, required) of every field."""
        return [
            (
                field.data_key or name,
                name,
                field.attribute or name,
                getattr(field, "plain", None),
                field.required,
            )
            for name, field in cls._declared_fields.items()
        ]


class MoneyPair(Answer):
    """How money appears in an answer."""

    amount = AmountText()
    currency = Word(CURRENCIES)


class ListAnswer(Answer):
    """One page of a list. A list's own class adds ``items``."""

    next = Text(allow_none=True, says="Ask again with it for the next page; null at the end")

    @classmethod
    def page(cls, items: Iterable[Any], following: tuple[datetime, UUID] | None = None) -> Json:
        """These things or answers, and where the next page begins: None at the end."""
        return cls.render(items=items, next=cursor(following))
