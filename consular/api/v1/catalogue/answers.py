"""The public catalogue: what the API answers."""

from __future__ import annotations

from consular.api.answer_fields import (
    Answer,
    CalendarDay,
    Decimals,
    Flag,
    Id,
    Instant,
    ListAnswer,
    Many,
    MoneyPair,
    Number,
    Text,
    Texts,
)


class ConsulateAnswer(Answer):
    """An office of the network."""

    code = Text()
    name = Text()
    name_es = Text()
    name_en = Text()
    kind = Text()
    city = Text()
    region = Text(allow_none=True)
    country = Text()
    time_zone = Text()
    latitude = Decimals()
    longitude = Decimals()


class ConsulateList(ListAnswer):
    """All offices; there are some 150, so one page holds them."""

    items = Many(ConsulateAnswer)


class MobileAnswer(Answer):
    """A mobile consulate on one day, by the clock there."""

    id = Id()
    date = CalendarDay()
    name = Text()
    address = Text()
    time_zone = Text()


class MobileList(ListAnswer):
    """Mobile consulates of an office, by day."""

    items = Many(MobileAnswer)


class FeeAnswer(MoneyPair):
    """A fee and the year it was published for."""

    year = Number()
    latest_known = Flag(says="True where that year has none and an older one is shown")


class ServiceAnswer(Answer):
    """A service of the catalog."""

    code = Text()
    name = Text()
    name_es = Text()
    name_en = Text()
    category = Text()
    legal_reference = Text(allow_none=True)
    minutes = Number()
    bookable = Flag()
    free = Flag()
    curp_required = Flag()
    requirements = Texts()
    fees = Many(FeeAnswer)


class ServiceList(ListAnswer):
    """The whole catalog."""

    items = Many(ServiceAnswer)


class SlotAnswer(Answer):
    """A start with places."""

    start = Instant()
    end = Instant()
    free = Number()


class AvailabilityAnswer(Answer):
    """Times carry the office's offset on that day; ``from`` and ``to`` are the days looked at."""

    time_zone = Text()
    from_ = CalendarDay(data_key="from")
    to = CalendarDay()
    slots = Many(SlotAnswer)


class NetworkSlot(SlotAnswer):
    """A start and where; ``km`` when a place was given."""

    consulate = Text()
    km = Decimals(allow_none=True)


class NetworkAnswer(Answer):
    """The three earliest times of every office that has any from ``from`` to ``to``."""

    from_ = CalendarDay(data_key="from")
    to = CalendarDay()
    slots = Many(NetworkSlot)
