"""What can go wrong when a data set is published."""

from __future__ import annotations

from services.kernel.errors import Conflict


class Unsafe(Conflict):
    """Somebody could find a small count in it: nothing was published."""

    code = "dataset_unsafe"


class NotPrepared(Conflict):
    """What is left out of some months is still to be worked out."""

    code = "dataset_not_prepared"


class PublishedMeanwhile(Conflict):
    """Another version was published since this one was prepared."""

    code = "dataset_published_meanwhile"
