"""The public catalogue: what the API answers."""

from __future__ import annotations

from consular.api import answer_fields as fields


class ConsulateAnswer(fields.Answer):
    """An office of the network."""

    code = fields.Text()
    name = fields.Text()
    name_es = fields.Text()
    name_en = fields.Text()
    kind = fields.Text()
    city = fields.Text()
    region = fields.Text(allow_none=True)
    country = fields.Text()
    time_zone = fields.Text()
    latitude = fields.Decimals()
    longitude = fields.Decimals()


class ConsulateList(fields.ListAnswer):
    """All offices; there are some 150, so one page holds them."""

    items = fields.Many(ConsulateAnswer)


class MobileAnswer(fields.Answer):
    """A mobile consulate on one day, by the clock there."""

    id = fields.Id()
    date = fields.CalendarDay()
    name = fields.Text()
    address = fields.Text()
    time_zone = fields.Text()


class MobileList(fields.ListAnswer):
    """Mobile consulates of an office, by day."""

    items = fields.Many(MobileAnswer)


class FeeAnswer(fields.MoneyPair):
    """A fee and the year it was published for."""

    year = fields.Number()
    latest_known = fields.Flag(says="True where that year has none and an older one is shown")


class ServiceAnswer(fields.Answer):
    """A service of the catalog."""

    code = fields.Text()
    name = fields.Text()
    name_es = fields.Text()
    name_en = fields.Text()
    category = fields.Text()
    legal_reference = fields.Text(allow_none=True)
    minutes = fields.Number()
    bookable = fields.Flag()
    free = fields.Flag()
    curp_required = fields.Flag()
    requirements = fields.Texts()
    fees = fields.Many(FeeAnswer)


class ServiceList(fields.ListAnswer):
    """The whole catalog."""

    items = fields.Many(ServiceAnswer)


class SlotAnswer(fields.Answer):
    """A start with places."""

    start = fields.Instant()
    end = fields.Instant()
    free = fields.Number()


class AvailabilityAnswer(fields.Answer):
    """Times carry the office's offset on that day; ``from`` and ``to`` are the days looked at."""

    time_zone = fields.Text()
    from_ = fields.CalendarDay(data_key="from")
    to = fields.CalendarDay()
    slots = fields.Many(SlotAnswer)


class NetworkSlot(SlotAnswer):
    """A start and where; ``km`` when a place was given."""

    consulate = fields.Text()
    km = fields.Decimals(allow_none=True)


class NetworkAnswer(fields.Answer):
    """The three earliest times of every office that has any from ``from`` to ``to``."""

    from_ = fields.CalendarDay(data_key="from")
    to = fields.CalendarDay()
    slots = fields.Many(NetworkSlot)
