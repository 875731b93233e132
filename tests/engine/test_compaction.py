from __future__ import annotations

import json
import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from powertools_stream import FaultPolicy, Rule, RuleRegistry
from powertools_stream.errors import RuleError
from powertools_stream.flavors import UpdateRule, cdc, evaluate, materialize, task
from powertools_stream.outcomes import Disposition, Reason
from powertools_stream.requests import PutEvent, UpdateItem
from powertools_stream.rules.compact import Compact
from powertools_stream.testing import run, to_dynamodb_records, to_kinesis_records, to_sqs_records

Seen = list[tuple[str, list[str]]]


def event_of(event_id: str, key: str | None, at: Any = 1, **fields: Any) -> dict[str, Any]:
    partition = {"partition_key": key} if key is not None else {}
    return {"id": event_id, "type": "order-updated", "timestamp": at, **partition, **fields}


def seeing(seen: Seen, failing: str = "") -> Any:
    def execute(uow: Any) -> None:
        seen.append((uow.event["id"], [one.event["id"] for one in uow.batch]))
        if uow.event["id"] == failing:
            raise ValueError("no")

    return execute


def compacting(seen: Seen, failing: str = "", **fields: Any) -> RuleRegistry:
    rules = RuleRegistry()
    rules.add(id="r", flavor=task, **{"compact": True, "execute": seeing(seen, failing), **fields})
    return rules


def test_records_of_one_partition_key_become_one_unit_of_work_that_of_the_newest() -> None:
    seen: Seen = []
    events = [event_of("a1", "a", 5), event_of("b1", "b", 1), event_of("a2", "a", 9), event_of("a3", "a", 7)]

    outcome = run(compacting(seen), to_sqs_records(events))

    assert seen == [("a2", ["a1", "a3", "a2"]), ("b1", ["b1"])]
    assert [result.uow.event["id"] for result in outcome.results] == ["b1", "a2"]
    assert outcome.response == {"batchItemFailures": []}


def test_of_equal_timestamps_the_last_record_is_the_newest() -> None:
    seen: Seen = []

    run(compacting(seen), to_sqs_records([event_of(f"a{n}", "a") for n in range(3)]))

    assert seen == [("a2", ["a0", "a1", "a2"])]


def test_records_without_a_key_stay_alone() -> None:
    seen: Seen = []

    run(compacting(seen), to_sqs_records([event_of("1", None), event_of("2", None)]))

    assert seen == [("1", ["1"]), ("2", ["2"])]


def test_a_rule_may_group_and_sort_by_something_else() -> None:
    seen: Seen = []
    events = [event_of(str(n), f"k{n}", 9 - n, site="s" if n < 3 else "t", seq=f"{n}") for n in range(4)]
    compact = {"group_key": "event.site", "sort_key": lambda uow: uow.event["seq"]}

    run(compacting(seen, compact=compact), to_sqs_records(events))

    assert seen == [("2", ["0", "1", "2"]), ("3", ["3"])]


def test_a_compact_object_does_as_well_as_a_dict() -> None:
    seen: Seen = []

    run(
        compacting(seen, compact=Compact(group_key="event.type")),
        to_sqs_records([event_of("1", "a"), event_of("2", "b")]),
    )

    assert seen == [("2", ["1", "2"])]


def test_only_records_that_match_the_rule_are_compacted() -> None:
    seen: Seen = []
    events = [event_of("1", "a", 1), event_of("2", "a", 2, type="other"), event_of("3", "a", 3, skip=True)]
    rules = compacting(seen, event_type="order-updated", filters=[lambda uow: not uow.event.get("skip")])

    run(rules, to_sqs_records(events))

    assert seen == [("1", ["1"])]


def test_they_fail_together_and_one_fault_event_tells_of_all() -> None:
    seen: Seen = []
    event = to_sqs_records([event_of("a1", "a", 1), event_of("b1", "b", 1), event_of("a2", "a", 2)])
    ids = [record["messageId"] for record in event["Records"]]

    outcome = run(compacting(seen, failing="a2"), event)

    assert outcome.response["batchItemFailures"] == [{"itemIdentifier": ids[0]}, {"itemIdentifier": ids[2]}]
    first, newest = outcome.faults
    assert first.event is newest.event
    assert newest.event is not None
    assert newest.event["uow"]["record"]["messageId"] == ids[2]
    assert [one["event"]["id"] for one in newest.event["uow"]["batch"]] == ["a1", "a2"]
    assert [fault.published for fault in outcome.faults] == [True, True]


def test_a_group_is_set_aside_together() -> None:
    event = to_sqs_records([event_of("a1", "a", 1), event_of("a2", "a", 2)])

    outcome = run(compacting([], failing="a2", on_fault=FaultPolicy.PUBLISH), event)

    assert outcome.response == {"batchItemFailures": []}
    assert [fault.disposition for fault in outcome.faults] == [Disposition.SET_ASIDE] * 2


@pytest.mark.parametrize(
    ("reported", "disposition"), [({"a2"}, "set-aside"), ({"a1"}, "set-aside"), ({"a1", "a2"}, "reported")]
)
def test_a_group_is_said_to_be_set_aside_as_long_as_one_of_it_is(reported: set[str], disposition: str) -> None:
    def report(uow: Any) -> None:
        if uow.event["id"] in reported:
            raise ValueError("no")

    rules = compacting([], failing="a2", on_fault=FaultPolicy.PUBLISH)
    rules.add(id="reports", flavor=task, execute=report, on_fault=FaultPolicy.REPORT)
    event = to_sqs_records([event_of("a1", "a", 1), event_of("a2", "a", 2)])
    ids = {f"a{number}": record["messageId"] for number, record in enumerate(event["Records"], 1)}

    outcome = run(rules, event)

    assert {one["itemIdentifier"] for one in outcome.response["batchItemFailures"]} == {ids[one] for one in reported}
    (published,) = {id(one.event): one.event for one in outcome.faults if one.event is not None}.values()
    assert published["uow"]["pipeline"] == "r"
    assert published["disposition"] == disposition


def test_a_group_is_reported_together_where_its_fault_event_cannot_be_published() -> None:
    event = to_sqs_records([event_of("a1", "a", 1), event_of("a2", "a", 2)])

    def refuse(request: Any) -> Any:
        return RuntimeError("no bus") if isinstance(request, PutEvent) else {}

    outcome = run(compacting([], failing="a2", on_fault=FaultPolicy.PUBLISH), event, responses=refuse)

    assert len(outcome.response["batchItemFailures"]) == 2
    assert all(isinstance(fault.publishing_error, RuntimeError) for fault in outcome.faults)


def test_one_last_attempt_in_a_group_is_enough_for_a_fault_event() -> None:
    from powertools_stream.errors import RetryableError
    from powertools_stream.sources import SQSSource

    def execute(uow: Any) -> None:
        raise RetryableError("later")

    event = to_sqs_records([{"body": event_of("a1", "a", 1), "receive_count": 3}, event_of("a2", "a", 2)])

    outcome = run(compacting([], execute=execute), event, source=SQSSource(max_receive_count=3))

    assert [fault.reason for fault in outcome.faults] == [Reason.RETRYABLE] * 2
    assert all(fault.published for fault in outcome.faults)


def test_a_group_is_held_back_by_every_order_key_in_it_and_holds_them_back() -> None:
    seen: Seen = []
    # Kinesis orders by its own partition key; the rule groups by customer, across keys.
    events = [
        {"data": event_of("bad", "x", customer="bad"), "partition_key": "k1"},
        {"data": event_of("1", "x", customer="c"), "partition_key": "k1"},
        {"data": event_of("2", "x", customer="c", at=2), "partition_key": "k2"},
        {"data": event_of("3", "x", customer="d"), "partition_key": "k2"},
        {"data": event_of("4", "x", customer="e"), "partition_key": "k3"},
    ]
    rules = compacting(seen, failing="bad", compact={"group_key": "event.customer"})

    outcome = run(rules, to_kinesis_records(events))

    assert seen == [("bad", ["bad"]), ("4", ["4"])]
    assert [fault.reason for fault in outcome.faults] == [
        Reason.FAULT,
        Reason.HELD_BACK,
        Reason.HELD_BACK,
        Reason.HELD_BACK,
    ]


def test_groups_with_an_order_key_in_common_run_one_after_the_other() -> None:
    running: list[str] = []
    overlaps: list[list[str]] = []

    def execute(uow: Any) -> Any:
        running.append(uow.event["id"])
        overlaps.append(list(running))
        yield PutEvent({"id": "x", "type": "t"})
        running.remove(uow.event["id"])

    events = [
        {"data": event_of("1", "x", customer="c"), "partition_key": "k1"},
        {"data": event_of("2", "x", customer="d"), "partition_key": "k1"},
        {"data": event_of("3", "x", customer="e"), "partition_key": "k2"},
    ]

    run(compacting([], execute=execute, compact={"group_key": "event.customer"}), to_kinesis_records(events))

    assert not any({"1", "2"} <= set(together) for together in overlaps)
    assert any(len(together) == 2 for together in overlaps)


@pytest.mark.parametrize(
    ("compact", "message"),
    [
        ({"group_key": "event.tags"}, "group key of 'compact' to be a string or a number, found a dict"),
        ({"sort_key": "event.tags"}, "sort key of 'compact' to be a number or a string, found a dict"),
        ({"group_key": lambda uow: uow.event["lost"]}, "lost"),
    ],
)
def test_a_record_whose_keys_are_none_fails_alone(compact: Any, message: str) -> None:
    outcome = run(compacting([], compact=compact), to_sqs_records([event_of("1", "a")]))

    (fault,) = outcome.faults
    assert message in str(fault.error)
    assert fault.rule_id == "r"


def test_a_record_that_cannot_be_read_does_not_keep_groups_from_starting() -> None:
    seen: Seen = []

    outcome = run(compacting(seen), to_sqs_records([event_of("1", "a"), event_of("2", "a"), "no JSON"]))

    assert seen == [("2", ["1", "2"])]
    assert len(outcome.response["batchItemFailures"]) == 1


def test_other_rules_see_every_record() -> None:
    seen: Seen = []
    each: list[str] = []
    rules = compacting(seen)
    rules.add(id="each", flavor=task, execute=lambda uow: each.append(uow.event["id"]))

    run(rules, to_sqs_records([event_of("1", "a"), event_of("2", "a")]))

    assert (each, seen) == (["1", "2"], [("2", ["1", "2"])])


def test_a_view_is_updated_once_for_each_item_of_a_batch() -> None:
    rules = RuleRegistry()
    rules.add(
        id="view",
        flavor=materialize,
        compact=True,
        table_name="t",
        to_update_request=lambda uow: {"Key": {"pk": uow.event["partition_key"]}, "n": len(uow.batch)},
    )
    events = [event_of(f"{n}", f"k{n % 3}", n) for n in range(100)]

    outcome = run(rules, to_kinesis_records(events), responses=lambda request: {})

    assert [request.params["n"] for request in outcome.requests] == [34, 33, 33]
    assert all(isinstance(request, UpdateItem) for request in outcome.requests)


def test_changes_of_one_item_are_published_as_one() -> None:
    rules = RuleRegistry()
    rules.add(id="cdc", flavor=cdc, compact=True, to_event=lambda uow: {"changes": len(uow.batch)})
    image = {"pk": "o-1", "sk": "order"}
    changes = [{"new_image": {**image, "n": n}, "timestamp": 100 + n} for n in range(3)]

    outcome = run(rules, to_dynamodb_records(changes))

    (published,) = outcome.events
    assert (published["changes"], published["raw"]["new"]["n"]) == (3, 2)


def test_evaluate_compacts_by_the_correlation_key() -> None:
    rules = RuleRegistry()
    rules.add(id="e", flavor=evaluate, emit="seen", compact=True)
    rows = [
        {
            "pk": f"e-{n}",
            "sk": "EVENT",
            "discriminator": "EVENT",
            "data": "o-1",
            "event": event_of(f"e-{n}", f"k{n}", n),
        }
        for n in range(3)
    ]

    outcome = run(rules, to_dynamodb_records([{"new_image": row} for row in rows]))

    (published,) = outcome.events
    assert published["triggers"][0]["id"] == "e-2"


def test_a_rule_with_compact_is_still_a_rule_when_it_is_copied() -> None:
    rule = UpdateRule(id="u", to_update_request=lambda uow: None, compact=True)

    copy = rule.model_copy(update={"id": "v"})

    assert isinstance(rule.compact, Compact)
    assert isinstance(copy.compact, Compact)


def plain(uow: Any, rule: Any) -> None:
    """A flavor of the user's own."""


@pytest.mark.parametrize(
    ("compact", "message"),
    [
        ({"group_key": "a["}, r"'compact.group_key' is not a valid path"),
        ({"group": "a"}, r"'compact' takes True, or a Compact"),
        ("event.site", r"'compact' takes True, or a Compact"),
        ({"sort_key": lambda a, b, c: 1}, r"'compact.sort_key' needs"),
    ],
)
def test_a_mistake_is_told_when_the_rule_is_made(compact: Any, message: str) -> None:
    with pytest.raises(RuleError, match=message):
        Rule(id="r", flavor=plain, compact=compact)


def test_a_key_function_cannot_be_async() -> None:
    async def key(uow: Any) -> str:
        return "a"

    with pytest.raises(RuleError, match=r"'compact\.group_key' cannot be async"):
        Rule(id="r", flavor=plain, compact=Compact(group_key=key))


def test_groups_that_there_was_no_time_for_are_reported() -> None:
    from tests.conftest import LambdaContext

    seen: Seen = []
    rules = compacting(seen)
    rules.add(id="slow", flavor=task, execute=lambda uow: time.sleep(0.4))
    event = to_sqs_records([event_of(str(n), "a", n) for n in range(4)])

    outcome = run(rules, event, context=LambdaContext.started(800), timeout_margin=0.1)

    assert seen == []
    assert len(outcome.response["batchItemFailures"]) >= 3
    assert {fault.reason for fault in outcome.faults} == {Reason.UNFINISHED}
    assert any(fault.rule_id == "r" for fault in outcome.faults)


# -- What is no sort key -----------------------------------------------------------------------------------------------


HOSTILE = [
    "soon",
    "zzz",
    "",
    "1767268800000",
    True,
    False,
    [],
    [9e99],
    {},
    {"a": 1},
]


def bodies(*events: dict[str, Any]) -> dict[str, Any]:
    return to_sqs_records([json.dumps(event) for event in events])


@pytest.mark.parametrize("at", HOSTILE, ids=repr)
@pytest.mark.parametrize("position", range(4))
def test_an_event_whose_timestamp_is_none_fails_alone_and_the_newest_is_the_newest(at: Any, position: int) -> None:
    seen: Seen = []
    events = [event_of("new", "a", 3), event_of("old", "a", 1), event_of("middle", "a", 2.5)]
    events.insert(position, event_of("hostile", "a", at))

    outcome = run(compacting(seen), bodies(*events))

    assert seen == [("new", ["old", "middle", "new"])]
    (fault,) = outcome.faults
    assert isinstance(fault.error, TypeError)
    assert fault.rule_id == "r"
    assert len(outcome.response["batchItemFailures"]) == 1


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
@pytest.mark.parametrize("position", range(4))
def test_a_number_that_is_none_fails_alone(text: str, position: int) -> None:
    seen: Seen = []
    events = [json.dumps(event_of(name, "a", at)) for name, at in (("new", 3), ("old", 1), ("middle", 2))]
    events.insert(position, f'{{"id":"hostile","type":"order-updated","partition_key":"a","timestamp":{text}}}')

    outcome = run(compacting(seen), to_sqs_records(events))

    assert seen == [("new", ["old", "middle", "new"])]
    assert len(outcome.faults) == 1


@pytest.mark.parametrize(
    "key", [Decimal("NaN"), Decimal("sNaN"), Decimal("-Infinity"), float("nan"), float("inf"), True]
)
def test_a_sort_key_that_is_no_number_fails_alone(key: Any) -> None:
    seen: Seen = []
    keys = {"1": Decimal("2.5"), "hostile": key, "2": 10**400, "3": 0.5}
    compact = {"sort_key": lambda uow: keys[uow.event["id"]]}

    outcome = run(compacting(seen, compact=compact), bodies(*(event_of(name, "a") for name in keys)))

    assert seen == [("2", ["3", "1", "2"])]
    (fault,) = outcome.faults
    assert "expected the sort key of 'compact' to be a number or a string, found" in str(fault.error)


def test_a_time_in_text_is_a_time() -> None:
    seen: Seen = []
    events = [
        event_of("midnight", "a", "2026-01-02T00:00:00Z"),
        event_of("noon before", "a", 1_767_268_800_000),
        event_of("in Tokyo already", "a", "2026-01-02T08:00:00+09:00"),
        event_of("later", "a", 1_767_312_000_001),
    ]

    run(compacting(seen), bodies(*events))

    assert seen == [("later", ["noon before", "in Tokyo already", "midnight", "later"])]


def test_text_comes_before_numbers_and_after_nothing() -> None:
    seen: Seen = []
    keys: dict[str, Any] = {"1": "zzz", "2": 1, "3": None, "4": "2026-01-01", "5": -1.5}
    events = [event_of(name, "a", seq=key) for name, key in keys.items()]

    run(compacting(seen, compact={"sort_key": "event.seq"}), bodies(*events))

    assert seen == [("2", ["3", "4", "1", "5", "2"])]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.decimals(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=3,
)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=5), VALUES, st.integers(0, 5))
def test_no_sort_key_of_one_record_changes_the_order_of_the_others(times: list[int], other: Any, place: int) -> None:
    keys = [*times[:place], other, *times[place:]]
    others = [n for n in range(len(keys)) if n != min(place, len(times))]
    seen: list[list[int]] = []
    rules = RuleRegistry()
    rules.add(
        id="r",
        flavor=task,
        compact={"group_key": lambda uow: "g", "sort_key": lambda uow: keys[uow.event["n"]]},
        execute=lambda uow: seen.append([one.event["n"] for one in uow.batch]),
    )

    outcome = run(rules, bodies(*({"n": n} for n in range(len(keys)))))

    (order,) = seen
    assert [n for n in order if n in others] == sorted(others, key=lambda n: (keys[n], n))
    assert len(outcome.faults) == len(keys) - len(order) <= 1


def test_true_and_one_are_two_groups() -> None:
    seen: Seen = []

    run(compacting(seen), bodies(*(event_of(name, key) for name, key in (("1", 1), ("2", True), ("3", 1)))))  # type: ignore[arg-type]

    assert [batch for _, batch in seen] == [["1", "3"], ["2"]]


def test_on_a_stream_a_compacted_record_that_is_held_back_comes_again_though_it_is_before_the_one_that_failed() -> None:
    rules = compacting([])

    @rules.register(task, id="fails")
    def fail(uow: Any) -> None:
        if uow.event["id"] == "a1":
            raise ValueError("no")

    events = [event_of(f"a{n}", "a", at=n) for n in range(3)]
    batch = to_kinesis_records(events)

    outcome = run(rules, batch, on_fault=FaultPolicy.REPORT)

    first, second, _ = (record["kinesis"]["sequenceNumber"] for record in batch["Records"])
    assert {"itemIdentifier": first} in outcome.response["batchItemFailures"]
    assert {(fault.record_id, fault.reason) for fault in outcome.faults} >= {
        (first, Reason.HELD_BACK),
        (second, Reason.FAULT),
    }
