from __future__ import annotations

import io
from collections.abc import Generator, Iterator, Sequence
from typing import Any

import pytest

from powertools_stream import StreamProcessor, UnitOfWork
from powertools_stream.classification import classify
from powertools_stream.connectors import Clients, Connector
from powertools_stream.connectors.s3.connector import S3Connector
from powertools_stream.errors import EntryTooLargeError, InvalidRequestError, SettingError
from powertools_stream.flavors import task
from powertools_stream.outcomes import CallDetails, Reason, RecordDetails
from powertools_stream.requests import (
    CopyObject,
    DeleteObject,
    GetObject,
    GetObjectLines,
    HeadObject,
    ListObjects,
    PutObject,
    Request,
)
from powertools_stream.testing import to_sqs_records
from powertools_stream.testing.connector_suite import ConnectorSuite
from tests.conftest import REGION, Aws


class TestContract(ConnectorSuite):
    @pytest.fixture(autouse=True)
    def _service(self, aws: Aws) -> None:
        s3 = aws.client("s3")
        s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": REGION})
        for n in range(3):
            s3.put_object(Bucket="bucket", Key=f"there/{n}", Body=b"one\ntwo\n")

    def connector(self) -> Connector:
        return S3Connector(Clients(), bucket_name="bucket")

    def sample_requests(self) -> Sequence[Request]:
        return [
            PutObject({"Key": "a", "Body": "text"}),
            PutObject({"Key": "b", "Body": {"some": "thing"}}),
            GetObject({"Key": "there/0"}),
            GetObjectLines({"Key": "there/0"}),
            HeadObject({"Key": "there/1"}),
            HeadObject({"Key": "not there"}),
            CopyObject({"Key": "copy", "CopySource": {"Key": "there/2"}}),
            DeleteObject({"Key": "a"}),
            DeleteObject({"Key": "not there"}),
            DeleteObject({"Key": "b", "ExpectedBucketOwner": "123456789012"}),
            ListObjects({"Prefix": "there/"}),
            ListObjects({"MaxKeys": 2}, page=True),
        ]

    def failing_requests(self) -> Sequence[Request]:
        return [PutObject({"Key": "a"}), GetObject({"Key": "there/0"}), GetObject({"Key": "not there"})]

    def unsendable_requests(self) -> Sequence[Request]:
        return [
            PutObject({}),
            PutObject({"Key": ""}),
            PutObject({"Key": 1}),
            PutObject({"Key": "ä" * 513}),
            PutObject({"Key": "\ud800"}),
            PutObject({"Key": "a", "Body": object()}),
            PutObject({"Key": "a", "Body": io.BytesIO(b"a file may be read once only")}),
            PutObject("a"),  # type: ignore[arg-type]
            GetObject({}),
            GetObjectLines({"Key": "a"}, encoding="nothing"),
            HeadObject({"Key": None}),
            DeleteObject({"VersionId": "1"}),
            CopyObject({"Key": "a"}),
            CopyObject({"Key": "a", "CopySource": {"Bucket": "b"}}),
        ]


@pytest.fixture
def bucket(aws: Aws) -> Any:
    """Create the bucket, and return a client to inspect it."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": REGION})
    return s3


class CallCounter:
    """Counts calls, as any observer can."""

    def __init__(self) -> None:
        self.calls: list[CallDetails] = []

    def on_call(self, details: CallDetails) -> None:
        self.calls.append(details)

    def on_record_failed(self, details: RecordDetails) -> None: ...

    def count(self, operation: str) -> int:
        return sum(call.operation == operation for call in self.calls)


def processing(execute: Any, calls: Any = None, **options: Any) -> StreamProcessor:
    rules = [{"id": "objects", "flavor": task, "execute": execute}]
    observers = () if calls is None else (calls,)
    return StreamProcessor(rules=rules, observers=observers, **{"raise_on_entire_batch_failure": False, **options})


def numbered(count: int) -> dict[str, Any]:
    return to_sqs_records([{"id": str(n), "type": "thing-created", "n": n} for n in range(count)])


class AskingConnector(S3Connector):
    """Carries out one request."""

    def __call__(self, request: Request) -> Any:
        responses = self.send(self.entries(request))
        if isinstance(responses[0], BaseException):
            raise responses[0]
        return self.answer(request, responses)


@pytest.fixture
def answer_of() -> Iterator[AskingConnector]:
    connector = AskingConnector(Clients(), bucket_name="bucket")
    yield connector
    connector.close()


# -- Over HTTP, against moto ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_thousand_puts_and_deletes_are_as_few_calls_as_possible(bucket: Any) -> None:
    def execute(uow: UnitOfWork) -> Generator[Any, Any, Any]:
        key = {"Key": f"things/{uow.event['n']:04}"}
        put = yield PutObject({**key, "Body": {"n": uow.event["n"]}}, bucket_name="bucket")
        deleted = yield DeleteObject(key, bucket_name="bucket")
        return put["ETag"], deleted["Key"]

    calls = CallCounter()
    processor = processing(execute, calls)

    response = processor.process_event(numbered(500))

    assert response == {"batchItemFailures": []}
    assert [result.uow["result"][1] for result in processor.results] == [f"things/{n:04}" for n in range(500)]
    assert len({result.uow["result"][0] for result in processor.results}) == 500
    assert (calls.count("PutObject"), calls.count("DeleteObjects")) == (500, 1)
    assert "Contents" not in bucket.list_objects_v2(Bucket="bucket")


@pytest.mark.slow
def test_more_deletes_than_one_call_takes_are_two_calls(bucket: Any) -> None:
    def execute(uow: UnitOfWork) -> Generator[Any, Any, Any]:
        return (yield [DeleteObject({"Key": f"{uow.event['n']}-{n}"}, bucket_name="bucket") for n in range(3)])

    calls = CallCounter()
    processor = processing(execute, calls)

    for _ in ("cold start", "warm start"):
        assert processor.process_event(numbered(500)) == {"batchItemFailures": []}

    assert [call.entries for call in calls.calls] == [1000, 500, 1000, 500]


def test_equal_reads_are_asked_once(bucket: Any) -> None:
    bucket.put_object(Bucket="bucket", Key="settings", Body=b"{}")

    def execute(uow: UnitOfWork) -> Generator[Any, Any, Any]:
        answers = yield [GetObject({"Key": "settings"}), HeadObject({"Key": "settings"}), ListObjects()]
        answers[0]["Body"] = None  # on top, the answer belongs to the requester
        return answers

    calls = CallCounter()
    processor = processing(execute, calls, connectors=[S3Connector(Clients(), bucket_name="bucket")])

    assert processor.process_event(numbered(50)) == {"batchItemFailures": []}
    assert sorted(call.operation for call in calls.calls) == ["GetObject", "HeadObject", "ListObjectsV2"]


def test_writes_of_one_object_keep_their_order(bucket: Any) -> None:
    def execute(uow: UnitOfWork) -> Generator[Any, Any, Any]:
        n = uow.event["n"]
        yield DeleteObject({"Key": "latest"}) if n % 2 else PutObject({"Key": "latest", "Body": str(n)})

    connector = S3Connector(Clients(), bucket_name="bucket")
    rules = [{"id": "latest", "flavor": task, "execute": execute, "ordered": False}]

    StreamProcessor(rules=rules, connectors=[connector]).process_event(numbered(41))

    assert bucket.get_object(Bucket="bucket", Key="latest")["Body"].read() == b"40"


def test_a_body_is_text_or_bytes_or_else_json(bucket: Any, answer_of: AskingConnector) -> None:
    bodies: dict[str, Any] = {
        "text": "ä",
        "bytes": b"\xff",
        "view": memoryview(b"\xfe"),
        "json": {"a": {1}},
        "none": None,
    }

    for key, body in bodies.items():
        answer_of(PutObject({"Key": key, "Body": body}))
    answer_of(PutObject({"Key": "empty"}))
    answer_of(PutObject({"Key": "own type", "Body": [1], "ContentType": "application/x-ndjson"}))

    found = {key: answer_of(GetObject({"Key": key})) for key in (*bodies, "empty", "own type")}
    assert {key: answer["Body"] for key, answer in found.items()} == {
        "text": "ä".encode(),
        "bytes": b"\xff",
        "view": b"\xfe",
        "json": b'{"a":[1]}',
        "none": b"null",
        "empty": b"",
        "own type": b"[1]",
    }
    assert found["json"]["ContentType"] == "application/json"
    assert found["own type"]["ContentType"] == "application/x-ndjson"
    assert found["text"]["ContentType"] != "application/json"


@pytest.mark.parametrize(
    ("content", "encoding", "lines"),
    [
        (b"", "utf-8", []),
        (b"one", "utf-8", ["one"]),
        (b"one\ntwo\n", "utf-8", ["one", "two"]),
        (b"one\r\n\r\ntwo", "utf-8", ["one", "", "two"]),
        ("ä\nö\n".encode("utf-16"), "utf-16", ["ä", "ö"]),
        (("ä" * 100_001 + "\n").encode() * 3, "utf-8", ["ä" * 100_001] * 3),
    ],
)
def test_an_object_is_read_line_by_line(
    bucket: Any, content: bytes, encoding: str, lines: list[str], answer_of: AskingConnector
) -> None:
    bucket.put_object(Bucket="bucket", Key="lines", Body=content)

    found = answer_of(GetObjectLines({"Key": "lines"}, encoding=encoding))

    assert list(found) == lines
    assert list(found) == []


def test_lines_that_nobody_reads_to_their_end_can_be_closed(bucket: Any, answer_of: AskingConnector) -> None:
    bucket.put_object(Bucket="bucket", Key="lines", Body=b"a line\n" * 100_000)

    with answer_of(GetObjectLines({"Key": "lines"})) as lines:
        assert next(lines) == "a line"

    assert list(lines) == []


def test_lines_are_read_in_a_rule(bucket: Any) -> None:
    bucket.put_object(Bucket="bucket", Key="lines", Body="\n".join(map(str, range(1000))).encode())

    def execute(uow: UnitOfWork) -> Generator[Any, Any, Any]:
        lines = yield GetObjectLines({"Key": "lines"}, bucket_name="bucket")
        return sum(map(int, lines))

    processor = processing(execute)

    assert processor.process_event(numbered(3)) == {"batchItemFailures": []}
    assert [result.uow["result"] for result in processor.results] == [499_500] * 3


def test_what_is_not_there_is_none_to_head_and_an_error_to_get(bucket: Any, answer_of: AskingConnector) -> None:
    assert answer_of(HeadObject({"Key": "nothing"})) is None
    with pytest.raises(Exception, match="NoSuchKey") as raised:
        answer_of(GetObject({"Key": "nothing"}))

    assert classify(raised.value) is Reason.FAULT


def test_all_objects_are_listed_or_a_page_of_them(bucket: Any, answer_of: AskingConnector) -> None:
    for n in range(5):
        bucket.put_object(Bucket="bucket", Key=f"a b/{n}", Body=b"")

    everything = answer_of(ListObjects({"Prefix": "a b/", "MaxKeys": 2}))
    first = answer_of(ListObjects({"MaxKeys": 2}, page=True))
    second = answer_of(ListObjects({"MaxKeys": 9, "ContinuationToken": first["NextContinuationToken"]}, page=True))
    folders = answer_of(ListObjects({"Delimiter": "/"}, page=True))

    assert [found["Key"] for found in everything] == [f"a b/{n}" for n in range(5)]
    assert [found["Key"] for found in first["Contents"] + second["Contents"]] == [f"a b/{n}" for n in range(5)]
    assert "NextContinuationToken" not in second
    assert (folders["Contents"], folders["CommonPrefixes"]) == ([], [{"Prefix": "a b/"}])
    assert answer_of(ListObjects({"Prefix": "nothing"})) == []


@pytest.mark.parametrize(
    "source", [{"Key": "from ä"}, {"Bucket": "bucket", "Key": "from ä"}, "bucket/from ä"], ids=["key", "both", "text"]
)
def test_an_object_is_copied(bucket: Any, source: Any, answer_of: AskingConnector) -> None:
    bucket.put_object(Bucket="bucket", Key="from ä", Body=b"x")

    answer = answer_of(CopyObject({"Key": "to", "CopySource": source}))

    assert answer["CopyObjectResult"]["ETag"]
    assert bucket.get_object(Bucket="bucket", Key="to")["Body"].read() == b"x"


def test_versions_are_deleted_by_their_ids(bucket: Any) -> None:
    bucket.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    first, second = (bucket.put_object(Bucket="bucket", Key="a", Body=str(n))["VersionId"] for n in range(2))
    connector = S3Connector(Clients(), bucket_name="bucket")
    requests = [DeleteObject({"Key": "a", "VersionId": second}), DeleteObject({"Key": "b", "VersionId": None})]

    entries = [entry for request in requests for entry in connector.entries(request)]
    answers = connector.send(entries)
    connector.close()

    assert [answer["Key"] for answer in answers] == ["a", "b"]
    assert answers[0]["VersionId"] == second
    assert bucket.get_object(Bucket="bucket", Key="a")["VersionId"] == first


@pytest.mark.parametrize("key", ["plain", "a b+c&d<e>", "ä/ö?x=1#y", "bell\x07", "trailing "])
def test_keys_of_all_kinds_are_written_and_deleted(bucket: Any, key: str, answer_of: AskingConnector) -> None:
    answer_of(PutObject({"Key": key, "Body": "x"}))
    assert answer_of(GetObject({"Key": key}))["Body"] == b"x"

    answer_of(DeleteObject({"Key": key}))

    assert answer_of(HeadObject({"Key": key})) is None


def test_a_bucket_that_does_not_exist_is_a_configuration_error(aws: Aws, answer_of: AskingConnector) -> None:
    for request in (PutObject({"Key": "a"}), DeleteObject({"Key": "a"}), ListObjects()):
        with pytest.raises(Exception, match="NoSuchBucket") as raised:
            answer_of(request)
        assert classify(raised.value) is Reason.CONFIGURATION


# -- What is decided without a call ---------------------------------------------------------------------------------


def test_names_are_those_of_the_request_then_the_parameters_then_the_connector_then_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BUCKET_NAME", "from-environment")

    def name(request: Request, default: str | None = None) -> Any:
        (entry,) = S3Connector(Clients(), bucket_name=default).entries(request)
        assert entry.payload.params["Bucket"] == entry.operation.target
        return entry.operation.target

    assert name(PutObject({"Key": "a", "Bucket": "params"}, bucket_name="request"), "own") == "request"
    assert name(PutObject({"Key": "a", "Bucket": "params"}), "own") == "params"
    assert name(GetObject({"Key": "a"}), "own") == "own"
    assert name(ListObjects()) == "from-environment"


def test_a_missing_bucket_is_a_setting_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BUCKET_NAME", raising=False)
    with pytest.raises(SettingError, match="BUCKET_NAME"):
        S3Connector(Clients()).entries(PutObject({"Key": "a"}))


def test_without_a_key_a_call_would_be_about_the_bucket() -> None:
    with pytest.raises(InvalidRequestError, match=r"Expected DeleteObject to get .*'Key'.* but found ''"):
        S3Connector(Clients(), bucket_name="bucket").entries(DeleteObject({"Key": ""}))


def test_an_object_over_the_limit_is_an_error_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("powertools_stream.connectors.s3.writes._MAX_OBJECT_BYTES", 10)
    connector = S3Connector(Clients(), bucket_name="bucket")

    assert connector.entries(PutObject({"Key": "a", "Body": "ä" * 5}))
    with pytest.raises(EntryTooLargeError, match="at most 10 bytes, but 'a' has 12"):
        connector.entries(PutObject({"Key": "a", "Body": "ä" * 6}))
