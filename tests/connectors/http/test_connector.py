from __future__ import annotations

import gzip
import time
from collections.abc import Iterator, Sequence
from decimal import Decimal
from email.utils import formatdate
from typing import Any

import pytest

from powertools_stream import StreamProcessor, UnitOfWork
from powertools_stream.call_options import RetryPolicy
from powertools_stream.classification import classify
from powertools_stream.connectors import Connector
from powertools_stream.connectors.http.connector import HttpConnector
from powertools_stream.connectors.statuses import PassingStatusError, StatusError
from powertools_stream.errors import InvalidRequestError, RequestFailedError
from powertools_stream.flavors import task
from powertools_stream.outcomes import CallDetails, Reason, RecordDetails
from powertools_stream.requests import HttpRequest, HttpResponse, Request
from powertools_stream.testing import to_sqs_records
from powertools_stream.testing.connector_suite import ConnectorSuite
from tests.connectors.http.http_service import Asked, HttpService, Said, http_service

AT_ONCE = RetryPolicy(base_delay=0.001)
JSON = "application/json"


@pytest.fixture
def service() -> Iterator[HttpService]:
    with http_service() as service:
        yield service


class TestContract(ConnectorSuite):
    @pytest.fixture(autouse=True)
    def _service(self, service: HttpService) -> None:
        self._url = service.url
        said = {"/missing": Said(404, "no such thing"), "/broken": Said(200, "<html>", {"Content-Type": JSON})}
        service.script = lambda asked: said.get(asked.path, Said(200, {"ok": 1}))

    def connector(self) -> Connector:
        return HttpConnector()

    def sample_requests(self) -> Sequence[Request]:
        return [HttpRequest({"url": f"{self._url}/things/{n}"}) for n in range(5)]

    def failing_requests(self) -> Sequence[Request]:
        return [*self.sample_requests(), HttpRequest({"url": f"{self._url}/missing"})]

    def unproven_requests(self) -> Sequence[Request]:
        return [HttpRequest({"url": f"{self._url}/broken"})]

    def unsendable_requests(self) -> Sequence[Request]:
        url = self._url
        unsendable: list[Any] = [
            None,
            {},
            {"url": ""},
            {"url": 1},
            {"url": "ftp://host/x"},
            {"url": "file:///etc/passwd"},
            {"url": "//host/x"},
            {"url": "https://"},
            {"url": "https://host:99999/"},
            {"url": "https://user:secret@host/"},
            {"url": "https://host/a b"},
            # Parsers disagree about the host in these.
            {"url": "https://evil.example\\.host/"},
            {"url": "https://evil.example\\@host/"},
            {"url": "https:/\\host/"},
            {"url": "https://host/\r\nX: y"},
            {"url": url, "method": "GE T"},
            {"url": url, "method": 1},
            {"url": url, "verb": "GET"},
            {"url": url, "json": {}, "body": ""},
            {"url": url, "json": float("nan")},
            {"url": url, "body": {"a": 1}},
            {"url": url, "headers": ["X"]},
            {"url": url, "headers": {"X\r\nY": "1"}},
            {"url": url, "headers": {"X": "1\r\nY: 2"}},
            {"url": url, "headers": {"X": "☃"}},
            {"url": url, "params": 1},
        ]
        attempts: list[Any] = [0, 2.5, "3"]
        return [
            *map(HttpRequest, unsendable),
            HttpRequest({"url": url}, timeout=0),
            *(HttpRequest({"url": url}, max_attempts=count) for count in attempts),
        ]


class Calls:
    """Counts calls and retries."""

    def __init__(self) -> None:
        self.details: list[CallDetails] = []

    def on_call(self, details: CallDetails) -> None:
        self.details.append(details)

    def on_record_failed(self, details: RecordDetails) -> None:
        pass


def records(count: int) -> dict[str, Any]:
    return to_sqs_records([{"id": f"o-{n}", "type": "order-created"} for n in range(count)])


def asking(service: HttpService, **options: Any) -> list[dict[str, Any]]:
    """Make the rules of a function that notifies the service of each order."""

    def execute(uow: UnitOfWork) -> Any:
        params = {"url": f"{service.url}/orders", "json": {"id": uow.event["id"]}}
        return (yield HttpRequest(params, **options))

    return [{"id": "tell", "flavor": task, "event_type": "order-created", "execute": execute}]


def fetch(service: HttpService, params: dict[str, Any], **options: Any) -> Any:
    """Make one call."""
    connector = HttpConnector(**options)
    request = HttpRequest({**params, "url": service.url + params.get("url", "/")})
    try:
        (response,) = connector.send(connector.entries(request))
        return connector.answer(request, [response])
    finally:
        connector.close()


@pytest.mark.slow
def test_a_thousand_records_are_a_thousand_calls_over_a_few_connections(service: HttpService) -> None:
    calls = Calls()
    processor = StreamProcessor(rules=asking(service), observers=[calls])

    response = processor.process_event(records(1_000))

    assert response == {"batchItemFailures": []}
    assert {asked.json["id"] for asked in service.asked} == {f"o-{n}" for n in range(1_000)}
    assert len(calls.details) == 1_000
    assert {(call.service, call.operation, call.entries, call.attempt) for call in calls.details} == {
        ("http", "POST", 1, 1)
    }
    assert service.connections <= 8
    (result, *_) = processor.results
    assert result.uow["result"].status == 200


def test_a_host_gets_no_more_calls_at_a_time_than_it_may(service: HttpService) -> None:
    def slow(asked: Asked) -> Said:
        time.sleep(0.02)
        return Said()

    service.script = slow

    StreamProcessor(rules=asking(service), connectors=[HttpConnector(max_per_host=2)]).process_event(records(20))

    assert len(service.asked) == 20
    assert service.most_under_way == 2
    assert service.connections == 2


def test_calls_to_a_host_are_spaced_by_the_rate_of_the_connector(service: HttpService) -> None:
    processor = StreamProcessor(rules=asking(service), connectors=[HttpConnector(rate=(50, 1))])

    started = time.monotonic()
    processor.process_event(records(11))

    assert len(service.asked) == 11
    assert time.monotonic() - started >= 0.2


# -- What is sent ------------------------------------------------------------------------------------------------------


def test_a_value_is_sent_as_json(service: HttpService) -> None:
    fetch(service, {"url": "/x", "json": {"total": Decimal("1.5"), "tags": {"a"}}, "headers": {"X-Trace": 7}})

    (asked,) = service.asked
    assert (asked.method, asked.json) == ("POST", {"total": 1.5, "tags": ["a"]})
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["x-trace"] == "7"


def test_text_and_bytes_are_sent_as_they_are(service: HttpService) -> None:
    fetch(service, {"method": "put", "body": "grün"})
    fetch(service, {"body": b"\x00\xff"})
    fetch(service, {"body": "<a/>", "headers": {"content-type": "text/xml"}})

    text, data, xml = service.asked
    assert (text.method, text.content.decode()) == ("PUT", "grün")
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    assert (data.method, data.content) == ("POST", b"\x00\xff")
    assert data.headers["content-type"] == "application/octet-stream"
    assert xml.headers["content-type"] == "text/xml"


@pytest.mark.parametrize("url", ["https://host/a b?key=secret", "https://host:x/?key=secret", "ftp://host/?key=secret"])
def test_an_address_that_is_none_is_named_without_its_query(url: str) -> None:
    with pytest.raises(InvalidRequestError, match=r"host.*\?…") as raised:
        HttpConnector().entries(HttpRequest({"url": url}))

    assert "secret" not in str(raised.value)


def test_parameters_go_behind_those_that_the_address_has(service: HttpService) -> None:
    fetch(service, {"url": "/x?a=1#part", "params": {"b": [2, 3], "c": "ü&", "d": None, "e": True}})
    fetch(service, {"params": [("a", 1), ("a", 2)]})

    first, second = service.asked
    assert (first.method, first.path) == ("GET", "/x?a=1&b=2&b=3&c=%C3%BC%26&e=true")
    assert second.path == "/?a=1&a=2"


# -- What is answered --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "body"),
    [
        (Said(200, {"ok": True}), {"ok": True}),
        (Said(200, '{"a": 1}', {"Content-Type": "application/vnd.api+json; charset=utf-8"}), {"a": 1}),
        (Said(201, "fine"), "fine"),
        (Said(200, "grün".encode("latin-1"), {"Content-Type": "text/plain; charset=ISO-8859-1"}), "grün"),
        (Said(200, b"\xff\xfe\x00"), b"\xff\xfe\x00"),
        (Said(200, gzip.compress(b"small"), {"Content-Encoding": "gzip", "Content-Type": "text/plain"}), "small"),
        (Said(204), None),
        (Said(304), None),
    ],
)
def test_an_answer_is_read_by_its_media_type(service: HttpService, said: Said, body: Any) -> None:
    service.script = lambda asked: said

    response = fetch(service, {})

    assert isinstance(response, HttpResponse)
    assert (response.status, response.body) == (said.status, body)
    assert all(name == name.lower() for name in response.headers)


def test_the_status_of_an_answer_is_an_error_from_400_on(service: HttpService) -> None:
    service.script = lambda asked: Said(404, {"why": "unknown order"}, {"X-Trace": "t"})

    with pytest.raises(StatusError, match=r"^404: GET http://127.0.0.1:[0-9]+/orders/1 answered: ") as raised:
        fetch(service, {"url": "/orders/1?key=secret"})

    error = raised.value
    assert (error.code, error.status, error.body) == ("404", 404, {"why": "unknown order"})
    assert error.headers["x-trace"] == "t"
    assert "secret" not in str(error)
    assert classify(error) is Reason.FAULT


@pytest.mark.parametrize("status", [401, 403, 407])
def test_a_key_that_the_service_does_not_take_is_a_configuration_error(service: HttpService, status: int) -> None:
    service.script = lambda asked: Said(status, "no")

    with pytest.raises(StatusError) as raised:
        fetch(service, {"url": "/orders/1"})

    assert classify(raised.value) is Reason.CONFIGURATION


def test_an_address_that_comes_with_another_status_is_no_redirect(service: HttpService) -> None:
    service.script = lambda asked: Said(409, "there is one", {"Location": "/orders/1"})

    with pytest.raises(StatusError, match=r"^409: POST .* answered: there is one$"):
        fetch(service, {"url": "/orders", "json": {}})


def test_a_rule_may_take_a_status_for_an_answer(service: HttpService) -> None:
    service.script = lambda asked: Said(404)

    def execute(uow: UnitOfWork) -> Any:
        try:
            answer = yield HttpRequest({"url": service.url})
        except RequestFailedError as error:
            if error.code != "404":
                raise
            return "not there"
        return answer.body

    processor = StreamProcessor(rules=[{"id": "ask", "flavor": task, "execute": execute}])
    processor.process_event(records(1))

    assert processor.results[0].uow["result"] == "not there"


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_passing_status_is_asked_again(service: HttpService, status: int) -> None:
    answers = iter([Said(status, "not now"), Said(status), Said(200, "done")])
    service.script = lambda asked: next(answers)
    calls = Calls()
    processor = StreamProcessor(rules=asking(service), observers=[calls], retry=AT_ONCE)

    assert processor.process_event(records(1)) == {"batchItemFailures": []}
    assert [(call.attempt, call.failed) for call in calls.details] == [(1, 1), (2, 1), (3, 0)]


def test_what_stays_away_is_reported_and_no_fault_event(service: HttpService) -> None:
    service.script = lambda asked: Said(503) if asked.json["id"] == "o-1" else Said()
    processor = StreamProcessor(rules=asking(service), retry=AT_ONCE, bus_name="bus")
    event = records(3)

    response = processor.process_event(event)

    (fault,) = processor.faults
    assert response == {"batchItemFailures": [{"itemIdentifier": event["Records"][1]["messageId"]}]}
    assert (fault.reason, fault.event) == (Reason.RETRYABLE, None)
    assert isinstance(fault.error, PassingStatusError)


def test_a_request_may_ask_for_a_single_attempt(service: HttpService) -> None:
    service.script = lambda asked: Said(503)
    processor = StreamProcessor(
        rules=asking(service, max_attempts=1), retry=AT_ONCE, raise_on_entire_batch_failure=False
    )

    processor.process_event(records(1))

    assert len(service.asked) == 1


@pytest.mark.slow
@pytest.mark.parametrize("as_date", [False, True])
def test_a_host_is_asked_again_when_it_says(service: HttpService, as_date: bool) -> None:
    asked_at: list[float] = []

    def busy_at_first(asked: Asked) -> Said:
        asked_at.append(time.time())
        if len(asked_at) > 1:
            return Said()
        return Said(429, headers={"Retry-After": formatdate(time.time() + 2, usegmt=True) if as_date else "1"})

    service.script = busy_at_first

    response = StreamProcessor(rules=asking(service), retry=AT_ONCE).process_event(records(1))

    assert response == {"batchItemFailures": []}
    # A date has no fractions of a second.
    assert asked_at[1] - asked_at[0] >= 0.95


def test_other_calls_wait_too_until_the_host_wants_to_be_asked(service: HttpService) -> None:
    connector = HttpConnector()
    service.script = lambda asked: Said(503, headers={"Retry-After": "30"})
    first = connector.entries(HttpRequest({"url": service.url}))
    with pytest.raises(StatusError):
        connector.send(first)

    (same_host,) = connector.entries(HttpRequest({"url": f"{service.url}/other"}))
    (other_host,) = connector.entries(HttpRequest({"url": "http://127.0.0.2"}))
    connector.close()

    now = time.monotonic()
    assert same_host.operation.pacers[0].reserve(before=now + 25) is None
    assert other_host.operation.pacers[0].reserve(before=now + 25) is not None


@pytest.mark.parametrize("header", ["", "soon", "-1"])
def test_a_host_that_does_not_say_when_is_not_waited_for(service: HttpService, header: str) -> None:
    service.script = lambda asked: Said(429, headers={"Retry-After": header})
    connector = HttpConnector()
    entries = connector.entries(HttpRequest({"url": service.url}))

    with pytest.raises(PassingStatusError):
        connector.send(entries)
    connector.close()

    assert entries[0].operation.pacers[0].reserve(before=time.monotonic() + 0.1) is not None


def test_an_answer_that_is_no_json_though_it_says_so_is_an_error(service: HttpService) -> None:
    service.script = lambda asked: Said(200, "<html>", {"Content-Type": "application/json"})

    with pytest.raises(RequestFailedError, match=r"^MalformedResponse: .* is not JSON"):
        fetch(service, {})


@pytest.mark.parametrize("compressed", [False, True])
def test_an_answer_longer_than_it_may_be_is_an_error(service: HttpService, compressed: bool) -> None:
    long = b"x" * 1_000_000
    headers = {"Content-Encoding": "gzip"} if compressed else {}
    service.script = lambda asked: Said(200, gzip.compress(long) if compressed else long, headers)

    with pytest.raises(RequestFailedError, match=r"^ResponseTooLarge: .* at most 65536 bytes"):
        fetch(service, {}, max_response_bytes=65_536)


def test_an_answer_that_is_compressed_twice_is_not_read(service: HttpService) -> None:
    # Each layer expands a byte to a thousand, so that a few thousand bytes would not fit into any function.
    content = gzip.compress(gzip.compress(b"x"))
    service.script = lambda asked: Said(200, content, {"Content-Encoding": "gzip, gzip"})

    with pytest.raises(RequestFailedError, match=r"^UnsupportedEncoding: .*'gzip, gzip'"):
        fetch(service, {})


# -- Redirects ---------------------------------------------------------------------------------------------------------


def test_a_redirect_on_the_same_host_is_followed_by_calls_that_read(service: HttpService) -> None:
    service.script = lambda asked: Said(302, headers={"Location": "/new?a=1"}) if asked.path == "/old" else Said(200, 1)

    assert fetch(service, {"url": "/old", "headers": {"Authorization": "key"}}).body == 1
    assert service.asked[1].path == "/new?a=1"
    assert service.asked[1].headers["authorization"] == "key"


def test_a_write_is_not_sent_on(service: HttpService) -> None:
    service.script = lambda asked: Said(308, headers={"Location": "/new"})

    with pytest.raises(StatusError, match=r"^308: POST .* redirects to '/new', which is not followed"):
        fetch(service, {"url": "/old", "json": {}})
    assert len(service.asked) == 1


def test_a_redirect_to_another_host_is_followed_only_where_that_was_asked_for(service: HttpService) -> None:
    with http_service() as other:
        other.script = lambda asked: Said(200, "other")
        service.script = lambda asked: Said(307, headers={"Location": f"{other.url}/x"})

        with pytest.raises(StatusError, match=r"^307"):
            fetch(service, {})
        assert other.asked == []

        answer = fetch(service, {"headers": {"Authorization": "key", "X-Trace": "t"}}, follow_redirects=True)

        assert answer.body == "other"
        (asked,) = other.asked
        assert "authorization" not in asked.headers
        assert asked.headers["x-trace"] == "t"


@pytest.mark.parametrize("target", ["ftp://host/x", "file:///etc/passwd", "http://host:port/", "http://[", ""])
def test_a_redirect_to_what_is_no_http_address_is_an_error(service: HttpService, target: str) -> None:
    service.script = lambda asked: Said(301, headers={"Location": target})

    with pytest.raises(StatusError, match=r"^301"):
        fetch(service, {}, follow_redirects=True)


@pytest.mark.parametrize("other", ["http://{other}\\@{host}/", "http://{other}\\x@{host}/x", "//{other}\\@{host}/x"])
@pytest.mark.parametrize("follow_redirects", [False, True])
def test_a_redirect_that_only_looks_like_one_to_the_same_host_is_an_error(
    service: HttpService, other: str, follow_redirects: bool
) -> None:
    with http_service() as elsewhere:
        target = other.format(other=elsewhere.url.partition("//")[2], host=service.url.partition("//")[2])
        service.script = lambda asked: Said(302, headers={"Location": target})

        with pytest.raises(StatusError, match=r"^302"):
            fetch(service, {"headers": {"Authorization": "key"}}, follow_redirects=follow_redirects)

        assert elsewhere.asked == []


def test_a_redirect_names_no_user(service: HttpService) -> None:
    service.script = lambda asked: Said(302, headers={"Location": service.url.replace("//", "//user:secret@")})

    with pytest.raises(StatusError, match=r"^302"):
        fetch(service, {})
    assert len(service.asked) == 1


def test_a_circle_of_redirects_ends(service: HttpService) -> None:
    service.script = lambda asked: Said(302, headers={"Location": "/"})

    with pytest.raises(RequestFailedError, match=r"^TooManyRedirects"):
        fetch(service, {})
    assert len(service.asked) == 6
