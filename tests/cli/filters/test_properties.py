"""Whatever rules match, the filters that they imply let through."""

from __future__ import annotations

import base64
import json
import re
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings, strategies as st

from powertools_stream import RuleRegistry
from powertools_stream.cli.filters.implied import Implied, implied_filters
from powertools_stream.cli.handlers import Part
from powertools_stream.flavors import cdc, correlate, evaluate, expired, task, update
from powertools_stream.local.mappings.filters import Source, compile_filters
from powertools_stream.matching import out_latched
from powertools_stream.options import ProcessorOptions
from powertools_stream.payloads.compression import Compression
from powertools_stream.sources import DynamoDBSource
from powertools_stream.testing import run

WORDS = ["order", "order-x", "thing", "orders", "EVENT", "CORREL"]
TYPES = [
    "order-created", "order-deleted", "order-paid", "order-x-created", "thing-updated", "thing-deleted",
    "thing-undeleted", "orders-created",
]  # fmt: skip
EXPRESSIONS = [
    "^order-", "^order-x-", "-created$", r"-deleted\Z", "^order-(created|paid)$", r"^(order|thing)-[cp]", "order",
    "^(?:order|things?)-", "(?i)^ORDER", r"^order-created\Z", "^thing-cre", "d$|^order", "(^order-|paid$)", "^order$",
]  # fmt: skip
VALUES = ["PAID", "OPEN", "paid", "", 5, 150, None, True, ["PAID", 5], "10.0.0.1"]
ALTERNATIVES = st.sampled_from([
    "PAID", 150, None, True, {"prefix": "PA"}, {"suffix": "EN"}, {"exists": True}, {"exists": False},
    {"anything-but": ["PAID"]}, {"numeric": [">", 100]}, {"wildcard": "P*D"}, {"cidr": "10.0.0.0/24"},
    {"anything-but": {"prefix": "O"}}, {"equals-ignore-case": "paid"}, {"prefix": {"equals-ignore-case": "pa"}},
])  # fmt: skip
LEAVES = st.lists(ALTERNATIVES, min_size=1, max_size=3, unique_by=json.dumps)
FIELDS = st.dictionaries(st.sampled_from(["status", "total", "id", "partition_key"]), LEAVES, min_size=1, max_size=2)
EVENT_PATTERNS = st.one_of(
    FIELDS,
    FIELDS.map(lambda fields: {"order": fields}),
    st.tuples(FIELDS, FIELDS).map(lambda both: {"order": {"$or": list(both)}}),
)
EVENT_TYPES = st.one_of(
    st.sampled_from(TYPES),
    st.sampled_from(EXPRESSIONS).map(re.compile),
    st.lists(st.sampled_from(TYPES), min_size=1, max_size=3),
    st.sampled_from(EXPRESSIONS).map(re.compile),
    st.none(),
    st.just(lambda uow: uow.event["type"].startswith("order")),
)


def rule(flavor: Any, **fields: Any) -> dict[str, Any]:
    needed: dict[Any, dict[str, Any]] = {
        task: {"execute": lambda uow: None},
        update: {"to_update_request": lambda uow: None},
        correlate: {"correlation_key": "id"},
        evaluate: {"emit": "done"},
    }
    given = {name: value for name, value in fields.items() if value is not None}
    return {"flavor": flavor, **needed.get(flavor, {}), **given}


def registries(flavors: list[Any], **fields: Any) -> Any:
    one = st.builds(rule, st.sampled_from(flavors), event_type=EVENT_TYPES, **fields)
    return st.lists(one, min_size=1, max_size=3).map(
        lambda rules: RuleRegistry([{"id": f"r{i}", **each} for i, each in enumerate(rules)])
    )


def check(registry: RuleRegistry, implied: Implied, source: Source, records: list[Any], reader: Any = None) -> None:
    """Run the rules on what the filters discard: none may match any of it. What cannot be read, no rule sees."""
    passes = compile_filters(implied.criteria, source)
    discarded = [record for record in records if not passes(record)]
    batch = {"records": {"t-0": discarded}, "eventSource": "aws:kafka"} if source == "kafka" else {"Records": discarded}
    outcome = run(registry, batch, check_mutation=False, source=reader, raise_on_entire_batch_failure=False)
    ids = [fault.record_id for fault in outcome.faults if fault.rule_id != "undefined"]
    taken = [*(each.uow["record"] for each in outcome.results), *ids]
    assert not taken, (implied.criteria, taken[0])


def check_limits(implied: Implied, limit: int) -> None:
    assert len(implied.filters) <= limit
    assert all(len(each["Pattern"]) <= 4096 for each in (implied.criteria or {"Filters": []})["Filters"])


# -- Payloads ----------------------------------------------------------------------------------------------------------


def chance(random: Random, **choices: Any) -> dict[str, Any]:
    """Return some of the fields, each with one of its values."""
    return {name: random.choice(values) for name, values in choices.items() if random.random() < 0.6}


def an_event(random: Random) -> dict[str, Any]:
    inner = chance(random, status=VALUES, total=VALUES)
    event = {"type": random.choice([*TYPES, "order-created\n", "thing-created\n"])} if random.random() < 0.8 else {}
    event |= chance(random, type=["", None, 5]) if random.random() < 0.2 else {}
    event |= chance(random, id=["PAID"], status=VALUES, total=VALUES, order=[inner, [inner, {}], "PAID", None])
    return dict(Compression(threshold=0).compressed(event)) if random.random() < 0.3 else event


def on_a_bus(random: Random, event: Any) -> dict[str, Any]:
    envelope = {
        "id": random.choice(["PAID", "e"]),
        "source": random.choice(["app", "app", "aws.s3"]),
        "time": "2026-01-01T00:00:00Z",
    }
    return {**envelope, "detail-type": random.choice([*TYPES, "", None]), "detail": event}


def from_a_topic(event: Any) -> dict[str, Any]:
    return {"Type": "Notification", "MessageId": "m", "TopicArn": "arn:aws:sns:t", "Message": json.dumps(event)}


def a_row(event: Any) -> dict[str, Any]:
    image = {"pk": {"S": "1"}, "sk": {"S": "EVENT"}, "event": {"M": {"type": {"S": str(event.get("type"))}}}}
    change = {"Keys": {"pk": {"S": "1"}}, "NewImage": image, "SequenceNumber": "1"}
    return {"eventSource": "aws:dynamodb", "eventName": "INSERT", "eventID": "1", "dynamodb": change}


def a_body(random: Random) -> dict[str, Any]:
    event = an_event(random)
    kind = random.randrange(10)
    if kind < 4:
        return event
    if kind < 7:
        return on_a_bus(random, event if random.random() < 0.8 else json.dumps(event))
    if kind == 7:
        return from_a_topic(event if random.random() < 0.5 else on_a_bus(random, event))
    if kind == 8:
        return on_a_bus(random, on_a_bus(random, event))
    return a_row(event) if random.random() < 0.5 else {"Records": [a_row(event)]}


PAYLOAD_RULES = registries(
    [task, task, cdc, correlate, update, evaluate, expired], event_pattern=st.one_of(st.none(), EVENT_PATTERNS)
)


def a_payload(source: str, number: int, body: Any) -> dict[str, Any]:
    text = json.dumps(body)
    encoded = base64.b64encode(text.encode()).decode()
    if source == "sqs":
        return {"messageId": f"m{number}", "eventSource": "aws:sqs", "body": text, "attributes": {}}
    if source == "kinesis":
        data = {"sequenceNumber": str(number), "data": encoded}
        return {"eventSource": "aws:kinesis", "eventID": f"s:{number}", "kinesis": data}
    return {"topic": "t", "partition": 0, "offset": number, "value": encoded}


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(PAYLOAD_RULES, st.sampled_from(["sqs", "kinesis", "kafka"]), st.sampled_from([1, 5]), st.integers(0, 9999))
def test_a_payload_that_a_rule_matches_passes(registry: RuleRegistry, source: Source, limit: int, seed: int) -> None:
    implied = implied_filters([Part(registry)], source, limit=limit)
    random = Random(seed)
    records = [a_payload(source, number, a_body(random)) for number in range(120)]

    check_limits(implied, limit)
    check(registry, implied, source, records)


# -- Changes of tables -------------------------------------------------------------------------------------------------

TEXTS = [*({"S": each} for each in [*WORDS, "order", "order", "thing", "", ""]), {"N": "5"}]
SWITCHES = [{"BOOL": True}, {"BOOL": True}, {"BOOL": False}, {"S": "order-late"}, {"N": "1"}]
VIEWS = ["NEW_AND_OLD_IMAGES", "NEW_AND_OLD_IMAGES", "NEW_IMAGE", "OLD_IMAGE", "KEYS_ONLY"]
RECORD_PATTERNS = st.sampled_from([
    {"eventName": ["INSERT"]},
    {"eventName": [{"anything-but": "REMOVE"}], "eventSourceARN": [{"wildcard": "*table*"}]},
    {"dynamodb": {"NewImage": {"sk": {"S": ["order", {"wildcard": "o*"}]}}}},
    {"dynamodb": {"NewImage": [{"exists": False}]}},
    {"$or": [{"eventName": ["REMOVE"]}, {"dynamodb": {"NewImage": {"latched": {"BOOL": [True]}}}}]},
])  # fmt: skip
CHANGE_RULES = registries(
    [task, cdc, correlate, update, evaluate, expired],
    record_pattern=st.one_of(st.none(), st.none(), RECORD_PATTERNS),
    filters=st.sampled_from([None, [out_latched], [lambda uow: True]]),
)
READERS = st.sampled_from([
    None,
    DynamoDBSource(),
    DynamoDBSource(event_type_prefix="order"),
    DynamoDBSource(event_type_prefix=lambda image: "thing"),
    DynamoDBSource(discriminator="sk", sk="discriminator"),
])  # fmt: skip


def an_image(random: Random) -> dict[str, Any]:
    row = {"M": {"id": {"S": "1"}, "type": {"S": random.choice(TYPES)}}}
    row_kind = random.choice([{}, {}, {"sk": {"S": "EVENT"}}, {"discriminator": {"S": "CORREL"}}])
    switches = chance(random, latched=SWITCHES, deleted=SWITCHES, expire=SWITCHES)
    names = chance(random, sk=TEXTS, discriminator=TEXTS)
    return {"pk": {"S": "1"}, "ttl": {"N": "1700000000"}, "event": row, **names, **row_kind, **switches}


def a_change(random: Random, number: int) -> dict[str, Any]:
    name, view = random.choice(["INSERT", "MODIFY", "REMOVE"]), random.choice(VIEWS)
    images = {"NewImage": an_image(random)} if name != "REMOVE" and "NEW" in view else {}
    images |= {"OldImage": an_image(random)} if name != "INSERT" and "OLD" in view else {}
    return {
        "eventID": str(number),
        "eventName": name,
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:123456789012:table/orders/stream/1",
        "dynamodb": {"Keys": {"pk": {"S": "1"}}, **images, "SequenceNumber": str(number), "StreamViewType": view},
    }


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(CHANGE_RULES, READERS, st.sampled_from([1, 5]), st.integers(0, 9999))
def test_a_change_that_a_rule_matches_passes(
    registry: RuleRegistry, reader: DynamoDBSource | None, limit: int, seed: int
) -> None:
    options = ProcessorOptions(rules=registry, source=reader)
    implied = implied_filters([Part(registry, options)], "dynamodb", limit=limit)
    random = Random(seed)
    records = [a_change(random, number) for number in range(120)]

    check_limits(implied, limit)
    check(registry, implied, "dynamodb", records, reader)
