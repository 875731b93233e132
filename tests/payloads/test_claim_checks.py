from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from powertools_stream.errors import EntryTooLargeError, MalformedRecordError, SettingError
from powertools_stream.flavors import task
from powertools_stream.outcomes import Disposition, FaultPolicy, Reason
from powertools_stream.payloads.claim_checks import ClaimChecks, is_claim_check
from powertools_stream.processor import StreamProcessor
from powertools_stream.requests import GetObject, PutEvent, PutObject, SendMessage
from powertools_stream.testing import FakeConnector, run, to_kinesis_records, to_sqs_records
from powertools_stream.uow import UnitOfWork
from tests.conftest import REGION, Aws

OWNER = "123456789012"
CHECKS = ClaimChecks({"checks": OWNER}, "checks")
NOON = 1_767_268_800_000  # 2026-01-01T12:00:00Z


_MOST = 10_000
"""Bytes of an event; a fault event's pointer fits, however long the paths in its stack trace are."""


class _Limited(FakeConnector):
    """Rejects events of more than `_MOST` bytes, like a connector, and keeps objects."""

    def __init__(self) -> None:
        super().__init__(self._respond_to)
        self.objects: dict[tuple[str, str], Any] = {}

    def entries(self, request: Any) -> Any:
        content = request.event if isinstance(request, PutEvent) else getattr(request, "params", {}).get("MessageBody")
        if content is not None and len(json.dumps(content)) > _MOST:
            raise EntryTooLargeError(f"Expected an entry of at most {_MOST} bytes.")
        return super().entries(request)

    def _respond_to(self, request: Any) -> Any:
        if isinstance(request, PutObject):
            self.objects[request.bucket_name or "", request.params["Key"]] = request.params["Body"]
        elif isinstance(request, GetObject):
            return {"Body": self.objects[request.bucket_name or "", request.params["Key"]].encode()}
        return NotImplemented


def _large(uow: UnitOfWork) -> dict[str, Any]:
    return {"text": "x" * 20_000}


_QUEUE_URL = "https://sqs.eu-central-1.amazonaws.com/123456789012/queue"
_EMIT_LARGE = {"id": "large", "flavor": task, "execute": _large, "emit": "thing-made"}
_READ = {"id": "read", "flavor": task, "execute": lambda uow: uow.event}


# -- Leaving -----------------------------------------------------------------------------------------------------------
def test_an_event_too_large_for_the_bus_goes_to_s3_and_a_claim_check_in_its_place() -> None:
    connector = _Limited()
    event = {"id": "1", "type": "x", "timestamp": NOON, "partition_key": "p"}

    outcome = run([_EMIT_LARGE], to_sqs_records([event]), connectors=[connector], claim_checks=CHECKS)

    assert outcome.response == {"batchItemFailures": []}
    put, publish = connector.asked
    key = put.params["Key"]
    assert re.fullmatch(f"{REGION}/claimchecks/2026/01/01/12/1.large/[0-9a-f]{{16}}", key)
    assert (put.bucket_name, put.params["ExpectedBucketOwner"]) == ("checks", OWNER)
    assert json.loads(put.params["Body"])["text"] == "x" * 20_000
    assert publish.event == {
        "id": "1.large",
        "type": "thing-made",
        "partition_key": "p",
        "timestamp": NOON,
        "tags": publish.event["tags"],
        "s3": {"bucket": "checks", "key": key},
    }
    assert publish.event["tags"]["pipeline"] == "large"


def test_a_message_that_holds_an_event_may_be_left_too() -> None:
    def execute(uow: UnitOfWork) -> Iterator[Any]:
        return (
            yield SendMessage(
                {"MessageBody": {**uow.event, "text": "x" * 20_000}, "DelaySeconds": 5}, queue_url=_QUEUE_URL
            )
        )

    connector = _Limited()
    rule = {"id": "send", "flavor": task, "execute": execute}

    run([rule], to_sqs_records([{"id": "1", "type": "x"}]), connectors=[connector], claim_checks=CHECKS)

    _, sent = connector.asked
    assert sent.params["DelaySeconds"] == 5
    assert is_claim_check(sent.params["MessageBody"])


def test_a_small_event_travels_as_it_is() -> None:
    connector = _Limited()

    run(
        [{**_EMIT_LARGE, "execute": None}], to_sqs_records([{"type": "x"}]), connectors=[connector], claim_checks=CHECKS
    )

    assert [type(request) for request in connector.asked] == [PutEvent]


@pytest.mark.parametrize("checks", [None, ClaimChecks({"checks": OWNER})])
def test_without_a_bucket_it_is_an_error_of_its_own_record(checks: ClaimChecks | None) -> None:
    connector = _Limited()

    outcome = run([_EMIT_LARGE], to_sqs_records([{"type": "x"}]), connectors=[connector], claim_checks=checks)

    assert isinstance(outcome.faults[0].error, EntryTooLargeError)
    assert outcome.faults[0].reason is Reason.FAULT


def test_the_bucket_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAIMCHECK_BUCKET_NAME", "checks")

    assert ClaimChecks({"checks": OWNER}).bucket == "checks"
    with pytest.raises(SettingError, match=r"'checks' has none. Name the account"):
        _ = ClaimChecks({"others": OWNER}).bucket


def test_a_bucket_without_an_owner_is_refused() -> None:
    with pytest.raises(SettingError, match="to have an owner, but 'mine' has none"):
        ClaimChecks({"checks": OWNER}, "mine")


def test_a_failing_deposit_fails_the_record_and_nothing_is_published() -> None:
    def responds(request: Any) -> Any:
        return ConnectionError("S3 is away") if isinstance(request, PutObject) else NotImplemented

    class Connector(_Limited):
        def _respond_to(self, request: Any) -> Any:
            return responds(request)

    connector = Connector()

    outcome = run([_EMIT_LARGE], to_sqs_records([{"type": "x"}]), connectors=[connector], claim_checks=CHECKS)

    assert len(outcome.response["batchItemFailures"]) == 1
    assert not connector.published


def test_two_large_messages_of_one_event_do_not_overwrite_each_other() -> None:
    def execute(uow: UnitOfWork) -> list[SendMessage]:
        return [
            SendMessage({"MessageBody": {**uow.event, "view": view, "text": "x" * 20_000}}, queue_url=_QUEUE_URL)
            for view in "ab"
        ]

    connector = _Limited()
    rule = {"id": "send", "flavor": task, "execute": execute}

    run([rule], to_sqs_records([{"id": "1", "type": "x"}]), connectors=[connector], claim_checks=CHECKS)

    assert [json.loads(left)["view"] for left in connector.objects.values()] == ["a", "b"]


def test_a_second_attempt_writes_the_same_object_again() -> None:
    keys = []
    for _ in range(2):
        connector = _Limited()
        event = to_sqs_records([{"id": "1", "type": "x", "timestamp": NOON}])
        run([_EMIT_LARGE], event, connectors=[connector], claim_checks=CHECKS)
        keys.append(connector.asked[0].params["Key"])

    assert keys[0] == keys[1]


def test_what_does_not_fit_though_its_event_was_left_is_an_error_and_is_not_left_again() -> None:
    connector = _Limited()
    rule = {"id": "large", "flavor": task, "execute": lambda uow: {"tags": {"a": "x" * 20_000}}, "emit": "thing-made"}

    outcome = run([rule], to_sqs_records([{"id": "1", "type": "x"}]), connectors=[connector], claim_checks=CHECKS)

    assert [request.event["type"] for request in connector.asked] == ["fault"]
    (fault,) = outcome.faults
    assert isinstance(fault.error, EntryTooLargeError)


def test_an_event_larger_than_its_readers_take_is_not_left() -> None:
    connector = _Limited()
    checks = ClaimChecks({"checks": OWNER}, "checks", max_bytes=1_500)

    outcome = run(
        [_EMIT_LARGE], to_sqs_records([{"id": "1", "type": "x"}]), connectors=[connector], claim_checks=checks
    )

    assert not [request for request in connector.asked if isinstance(request, PutObject)]
    (fault,) = outcome.faults
    assert isinstance(fault.error, EntryTooLargeError)
    assert "at most 1500 bytes" in str(fault.error)


def test_an_event_is_left_in_the_functions_own_role_and_at_once() -> None:
    sent: list[tuple[str, str | None, int]] = []

    class Told(_Limited):
        def send(self, entries: Any) -> Any:
            operation = entries[0].operation
            sent.append((operation.name, operation.role_arn, len(operation.pacers)))
            return super().send(entries)

    role = "arn:aws:iam::210987654321:role/theirs"
    rule = {**_EMIT_LARGE, "role_arn": role, "rate": (100, 1)}

    run([rule], to_sqs_records([{"id": "1", "type": "x"}]), connectors=[Told()], claim_checks=CHECKS)

    assert sent == [("PutObject", None, 0), ("PutEvent", role, 1)]


class _Queue(_Limited):
    """A FIFO queue: its messages have a key."""

    def entries(self, request: Any) -> Any:
        (entry,) = super().entries(request)
        if not isinstance(request, SendMessage):
            return (entry,)
        return (
            replace(entry, key=request.params["MessageGroupId"], operation=replace(entry.operation, max_entries=10)),
        )

    @property
    def sent(self) -> list[str]:
        return [request.params["MessageBody"]["id"] for request in self.asked if isinstance(request, SendMessage)]


def _send_three(uow: UnitOfWork) -> Iterator[Any]:
    texts = {"a": "", "b": "x" * 20_000, "c": "", "d": ""}
    yield [
        SendMessage(
            {"MessageBody": {"id": name, "type": "y", "text": text}, "MessageGroupId": "g" if name < "d" else "h"},
            queue_url=_QUEUE_URL,
        )
        for name, text in texts.items()
    ]


def test_a_message_that_is_left_at_s3_keeps_its_place_in_its_group() -> None:
    connector = _Queue()
    rule = {"id": "send", "flavor": task, "execute": _send_three}

    outcome = run([rule], to_sqs_records([{"id": "1", "type": "x"}]), connectors=[connector], claim_checks=CHECKS)

    assert outcome.response == {"batchItemFailures": []}
    assert [name for name in connector.sent if name != "d"] == ["a", "b", "c"]
    assert connector.sent.index("d") < connector.sent.index("b"), "another group waits for nobody"


def test_a_message_that_cannot_be_left_holds_no_other_up() -> None:
    class Broken(_Queue):
        def _respond_to(self, request: Any) -> Any:
            return PermissionError("no") if isinstance(request, PutObject) else NotImplemented

    connector = Broken()
    rule = {"id": "send", "flavor": task, "execute": _send_three}

    outcome = run([rule], to_sqs_records([{"id": "1", "type": "x"}]), connectors=[connector], claim_checks=CHECKS)

    assert sorted(connector.sent) == ["a", "c", "d"]
    (fault,) = outcome.faults
    assert isinstance(fault.error, PermissionError)


# -- Redeeming ---------------------------------------------------------------------------------------------------------
def _check(bucket: str = "checks", key: str = "r/claimchecks/2026/01/01/12/1", **fields: Any) -> dict[str, Any]:
    return {
        "id": "1",
        "type": "thing-made",
        "timestamp": NOON,
        "tags": {},
        "s3": {"bucket": bucket, "key": key},
        **fields,
    }


def _with_object(content: Any, key: str = "r/claimchecks/2026/01/01/12/1") -> _Limited:
    connector = _Limited()
    connector.objects["checks", key] = content if isinstance(content, str) else json.dumps(content)
    return connector


def test_a_claim_check_is_redeemed_before_matching() -> None:
    whole = {"id": "1", "type": "thing-made", "timestamp": NOON, "partition_key": "p", "tags": {"a": "b"}, "text": "…"}
    connector = _with_object(whole)
    rule = {**_READ, "filters": [lambda uow: uow.event["text"] == "…"]}

    outcome = run([rule], to_sqs_records([_check()]), connectors=[connector], claim_checks=CHECKS)

    (get,) = connector.asked
    assert get.params["ExpectedBucketOwner"] == OWNER
    assert outcome.results[0].uow["result"] == whole


@pytest.mark.parametrize("is_batch", [False, True])
def test_a_claim_check_in_a_record_that_another_carries_is_redeemed(is_batch: bool) -> None:
    whole = {"id": "1", "type": "thing-made", "timestamp": NOON, "partition_key": "p", "tags": {"a": "b"}, "text": "…"}
    carried = to_kinesis_records([_check()])
    event = to_sqs_records([carried if is_batch else carried["Records"][0]])

    outcome = run([_READ], event, connectors=[_with_object(whole)], claim_checks=CHECKS)

    assert outcome.results[0].uow["result"] == whole


def test_records_keep_their_order_though_one_is_redeemed() -> None:
    seen: list[str] = []
    connector = _with_object({"id": "1", "type": "thing-made"})
    rule = {"id": "r", "flavor": task, "execute": lambda uow: seen.append(uow.event["id"])}
    events = [_check(), *({"id": str(n), "type": "x"} for n in (2, 3))]

    run([rule], to_kinesis_records(events), connectors=[connector], claim_checks=CHECKS)

    assert seen == ["1", "2", "3"]


def test_what_an_event_leaves_at_s3_is_what_its_reader_gets() -> None:
    connector = _Limited()
    published = run(
        [_EMIT_LARGE], to_sqs_records([{"id": "1", "type": "x"}]), connectors=[connector], claim_checks=CHECKS
    )
    check = connector.published[0]

    outcome = run([_READ], to_sqs_records([check]), connectors=[connector], claim_checks=CHECKS)

    assert published.response == {"batchItemFailures": []}
    assert outcome.results[0].uow["result"]["text"] == "x" * 20_000


@pytest.mark.parametrize("checks", [ClaimChecks({}), CHECKS])
def test_an_event_cannot_point_the_function_anywhere(checks: ClaimChecks) -> None:
    connector = _Limited()

    outcome = run([_READ], to_sqs_records([_check("secrets")]), connectors=[connector], claim_checks=checks)

    assert not [request for request in connector.asked if isinstance(request, GetObject)]
    (fault,) = outcome.faults
    assert fault.reason is Reason.FAULT
    assert isinstance(fault.error, MalformedRecordError)
    assert re.search(r"processor names in ClaimChecks\(owners={…}\), found one of 'secrets'", str(fault.error))
    assert len(outcome.response["batchItemFailures"]) == 1


def test_an_event_that_names_a_foreign_bucket_does_not_stop_the_stream() -> None:
    event = to_kinesis_records([_check("secrets"), {"id": "2", "type": "x"}])

    outcome = run([_READ], event, claim_checks=CHECKS, on_fault=FaultPolicy.PUBLISH)

    (fault,) = outcome.faults
    assert fault.disposition is Disposition.SET_ASIDE
    assert outcome.response == {"batchItemFailures": []}
    assert [result.uow.event["id"] for result in outcome.results] == ["2"]


def test_without_any_bucket_that_is_trusted_the_deployment_is_at_fault() -> None:
    event = to_sqs_records([_check("secrets")])

    outcome = run([_READ], event, on_fault=FaultPolicy.PUBLISH, raise_on_entire_batch_failure=False)

    (fault,) = outcome.faults
    assert fault.reason is Reason.CONFIGURATION
    assert re.search(r"names, but event '1' lies in 'secrets'. If it is to be trusted", str(fault.error))
    assert len(outcome.response["batchItemFailures"]) == 1


@pytest.mark.parametrize(
    "key",
    [
        "claimchecks/../secret",
        "claimchecks/a/../../secret",
        "../claimchecks/secret",
        "./claimchecks/secret",
        "claimchecks/./secret",
        "claimchecks/..",
        "claimchecks//secret",
        "claimchecks/secret/",
        "claimchecks/%2e%2e/secret",
        "claimchecks/%2E./secret",
        "claimchecks/a%2f..%2fsecret",
        "claimchecks/%252e%252e/secret",
        "%2e%2e/claimchecks/secret",
        "claimchecks/..\\secret",
        "claimchecks/..%5csecret",
        "claimchecks/\ud800",
        "claimchecks/" + "x" * 1_020,
    ],
)
@pytest.mark.parametrize("checks", [None, CHECKS])
def test_a_key_that_leads_out_of_its_prefix_is_refused_before_s3_is_asked(checks: ClaimChecks | None, key: str) -> None:
    connector = _Limited()
    events = [json.dumps(event) for event in ({"id": "2", "type": "x"}, _check(key=key), {"id": "3", "type": "x"})]

    outcome = run([_READ], to_sqs_records(events), connectors=[connector], claim_checks=checks)

    assert not [request for request in connector.asked if isinstance(request, GetObject)]
    assert [result.uow.event["id"] for result in outcome.results] == ["2", "3"]
    (fault,) = outcome.faults
    assert isinstance(fault.error, MalformedRecordError)
    assert fault.reason is Reason.FAULT


@pytest.mark.parametrize("key", ["claimchecks/100%", "claimchecks/a..b/.c/d...", "r/claimchecks/order%2F1/x"])
def test_a_key_with_dots_and_percent_signs_that_stays_in_place_is_asked_for(key: str) -> None:
    connector = _with_object({"id": "1", "text": "…"}, key)

    outcome = run([_READ], to_sqs_records([_check(key=key)]), connectors=[connector], claim_checks=CHECKS)

    assert outcome.results[0].uow["result"]["text"] == "…"


@pytest.mark.parametrize("event_id", ["../../secret", "a//b", "%2e%2e"])
def test_an_id_from_outside_does_not_say_where_an_event_is_left(event_id: str) -> None:
    connector = _Limited()
    rule = {"id": "large", "flavor": task, "emit": lambda uow, template: {**uow.event, "text": "x" * 20_000}}
    event = to_sqs_records([{"id": event_id, "type": "x", "timestamp": NOON}])

    run([rule], event, connectors=[connector], claim_checks=CHECKS)

    put, publish = connector.asked
    assert re.fullmatch(f"{REGION}/claimchecks/2026/01/01/12/[0-9a-f]{{16}}", put.params["Key"])
    read = run([_READ], to_sqs_records([publish.event]), connectors=[connector], claim_checks=CHECKS)
    assert read.results[0].uow["result"]["text"] == "x" * 20_000


def test_a_key_is_never_longer_than_s3_takes() -> None:
    deposit = CHECKS.deposit({"id": "x" * 2_000, "type": "x", "timestamp": NOON}, "{}")

    assert len(deposit.claim_check["s3"]["key"]) < 100


@pytest.mark.parametrize("timestamp", ["soon", [1], {"a": 1}])
def test_a_claim_check_with_a_timestamp_that_is_none_is_a_fault_of_its_record_alone(timestamp: Any) -> None:
    connector = _with_object({"id": "1"})
    events = [_check(timestamp=timestamp), {"id": "2", "type": "x"}]

    outcome = run([_READ], to_sqs_records(events), connectors=[connector], claim_checks=CHECKS)

    assert [result.uow.event["id"] for result in outcome.results] == ["2"]
    assert [type(fault.error) for fault in outcome.faults] == [MalformedRecordError]


def test_an_object_of_too_many_values_is_a_fault_before_it_is_parsed() -> None:
    connector = _with_object('{"id":"1","a":[' + "[]," * 1_000_000 + "[]]}")

    outcome = run([_READ], to_sqs_records([_check()]), connectors=[connector], claim_checks=CHECKS)

    (fault,) = outcome.faults
    assert "behind the claim check to hold at most 1000000 values, found more" in str(fault.error)


def test_who_takes_larger_objects_takes_more_values() -> None:
    connector = _with_object('{"id":"1","a":[' + "0," * 1_500_000 + "0]}")
    checks = ClaimChecks({"checks": OWNER}, max_bytes=32 * 1024 * 1024)

    outcome = run([_READ], to_sqs_records([_check()]), connectors=[connector], claim_checks=checks)

    assert len(outcome.results[0].uow["result"]["a"]) == 1_500_001


def test_an_object_that_is_no_json_because_of_a_nan_is_a_fault() -> None:
    connector = _with_object('{"id":"1","total":NaN}')

    outcome = run([_READ], to_sqs_records([_check()]), connectors=[connector], claim_checks=CHECKS)

    assert [type(fault.error) for fault in outcome.faults] == [MalformedRecordError]


@pytest.mark.parametrize(
    "event",
    [
        {"s3": {"bucket": {"name": "b"}, "object": {"key": "k"}}},
        {"s3": {"bucket": "b", "key": "reports/1"}},
        {"s3": "b/claimchecks/1"},
        {"s3": {"bucket": "b"}},
    ],
)
def test_other_events_with_objects_of_s3_are_left_as_they_are(event: dict[str, Any]) -> None:
    connector = _Limited()

    outcome = run([_READ], to_sqs_records([{"id": "1", "type": "x", **event}]), connectors=[connector])

    assert outcome.results[0].uow["result"]["s3"] == event["s3"]
    assert not connector.asked


def test_keys_of_older_services_are_redeemed() -> None:
    connector = _with_object({"id": "1", "type": "old"}, key="claimchecks/1")

    outcome = run([_READ], to_sqs_records([_check(key="claimchecks/1")]), connectors=[connector], claim_checks=CHECKS)

    assert outcome.results[0].uow["result"]["type"] == "old"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("no json", "to be a JSON object"),
        ("[]", "to be a JSON object"),
        (json.dumps({"id": "2"}), "event '1' behind the claim check, found event '2'"),
        (json.dumps({"id": "1", "text": "x" * 2_000}), "an object of at most 1000 bytes"),
    ],
)
def test_what_is_not_the_event_is_a_fault_of_the_record(content: str, says: str) -> None:
    checks = ClaimChecks({"checks": OWNER}, max_bytes=1_000)

    outcome = run([_READ], to_sqs_records([_check()]), connectors=[_with_object(content)], claim_checks=checks)

    (fault,) = outcome.faults
    assert isinstance(fault.error, MalformedRecordError)
    assert says in str(fault.error)


@pytest.mark.parametrize(
    "given", [{}, {"id": "", "type": None, "timestamp": None, "tags": None}, {"type": ["x"], "tags": 1}]
)
def test_what_the_event_lacks_the_claim_check_has(given: dict[str, Any]) -> None:
    rule = {**_READ, "event_type": "thing-made"}

    outcome = run([rule], to_sqs_records([_check()]), connectors=[_with_object(given)], claim_checks=CHECKS)

    event = outcome.results[0].uow["result"]
    assert (event["id"], event["type"], event["tags"]) == ("1", "thing-made", {})
    assert isinstance(event["timestamp"], int)


# -- Fault events ------------------------------------------------------------------------------------------------------
def _fail(uow: UnitOfWork) -> None:
    raise ValueError("poison")


_POISON = {"id": "poison", "flavor": task, "execute": _fail, "on_fault": FaultPolicy.PUBLISH}


def test_a_fault_event_too_large_goes_whole_to_s3_and_satisfies_the_policy() -> None:
    connector = _Limited()
    event = to_sqs_records([{"id": "1", "type": "x", "text": "x" * 1_000_000}])

    outcome = run([_POISON], event, connectors=[connector], claim_checks=CHECKS)

    put = connector.asked[0]
    whole = json.loads(put.params["Body"])
    assert whole["uow"]["event"]["text"] == "x" * 1_000_000
    (fault,) = outcome.faults
    assert fault.disposition is Disposition.SET_ASIDE
    assert outcome.response == {"batchItemFailures": []}
    published = fault.event
    assert published is not None
    assert published["err"]["message"] == "poison"
    assert published["s3"] == {"bucket": "checks", "key": put.params["Key"]}
    assert "uow" not in published


def test_a_fault_event_that_s3_does_not_take_is_trimmed_and_its_record_reported() -> None:
    class Connector(_Limited):
        def _respond_to(self, request: Any) -> Any:
            return PermissionError("no") if isinstance(request, PutObject) else NotImplemented

    event = to_sqs_records([{"id": "1", "type": "x", "text": "x" * 1_000_000}])

    outcome = run([_POISON], event, connectors=[Connector()], claim_checks=CHECKS)

    (fault,) = outcome.faults
    assert fault.disposition is Disposition.REPORTED
    assert fault.event is not None
    assert fault.event["trimmed"] is True


# -- Over HTTP ---------------------------------------------------------------------------------------------------------
def test_large_events_go_over_s3_and_back(aws: Aws) -> None:
    aws.client("s3").create_bucket(Bucket="checks", CreateBucketConfiguration={"LocationConstraint": REGION})
    aws.create_bus("bus")
    rule = {"id": "large", "flavor": task, "execute": lambda uow: {"text": "x" * 1_100_000}, "emit": "thing-made"}
    processor = StreamProcessor(rules=[rule], bus_name="bus", claim_checks=CHECKS)

    response = processor.process_event(to_sqs_records([{"id": str(n), "type": "x"} for n in range(12)]))

    assert response == {"batchItemFailures": []}
    arrived = [event["detail"] for event in aws.events("bus")]
    assert len(arrived) == 12
    assert all(is_claim_check(event) for event in arrived)
    reader = StreamProcessor(rules=[_READ], claim_checks=CHECKS)
    assert reader.process_event(to_sqs_records(arrived)) == {"batchItemFailures": []}
    assert [len(result.uow["result"]["text"]) for result in reader.results] == [1_100_000] * 12


def test_a_bucket_without_an_owner_loses_no_fault_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAIMCHECK_BUCKET_NAME", "theirs")
    event = to_sqs_records([{"id": "1", "type": "x", "text": "x" * 1_000_000}])

    outcome = run([_POISON], event, connectors=[_Limited()], claim_checks=ClaimChecks({"checks": OWNER}))

    (fault,) = outcome.faults
    assert fault.event is not None
    assert fault.event["trimmed"] is True


def test_a_fault_event_keeps_to_the_limit_that_the_bus_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_REQ_SIZE", "20000")
    event = to_sqs_records([{"id": "1", "type": "x", "text": "x" * 30_000}])

    outcome = run([_POISON], event)

    (fault,) = outcome.faults
    assert fault.event is not None
    assert len(json.dumps(fault.event)) < 20_000
    assert fault.disposition is Disposition.REPORTED
