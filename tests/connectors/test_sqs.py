from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Generator, Sequence
from decimal import Decimal
from typing import Any

import pytest

from powertools_stream import RetryableError, RuleRegistry, StreamProcessor
from powertools_stream.connectors import Clients, Connector
from powertools_stream.connectors.sqs import SQSConnector
from powertools_stream.errors import EntryTooLargeError, InvalidRequestError, RequestFailedError, SettingError
from powertools_stream.flavors import task
from powertools_stream.outcomes import CallDetails, Reason, RecordDetails
from powertools_stream.requests import Request, SendMessage
from powertools_stream.testing import to_kinesis_records, to_sqs_records
from powertools_stream.testing.connector_suite import ConnectorSuite
from powertools_stream.testing.endpoint import Answer, ScriptedEndpoint
from tests.conftest import Aws

URL = "https://sqs.eu-central-1.amazonaws.com/123456789012/orders"
FIFO_URL = f"{URL}.fifo"
LIMIT = 1_048_576


# What boto3's client stumbles over: it would fail the whole call, and the messages of others with it.
UNWRITABLE: list[dict[str, Any]] = [
    {"MessageAttributes": {"a": {"b": 1}}},
    {"MessageAttributes": {"a": {"DataType": "String", "StringValue": 5}}},
    {"MessageAttributes": {"a": {"DataType": "String", "StringValue": "x", "Value": "x"}}},
    {"MessageAttributes": {"a": {"DataType": 1}}},
    {"MessageAttributes": {1: "x"}},
    {"MessageAttributes": ["x"]},
    {"MessageSystemAttributes": "x"},
    {"DelaySeconds": Decimal(5)},
    {"MessageGroupId": object()},
    {"MessageGroupId": "\ud800"},
]


class TestContract(ConnectorSuite):
    @pytest.fixture(autouse=True)
    def _service(self, endpoint: ScriptedEndpoint) -> None:
        self._endpoint = endpoint
        endpoint.script = fails_poison

    def connector(self) -> Connector:
        return SQSConnector(Clients())

    def sample_requests(self) -> Sequence[Request]:
        standard = [SendMessage({"MessageBody": {"n": n}}, queue_url=URL) for n in range(12)]
        group = {"MessageGroupId": "g", "MessageDeduplicationId": "d"}
        return [*standard, SendMessage({"MessageBody": "x", **group}, queue_url=FIFO_URL)]

    def failing_requests(self) -> Sequence[Request]:
        return [SendMessage({"MessageBody": body, "QueueUrl": URL}) for body in ("fine", "poison")]

    def unproven_requests(self) -> Sequence[Request]:
        self._endpoint.script = lambda operation, body: (
            200,
            {"Successful": [{"Id": entry["Id"]} for entry in body["Entries"]]},
        )
        return self.sample_requests()

    def unsendable_requests(self) -> Sequence[Request]:
        bodies = [None, "", math.nan, "x" * (LIMIT + 1)]
        return [
            SendMessage("x", queue_url=URL),  # type: ignore[arg-type]
            SendMessage({}, queue_url=URL),
            SendMessage({"MessageBody": "no queue"}),
            SendMessage({"MessageBody": "x", "MessageBodies": "y"}, queue_url=URL),
            SendMessage({"MessageBody": "no group"}, queue_url=FIFO_URL),
            SendMessage({"MessageBody": "x", "MessageAttributes": {"a": ""}}, queue_url=URL),
            *(SendMessage({"MessageBody": "x", **params}, queue_url=URL) for params in UNWRITABLE),
            *(SendMessage({"MessageBody": body}, queue_url=URL) for body in bodies),
        ]


def fails_poison(operation: str, body: dict[str, Any]) -> Answer:
    return batch_answer(body, {"poison": ("InvalidMessageContents", True)})


def batch_answer(body: dict[str, Any], failing: dict[str, tuple[str, bool]]) -> Answer:
    """Fail the messages with these bodies, as SQS does: in any order, by their ids."""
    successful, failed = [], []
    for entry in reversed(body["Entries"]):
        if entry["MessageBody"] in failing:
            code, is_sender = failing[entry["MessageBody"]]
            failed.append({"Id": entry["Id"], "Code": code, "Message": "no", "SenderFault": is_sender})
        else:
            successful.append({"Id": entry["Id"], "MessageId": f"m-{entry['MessageBody']}"})
    return 200, {"Successful": successful, "Failed": failed}


class Calls:
    """Remembers the calls of a batch."""

    def __init__(self) -> None:
        self.seen: list[CallDetails] = []

    def on_call(self, details: CallDetails) -> None:
        self.seen.append(details)

    def on_record_failed(self, details: RecordDetails) -> None: ...


def sending(
    params_of: Any, queue_url: str | None, calls: Calls | None = None, *, ordered: bool = True
) -> StreamProcessor:
    """Make a processor whose only rule sends a message for each record."""
    rules = RuleRegistry()

    @rules.register(task, event_type="thing", ordered=False)
    def send(uow: Any) -> Generator[Any, Any, Any]:
        return (yield SendMessage(params_of(uow.event), queue_url=queue_url, ordered=ordered))

    observers = () if calls is None else (calls,)
    return StreamProcessor(rules=rules, observers=observers, raise_on_entire_batch_failure=False)


def things(count: int) -> list[dict[str, Any]]:
    return [{"id": f"t-{n}", "type": "thing", "n": n} for n in range(count)]


def arrived(aws: Aws, url: str) -> list[int]:
    """Take all messages out of a queue, and return their numbers."""
    sqs = aws.client("sqs")
    numbers: list[int] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        numbers.extend(json.loads(message["Body"])["n"] for message in messages)
        handles = [{"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]} for n, message in enumerate(messages)]
        sqs.delete_message_batch(QueueUrl=url, Entries=handles)
    return numbers


def sent(endpoint: ScriptedEndpoint) -> list[list[str]]:
    """Return the bodies of the messages of each call."""
    return [[entry["MessageBody"] for entry in body["Entries"]] for body in endpoint.bodies("SendMessageBatch")]


# -- A thousand messages -------------------------------------------------------------------------------------------


# To many queues: what moto takes for a message grows with the square of the queue.


def test_a_thousand_messages_arrive_in_a_hundred_calls(aws: Aws) -> None:
    urls, calls = [aws.create_queue(f"orders-{n}") for n in range(50)], Calls()
    processor = sending(lambda event: {"MessageBody": event, "QueueUrl": urls[event["n"] % 50]}, None, calls)

    response = processor.process_event(to_sqs_records(things(1_000)))

    assert response == {"batchItemFailures": []}
    assert [(call.service, call.operation, call.entries) for call in calls.seen] == [
        ("sqs", "SendMessageBatch", 10)
    ] * 100
    for n, url in enumerate(urls):
        assert sorted(arrived(aws, url)) == list(range(n, 1_000, 50))


def test_a_thousand_messages_to_fifo_queues_arrive_in_the_order_of_their_groups(aws: Aws) -> None:
    urls = [aws.create_queue(f"orders-{n}.fifo", ContentBasedDeduplication="false") for n in range(40)]
    calls = Calls()

    def params_of(event: dict[str, Any]) -> dict[str, Any]:
        n = event["n"]
        return {"MessageBody": event, "QueueUrl": urls[n % 40], "MessageGroupId": f"g-{n // 40 % 5}"}

    response = sending(params_of, None, calls).process_event(to_sqs_records(things(1_000)))

    assert response == {"batchItemFailures": []}
    assert sum(call.entries for call in calls.seen) == 1_000
    assert len(calls.seen) <= 250
    for place, url in enumerate(urls):
        numbers = arrived(aws, url)
        assert sorted(numbers) == list(range(place, 1_000, 40))
        for group in range(5):
            of_group = [n for n in numbers if n // 40 % 5 == group]
            assert of_group == sorted(of_group)


def test_a_second_attempt_at_an_event_is_not_delivered_again_by_a_fifo_queue(aws: Aws) -> None:
    url = aws.create_queue("orders.fifo", ContentBasedDeduplication="false")
    processor = sending(lambda event: {"MessageBody": event, "MessageGroupId": "g"}, url)

    for _ in ("first attempt", "second attempt"):
        assert processor.process_event(to_sqs_records(things(3))) == {"batchItemFailures": []}

    assert arrived(aws, url) == [0, 1, 2]


def test_a_message_arrives_with_what_it_has(aws: Aws) -> None:
    url = aws.create_queue("orders")
    connector = SQSConnector(Clients())
    attributes = {
        "kind": "ä",
        "size": Decimal("1.50"),
        "raw": b"\x00",
        "own": {"DataType": "Number.int", "StringValue": "7"},
    }
    request = SendMessage({"Id": "mine", "MessageBody": {"id": "1", "name": "ä"}, "MessageAttributes": attributes})

    responses = connector.send(connector.entries(SendMessage({**request.params, "QueueUrl": url})))
    connector.close()

    answer = connector.answer(request, responses)
    assert answer["MessageId"]
    assert "Id" not in answer
    sqs = aws.client("sqs")
    (message,) = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
    assert json.loads(message["Body"]) == {"id": "1", "name": "ä"}
    assert message["MessageAttributes"]["kind"] == {"StringValue": "ä", "DataType": "String"}
    assert message["MessageAttributes"]["size"] == {"StringValue": "1.5", "DataType": "Number"}
    assert message["MessageAttributes"]["raw"] == {"BinaryValue": b"\x00", "DataType": "Binary"}
    assert message["MessageAttributes"]["own"] == {"StringValue": "7", "DataType": "Number.int"}


def test_a_queue_that_does_not_exist_is_at_fault_and_not_the_records(aws: Aws) -> None:
    url = f"{aws.url}/123456789012/nowhere"
    processor = sending(lambda event: {"MessageBody": event}, url)

    response = processor.process_event(to_sqs_records(things(2)))

    assert len(response["batchItemFailures"]) == 2
    assert {fault.reason for fault in processor.faults} == {Reason.CONFIGURATION}


def test_a_message_that_spoils_a_call_fails_its_own_record(aws: Aws) -> None:
    url, calls = aws.create_queue("orders", MaximumMessageSize="1024"), Calls()
    processor = sending(
        lambda event: {"MessageBody": {**event, "x": "x" * (2_000 if event["n"] == 3 else 1)}}, url, calls
    )
    event = to_sqs_records(things(5))

    response = processor.process_event(event)

    assert response == {"batchItemFailures": [{"itemIdentifier": event["Records"][3]["messageId"]}]}
    assert calls.seen[0].entries == 5
    assert arrived(aws, url) == [0, 1, 2, 4]


# -- What fails ----------------------------------------------------------------------------------------------------


def test_a_message_that_fails_in_passing_is_sent_again_alone(endpoint: ScriptedEndpoint) -> None:
    failing = {"3": ("InternalError", False), "7": ("Unheard", False)}

    def script(operation: str, body: dict[str, Any]) -> Answer:
        return batch_answer(body, failing if endpoint.count() == 1 else {})

    endpoint.script = script
    processor = sending(lambda event: {"MessageBody": str(event["n"])}, URL)

    response = processor.process_event(to_sqs_records(things(10)))

    assert response == {"batchItemFailures": []}
    assert sent(endpoint) == [[str(n) for n in range(10)], ["3", "7"]]
    assert [result.uow["result"]["MessageId"] for result in processor.results] == [f"m-{n}" for n in range(10)]


def test_a_message_that_is_the_senders_fault_fails_its_own_record(endpoint: ScriptedEndpoint) -> None:
    endpoint.script = lambda operation, body: batch_answer(body, {"3": ("InvalidMessageContents", True)})
    event = to_sqs_records(things(10))

    response = sending(lambda event: {"MessageBody": str(event["n"])}, URL).process_event(event)

    assert response == {"batchItemFailures": [{"itemIdentifier": event["Records"][3]["messageId"]}]}
    assert endpoint.count() == 1


def test_a_call_that_is_throttled_is_made_again_whole(endpoint: ScriptedEndpoint) -> None:
    def script(operation: str, body: dict[str, Any]) -> Answer | None:
        error = {"__type": "com.amazonaws.sqs#RequestThrottled", "message": "slow"}
        return (400, error) if endpoint.count() == 1 else None

    endpoint.script = script
    processor = sending(lambda event: {"MessageBody": str(event["n"])}, URL)

    assert processor.process_event(to_sqs_records(things(10))) == {"batchItemFailures": []}
    assert [len(bodies) for bodies in sent(endpoint)] == [10, 10]


def test_messages_that_fail_are_values_at_their_place(endpoint: ScriptedEndpoint) -> None:
    failing = {"b": ("InternalError", False), "d": ("InvalidMessageContents", True)}
    endpoint.script = lambda operation, body: batch_answer(body, failing)
    connector = SQSConnector(Clients())

    responses = connector.send([entry_of(body) for body in "abcd"])
    connector.close()

    assert responses[0] == {"MessageId": "m-a"}
    assert [getattr(response, "code", None) for response in responses] == [
        None,
        "InternalError",
        None,
        "InvalidMessageContents",
    ]
    assert str(responses[1]) == "InternalError: no"
    # What is no fault of the sender's passes, whatever the code.
    assert [isinstance(response, RetryableError) for response in responses[1::2]] == [True, False]


def test_a_message_of_which_the_answer_says_nothing_failed(endpoint: ScriptedEndpoint) -> None:
    endpoint.script = lambda operation, body: (200, {"Successful": [{"Id": "1", "MessageId": "m"}]})
    connector = SQSConnector(Clients())

    first, second = connector.send([entry_of("a"), entry_of("b")])
    connector.close()

    assert isinstance(first, RequestFailedError)
    assert first.code == "MissingResponse"
    assert second == {"MessageId": "m"}


# -- Sizes ---------------------------------------------------------------------------------------------------------


def test_the_size_is_that_of_the_body_and_the_attributes() -> None:
    entry = entry_of("ä", MessageAttributes={"näm": "é", "raw": b"123"}, MessageSystemAttributes={}, DelaySeconds=1)

    assert entry.size == 2 + len("näm".encode()) + len("String") + 2 + len("raw") + len("Binary") + 3


def test_a_call_has_no_more_bytes_than_sqs_takes(endpoint: ScriptedEndpoint) -> None:
    processor = sending(lambda event: {"MessageBody": "x" * 300_000}, URL)

    assert processor.process_event(to_sqs_records(things(10))) == {"batchItemFailures": []}

    assert sorted(len(bodies) for bodies in sent(endpoint)) == [1, 3, 3, 3]


def test_a_message_over_the_limit_fails_its_own_record_and_the_others_are_sent(endpoint: ScriptedEndpoint) -> None:
    processor = sending(lambda event: {"MessageBody": {**event, "x": "x" * (LIMIT if event["n"] == 3 else 1)}}, URL)
    event = to_sqs_records(things(10))

    response = processor.process_event(event)

    assert response == {"batchItemFailures": [{"itemIdentifier": event["Records"][3]["messageId"]}]}
    (fault,) = processor.faults
    assert isinstance(fault.error, EntryTooLargeError)
    assert "at most 1048576 bytes with its attributes, but the one of event 't-3' has" in str(fault.error)
    assert [len(bodies) for bodies in sent(endpoint)] == [9]


def test_the_limit_is_read_when_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    assert entry_of("x" * 500).operation.max_bytes == LIMIT

    monkeypatch.setenv("SQS_MAX_REQ_SIZE", "400")
    with pytest.raises(EntryTooLargeError, match="at most 400 bytes"):
        entry_of("x" * 500)

    monkeypatch.setenv("SQS_MAX_REQ_SIZE", "1 MB")
    with pytest.raises(SettingError, match="SQS_MAX_REQ_SIZE"):
        entry_of("x")


# -- Names and parameters ------------------------------------------------------------------------------------------


def entry_of(body: Any, url: str = URL, **params: Any) -> Any:
    (entry,) = SQSConnector(Clients()).entries(SendMessage({"MessageBody": body, **params}, queue_url=url))
    return entry


def test_the_queue_is_that_of_the_request_then_of_the_message_then_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connector = SQSConnector(Clients())

    def queue_of(request: SendMessage) -> Any:
        (entry,) = connector.entries(request)
        assert "QueueUrl" not in entry.payload
        return entry.operation.target

    with pytest.raises(SettingError, match="QUEUE_URL"):
        queue_of(SendMessage({"MessageBody": "x"}))
    monkeypatch.setenv("QUEUE_URL", "from-environment")
    assert queue_of(SendMessage({"MessageBody": "x"})) == "from-environment"
    assert queue_of(SendMessage({"MessageBody": "x", "QueueUrl": "from-message"})) == "from-message"
    assert queue_of(SendMessage({"MessageBody": "x", "QueueUrl": "from-message"}, queue_url="asked")) == "asked"


def test_an_entry_says_what_sqs_needs() -> None:
    entry = entry_of({"n": Decimal(1)}, DelaySeconds=3, MessageGroupId="tenant", MessageAttributes={"gone": None})

    assert entry.payload == {
        "MessageBody": '{"n":1}',
        "DelaySeconds": 3,
        "MessageGroupId": "tenant",
        "MessageAttributes": {},
    }
    assert (entry.operation.service, entry.operation.name, entry.operation.max_entries) == (
        "sqs",
        "SendMessageBatch",
        10,
    )
    # A group of a standard queue is there for fairness, not for order.
    assert entry.key is None


@pytest.mark.parametrize(
    ("value", "attribute"),
    [
        ("a", {"DataType": "String", "StringValue": "a"}),
        (True, {"DataType": "String", "StringValue": "true"}),
        (7, {"DataType": "Number", "StringValue": "7"}),
        (0.1, {"DataType": "Number", "StringValue": "0.1"}),
        (b"a", {"DataType": "Binary", "BinaryValue": b"a"}),
        (["a", 1], {"DataType": "String.Array", "StringValue": '["a",1]'}),
    ],
)
def test_an_attribute_may_be_a_plain_value(value: Any, attribute: dict[str, Any]) -> None:
    assert entry_of("x", MessageAttributes={"a": value}).payload["MessageAttributes"] == {"a": attribute}


def test_an_attribute_of_the_system_may_be_plain_too() -> None:
    payload = entry_of("x", MessageSystemAttributes={"AWSTraceHeader": "Root=1"}).payload

    assert payload["MessageSystemAttributes"] == {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1"}}


def test_a_misspelt_parameter_is_named() -> None:
    with pytest.raises(InvalidRequestError, match=r"found \['MessageGroupID'\]; it takes .*'MessageGroupId'"):
        entry_of("x", MessageGroupID="g")


# -- FIFO ----------------------------------------------------------------------------------------------------------


def test_a_message_to_a_fifo_queue_needs_a_group() -> None:
    with pytest.raises(InvalidRequestError, match="to have a MessageGroupId, since that is FIFO"):
        entry_of({"id": "1"}, FIFO_URL)


@pytest.mark.parametrize(
    ("body", "params", "expected"),
    [
        ({"id": "1"}, {}, hashlib.sha256(b'{"id":"1"}').hexdigest()),
        ({"id": "1"}, {"MessageDeduplicationId": "own"}, "own"),
        ({"n": 1}, {}, None),
        ("text", {}, None),
    ],
)
def test_an_event_to_a_fifo_queue_has_the_hash_of_its_body_as_the_deduplication_id(
    body: Any, params: dict[str, Any], expected: str | None
) -> None:
    entry = entry_of(body, FIFO_URL, MessageGroupId="g", **params)

    assert entry.payload.get("MessageDeduplicationId") == expected
    assert entry.key == (FIFO_URL, "g")


def test_a_message_of_a_fifo_group_that_fails_in_passing_is_not_overtaken(endpoint: ScriptedEndpoint) -> None:
    def script(operation: str, body: dict[str, Any]) -> Answer:
        return batch_answer(body, {"0": ("InternalError", False)} if endpoint.count() < 3 else {})

    endpoint.script = script
    processor = sending(
        lambda event: {"MessageBody": str(event["n"]), "MessageGroupId": f"g-{event['n'] % 2}"}, FIFO_URL
    )

    assert processor.process_event(to_kinesis_records(things(6))) == {"batchItemFailures": []}

    taken = [body for bodies in sent(endpoint) for body in bodies]
    assert [body for body in taken if body in "024"] == ["0", "0", "0", "2", "4"]
    assert [body for body in taken if body in "135"] == ["1", "3", "5"]


def test_groups_share_calls_where_their_order_is_of_no_use(endpoint: ScriptedEndpoint) -> None:
    processor = sending(lambda event: {"MessageBody": str(event["n"]), "MessageGroupId": "g"}, FIFO_URL, ordered=False)

    assert processor.process_event(to_sqs_records(things(25))) == {"batchItemFailures": []}
    assert sorted(len(messages) for messages in sent(endpoint)) == [5, 10, 10]
