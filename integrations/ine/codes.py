"""INE's codes and what each means to us. README.md tells which are assumed."""

from __future__ import annotations

from collections.abc import Mapping

from integrations.contracts import Remedy

# Answers 4xx: there is nothing to give.
REFUSALS: Mapping[str, str] = {"SIN_CORTE": "not_published"}

# What can be done, by our code.
REMEDIES: Mapping[str, Remedy] = {"not_published": Remedy.WAIT}
