from __future__ import annotations

import json
import socket
import time
import urllib.error
import urllib.request
from typing import Any

import pytest

from powertools_stream.testing.endpoint import Answer, BrokenOff, ScriptedEndpoint


def _call(url: str, operation: str, body: dict[str, Any]) -> tuple[int, Any]:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"X-Amz-Target": f"Service.{operation}"})
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def _connection(endpoint: ScriptedEndpoint) -> socket.socket:
    host, _, port = endpoint.url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=10)


@pytest.mark.parametrize(
    ("operation", "body", "answer"),
    [
        ("PutEvents", {"Entries": [{}, {}]}, {"Entries": [{"EventId": "event-0"}, {"EventId": "event-1"}]}),
        ("UpdateItem", {"Key": {"pk": {"S": "1"}}, "ReturnValues": "ALL_NEW"}, {"Attributes": {"pk": {"S": "1"}}}),
        ("UpdateItem", {"Key": {"pk": {"S": "1"}}}, {}),
        ("BatchGetItem", {"RequestItems": {"t": {}}}, {"Responses": {"t": []}, "UnprocessedKeys": {}}),
        ("SendMessageBatch", {"Entries": [{"Id": "a"}]}, {"Successful": [{"Id": "a", "MessageId": "message-0"}]}),
        ("PutRecords", {"Records": [{}]}, {"FailedRecordCount": 0}),
        ("Unheard", {}, {}),
    ],
)
def test_operations_succeed_unless_the_script_says_otherwise(
    operation: str, body: dict[str, Any], answer: dict[str, Any]
) -> None:
    with ScriptedEndpoint() as endpoint:
        status, found = _call(endpoint.url, operation, body)

    assert status == 200
    assert answer.items() <= found.items()


def test_the_script_answers_by_operation() -> None:
    throttled: Answer = (400, {"__type": "ThrottlingException"})

    with ScriptedEndpoint({"PutEvents": lambda operation, body: throttled}) as endpoint:
        assert _call(endpoint.url, "PutEvents", {}) == throttled
        assert _call(endpoint.url, "Scan", {})[0] == 200


def test_calls_are_counted_and_kept() -> None:
    with ScriptedEndpoint() as endpoint:
        _call(endpoint.url, "PutEvents", {"Entries": []})
        _call(endpoint.url, "Scan", {"TableName": "t"})

        assert (endpoint.count(), endpoint.count("Scan")) == (2, 1)
        assert endpoint.bodies("Scan") == [{"TableName": "t"}]
        assert endpoint.calls[0] == ("PutEvents", {"Entries": []})
        assert repr(endpoint) == f"ScriptedEndpoint({endpoint.url}, 2 calls)"
        endpoint.clear()
        assert endpoint.count() == 0


def test_every_answer_takes_its_time() -> None:
    with ScriptedEndpoint(latency=0.1) as endpoint:
        started = time.monotonic()
        _call(endpoint.url, "Scan", {})

    assert time.monotonic() - started >= 0.1


def test_a_connection_breaks_off_where_the_script_says_so() -> None:
    def broken(operation: str, body: dict[str, Any]) -> Answer:
        raise ConnectionError

    with ScriptedEndpoint(broken) as endpoint, pytest.raises((ConnectionError, urllib.error.URLError)):
        _call(endpoint.url, "Scan", {})


@pytest.mark.parametrize(("sent", "expected"), [(None, b'{"a"'), (0, b""), (7, b'{"a": 1')])
def test_an_answer_breaks_off_where_the_script_says_so(sent: int | None, expected: bytes) -> None:
    with ScriptedEndpoint(lambda operation, body: BrokenOff({"a": 1}, sent, 404)) as endpoint:
        with _connection(endpoint) as connection:
            connection.sendall(b"GET /bucket HTTP/1.1\r\n\r\n")
            head, _, content = connection.makefile("rb").read().partition(b"\r\n\r\n")

        assert head.startswith(b"HTTP/1.1 404")
        assert b"Content-Length: 8" in head
        assert content == expected
        assert endpoint.count() == 1


def test_headers_may_follow_the_body() -> None:
    answer: Answer = (200, "x", {"X-Amz-Crc32": "1", "Content-Type": "text/plain"})

    with (
        ScriptedEndpoint(lambda operation, body: answer) as endpoint,
        urllib.request.urlopen(f"{endpoint.url}/bucket", timeout=10) as response,
    ):
        assert response.headers["X-Amz-Crc32"] == "1"
        assert response.headers.get_all("Content-Type") == ["text/plain"]


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "content"),
    [
        ("PUT", "/bucket/key", {}, 200, b""),
        ("DELETE", "/bucket/key", {}, 204, b""),
        ("GET", "/2015-03-31/event-source-mappings/", {}, 200, b'{"EventSourceMappings": []}'),
        ("DELETE", "/2015-03-31/event-source-mappings/u", {}, 202, None),
        ("POST", "/2015-03-31/functions/f/invocations", {}, 200, b"{}"),
        ("POST", "/2015-03-31/functions/f/invocations", {"X-Amz-Invocation-Type": "Event"}, 202, b"{}"),
        ("POST", "/2015-03-31/functions/f/invocations", {"X-Amz-Invocation-Type": "DryRun"}, 204, None),
        ("PUT", "/schedules/s", {}, 200, None),
        ("GET", "/other", {}, 200, b"{}"),
    ],
)
def test_calls_of_services_that_speak_rest_succeed_too(
    method: str, path: str, headers: dict[str, str], status: int, content: bytes | None
) -> None:
    with ScriptedEndpoint() as endpoint:
        request = urllib.request.Request(f"{endpoint.url}{path}", None, headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as response:
            assert response.status == status
            assert ("ETag" in response.headers) is (method == "PUT")
            assert content is None or response.read() == content


def test_it_has_no_address_before_it_is_entered() -> None:
    assert repr(ScriptedEndpoint()) == "ScriptedEndpoint(not entered, 0 calls)"
    with pytest.raises(RuntimeError, match="with ScriptedEndpoint"):
        print(ScriptedEndpoint().url)


def test_what_is_no_json_call_is_recorded_by_its_path() -> None:
    with ScriptedEndpoint() as endpoint:
        request = urllib.request.Request(f"{endpoint.url}/bucket/key", b"\xff", method="PUT")
        with urllib.request.urlopen(request, timeout=10):
            pass

        assert endpoint.calls == [("PUT /bucket/key", {"content": "ÿ"})]


@pytest.mark.parametrize("body", ["<Result>\u00e4</Result>", "<Result>\u00e4</Result>".encode()])
def test_text_and_bytes_are_sent_as_they_are(body: str | bytes) -> None:
    with (
        ScriptedEndpoint(lambda operation, content: (200, body)) as endpoint,
        urllib.request.urlopen(f"{endpoint.url}/bucket", timeout=10) as response,
    ):
        assert response.headers["Content-Type"] == "text/xml"
        assert response.read().decode() == "<Result>\u00e4</Result>"


def test_the_answer_to_head_has_no_content() -> None:
    with ScriptedEndpoint(lambda operation, content: (200, "12345")) as endpoint:
        request = urllib.request.Request(f"{endpoint.url}/bucket/key", method="HEAD")
        with urllib.request.urlopen(request, timeout=10) as response:
            assert (response.headers["Content-Length"], response.read()) == ("5", b"")


def test_who_asks_before_sending_is_told_to_go_on() -> None:
    with ScriptedEndpoint() as endpoint, _connection(endpoint) as connection:
        connection.sendall(b"PUT /bucket/key HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"

        connection.sendall(b"text")
        assert connection.recv(100).startswith(b"HTTP/1.1 200")

        assert endpoint.bodies("PUT /bucket/key") == [{"content": "text"}]
