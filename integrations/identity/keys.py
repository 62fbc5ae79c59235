"""The keys that an identity provider publishes to verify what it signs (JWKS, RFC 7517)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, cast

import httpx

from integrations.base import AgencyClient
from integrations.errors import Retryable

CACHE_SECONDS = 600.0
REFETCH_SECONDS = 60.0
# A provider that didn't answer is asked again no sooner: every request would wait for it.
PAUSE_SECONDS = 5.0
TIMEOUT_SECONDS = 3.0


class KeyCache:
    """Keeps what ``fetch`` returned ten minutes, and the last good keys when it fails.

    A token signed with a key we don't hold makes us fetch again, once a minute at most.
    """

    def __init__(self, fetch: Callable[[], Mapping[str, Any]]) -> None:
        self._fetch = fetch
        self._lock = threading.Lock()
        self._keys: Mapping[str, Any] | None = None
        self._fetched = self._failed = float("-inf")
        self._error: Retryable | None = None

    def get(self, wanted: str | None = None) -> Mapping[str, Any]:
        """The JWKS, fresh enough to hold ``wanted`` if it is published. Raises Retryable."""
        with self._lock:
            now = time.monotonic()
            if self._keys is not None:
                limit = CACHE_SECONDS if wanted in _key_ids(self._keys) else REFETCH_SECONDS
                if now - self._fetched < limit:
                    return self._keys
            if now - self._failed >= PAUSE_SECONDS:
                self._refresh(now)
            if self._keys is None:
                raise cast(Retryable, self._error)
            return self._keys

    def _refresh(self, now: float) -> None:
        try:
            self._keys, self._fetched = self._fetch(), now
        except Retryable as error:
            self._failed, self._error = now, error


class JwksClient(AgencyClient):
    """The keys of an issuer of API tokens, at one address."""

    agency = "token_issuer"

    def __init__(self, url: str, transport: httpx.BaseTransport | None = None) -> None:
        super().__init__(url, transport=transport, timeout_seconds=TIMEOUT_SECONDS)
        self._cache = KeyCache(lambda: self._ask("keys", url, read_jwks))

    def keys(self, wanted: str | None = None) -> Mapping[str, Any]:
        """The provider's keys, as `KeyCache.get` keeps them."""
        return self._cache.get(wanted)


def read_jwks(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The JWKS of an answer. Raises ValueError when it holds no keys."""
    if not body["keys"] or not all(isinstance(key, dict) for key in body["keys"]):
        raise ValueError("no keys")
    return {"keys": list(body["keys"])}


def _key_ids(keys: Mapping[str, Any]) -> set[str | None]:
    # None belongs: a caller who wants no key in particular is content with any.
    return {None, *(key.get("kid") for key in keys["keys"])}
