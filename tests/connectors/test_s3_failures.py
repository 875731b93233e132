from __future__ import annotations

import re
import threading
from collections.abc import Generator, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import botocore
import pytest

from powertools_stream import UnitOfWork
from powertools_stream.classification import classify
from powertools_stream.connectors import Clients
from powertools_stream.connectors.s3.connector import S3Connector
from powertools_stream.errors import InvalidRequestError, RequestFailedError
from powertools_stream.outcomes import Reason
from powertools_stream.requests import (
    CopyObject,
    DeleteObject,
    GetObject,
    GetObjectLines,
    HeadObject,
    ListObjects,
    PutObject,
)
from powertools_stream.testing.endpoint import Answer, Script, ScriptedEndpoint
from tests.connectors.test_s3 import AskingConnector, CallCounter, numbered, processing

knows_conditional_copies = pytest.mark.skipif(
    tuple(map(int, botocore.__version__.split(".")[:2])) < (1, 41), reason="boto3 1.40.0 has no conditions of a copy"
)


@pytest.fixture
def answer_of() -> Iterator[AskingConnector]:
    connector = AskingConnector(Clients(), bucket_name="bucket")
    yield connector
    connector.close()


def _deleting(failures: dict[str, str], leave_out: tuple[str, ...] = ()) -> Script:
    """Answer ``DeleteObjects`` as S3 does; what is among `failures` fails with a code, as long as it is there."""

    def script(operation: str, body: dict[str, Any]) -> Answer:
        assert operation == "POST /bucket?delete"
        results = ""
        for key in re.findall("<Key>(.*?)</Key>", body["content"]):
            if code := failures.get(key):
                results += f"<Error><Key>{key}</Key><Code>{code}</Code><Message>no</Message></Error>"
            elif key not in leave_out:
                results += f"<Deleted><Key>{key}</Key></Deleted>"
        return 200, f"<DeleteResult>{results}</DeleteResult>"

    return script


def _error(status: int, code: str) -> Answer:
    return status, f"<Error><Code>{code}</Code><Message>no</Message></Error>"


def _deletes(uow: UnitOfWork) -> Generator[Any, Any, Any]:
    return (yield DeleteObject({"Key": str(uow.event["n"])}, bucket_name="bucket"))


def test_objects_that_are_not_deleted_fail_alone(endpoint: ScriptedEndpoint) -> None:
    endpoint.script = _deleting({"3": "AccessDenied", "5": "InternalError"}, leave_out=("7",))
    connector = S3Connector(Clients(), bucket_name="bucket")

    responses = connector.send([connector.entries(DeleteObject({"Key": str(n)}))[0] for n in range(9)])
    connector.close()

    codes = {n: response.code for n, response in enumerate(responses) if isinstance(response, RequestFailedError)}
    assert codes == {3: "AccessDenied", 5: "InternalError", 7: "MissingResponse"}
    assert responses[4] == {"Key": "4"}
    assert str(responses[3]) == "AccessDenied: no ('3')"
    assert [classify(responses[n]) for n in (3, 5)] == [Reason.CONFIGURATION, Reason.RETRYABLE]


def test_only_what_failed_in_passing_is_deleted_again(endpoint: ScriptedEndpoint) -> None:
    failures = {str(n): "SlowDown" for n in range(0, 1000, 7)}
    once = _deleting(failures)

    def script(operation: str, body: dict[str, Any]) -> Answer | None:
        answer = once(operation, body)
        failures.clear()
        return answer

    endpoint.script = script
    calls = CallCounter()
    processor = processing(_deletes, calls)

    response = processor.process_event(numbered(1000))

    assert response == {"batchItemFailures": []}
    assert [(call.entries, call.failed) for call in calls.calls] == [(1000, 143), (143, 0)]


def test_a_delete_that_keeps_failing_fails_its_own_record(endpoint: ScriptedEndpoint) -> None:
    endpoint.script = _deleting({"17": "SlowDown", "23": "AccessDenied"})
    processor = processing(_deletes)
    event = numbered(100)

    response = processor.process_event(event)

    failed = [event["Records"][n]["messageId"] for n in (17, 23)]
    assert [failure["itemIdentifier"] for failure in response["batchItemFailures"]] == failed
    assert [fault.reason for fault in processor.faults] == [Reason.RETRYABLE, Reason.CONFIGURATION]


def test_a_key_that_xml_cannot_carry_is_deleted_in_a_call_of_its_own(
    endpoint: ScriptedEndpoint, answer_of: AskingConnector
) -> None:
    endpoint.script = lambda operation, body: (204, "")

    answer_of(DeleteObject({"Key": "line\nbreak"}))

    assert endpoint.calls == [("DELETE /bucket/line%0Abreak", {})]


def test_a_throttled_put_is_sent_again(endpoint: ScriptedEndpoint) -> None:
    answers = [_error(503, "SlowDown"), _error(500, "InternalError")]
    endpoint.script = lambda operation, body: answers.pop() if answers else (200, "")
    calls = CallCounter()

    def execute(uow: UnitOfWork) -> Generator[Any, Any, Any]:
        yield PutObject({"Key": "a", "Body": "text"}, bucket_name="bucket")

    response = processing(execute, calls).process_event(numbered(1))

    assert response == {"batchItemFailures": []}
    assert [(call.attempt, call.failed) for call in calls.calls] == [(1, 1), (2, 1), (3, 0)]
    assert endpoint.calls == [("PUT /bucket/a", {"content": "text"})] * 3


def test_a_copy_that_fails_after_its_status_is_an_error(endpoint: ScriptedEndpoint, answer_of: AskingConnector) -> None:
    endpoint.script = lambda operation, body: _error(200, "InternalError")

    with pytest.raises(Exception, match="InternalError") as raised:
        answer_of(CopyObject({"Key": "a", "CopySource": {"Key": "b"}}))

    assert classify(raised.value) is Reason.RETRYABLE


@pytest.mark.parametrize(
    "request_of",
    [
        pytest.param(lambda **options: PutObject({"Key": "a", "IfNoneMatch": "*"}, **options), id="put"),
        pytest.param(
            lambda **options: CopyObject({"Key": "a", "CopySource": {"Key": "b"}, "IfNoneMatch": "*"}, **options),
            id="copy",
            marks=knows_conditional_copies,
        ),
        pytest.param(lambda **options: DeleteObject({"Key": "a", "IfMatch": "1"}, **options), id="delete"),
    ],
)
def test_a_condition_that_failed_is_an_answer_unless_the_request_says_otherwise(
    endpoint: ScriptedEndpoint, request_of: Any, answer_of: AskingConnector
) -> None:
    endpoint.script = lambda operation, body: _error(412, "PreconditionFailed")

    assert answer_of(request_of()) == {}
    with pytest.raises(Exception, match="PreconditionFailed"):
        answer_of(request_of(on_condition_failed="fault"))


def test_an_object_that_is_gone_does_not_match(endpoint: ScriptedEndpoint, answer_of: AskingConnector) -> None:
    endpoint.script = lambda operation, body: _error(404, "NoSuchKey")

    assert answer_of(PutObject({"Key": "a", "IfMatch": "1"})) == {}


@knows_conditional_copies
def test_a_copy_whose_source_is_gone_is_an_error(endpoint: ScriptedEndpoint, answer_of: AskingConnector) -> None:
    endpoint.script = lambda operation, body: _error(404, "NoSuchKey")

    with pytest.raises(Exception, match="NoSuchKey"):
        answer_of(CopyObject({"Key": "a", "CopySource": {"Key": "b"}, "IfMatch": "1"}))


def test_a_failed_condition_is_counted(endpoint: ScriptedEndpoint) -> None:
    endpoint.script = lambda operation, body: _error(412, "PreconditionFailed")
    calls = CallCounter()

    def execute(uow: UnitOfWork) -> Generator[Any, Any, Any]:
        return (yield PutObject({"Key": "a", "IfNoneMatch": "*"}, bucket_name="bucket"))

    processor = processing(execute, calls)
    processor.process_event(numbered(1))

    (call,) = calls.calls
    assert (call.refused, call.failed) == (1, 0)
    assert processor.results[0].uow["result"] == {}


def test_only_a_page_that_failed_is_asked_for_again(endpoint: ScriptedEndpoint) -> None:
    def page(number: int) -> Answer:
        more = f"<IsTruncated>true</IsTruncated><NextContinuationToken>t{number}</NextContinuationToken>"
        entry = f"<Contents><Key>{number}</Key></Contents>"
        end = "<IsTruncated>false</IsTruncated>"
        return 200, f"<ListBucketResult>{entry}{more if number < 2 else end}</ListBucketResult>"

    answers = [page(0), _error(503, "SlowDown"), page(1), page(2)]
    endpoint.script = lambda operation, body: answers.pop(0)

    def execute(uow: UnitOfWork) -> Generator[Any, Any, Any]:
        return (yield ListObjects(bucket_name="bucket"))

    processor = processing(execute)
    processor.process_event(numbered(1))

    assert [found["Key"] for found in processor.results[0].uow["result"]] == ["0", "1", "2"]
    tokens = [re.search("continuation-token=([^&]*)", operation) for operation, _ in endpoint.calls]
    assert [token and token[1] for token in tokens] == [None, "t0", "t0", "t1"]


def test_a_parameter_that_s3_does_not_have_says_so(endpoint: ScriptedEndpoint, answer_of: AskingConnector) -> None:
    with pytest.raises(InvalidRequestError, match="found 'Acl' in Key, Acl, Bucket"):
        answer_of(GetObject({"Key": "a", "Acl": "private"}))


def test_head_that_is_denied_is_an_error(endpoint: ScriptedEndpoint, answer_of: AskingConnector) -> None:
    endpoint.script = lambda operation, body: (403, "")

    with pytest.raises(RequestFailedError, match="AccessDenied: S3 does not say more of 'a'"):
        answer_of(HeadObject({"Key": "a"}))


# -- What the endpoint with a script does not do --------------------------------------------------------------------


class _BreaksOff(BaseHTTPRequestHandler):
    """Promises ten bytes to everyone, and keeps the promise from the second request on."""

    seen: ClassVar[list[tuple[str, Mapping[str, str]]]] = []

    def do_GET(self) -> None:
        self._answer(b"one\ntwo" if not self.seen else b"one\ntwo\nxx")

    def do_POST(self) -> None:
        self._answer(b"<a></a>   ")

    def _answer(self, content: bytes) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.seen.append((self.command, dict(self.headers)))
        self.send_response(200)
        self.send_header("Content-Length", "10")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_BreaksOff]]:
    """Give an S3 whose first answer breaks off."""
    _BreaksOff.seen.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), _BreaksOff) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        yield _BreaksOff
        server.shutdown()
        thread.join()


def test_a_content_that_breaks_off_is_got_again(breaking: type[_BreaksOff]) -> None:
    calls = CallCounter()

    def execute(uow: UnitOfWork) -> Generator[Any, Any, Any]:
        got = yield GetObject({"Key": "a"}, bucket_name="bucket")
        return got["Body"]

    processor = processing(execute, calls)
    response = processor.process_event(numbered(1))

    assert response == {"batchItemFailures": []}
    assert processor.results[0].uow["result"] == b"one\ntwo\nxx"
    assert [call.failed for call in calls.calls] == [1, 0]


def test_lines_that_break_off_have_the_record_sent_again(breaking: type[_BreaksOff]) -> None:
    found: list[str] = []

    def execute(uow: UnitOfWork) -> Generator[Any, Any, None]:
        found.extend((yield GetObjectLines({"Key": "a"}, bucket_name="bucket")))

    processor = processing(execute)
    response = processor.process_event(numbered(1))

    (fault,) = processor.faults
    assert len(response["batchItemFailures"]) == 1
    assert fault.reason is Reason.RETRYABLE


def test_the_checksum_that_s3_asks_for_is_sent(breaking: type[_BreaksOff], answer_of: AskingConnector) -> None:
    with pytest.raises(RequestFailedError, match="MissingResponse"):
        answer_of(DeleteObject({"Key": "a"}))

    ((_, headers),) = breaking.seen
    names = {name.lower() for name in headers}
    assert "content-md5" in names or any(name.startswith("x-amz-checksum-") for name in names)
