"""Whatever is sent, the answer is one of the contract's: never 500, never a trace."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import TestResponse

from consular.api.contract import ENDPOINTS
from tests.api.calls import (
    Call,
    call_of,
    leaves,
    replaced,
    send,
    send_raw,
    steady_web,
    takes_nothing,
    with_body,
    with_query,
)
from tests.factories.web import Web
from tests.servers import Addresses

TRACES = ("Traceback", 'File "', "sqlalchemy", "psycopg", "line ", "SELECT ", "/consular/")
TEXTS = {
    "a null byte": "a\0b",
    "a lone surrogate": "a\ud800b",
    "an unassigned character": "a\U000e0fffb",
    "a line break": "a\r\nX-Injected: 1",
    "SQL": "'; DROP TABLE people; --",
    "a template": "{{ 7*7 }}${7*7}<%= 7*7 %>",
    "markup": "<script>alert(1)</script>",
    "a formula": '=HYPERLINK("http://evil.example")',
    "a path": "../../../../etc/passwd",
    "right-to-left marks": "\u202ea\u202d",
    "ten thousand letters": "a" * 10_000,
    "nothing": "",
    "spaces": "   ",
    "digits of another script": "１２",
    "ligatures": "ﬁ" * 80,
    "combining marks": "e" + "\u0301" * 79,
}
CANT_BE_KEPT = ("a null byte", "a lone surrogate")
OTHERS: dict[str, Any] = {
    "null": None, "true": True, "a number": 7, "a negative number": -1, "a fraction": 0.001,
    "a huge number": 10**30, "a list": [], "an object": {}, "a list of lists": [[[]]],
}  # fmt: skip
OTHER_CONTENT_TYPES = (
    "text/plain", "text/json", "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x", "application/xml", "application/json-patch+json", "",
)  # fmt: skip
NO_PLAIN_MONEY = (
    "NaN", "1e999", "-1.00", "0.001", "１２", "Infinity", "", "1,000.00", " ", "0x10",
)  # fmt: skip
NUMBERS = ("1e999", "-1e999", "-1", "0.001", "1" + "0" * 400, "1" + "0" * 5000, "1E400")


@pytest.fixture(scope="module")
def web(servers: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """One for the whole file: bad input leaves nothing behind."""
    with steady_web(servers, tmp_path_factory.mktemp("bad-input")) as running:
        yield running


def _in_contract(answer: TestResponse) -> None:
    """Not our fault, not a trace; a problem when it isn't a success."""
    assert answer.status_code < 500 or answer.status_code == 503, answer.text
    if answer.status_code >= 400:
        assert answer.content_type == "application/problem+json"
        problem = answer.get_json()
        assert problem["status"] == answer.status_code
        assert problem["code"]
        assert problem["title"]
        assert not any(trace in problem["detail"] for trace in TRACES)


def _problem(answer: TestResponse) -> tuple[int, str]:
    _in_contract(answer)
    return answer.status_code, answer.get_json()["code"]


@pytest.mark.parametrize("name", with_body())
def test_the_sample_body_passes_the_schema(web: Web, name: str) -> None:
    """Else the tests below would spoil what was spoiled already."""
    call = call_of(web, name)
    schema, body = call.endpoint.body, call.body
    assert schema is not None
    assert body is not None
    with web.app.test_request_context():
        errors = schema.validate(body)
    # Rules between fields, such as "one of the two", are not the sample's matter.
    assert set(errors) <= {"service", "services", "send", "receive"}


# No field is needed, but one of them is.
ONE_OF_SEVERAL = {"sessions.change_session"}
UNREADABLE = {
    "not JSON": b"{a: 1}",
    "nothing": b"",
    "cut": b'{"a": ',
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": [Infinity, -Infinity]}',
    "not UTF-8": b'{"a": "\xff\xfe"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"a": 1}',
    "deep lists": b"[" * 60_000,
    "deep objects": b'{"a":' * 13_000,
    "a number too long to read": b'{"a": ' + b"9" * 5_000 + b"}",
    "a repeated name": b'{"consulate": "a", "consulate": "b"}',
    "a list": b"[]",
    "a list of objects": b"[{}]",
    "text": b'"text"',
    "a number": b"1",
    "null": b"null",
    "two values": b"{}{}",
}


@pytest.mark.parametrize("name", with_body())
def test_what_is_no_json_object_is_400(web: Web, name: str) -> None:
    for kind, raw in UNREADABLE.items():
        answer = send_raw(web, call_of(web, name), raw)
        if kind == "nothing" and takes_nothing(name):
            assert answer.status_code == (422 if name in ONE_OF_SEVERAL else 404)
        else:
            assert _problem(answer) == (400, "malformed_request"), kind


@pytest.mark.parametrize("name", with_body())
def test_too_much_is_413(web: Web, name: str) -> None:
    for size in (70_000, 5_000_000):
        answer = send_raw(web, call_of(web, name), b'{"a": "' + b"x" * size + b'"}')
        assert _problem(answer) == (413, "too_large"), size


@pytest.mark.parametrize("name", with_body())
def test_a_hundred_thousand_brackets_are_too_much_or_unreadable(web: Web, name: str) -> None:
    assert _problem(send_raw(web, call_of(web, name), b"[" * 100_000))[0] in (400, 413)


@pytest.mark.parametrize("name", with_body())
def test_another_content_type_is_415(web: Web, name: str) -> None:
    for kind in OTHER_CONTENT_TYPES:
        answer = send_raw(web, call_of(web, name), b"{}", kind)
        assert _problem(answer) == (415, "unsupported_media_type"), kind


@pytest.mark.parametrize("name", with_body())
def test_an_unknown_or_read_only_field_is_422_and_named(web: Web, name: str) -> None:
    call = call_of(web, name)
    for field in ("unknown", "id", "status", "account_id", "__proto__", "", "a.b"):
        answer = send(web, call, {**(call.body or {}), field: "x"})
        assert _problem(answer) == (422, "invalid_fields"), field
        assert field in answer.get_json()["errors"]


@pytest.mark.parametrize("name", with_body())
def test_an_odd_field_name_is_422(web: Web, name: str) -> None:
    call = call_of(web, name)
    for field in ("\ud800", "\0", "x" * 5_000, "<script>", "\r\nX: 1"):
        assert _problem(send(web, call, {**(call.body or {}), field: "x"}))[0] == 422, field


@pytest.mark.parametrize("name", with_body())
def test_odd_text_in_any_field_is_refused_or_harmless(web: Web, name: str) -> None:
    call = call_of(web, name)
    for at, value in leaves(call.body):
        if isinstance(value, str):
            for kind, odd in TEXTS.items():
                if kind not in CANT_BE_KEPT:
                    _in_contract(_spoiled(web, call, at, odd))


@pytest.mark.parametrize("name", with_body())
def test_text_that_cant_be_kept_is_422_and_its_field_named(web: Web, name: str) -> None:
    call = call_of(web, name)
    for at, value in leaves(call.body):
        if isinstance(value, str):
            for kind in CANT_BE_KEPT:
                answer = _spoiled(web, call, at, TEXTS[kind])
                assert _problem(answer)[0] == 422, (at, kind)
                assert any(str(at[0]) in field for field in answer.get_json()["errors"]), at


@pytest.mark.parametrize("name", with_body())
def test_another_kind_of_value_in_any_field_is_refused_or_harmless(web: Web, name: str) -> None:
    call = call_of(web, name)
    for at in _places(call):
        for other in OTHERS.values():
            _in_contract(_spoiled(web, call, at, other))


@pytest.mark.parametrize("name", with_body())
def test_an_odd_number_in_any_field_is_refused_or_harmless(web: Web, name: str) -> None:
    call = call_of(web, name)
    for at, value in leaves(call.body):
        marked = json.dumps(replaced(call.body, at, "@"))
        for number in NUMBERS:
            answer = send_raw(web, call, marked.replace('"@"', number).encode())
            _in_contract(answer)
            if isinstance(value, int) and not isinstance(value, bool):
                assert answer.status_code in (400, 422), (at, number, answer.text)


@pytest.mark.parametrize("name", with_body())
def test_money_that_isnt_plain_is_422_with_its_field(web: Web, name: str) -> None:
    call = call_of(web, name)
    for at, _ in leaves(call.body):
        if at[-1] == "amount":
            for amount in NO_PLAIN_MONEY:
                answer = _spoiled(web, call, at, amount)
                assert _problem(answer) == (422, "invalid_fields"), amount
                assert any(str(at[0]) in field for field in answer.get_json()["errors"])


@pytest.mark.parametrize("name", ENDPOINTS)
def test_a_wrong_verb_is_405_and_says_which_are_right(web: Web, name: str) -> None:
    call = call_of(web, name)
    taken = web.app.url_map.bind("localhost").allowed_methods(f"/api/v1{call.path}")
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "ODD"):
        if method not in taken:
            answer = web.call(method, call.path, {}, token=call.token)
            assert _problem(answer) == (405, "method_not_allowed"), method
            assert call.endpoint.method in answer.headers["Allow"]


NAMES = {
    "Cyrillic": "Аnа", "Greek": "Αna", "full width": "Ａna", "mathematical": "𝐀na",
    "zero width": "A\u200bna", "joiner": "A\u200dna", "soft hyphen": "A\u00adna",
    "turned around": "\u202eanA", "digits": "123", "emoji": "😀", "template": "{{Ana}}",
    "tag": "<b>Ana</b>", "formula": "=Ana", "Chinese": "安娜",
}  # fmt: skip


@pytest.mark.parametrize("kind", NAMES)
def test_a_name_that_only_looks_like_another_is_422(web: Web, kind: str) -> None:
    """It would be another person to the rule of one live appointment each."""
    call = call_of(web, "me.change_me")
    answer = send(web, call, {**(call.body or {}), "given_names": NAMES[kind]})
    assert _problem(answer) == (422, "invalid_fields")
    assert set(answer.get_json()["errors"]) == {"given_names"}


@pytest.mark.parametrize(
    "name",
    ["José María", "Ñandú", "D’Ángelo", "O'Brien", "Ka\u02bcan", "M.ª del Rosario", "Łukasz",
     "Nguyễn", "María-José", "Jose\u0301", "Ka\ua78can", "Müller", "Ş"],
)  # fmt: skip
def test_real_names_are_taken(web: Web, name: str) -> None:
    call = call_of(web, "me.change_me")
    answer = send(web, call, {**(call.body or {}), "given_names": name})
    assert answer.status_code == 200, answer.text
    assert answer.get_json()["given_names"] == unicodedata.normalize("NFC", name)


QUERIES = (
    "", "\0", "\ud800", "'; DROP TABLE people; --", "{{7*7}}", "9999-12-31", "0001-01-01",
    "1900-02-29", "2026-13-45", "2200-12-31", "-1", "0", "101", "1e999", "9" * 5_000, "NaN",
    "x" * 5_000,
    "１２", "null", "true", "99,999", "34.05,-118.24", "2026-12-07T09:00:00-08:00",
    "0001-01-01T00:00:00+23:59~00000000-0000-7000-8000-000000000000",
    "9999-12-31T23:59:59-23:59~00000000-0000-7000-8000-000000000000",
    "2026-12-07T00:00:00~00000000-0000-7000-8000-000000000000", "~", "~~", "%00", "%",
)  # fmt: skip


@pytest.mark.parametrize("name", with_query())
def test_odd_values_in_a_query_are_refused_or_harmless(web: Web, name: str) -> None:
    call = call_of(web, name)
    assert call.endpoint.query is not None
    for field in _query_names(call):
        for value in QUERIES:
            _in_contract(_asked(web, call, {field: value}))


@pytest.mark.parametrize("name", with_query())
def test_a_period_that_ends_before_it_begins_or_never_is_harmless(web: Web, name: str) -> None:
    call = call_of(web, name)
    if not {"from", "to"} <= set(_query_names(call)):
        return
    for first, last in (
        ("2027-01-02", "2027-01-01"),
        ("2000-01-01", "2200-12-31"),
        ("2200-12-31", "2200-12-31"),
        ("9999-12-31", "9999-12-31"),
    ):
        _in_contract(_asked(web, call, {"from": first, "to": last}))


@pytest.mark.parametrize("name", with_query())
def test_an_unknown_query_field_is_422(web: Web, name: str) -> None:
    assert _problem(_asked(web, call_of(web, name), {"unknown": "1"}))[0] == 422


@pytest.mark.parametrize("name", with_query())
def test_a_limit_beyond_a_hundred_or_below_one_is_422(web: Web, name: str) -> None:
    call = call_of(web, name)
    if "limit" in _query_names(call):
        for limit in ("-1", "0", "101", "1e3", "x", "9" * 30):
            assert _problem(_asked(web, call, {"limit": limit})) == (422, "invalid_fields"), limit


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/consulates/%00",
        "/consulates/" + "x" * 5_000,
        "/consulates/..%2f..%2fetc%2fpasswd",
        "/consulates/%ED%A0%80",
        "/appointments/not-a-uuid",
        "/appointments/00000000000070008000000000000000",
        "/appointments/" + "9" * 5_000,
        "//evil.example/%2e%2e",
    ],
)
def test_an_address_that_leads_nowhere_is_404(web: Web, path: str) -> None:
    assert _problem(web.call("GET", path)) == (404, "not_found")


@pytest.mark.parametrize("key", ["", " ", "x" * 129, "ñ", "\x7f"])
def test_an_odd_idempotency_key_is_422_or_400(web: Web, key: str) -> None:
    call = call_of(web, "sessions.create_session")
    answer = web.call(
        "POST", call.path, call.body, token=call.token, headers={"Idempotency-Key": key}
    )
    assert _problem(answer)[0] in (400, 422)


@pytest.mark.parametrize("given", ["", "a b", "ñ", "x" * 65, "<script>", "a;b", "'", "\x7f"])
def test_a_request_id_that_isnt_plain_is_replaced(web: Web, given: str) -> None:
    answer = web.call("GET", "/nothing", headers={"X-Request-ID": given})
    assert answer.headers["X-Request-ID"] == answer.get_json()["request_id"] != given


def test_errors_are_told_in_the_readers_language(web: Web) -> None:
    spanish = web.call("GET", "/nothing").get_json()
    english = web.call("GET", "/nothing", headers={"Accept-Language": "en"}).get_json()
    assert spanish["code"] == english["code"]
    assert spanish["title"] != english["title"]


@pytest.mark.parametrize("name", with_body())
def test_what_is_wrong_with_a_field_is_told_in_the_readers_language(web: Web, name: str) -> None:
    call = call_of(web, name)
    bodies = [{}, {"unknown": 1}]
    for other in OTHERS.values():
        bodies += [replaced(call.body, at, other) for at in _places(call)]
    for body in bodies:
        spanish, english = (
            web.call(
                call.endpoint.method, call.path, body, token=call.token,
                headers={"Accept-Language": language},
            ).get_json().get("errors", {})
            for language in ("es", "en")
        )  # fmt: skip
        assert set(spanish) == set(english)
        for field, messages in spanish.items():
            assert set(messages) & set(english[field]) == set(), (body, messages)


def _places(call: Call) -> list[tuple[str | int, ...]]:
    """Every value and every field of the sample, each once: a plain field is both."""
    fields: list[tuple[str | int, ...]] = [(field,) for field in call.body or {}]
    return list(dict.fromkeys([at for at, _ in leaves(call.body)] + fields))


def _spoiled(web: Web, call: Call, at: tuple[str | int, ...], new: Any) -> TestResponse:
    return send_raw(web, call, json.dumps(replaced(call.body, at, new)).encode())


def _query_names(call: Call) -> list[str]:
    schema = call.endpoint.query
    return [f.data_key or name for name, f in schema.fields.items()] if schema else []


def _asked(web: Web, call: Call, values: dict[str, str]) -> TestResponse:
    """With what the query needs besides."""
    needed = {"service": "PAS10"} if "service" in _query_names(call) else {}
    text = {k: v.encode("utf-8", "surrogatepass") for k, v in {**needed, **values}.items()}
    headers = {"Authorization": f"Bearer {call.token}"} if call.token else {}
    return web.client.get(f"/api/v1{call.path}", query_string=text, headers=headers)
