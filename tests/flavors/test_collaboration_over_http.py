"""The flavors of event collaboration from the record to the service and back, over HTTP."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import pytest

from powertools_stream import Rule, RuleRegistry, StreamProcessor
from powertools_stream.expressions import update_expression
from powertools_stream.flavors import collect, correlate, evaluate, expired, job, update
from powertools_stream.local import DynamoDBPoller, LambdaFunction, drain
from powertools_stream.outcomes import CallDetails, RecordDetails
from powertools_stream.testing import to_dynamodb_records, to_kinesis_records

NOW = 1_767_225_600_000


class Calls(Counter[str]):
    """Counts calls by operation."""

    def on_call(self, details: CallDetails) -> None:
        self[details.operation] += 1

    def on_record_failed(self, details: RecordDetails) -> None:
        self["failed records"] += 1


def order(number: int, event_type: str = "order-created", **fields: Any) -> dict[str, Any]:
    partition = f"o-{number}"
    event = {"id": f"{event_type}-{number}", "type": event_type, "timestamp": NOW + number, "partition_key": partition}
    return {**event, "order": {"id": partition}, **fields}


@pytest.fixture
def table(aws: Any) -> str:
    """Create an event table: pk and sk, the index on `data`, and a stream."""
    aws.client("dynamodb").create_table(
        TableName="events",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "data")],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "DataIndex",
                "KeySchema": [{"AttributeName": "data", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    aws.create_bus()
    return "events"


@pytest.fixture
def poll(aws: Any, table: str) -> Any:
    """Make the poller that passes the stream's records to a handler."""

    def make(processor: StreamProcessor, **options: Any) -> DynamoDBPoller:
        stream = aws.client("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"]
        timeout = options.pop("timeout", 30.0)
        return DynamoDBPoller(
            LambdaFunction(processor.process_event, name="trigger", timeout=timeout), stream, **options
        )

    return make


def collecting(table: str, calls: Calls | None = None, **fields: Any) -> StreamProcessor:
    rules = RuleRegistry()
    rules.add(id="collect", flavor=collect, correlation_key="order.id", table_name=table, **fields)
    return StreamProcessor(rules=rules, observers=[calls] if calls is not None else [])


def test_the_rows_of_one_batch_are_written_together(aws: Any, table: str) -> None:
    calls = Calls()
    processor = collecting(table, calls, expire=True)

    response = processor.process_event(to_kinesis_records([order(n) for n in range(100)]))

    assert response == {"batchItemFailures": []}
    assert calls == {"BatchWriteItem": 4}
    rows = aws.items("events")
    assert len(rows) == 100
    row = next(row for row in rows if row["pk"] == {"S": "order-created-7"})
    assert row["sk"] == row["discriminator"] == {"S": "EVENT"}
    assert row["data"] == {"S": "o-7"}
    assert row["ttl"] == {"N": str((NOW + 7) // 1000 + 33 * 24 * 60 * 60)}
    assert row["expire"] == {"BOOL": True}
    assert row["event"]["M"]["order"] == {"M": {"id": {"S": "o-7"}}}
    assert "sequence_number" in row


def test_an_event_that_comes_twice_is_stored_once(aws: Any, table: str) -> None:
    processor = collecting(table)

    for _ in range(2):
        processor.process_event(to_kinesis_records([order(1), order(1)]))

    assert len(aws.items("events")) == 1


def test_events_are_correlated_and_evaluated_once_all_of_them_are_there(aws: Any, table: str, poll: Any) -> None:
    rules = RuleRegistry()
    types = ["order-created", "payment-authorized"]
    rules.add(id="correlate", flavor=correlate, event_type=types, correlation_key="order.id", table_name=table)
    rules.add(
        id="late",
        flavor=correlate,
        event_type=types,
        correlation_key="order.id",
        correlation_key_suffix="late",
        table_name=table,
    )

    @rules.register(evaluate, event_type=types, emit="order-ready", correlation_key_suffix="late", table_name=table)
    def are_all_there(uow: Any) -> Any:
        assert uow["meta"]["correlation"]
        return {event["type"] for event in uow["correlated"]} == set(types)

    calls = Calls()
    poller = poll(StreamProcessor(rules=rules, bus_name="bus", observers=[calls]))
    events = [order(n) for n in range(20)] + [order(n, "payment-authorized") for n in range(10)]
    collecting(table).process_event(to_kinesis_records(events))

    for invocation in drain(poller):
        assert invocation.response == {"batchItemFailures": []}

    rows = Counter(row["discriminator"]["S"] for row in aws.items("events"))
    assert rows == {"EVENT": 30, "CORREL": 60}
    published = [event["detail"] for event in aws.events()]
    # Each event of a pair finds both, since they came in one batch. An id per order needs an `emit` function.
    assert Counter(event["partition_key"] for event in published) == {f"o-{n}": 2 for n in range(10)}
    # Two rows of an order in one batch share one call, since their queries are equal.
    assert calls["Query"] == 20
    assert calls["BatchWriteItem"] <= 4
    assert calls["failed records"] == 0


def test_collected_events_are_evaluated_by_the_index(aws: Any, table: str, poll: Any) -> None:
    rules = RuleRegistry()
    rules.add(
        id="pair",
        flavor=evaluate,
        emit=lambda uow, template: {**template, "type": "pair", "id": uow["meta"]["data"]},
        expression=lambda uow: uow["correlated"] if len(uow["correlated"]) == 2 else False,
        table_name=table,
    )
    collecting(table).process_event(to_kinesis_records([order(1), order(1, "paid"), order(2)]))

    for _ in drain(poll(StreamProcessor(rules=rules, bus_name="bus"))):
        pass

    ids = {event["detail"]["id"] for event in aws.events()}
    assert ids == {"o-1"}


def test_a_query_of_several_pages_is_evaluated_whole(aws: Any, table: str) -> None:
    dynamodb = aws.client("dynamodb")
    for n in range(9):  # a page has at most 1 MB
        item = {
            "pk": {"S": "o-1"},
            "sk": {"S": f"e-{n}"},
            "event": {"M": {"id": {"S": f"e-{n}"}}},
            "x": {"S": "x" * 300_000},
        }
        dynamodb.put_item(TableName=table, Item=item)
    seen: list[int] = []
    rules = RuleRegistry()
    rules.add(
        id="e", flavor=evaluate, emit="x", table_name=table, expression=lambda uow: seen.append(len(uow["correlated"]))
    )
    row = {"pk": "o-1", "sk": "e-0", "discriminator": "CORREL", "event": {"id": "e-0", "type": "t"}}

    StreamProcessor(rules=rules).process_event(to_dynamodb_records([{"new_image": row}], table=table))

    assert seen == [9]


def test_a_row_that_expires_publishes_what_has_not_happened(aws: Any, table: str, poll: Any) -> None:
    rules = RuleRegistry()
    rules.add(id="expired", flavor=expired)
    long_ago = NOW - 40 * 24 * 60 * 60 * 1000
    late, early = order(1, timestamp=long_ago), order(2, timestamp=int(time.time() * 1000))
    collecting(table, expire=True).process_event(to_kinesis_records([late, early]))
    for event in (late, early):
        aws.client("dynamodb").delete_item(TableName=table, Key={"pk": {"S": event["id"]}, "sk": {"S": "EVENT"}})

    for invocation in drain(poll(StreamProcessor(rules=rules, bus_name="bus"))):
        assert invocation.response == {"batchItemFailures": []}

    (published,) = (event["detail"] for event in aws.events())
    assert published["type"] == "order-created-expired"
    assert published["triggers"][0]["id"] == "order-created-1"


def test_an_update_queries_gets_and_updates_with_few_calls(aws: Any, table: str) -> None:
    dynamodb = aws.client("dynamodb")
    for n in range(50):
        key = {"pk": {"S": f"o-{n}"}, "sk": {"S": "order"}}
        dynamodb.put_item(TableName=table, Item={**key, "data": {"S": f"c-{n % 5}"}, "product": {"S": f"p-{n % 3}"}})
    for n in range(3):
        dynamodb.put_item(TableName=table, Item={"pk": {"S": f"p-{n}"}, "sk": {"S": "product"}, "price": {"N": f"{n}"}})
    rules = RuleRegistry()

    @rules.register(
        update,
        event_type="customer-updated",
        table_name=table,
        to_query_request=lambda uow: {
            "IndexName": "DataIndex",
            "KeyConditionExpression": "#data = :data",
            "ExpressionAttributeValues": {":data": uow.event["partition_key"]},
        },
        to_get_request=lambda uow: {"Keys": [{"pk": uow["query_response"]["product"], "sk": "product"}]},
    )
    def copy_name(uow: Any) -> dict[str, Any]:
        item = uow["query_response"]
        (product,) = uow["batch_get_response"]["Responses"][table]
        name = uow.event["raw"]["new"]["name"]
        return {
            "Key": {"pk": item["pk"], "sk": item["sk"]},
            **update_expression({"name": name, "price": product["price"]}),
        }

    calls = Calls()
    customers = [
        {"new_image": {**key, "name": f"Ada {n}"}, "old_image": {**key, "name": "Eve"}}
        for n in range(5)
        for key in [{"pk": f"c-{n}", "sk": "customer"}]
    ]
    processor = StreamProcessor(rules=rules, observers=[calls])

    response = processor.process_event(to_dynamodb_records(customers, table=table))

    assert response == {"batchItemFailures": []}
    assert calls == {"Query": 5, "BatchGetItem": 1, "UpdateItem": 50}
    orders = [row for row in aws.items(table) if row["sk"] == {"S": "order"}]
    assert all(row["name"]["S"] == f"Ada {row['data']['S'][2:]}" for row in orders)
    assert all(row["price"]["N"] == row["product"]["S"][2:] for row in orders)


def test_an_updates_condition_that_failed_falls_back(aws: Any, table: str) -> None:
    rules = RuleRegistry()
    rules.add(
        id="u",
        flavor=update,
        table_name=table,
        to_update_request=lambda uow: {
            "Key": {"pk": "o-1", "sk": "order"},
            **update_expression({"n": 1}),
            "ConditionExpression": "attribute_exists(pk)",
        },
        to_fallback_update_request=lambda uow: {
            "Key": uow["update_request"]["Key"],
            **update_expression({"n": 2}),
        },
    )
    processor = StreamProcessor(rules=rules)

    processor.process_event(to_dynamodb_records([{"new_image": {"pk": "x", "sk": "y"}}]))

    assert [row["n"] for row in aws.items(table)] == [{"N": "2"}]
    assert processor.results[0].uow["fallback_update_request"]["Key"] == {"pk": "o-1", "sk": "order"}


def asking(table: str, keys: list[dict[str, str]]) -> Rule:
    """Make a rule that gets items by their keys, some of them twice."""
    from powertools_stream.flavors import TaskRule
    from powertools_stream.requests import GetItems

    def execute(uow: Any) -> Any:
        answer = yield GetItems({"Keys": keys})
        return len(answer["Responses"][table])

    return TaskRule(id="get", execute=execute)


def test_250_keys_with_repeats_are_asked_for_in_three_calls(
    aws: Any, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVENT_TABLE_NAME", table)
    collecting(table).process_event(to_kinesis_records([order(n) for n in range(250)]))
    keys = [{"pk": f"order-created-{n}", "sk": "EVENT"} for n in range(250)]
    calls = Calls()
    processor = StreamProcessor(rules=[asking(table, keys + keys[:50])], observers=[calls])

    processor.process_event(to_kinesis_records([order(1)]))

    assert calls == {"BatchGetItem": 3}
    assert [result.uow["result"] for result in processor.results] == [250]


# -- Jobs --------------------------------------------------------------------------------------------------------------

JOB = {"pk": "job-1", "sk": "job"}


def job_rules(table: str, seen: Counter[str], pause: float = 0.0, **fields: Any) -> RuleRegistry:
    """Make a job that marks every order, 10 at a time, with its cursor in its own row."""
    rules = RuleRegistry()

    def mark(uow: Any) -> dict[str, Any]:
        item = uow["scan_response"]["Item"]
        seen[item["pk"]] += 1
        time.sleep(pause)
        return {"Key": {"pk": item["pk"], "sk": item["sk"]}, **update_expression({"marked": True})}

    def keep(uow: Any) -> dict[str, Any]:
        cursor = uow["scan_response"].get("LastEvaluatedKey")
        status = "RUNNING" if cursor else "COMPLETED"
        return {"Key": JOB, **update_expression({"cursor": cursor, "status": status})}

    rules.add(
        id="mark",
        flavor=job,
        event_type=["job-created", "job-updated"],
        job_filters=[lambda uow: uow.event["raw"]["new"]["status"] == "RUNNING"],
        to_scan_request=lambda uow: {"Limit": 10, "ExclusiveStartKey": uow.event["raw"]["new"].get("cursor")},
        filters=[lambda uow: uow["scan_response"]["Item"]["sk"] == "order"],
        to_update_request=mark,
        to_cursor_update_request=keep,
        table_name=table,
        **fields,
    )
    return rules


def start_job(aws: Any, table: str, orders: int) -> None:
    dynamodb = aws.client("dynamodb")
    for n in range(orders):
        dynamodb.put_item(TableName=table, Item={"pk": {"S": f"o-{n:03}"}, "sk": {"S": "order"}})
    row = {"pk": {"S": "job-1"}, "sk": {"S": "job"}, "discriminator": {"S": "job"}, "status": {"S": "RUNNING"}}
    dynamodb.put_item(TableName=table, Item=row)


def job_row(aws: Any, table: str) -> Any:
    key = {"pk": {"S": "job-1"}, "sk": {"S": "job"}}
    return aws.client("dynamodb").get_item(TableName=table, Key=key)["Item"]


def test_a_job_works_through_the_table_and_keeps_its_cursor(aws: Any, table: str, poll: Any) -> None:
    start_job(aws, table, 45)
    seen: Counter[str] = Counter()
    processor = StreamProcessor(rules=job_rules(table, seen))

    invocations = [invocation.response for invocation in drain(poll(processor, batch_size=1000))]

    assert all(response == {"batchItemFailures": []} for response in invocations)
    assert seen == {f"o-{n:03}": 1 for n in range(45)}
    assert job_row(aws, table)["status"] == {"S": "COMPLETED"}
    assert "cursor" not in job_row(aws, table)
    assert sum("marked" in row for row in aws.items(table)) == 45


def test_a_job_that_is_cut_off_goes_on_where_it_was(aws: Any, table: str, poll: Any) -> None:
    start_job(aws, table, 60)
    seen: Counter[str] = Counter()
    # A page takes about 0.2 s, and an invocation may use 0.75 s of its second, so it stops after about three pages.
    processor = StreamProcessor(rules=job_rules(table, seen, pause=0.02), raise_on_entire_batch_failure=False)
    poller = poll(processor, batch_size=1000, timeout=1.0)

    responses = [invocation.response for invocation in drain(poller, rounds=200)]

    assert job_row(aws, table)["status"] == {"S": "COMPLETED"}
    assert set(seen) == {f"o-{n:03}" for n in range(60)}
    stopped = [response for response in responses if response["batchItemFailures"]]
    assert stopped
    # Only the page that was being processed may come a second time.
    assert sum(seen.values()) <= 60 + 10 * len(stopped)
    assert poller.discarded == []
