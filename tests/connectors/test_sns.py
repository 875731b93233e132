from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Generator, Sequence
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

import pytest

from powertools_stream import RetryableError, RuleRegistry, StreamProcessor, UnitOfWork
from powertools_stream.connectors import Clients, Connector
from powertools_stream.connectors.sns import SNSConnector
from powertools_stream.errors import EntryTooLargeError, InvalidRequestError, RequestFailedError, SettingError
from powertools_stream.flavors import task
from powertools_stream.outcomes import CallDetails, RecordDetails
from powertools_stream.payloads.compression import Compression
from powertools_stream.requests import PublishMessage, Request
from powertools_stream.testing import run, to_kinesis_records, to_sqs_records
from powertools_stream.testing.connector_suite import ConnectorSuite
from powertools_stream.testing.endpoint import Answer, ScriptedEndpoint
from tests.conftest import Aws

ARN = "arn:aws:sns:eu-central-1:123456789012:orders"
FIFO_ARN = f"{ARN}.fifo"
LIMIT = 262_144

Failing = dict[str, tuple[str, bool]]
"""By message: the code, and whether it is the sender's fault."""


class TestContract(ConnectorSuite):
    @pytest.fixture(autouse=True)
    def _service(self, endpoint: ScriptedEndpoint) -> None:
        self._endpoint = endpoint
        endpoint.script = lambda operation, body: answer_of(body, {"poison": ("InvalidParameter", True)})

    def connector(self) -> Connector:
        return SNSConnector(Clients())

    def sample_requests(self) -> Sequence[Request]:
        standard = [PublishMessage({"Message": {"n": n}}, topic_arn=ARN) for n in range(12)]
        group = {"MessageGroupId": "g", "MessageDeduplicationId": "d"}
        fifo = PublishMessage({"Message": "x", **group}, topic_arn=FIFO_ARN)
        return [*standard, fifo, PublishMessage({"Message": "x", "PhoneNumber": "+4915100000000"})]

    def failing_requests(self) -> Sequence[Request]:
        return [PublishMessage({"Message": message, "TopicArn": ARN}) for message in ("fine", "poison")]

    def unproven_requests(self) -> Sequence[Request]:
        silent = "<PublishBatchResponse><PublishBatchResult/></PublishBatchResponse>"
        self._endpoint.script = lambda operation, body: (200, silent)
        return self.sample_requests()

    def unsendable_requests(self) -> Sequence[Request]:
        messages = [None, "", math.nan, "x" * (LIMIT + 1)]
        return [
            PublishMessage("x", topic_arn=ARN),  # type: ignore[arg-type]
            PublishMessage({}, topic_arn=ARN),
            PublishMessage({"Message": "no topic"}),
            PublishMessage({"Message": "x", "Topic": ARN}, topic_arn=ARN),
            PublishMessage({"Message": "x", "PhoneNumber": "+49", "Phone": "+49"}),
            PublishMessage({"Message": "no group"}, topic_arn=FIFO_ARN),
            PublishMessage({"Message": "x", "MessageAttributes": {"a": ""}}, topic_arn=ARN),
            *(PublishMessage({"Message": message}, topic_arn=ARN) for message in messages),
        ]


def fields_of(body: dict[str, Any]) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(body["content"]).items()}


def entries_of(body: dict[str, Any]) -> list[dict[str, str]]:
    """Return the messages of a ``PublishBatch`` call: SNS's protocol numbers them."""
    entries: dict[int, dict[str, str]] = {}
    for name, value in fields_of(body).items():
        if name.startswith("PublishBatchRequestEntries.member."):
            _, _, number, field = name.split(".", 3)
            entries.setdefault(int(number), {})[field] = value
    return [entries[number] for number in sorted(entries)]


def answer_of(body: dict[str, Any], failing: Failing | None = None) -> Answer:
    """Answer as SNS does: in XML, the messages in any order, by their ids."""
    if fields_of(body)["Action"] == "Publish":
        return 200, in_xml("Publish", "<MessageId>m</MessageId>")
    successful, failed = "", ""
    for entry in reversed(entries_of(body)):
        identifier = f"<Id>{entry['Id']}</Id>"
        if entry["Message"] in (failing or {}):
            code, is_sender = (failing or {})[entry["Message"]]
            why = f"<Code>{code}</Code><Message>no</Message><SenderFault>{str(is_sender).lower()}</SenderFault>"
            failed += f"<member>{identifier}{why}</member>"
        else:
            successful += f"<member>{identifier}<MessageId>m-{escape(entry['Message'])}</MessageId></member>"
    return 200, in_xml("PublishBatch", f"<Successful>{successful}</Successful><Failed>{failed}</Failed>")


def in_xml(operation: str, content: str) -> str:
    namespace = "http://sns.amazonaws.com/doc/2010-03-31/"
    return (
        f'<{operation}Response xmlns="{namespace}"><{operation}Result>{content}</{operation}Result>'
        f"<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></{operation}Response>"
    )


def error_in_xml(status: int, code: str) -> Answer:
    return status, f"<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"


class Calls:
    """Remembers the calls of a batch."""

    def __init__(self) -> None:
        self.seen: list[CallDetails] = []

    def on_call(self, details: CallDetails) -> None:
        self.seen.append(details)

    def on_record_failed(self, details: RecordDetails) -> None: ...


def publishing(
    params_of: Any, topic_arn: str | None, calls: Calls | None = None, *, ordered: bool = True
) -> StreamProcessor:
    """Make a processor whose only rule publishes a message for each record."""
    rules = RuleRegistry()

    @rules.register(task, event_type="thing", ordered=False)
    def publish(uow: Any) -> Generator[Any, Any, Any]:
        return (yield PublishMessage(params_of(uow.event), topic_arn=topic_arn, ordered=ordered))

    observers = () if calls is None else (calls,)
    return StreamProcessor(rules=rules, observers=observers, raise_on_entire_batch_failure=False)


def things(count: int) -> list[dict[str, Any]]:
    return [{"id": f"t-{n}", "type": "thing", "n": n} for n in range(count)]


def published(endpoint: ScriptedEndpoint) -> list[list[str]]:
    """Return the messages of each call."""
    return [[entry["Message"] for entry in entries_of(body)] for body in endpoint.bodies("POST /")]


# -- Over HTTP -----------------------------------------------------------------------------------------------------


def create_topic(aws: Aws, name: str) -> tuple[str, str]:
    """Create a topic whose messages go to a queue as they are; return the topic's ARN and the queue's URL."""
    sns, sqs = aws.client("sns"), aws.client("sqs")
    fifo = {"FifoTopic": "true", "ContentBasedDeduplication": "false"} if name.endswith(".fifo") else {}
    arn: str = sns.create_topic(Name=name, Attributes=fifo)["TopicArn"]
    url = aws.create_queue(name)
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    return arn, url


def arrived(aws: Aws, url: str) -> list[int]:
    """Take all messages out of a queue, and return their numbers."""
    sqs = aws.client("sqs")
    numbers: list[int] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        numbers.extend(json.loads(message["Body"])["n"] for message in messages)
        handles = [{"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]} for n, message in enumerate(messages)]
        sqs.delete_message_batch(QueueUrl=url, Entries=handles)
    return numbers


def test_a_thousand_messages_arrive_in_a_hundred_calls(aws: Aws) -> None:
    # To many topics: what moto takes for a message grows with the square of the queue behind.
    topics, calls = [create_topic(aws, f"orders-{n}") for n in range(25)], Calls()
    processor = publishing(lambda event: {"Message": event, "TopicArn": topics[event["n"] % 25][0]}, None, calls)

    response = processor.process_event(to_sqs_records(things(1_000)))

    assert response == {"batchItemFailures": []}
    assert [(call.service, call.operation, call.entries) for call in calls.seen] == [("sns", "PublishBatch", 10)] * 100
    for n, (_, url) in enumerate(topics):
        assert sorted(arrived(aws, url)) == list(range(n, 1_000, 25))


def test_messages_on_a_fifo_topic_arrive_in_the_order_of_their_groups(aws: Aws) -> None:
    arn, url = create_topic(aws, "orders.fifo")
    processor = publishing(lambda event: {"Message": event, "MessageGroupId": f"g-{event['n'] % 10}"}, arn)

    for _ in ("first attempt", "second attempt"):
        assert processor.process_event(to_sqs_records(things(50))) == {"batchItemFailures": []}

    numbers = arrived(aws, url)
    assert sorted(numbers) == list(range(50))
    for group in range(10):
        of_group = [n for n in numbers if n % 10 == group]
        assert of_group == sorted(of_group)


@pytest.mark.parametrize("params", [{"MessageStructure": "json", "TopicArn": ARN}, {"TargetArn": f"{ARN}/app"}])
def test_a_message_that_no_function_reads_is_no_event(params: dict[str, Any]) -> None:
    message = {"default": "short", "email": "long" * 5_000}

    def execute(uow: UnitOfWork) -> Generator[Any, Any, Any]:
        return (yield PublishMessage({"Message": message, **params}))

    rule = {"id": "send", "flavor": task, "execute": execute}
    outcome = run([rule], to_sqs_records(things(1)), compression=Compression())

    (asked,) = outcome.requests
    assert asked.params["Message"] == message


def test_a_message_arrives_with_its_attributes(aws: Aws) -> None:
    arn, url = create_topic(aws, "orders")
    connector = SNSConnector(Clients())
    params = {"Message": {"id": "1", "name": "ä"}, "Subject": "s", "MessageAttributes": {"kind": "ä", "size": 7}}
    request = PublishMessage(params, topic_arn=arn)

    answer = connector.answer(request, connector.send(connector.entries(request)))
    connector.close()

    assert answer.keys() == {"MessageId"}
    (message,) = aws.client("sqs").receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
    assert json.loads(message["Body"]) == {"id": "1", "name": "ä"}
    assert message["MessageAttributes"]["kind"] == {"StringValue": "ä", "DataType": "String"}
    assert message["MessageAttributes"]["size"] == {"StringValue": "7", "DataType": "Number"}


def test_a_message_to_a_phone_has_a_call_of_its_own(aws: Aws) -> None:
    connector = SNSConnector(Clients())
    request = PublishMessage({"PhoneNumber": "+4915100000000", "Message": "x", "MessageAttributes": {"a": "b"}})

    (entry,) = connector.entries(request)
    answer = connector.answer(request, connector.send([entry]))
    connector.close()

    assert (entry.operation.name, entry.operation.max_entries) == ("Publish", 1)
    assert answer.keys() == {"MessageId"}


# -- What fails ----------------------------------------------------------------------------------------------------


def test_a_message_that_fails_in_passing_is_published_again_alone(endpoint: ScriptedEndpoint) -> None:
    failing: Failing = {"3": ("InternalError", False), "7": ("Unheard", False)}
    endpoint.script = lambda operation, body: answer_of(body, failing if endpoint.count() == 1 else {})
    processor = publishing(lambda event: {"Message": str(event["n"])}, ARN)

    response = processor.process_event(to_sqs_records(things(10)))

    assert response == {"batchItemFailures": []}
    assert published(endpoint) == [[str(n) for n in range(10)], ["3", "7"]]
    assert [result.uow["result"]["MessageId"] for result in processor.results] == [f"m-{n}" for n in range(10)]


def test_a_message_that_is_the_senders_fault_fails_its_own_record(endpoint: ScriptedEndpoint) -> None:
    endpoint.script = lambda operation, body: answer_of(body, {"3": ("InvalidParameter", True)})
    event = to_sqs_records(things(10))

    response = publishing(lambda event: {"Message": str(event["n"])}, ARN).process_event(event)

    assert response == {"batchItemFailures": [{"itemIdentifier": event["Records"][3]["messageId"]}]}
    assert endpoint.count() == 1


@pytest.mark.parametrize(("status", "code"), [(400, "Throttling"), (500, "InternalError"), (503, "Unheard")])
def test_a_call_that_fails_in_passing_is_made_again_whole(endpoint: ScriptedEndpoint, status: int, code: str) -> None:
    endpoint.script = lambda operation, body: error_in_xml(status, code) if endpoint.count() == 1 else answer_of(body)
    processor = publishing(lambda event: {"Message": str(event["n"])}, ARN)

    assert processor.process_event(to_sqs_records(things(10))) == {"batchItemFailures": []}
    assert [len(messages) for messages in published(endpoint)] == [10, 10]


def test_messages_that_fail_are_values_at_their_place(endpoint: ScriptedEndpoint) -> None:
    failing: Failing = {"b": ("InternalError", False), "d": ("InvalidParameter", True)}
    endpoint.script = lambda operation, body: answer_of(body, failing)
    connector = SNSConnector(Clients())

    responses = connector.send([entry_of(message) for message in "abcd"])
    connector.close()

    assert responses[0] == {"MessageId": "m-a"}
    codes = [getattr(response, "code", None) for response in responses]
    assert codes == [None, "InternalError", None, "InvalidParameter"]
    # What is no fault of the sender's passes, whatever the code.
    assert [isinstance(response, RetryableError) for response in responses[1::2]] == [True, False]


def test_a_message_of_which_the_answer_says_nothing_failed(endpoint: ScriptedEndpoint) -> None:
    endpoint.script = lambda operation, body: (200, in_xml("PublishBatch", "<Successful/><Failed/>"))
    connector = SNSConnector(Clients())

    (response,) = connector.send([entry_of("a")])
    connector.close()

    assert isinstance(response, RequestFailedError)
    assert response.code == "MissingResponse"


# -- Sizes ---------------------------------------------------------------------------------------------------------


def test_the_size_is_that_of_the_message_and_the_attributes() -> None:
    entry = entry_of("ä", Subject="not counted", MessageAttributes={"näm": "é"})

    assert entry.size == 2 + len("näm".encode()) + len("String") + 2


def test_a_call_has_no_more_bytes_than_sns_takes(endpoint: ScriptedEndpoint) -> None:
    endpoint.script = lambda operation, body: answer_of(body)
    processor = publishing(lambda event: {"Message": "x" * 80_000}, ARN)

    assert processor.process_event(to_sqs_records(things(10))) == {"batchItemFailures": []}

    assert sorted(len(messages) for messages in published(endpoint)) == [1, 3, 3, 3]


def test_a_message_over_the_limit_fails_its_own_record_and_the_others_are_published(endpoint: ScriptedEndpoint) -> None:
    endpoint.script = lambda operation, body: answer_of(body)
    processor = publishing(lambda event: {"Message": {**event, "x": "x" * (LIMIT if event["n"] == 3 else 1)}}, ARN)
    event = to_sqs_records(things(10))

    response = processor.process_event(event)

    assert response == {"batchItemFailures": [{"itemIdentifier": event["Records"][3]["messageId"]}]}
    (fault,) = processor.faults
    assert isinstance(fault.error, EntryTooLargeError)
    assert "at most 262144 bytes with its attributes, but the one of event 't-3' has" in str(fault.error)
    assert [len(messages) for messages in published(endpoint)] == [9]


def test_the_limit_may_be_that_of_a_topic_which_takes_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNS_MAX_REQ_SIZE", "1048576")

    assert entry_of("x" * 500_000).operation.max_bytes == 1_048_576


# -- Names and parameters ------------------------------------------------------------------------------------------


def entry_of(message: Any, arn: str = ARN, **params: Any) -> Any:
    (entry,) = SNSConnector(Clients()).entries(PublishMessage({"Message": message, **params}, topic_arn=arn))
    return entry


def test_the_topic_is_that_of_the_request_then_of_the_message_then_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connector = SNSConnector(Clients())

    def topic_of(request: PublishMessage) -> Any:
        (entry,) = connector.entries(request)
        assert "TopicArn" not in entry.payload
        return entry.operation.target

    with pytest.raises(SettingError, match="TOPIC_ARN"):
        topic_of(PublishMessage({"Message": "x"}))
    monkeypatch.setenv("TOPIC_ARN", "from-environment")
    assert topic_of(PublishMessage({"Message": "x"})) == "from-environment"
    assert topic_of(PublishMessage({"Message": "x", "TopicArn": "from-message"})) == "from-message"
    assert topic_of(PublishMessage({"Message": "x", "TopicArn": "from-message"}, topic_arn="asked")) == "asked"


def test_an_entry_says_what_sns_needs() -> None:
    message = {"default": "x", "sqs": "y"}

    entry = entry_of(message, MessageStructure="json", Subject=None, MessageGroupId="tenant")

    assert entry.payload == {
        "Message": '{"default":"x","sqs":"y"}',
        "MessageStructure": "json",
        "MessageGroupId": "tenant",
    }
    assert (entry.operation.service, entry.operation.name, entry.operation.max_entries) == ("sns", "PublishBatch", 10)
    # A group of a standard topic is there for fairness, not for order.
    assert entry.key is None


def test_a_misspelt_parameter_is_named() -> None:
    with pytest.raises(InvalidRequestError, match=r"found \['Body'\]; it takes .*'Subject'"):
        entry_of("x", Body="y")


# -- FIFO ----------------------------------------------------------------------------------------------------------


def test_an_event_on_a_fifo_topic_has_the_hash_of_its_message_as_the_deduplication_id() -> None:
    entry = entry_of({"id": "1"}, FIFO_ARN, MessageGroupId="g")

    assert entry.payload["MessageDeduplicationId"] == hashlib.sha256(b'{"id":"1"}').hexdigest()
    assert entry.key == (FIFO_ARN, "g")
    assert entry.operation.one_per_key


def test_a_message_of_a_fifo_group_that_fails_in_passing_is_not_overtaken(endpoint: ScriptedEndpoint) -> None:
    failing: Failing = {"0": ("InternalError", False)}
    endpoint.script = lambda operation, body: answer_of(body, failing if endpoint.count() < 3 else {})

    processor = publishing(lambda event: {"Message": str(event["n"]), "MessageGroupId": "g"}, FIFO_ARN)

    assert processor.process_event(to_kinesis_records(things(3))) == {"batchItemFailures": []}
    assert published(endpoint) == [["0"], ["0"], ["0"], ["1"], ["2"]]


def test_groups_share_calls_where_their_order_is_of_no_use(endpoint: ScriptedEndpoint) -> None:
    endpoint.script = lambda operation, body: answer_of(body)
    processor = publishing(lambda event: {"Message": str(event["n"]), "MessageGroupId": "g"}, FIFO_ARN, ordered=False)

    assert processor.process_event(to_sqs_records(things(25))) == {"batchItemFailures": []}
    assert sorted(len(messages) for messages in published(endpoint)) == [5, 10, 10]
