from __future__ import annotations

import re
from typing import Any

import pytest

from powertools_stream import RuleRegistry, UnitOfWork, flavor
from powertools_stream.cli.filters.implied import Implied, implied_filters
from powertools_stream.cli.filters.payloads import ENVELOPES
from powertools_stream.cli.handlers import Part
from powertools_stream.flavors import cdc, collect, correlate, evaluate, expired, materialize, task
from powertools_stream.local.mappings.filters import Source, compile_filters
from powertools_stream.matching import changed, out_latched
from powertools_stream.options import ProcessorOptions
from powertools_stream.sources import DynamoDBSource, KinesisSource, SQSSource

ABSENT = {"exists": False}
PRESENT = [{"exists": True}]
UNSEEN = {"body": {"type": [ABSENT], "detail": {"type": [ABSENT]}}}


def implied(rules: Any, source: Source = "sqs", *envelopes: str, limit: int = 5, **options: Any) -> Implied:
    registry = RuleRegistry(rules)
    processor = ProcessorOptions(rules=registry, **options) if options else None
    found = implied_filters([Part(registry, processor)], source, envelopes or ENVELOPES, limit)
    compile_filters(found.criteria, source)
    return found


def patterns(found: Implied) -> list[Any]:
    return [each.pattern for each in found.filters]


def a_task(id: str = "r", **fields: Any) -> dict[str, Any]:  # noqa: A002
    return {"id": id, "flavor": task, "execute": lambda uow: None, **fields}


# -- Payloads ----------------------------------------------------------------------------------------------------------


def test_types_are_looked_for_in_events_and_in_envelopes() -> None:
    found = implied([a_task("one", event_type="a"), a_task("two", event_type=["b", "a"])])

    assert patterns(found) == [
        {"body": {"type": ["a", "b"]}},
        {"body": {"detail": {"type": ["a", "b"]}}},
        {"body": {"detail-type": ["a", "b"]}},
        UNSEEN,
    ]
    assert all(each.rules == ("one", "two") for each in found.filters)
    assert found.reasons == ()


@pytest.mark.parametrize(
    ("envelope", "expected"),
    [
        ("none", [{"value": {"type": ["a"]}}]),
        ("sns", [{"value": {"TopicArn": [{"exists": True}]}}]),
        ("records", [{"value": {"type": [ABSENT], "detail": {"type": [ABSENT]}}}]),
        (
            "eventbridge",
            [
                {"value": {"detail": {"type": ["a"]}}},
                {"value": {"detail-type": ["a"]}},
                {"value": {"detail": [{"exists": True}]}},
            ],
        ),
    ],
)
def test_an_envelope_that_is_known_makes_filters_narrower(envelope: str, expected: Any) -> None:
    assert patterns(implied([a_task(event_type="a")], "kafka", envelope)) == expected


def test_an_event_pattern_makes_room_for_what_is_compressed_and_what_lies_at_s3() -> None:
    pattern = {"order": {"total": [{"numeric": [">", 100, "<", 900]}], "code": [{"wildcard": "a*"}]}, "id": ["x"]}
    found = implied([a_task(event_type="a", event_pattern=pattern)], "kinesis", "none")

    total = {"order": {"total": [{"numeric": [">", 100, "<", 900]}]}}
    compressed, claim_check = {"order": [{"prefix": "COMPRESSEDH4sI"}]}, {"s3": {"key": [{"exists": True}]}}
    assert patterns(found) == [{"data": {"type": ["a"], "$or": [total, compressed, claim_check]}}]
    assert found.reasons == (
        "r: of its event_pattern, 'id' is left out: an envelope or the record may fill it in",
        'r: of its event_pattern, \'order.code\' is left out: Lambda\'s filters do not have {"wildcard": "a*"}',
    )


def test_a_number_is_compared_as_one() -> None:
    """As values, 300 and 300.0 are different ones to EventBridge, and the same to a rule."""
    found = implied([a_task(event_pattern={"n": [300, "a", True, None]})], "sqs", "none")
    alternatives = ["a", True, None, {"numeric": ["=", 300]}, {"prefix": "COMPRESSEDH4sI"}]
    assert patterns(found)[0] == {"body": {"n": alternatives}}


@pytest.mark.parametrize(
    "alternative",
    [
        {"numeric": [">", 100]},
        {"numeric": ["<=", 5]},
        {"numeric": [">", 0, "<", 6e9]},
        6_000_000_000,
        {"anything-but": [6e9]},
    ],
)
def test_numbers_that_filters_do_not_compare_are_left_out(alternative: Any) -> None:
    found = implied([a_task(event_type="a", event_pattern={"n": [alternative], "s": ["x"]})], "sqs", "none")

    assert {"s": ["x"]} in patterns(found)[0]["body"]["$or"]
    (reason,) = found.reasons
    assert reason.startswith("r: of its event_pattern, 'n' is left out: Lambda's filters compare numbers from -5e9")


def test_a_pattern_for_any_type_is_a_filter_too() -> None:
    found = implied([a_task(event_pattern={"status": ["PAID"]})], "sqs", "none")
    assert patterns(found) == [
        {"body": {"status": ["PAID", {"prefix": "COMPRESSEDH4sI"}]}},
        {"body": {"s3": {"key": [{"exists": True}]}}},
    ]


def test_rules_for_rows_take_what_carries_a_change_only() -> None:
    found = implied([{"id": "c", "flavor": correlate, "correlation_key": "id", "event_type": "a"}])
    assert patterns(found) == [UNSEEN]

    found = implied([{"id": "c", "flavor": correlate, "correlation_key": "id"}], "sqs", "eventbridge")
    assert found.reasons[0] != ""


@flavor(prepare=lambda uow: uow)
def prepared(uow: UnitOfWork, rule: Any) -> None: ...


@pytest.mark.parametrize(
    ("rules", "options", "reason"),
    [
        ([a_task("one"), a_task(event_type="a")], {}, "one may take a record whatever is in it"),
        ([a_task(event_type=lambda uow: True)], {}, "r: its event_type is a function"),
        ([a_task(event_type=re.compile("paid"))], {}, "r: filters have no operator for its event_type 'paid'"),
        ([a_task(filters=[lambda uow: True])], {}, "r: its filters are functions"),
        (
            [a_task(record_pattern={"body": ["x"]})],
            {},
            "r: its record_pattern is left out: filters see the payload only",
        ),
        ([{"id": "p", "flavor": prepared, "event_type": "a"}], {}, "p: its flavor makes an event of its own (prepare)"),
        (
            [a_task(event_type="a")],
            {"on_unmatched": "fault"},
            'an event that no rule takes is a fault (on_unmatched="fault")',
        ),
        ([], {}, "a processor without rules takes every record"),
    ],
)  # fmt: skip
def test_why_there_is_no_filter(rules: Any, options: Any, reason: str) -> None:
    found = implied(rules, **options)
    assert found.criteria is None
    assert reason in found.reasons


class OwnSource(SQSSource):
    def read(self, record: Any) -> Any:
        return {"id": "1", "type": record["body"]}


def test_a_source_of_ones_own_may_read_anything_and_those_of_other_services_do_not_matter() -> None:
    rules = [a_task(event_type="a")]
    registry = RuleRegistry(rules)
    own = Part(registry, ProcessorOptions(rules=registry, source=OwnSource()))
    others = Part(registry, ProcessorOptions(rules=registry, source=[KinesisSource(), SQSSource(fifo=True)]))

    assert implied_filters([own], "sqs").reasons == ("a source of your own may read anything as an event",)
    assert implied_filters([others], "sqs").filters


def test_what_may_be_encrypted_is_not_looked_at() -> None:
    rule = a_task(event_type="a", event_pattern={"email": ["x"]}, encrypt={"fields": ["email"], "key_alias": "k"})
    found = implied([rule], "sqs", "none")
    assert patterns(found) == [{"body": {"type": ["a"]}}]
    assert found.reasons == ("r: its event_pattern is left out: fields may be encrypted",)


def test_functions_make_a_rule_take_less_than_the_filters_let_through() -> None:
    found = implied(
        [{"id": "m", "flavor": materialize, "event_type": "a", "to_update_request": len, "filters": [bool]}]
    )
    assert found.filters
    assert found.reasons == ("m: its filters are functions",)


def test_what_does_not_fit_is_widened_and_said() -> None:
    types = [f"order-{number:05}" for number in range(500)]
    found = implied([a_task(event_type=types)], "sqs", "none", limit=1)
    assert patterns(found) == [{"body": {"type": [{"prefix": "order-"}]}}]
    assert found.reasons == ("all of it would not fit into 1 filter",)

    found = implied([a_task(event_type=[f"{number:05}" for number in range(500)])], "sqs", "none", limit=1)
    assert found.reasons == ("what the rules take is too long for 1 filter",)


# -- Changes of tables -------------------------------------------------------------------------------------------------


def test_changes_are_told_by_their_kind_and_their_discriminator() -> None:
    types = [f"{prefix}-{suffix}" for prefix in ("thing", "item") for suffix in ("created", "updated")]
    rules = [
        {"id": "changes", "flavor": cdc, "event_type": types},
        a_task("removals", event_type="thing-deleted", filters=[changed("status")]),
    ]  # fmt: skip
    found = implied(rules, "dynamodb")

    of_things = {"discriminator": {"S": ["thing", "", ABSENT]}}
    of_both = {"discriminator": {"S": ["thing", "item", "", ABSENT]}}
    assert patterns(found) == [
        {
            "eventName": ["INSERT", "MODIFY"],
            "dynamodb": {"NewImage": {**of_both, "latched": {"BOOL": [False, ABSENT]}}},
        },
        {"eventName": ["REMOVE"], "dynamodb": {"OldImage": of_things}},
        {"dynamodb": {"NewImage": {"deleted": {"BOOL": [True]}, **of_things}}},
    ]
    assert found.reasons == ("removals: its filters are functions",)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"event_type_prefix": "thing"}, [{"eventName": ["INSERT"]}]),
        ({"event_type_prefix": lambda image: "thing"}, [{"eventName": ["INSERT"]}]),
        ({"event_type_prefix": "other"}, []),
        (
            {"discriminator": "kind"},
            [{"eventName": ["INSERT"], "dynamodb": {"NewImage": {"kind": {"S": ["thing", "", ABSENT]}}}}],
        ),
    ],
)
def test_the_source_says_what_types_begin_with(options: Any, expected: Any) -> None:
    registry = RuleRegistry([a_task(event_type="thing-created")])
    part = Part(registry, ProcessorOptions(rules=registry, source=DynamoDBSource(**options)))
    found = implied_filters([part], "dynamodb")

    assert patterns(found) == expected
    if not expected:
        assert found.reasons == (
            "no rule takes any record of this source, and no filter says so",
            "r: no change of a table has its event_type, so it takes none",
        )


def test_types_that_begin_or_end_somehow() -> None:
    found = implied([a_task(event_type=re.compile("-created$"))], "dynamodb")
    assert patterns(found) == [{"eventName": ["INSERT"]}]

    found = implied([a_task(event_type=re.compile("^thing-"))], "dynamodb")
    prefix = [{"prefix": "thing-"}, "thing", "", ABSENT]
    assert patterns(found) == [
        {"eventName": ["INSERT", "MODIFY"], "dynamodb": {"NewImage": {"discriminator": {"S": prefix}}}},
        {"eventName": ["REMOVE"], "dynamodb": {"OldImage": {"discriminator": {"S": prefix}}}},
    ]


def test_rules_for_rows_of_the_event_table() -> None:
    rules = [
        {"id": "c", "flavor": correlate, "correlation_key": "id", "event_type": ["a", "b"]},
        {"id": "e", "flavor": evaluate, "emit": "done", "event_type": "a"},
        {"id": "x", "flavor": expired},
    ]
    found = implied(rules, "dynamodb")

    assert patterns(found) == [
        {
            "eventName": ["INSERT"],
            "dynamodb": {"NewImage": {"sk": {"S": ["EVENT"]}, "event": {"M": {"type": {"S": ["a", "b"]}}}}},
        },
        {
            "eventName": ["INSERT"],
            "dynamodb": {"NewImage": {"discriminator": {"S": ["CORREL"]}, "event": {"M": {"type": {"S": ["a"]}}}}},
        },
        {
            "eventName": ["REMOVE"],
            "dynamodb": {
                "OldImage": {
                    "expire": {"$or": [{"BOOL": [True]}, {"S": [{"exists": True}]}, {"N": [{"exists": True}]}]}
                }
            },
        },
    ]


def test_a_record_pattern_is_taken_as_it_is() -> None:
    pattern = {"eventName": ["INSERT"], "dynamodb": {"Keys": {"pk": {"S": [{"prefix": "o"}]}}}, "eventSourceARN": ["x"]}
    found = implied([a_task(record_pattern=pattern, event_pattern={"raw": {"new": {"x": [1]}}})], "dynamodb")

    assert patterns(found) == [{"eventName": ["INSERT"], "dynamodb": {"Keys": {"pk": {"S": [{"prefix": "o"}]}}}}]
    assert found.reasons == (
        "r: of its record_pattern, 'eventSourceARN' is left out: filters do not see it",
        "r: its event_pattern is left out: filters see images in DynamoDB's own form",
    )


def test_what_is_latched_is_left_out_whoever_asks_for_it() -> None:
    latched = [{"dynamodb": {"NewImage": {"latched": {"BOOL": [False, ABSENT]}}}}]
    assert patterns(implied([{"id": "c", "flavor": cdc}], "dynamodb")) == latched
    assert patterns(implied([a_task(filters=[out_latched])], "dynamodb")) == latched
    assert implied([{"id": "c", "flavor": collect}], "dynamodb").criteria is None
