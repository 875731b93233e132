"""The flavors from the record to the service and back, over HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest

from powertools_stream import FaultPolicy, RuleRegistry, StreamProcessor
from powertools_stream.expressions import timestamp_condition, update_expression
from powertools_stream.flavors import cdc, materialize, task
from powertools_stream.local import DynamoDBPoller, LambdaFunction
from powertools_stream.outcomes import Disposition, Reason
from powertools_stream.testing import to_sqs_records

NOW = 1_767_225_600_000


def order(number: int, **fields: Any) -> dict[str, Any]:
    return {"id": f"o-{number}", "type": "order-created", "timestamp": NOW + number, **fields}


def view_of(uow: Any) -> dict[str, Any]:
    event = uow.event
    item = {"timestamp": event["timestamp"], "total": event.get("total"), "date#event_type": event["type"]}
    return {
        "Key": {"pk": event["id"], "sk": "order"},
        **update_expression(item),
        **timestamp_condition(),
    }


def test_a_task_publishes_an_event_for_each_record_in_as_few_calls_as_possible(aws: Any) -> None:
    aws.create_bus()
    rules = RuleRegistry()
    rules.add(id="accept", flavor=task, event_type="order-created", execute=lambda uow: {"ok": True}, emit="accepted")
    processor = StreamProcessor(rules=rules, bus_name="bus")

    for _ in ("cold start", "warm start"):
        response = processor.process_event(to_sqs_records([order(n) for n in range(25)]))

        published = aws.events()
        assert response == {"batchItemFailures": []}
        assert [event["detail-type"] for event in published] == ["accepted"] * 25
        assert {event["detail"]["id"] for event in published} == {f"o-{n}.accept" for n in range(25)}
        assert all(event["detail"]["ok"] and event["detail"]["tags"]["pipeline"] == "accept" for event in published)


def test_materialize_keeps_the_newest_whatever_order_events_come_in(aws: Any) -> None:
    aws.create_table()
    rules = [
        {
            "id": "view",
            "flavor": materialize,
            "event_type": "order-created",
            "table_name": "table",
            "to_update_request": view_of,
        }
    ]
    processor = StreamProcessor(rules=rules)

    newest, older = order(1, total=2.5, timestamp=NOW + 9), order(1, total=1)
    processor.process_event(to_sqs_records([newest]))
    response = processor.process_event(to_sqs_records([older, order(2, total=None)]))

    rows = {row["pk"]["S"]: row for row in aws.items()}
    assert response == {"batchItemFailures": []}
    assert rows["o-1"]["total"] == {"N": "2.5"}
    assert "total" not in rows["o-2"]
    assert rows["o-2"]["date#event_type"] == {"S": "order-created"}
    refused, written = (result.uow["update_response"] for result in processor.results)
    assert refused == {}
    assert written["Attributes"]["pk"] == "o-2"


def test_materialize_tries_the_fallback_once_a_condition_has_failed(aws: Any) -> None:
    aws.create_table()
    aws.client("dynamodb").put_item(
        TableName="table", Item={"pk": {"S": "o-1"}, "sk": {"S": "order"}, "timestamp": {"N": str(NOW * 2)}}
    )
    rules = RuleRegistry()
    rules.add(
        id="view",
        flavor=materialize,
        event_type="order-created",
        table_name="table",
        to_update_request=view_of,
        to_fallback_update_request=lambda uow: {
            "Key": uow["update_request"]["Key"],
            **update_expression({"late": True}),
        },
    )

    StreamProcessor(rules=rules).process_event(to_sqs_records([order(1)]))

    (row,) = aws.items()
    assert row["late"] == {"BOOL": True}


def test_a_condition_that_failed_is_a_fault_where_the_rule_says_so(aws: Any) -> None:
    aws.create_table()
    rules = RuleRegistry()
    rules.add(
        id="view",
        flavor=materialize,
        event_type="order-created",
        table_name="table",
        on_condition_failed="fault",
        to_update_request=view_of,
    )
    processor = StreamProcessor(rules=rules)

    event = to_sqs_records([order(1, timestamp=NOW + 5), order(1)])
    response = processor.process_event(event)

    (fault,) = processor.faults
    assert response == {"batchItemFailures": [{"itemIdentifier": event["Records"][1]["messageId"]}]}
    assert type(fault.error).__name__ == "ConditionalCheckFailedException"
    assert fault.reason is Reason.FAULT


def test_cdc_publishes_what_the_stream_of_a_table_with_any_key_names_says(aws: Any) -> None:
    aws.create_bus()
    aws.create_table("sites", ("site", "date#event_type"))
    dynamodb = aws.client("dynamodb")
    key = {"site": {"S": "s-1"}, "date#event_type": {"S": "2025-07-15#pose#sync001#cam3"}}
    dynamodb.put_item(TableName="sites", Item={**key, "status": {"S": "STARTED"}})
    dynamodb.put_item(TableName="sites", Item={**key, "status": {"S": "COMPLETED"}, "count": {"N": "3"}})
    dynamodb.delete_item(TableName="sites", Key=key)
    rules = RuleRegistry()

    @rules.register(cdc, event_type=["sites-created", "sites-updated", "sites-deleted"], include_raw=False)
    def publish_site(uow: Any) -> dict[str, Any]:
        image = uow.event["raw"]["new"] or uow.event["raw"]["old"]
        return {"status": image["status"], "count": image.get("count")}

    processor = StreamProcessor(rules=rules, bus_name="bus")
    stream = dynamodb.describe_table(TableName="sites")["Table"]["LatestStreamArn"]
    DynamoDBPoller(LambdaFunction(processor.process_event, name="trigger"), stream).poll()

    published = sorted((event["detail"] for event in aws.events()), key=lambda event: event["type"])
    assert [(event["type"], event["status"], event["count"]) for event in published] == [
        ("sites-created", "STARTED", None),
        ("sites-deleted", "COMPLETED", 3),
        ("sites-updated", "COMPLETED", 3),
    ]
    assert all("raw" not in event for event in published)


@pytest.mark.parametrize("policy", list(FaultPolicy))
def test_a_table_that_does_not_exist_is_reported_whatever_the_policy(aws: Any, policy: FaultPolicy) -> None:
    aws.create_bus()
    rules = RuleRegistry()
    rules.add(
        id="view", flavor=materialize, event_type="order-created", table_name="nowhere", to_update_request=view_of
    )
    processor = StreamProcessor(rules=rules, bus_name="bus", on_fault=policy, raise_on_entire_batch_failure=False)

    response = processor.process_event(to_sqs_records([order(1)]))

    (fault,) = processor.faults
    assert len(response["batchItemFailures"]) == 1
    assert (fault.reason, fault.disposition) == (Reason.CONFIGURATION, Disposition.REPORTED)


def test_a_table_that_nobody_names_says_what_to_set(aws: Any) -> None:
    rules = RuleRegistry()
    rules.add(id="view", flavor=materialize, event_type="order-created", to_update_request=view_of)
    processor = StreamProcessor(rules=rules, raise_on_entire_batch_failure=False)

    processor.process_event(to_sqs_records([order(1)]))

    (fault,) = processor.faults
    assert fault.reason is Reason.CONFIGURATION
    assert "ENTITY_TABLE_NAME" in str(fault.error)


def test_a_record_that_fails_on_fifo_comes_again_before_what_followed_it(aws: Any) -> None:
    aws.create_bus()
    seen: list[int] = []
    failing = {1}
    rules = RuleRegistry()

    @rules.register(task, event_type="order-created")
    def follow(uow: Any) -> None:
        number = uow.event["step"]
        if number in failing:
            failing.remove(number)
            raise ValueError("not yet")
        seen.append(number)

    processor = StreamProcessor(rules=rules, bus_name="bus")
    event = to_sqs_records([order(n, step=n) for n in range(4)], fifo=True)
    for record in event["Records"]:
        record["attributes"]["MessageGroupId"] = "one group"

    response = processor.process_event(event)
    reported = {failure["itemIdentifier"] for failure in response["batchItemFailures"]}
    again = {"Records": [record for record in event["Records"] if record["messageId"] in reported]}
    response = processor.process_event(again)

    assert response == {"batchItemFailures": []}
    assert seen == [0, 1, 2, 3]
    (fault,) = aws.events()
    assert json.loads(fault["detail"]["uow"]["record"]["body"])["step"] == 1
