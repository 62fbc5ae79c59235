"""An agency's OpenAPI document, and whether an answer keeps to it."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs

from integrations.registry import Agency


class NoContract(LookupError):
    """The agency's folder holds no OpenAPI document."""


class Contract:
    """The document in the agency's folder."""

    def __init__(self, agency: Agency) -> None:
        path = Path(inspect.getfile(agency.client)).parent / "openapi.json"
        if not path.exists():
            raise NoContract(agency.code)
        self._document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))

    @property
    def sample(self) -> Mapping[str, Any]:
        """What a synthetic request asks for: ``program`` and its ``data``; empty where neither."""
        sample: Mapping[str, Any] = self._document.get("x-sample", {})
        return sample

    def problem_of(self, method: str, path: str, answer: httpx.Response) -> str | None:
        """What is wrong with the answer, None when it is as documented. Its body was read."""
        responses = self._responses(method, path)
        if responses is None:
            return f"{method} {path} isn't in the contract"
        documented = responses.get(str(answer.status_code))
        if documented is None:
            return f"{method} answered {answer.status_code}, which isn't in the contract"
        documented = self._shared(documented)
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        content = documented.get("content", {})
        if kind not in content:
            return f"{method} answered {answer.status_code} as {kind or 'nothing'}"
        return self._shape(content[kind]["schema"], kind, answer)

    def _shape(self, schema: Mapping[str, Any], kind: str, answer: httpx.Response) -> str | None:
        try:
            body = answer.json() if kind == "application/json" else answer.text
        except ValueError:
            return f"{answer.status_code}: the body can't be read as {kind}"
        whole = {**schema, "components": self._document["components"]}
        validator = jsonschema_rs.validator_for(whole, validate_formats=True)
        error = next(iter(validator.iter_errors(body)), None)
        if error is None:
            return None
        # Where, not what: the value may be somebody's.
        place = "/".join(str(part) for part in error.instance_path) or "the body"
        return f"{answer.status_code}: {place} breaks {type(error.kind).__name__}"

    def _shared(self, documented: Mapping[str, Any]) -> Mapping[str, Any]:
        """A response, also where it is one that several operations name."""
        if "$ref" not in documented:
            return documented
        shared: Mapping[str, Any] = self._document["components"]["responses"]
        named: Mapping[str, Any] = shared[documented["$ref"].rpartition("/")[2]]
        return named

    def _responses(self, method: str, path: str) -> Mapping[str, Any] | None:
        for pattern, item in self._paths:
            if pattern.fullmatch(path) and method.lower() in item:
                responses: Mapping[str, Any] = item[method.lower()]["responses"]
                return responses
        return None

    @cached_property
    def _paths(self) -> list[tuple[re.Pattern[str], Mapping[str, Any]]]:
        return [
            (re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))), item)
            for path, item in self._document["paths"].items()
        ]
