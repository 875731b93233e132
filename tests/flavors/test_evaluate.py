from __future__ import annotations

from typing import Any

import pytest

from powertools_stream.environment.tags import standard_tags
from powertools_stream.errors import InvalidEventError, RuleError
from powertools_stream.flavors import EvaluateRule, evaluate
from powertools_stream.requests import PutEvent, Query
from powertools_stream.testing import drive, run, to_dynamodb_records
from powertools_stream.testing.driving import DriveOutcome

NOW = 1_767_225_600_000


def event_of(event_id: str, event_type: str, at: Any = NOW, **fields: Any) -> dict[str, Any]:
    return {"id": event_id, "type": event_type, "timestamp": at, "partition_key": "o-1", "tags": {}, **fields}


CREATED = event_of("e-1", "order-created", tags={"region": "r", "source": "s", "pipeline": "p", "stage": "prd", "a": 1})
PAID = event_of("e-2", "payment-authorized", NOW + 5, tags={"a": 2, "b": 3})
LATE = event_of("e-3", "payment-authorized", NOW + 9)


def event_row(event: dict[str, Any] = PAID, **fields: Any) -> dict[str, Any]:
    row = {"pk": event["id"], "sk": "EVENT", "discriminator": "EVENT", "timestamp": event["timestamp"], "data": "o-1"}
    return {**row, "event": event, **fields}


def correl_row(event: dict[str, Any] = PAID, key: str = "o-1", **fields: Any) -> dict[str, Any]:
    row = {"pk": key, "sk": event["id"], "discriminator": "CORREL", "timestamp": event["timestamp"], "rule_id": "c"}
    return {**row, "event": event, **fields}


@pytest.fixture
def evaluated(change_of: Any) -> Any:
    def drive_it(row: dict[str, Any], *rows: dict[str, Any], **fields: Any) -> DriveOutcome:
        rule = {"id": "ready", "emit": "order-ready", "expression": lambda uow: True, **fields}
        answers = {Query: list(rows), PutEvent: {"EventId": "1"}}
        return drive(evaluate, change_of(row), rule, lambda request: answers[type(request)])

    return drive_it


def published(outcome: DriveOutcome) -> list[Any]:
    return [request.event for request in outcome.requests if isinstance(request, PutEvent)]


def test_without_an_expression_every_event_makes_a_higher_order_event(evaluated: Any, change_of: Any) -> None:
    outcome = evaluated(event_row(CREATED), expression=None, emit="order-seen")

    change_id = change_of(event_row(CREATED)).event["id"]
    assert published(outcome) == [
        {
            "id": f"{change_id}.ready",
            "type": "order-seen",
            "timestamp": NOW,
            "partition_key": "o-1",
            "tags": {**standard_tags("ready"), "stage": "prd", "a": 1},
            "triggers": [{"id": "e-1", "type": "order-created", "timestamp": NOW}],
        }
    ]
    assert len(outcome.requests) == 1
    assert outcome.result["triggers"] == [CREATED]
    assert "correlated" not in outcome.result


def test_collected_events_are_queried_by_the_index(evaluated: Any) -> None:
    outcome = evaluated(event_row(), event_row(CREATED), event_row(), index="OtherIndex", table_name="events")

    params = {
        "IndexName": "OtherIndex",
        "KeyConditionExpression": "#data = :data",
        "ExpressionAttributeNames": {"#data": "data"},
        "ExpressionAttributeValues": {":data": "o-1"},
    }
    assert outcome.requests[0] == Query(params, table_name="events")
    assert outcome.result["query_request"] == params
    assert outcome.result["correlated"] == [PAID, CREATED]
    assert outcome.result["expression"] is True


def test_the_index_is_the_usual_one_where_the_rule_names_none(evaluated: Any) -> None:
    assert evaluated(event_row()).requests[0].params["IndexName"] == "DataIndex"


def test_correlations_are_queried_consistently_by_their_key(evaluated: Any) -> None:
    outcome = evaluated(correl_row(), correl_row(CREATED), correl_row())

    assert outcome.requests[0].params == {
        "KeyConditionExpression": "#pk = :pk",
        "ExpressionAttributeNames": {"#pk": "pk"},
        "ExpressionAttributeValues": {":pk": "o-1"},
        "ConsistentRead": True,
    }
    assert published(outcome)[0]["partition_key"] == "o-1"


def test_what_a_row_says_is_left_as_meta(evaluated: Any, change_of: Any) -> None:
    row = correl_row(key="o-1.late", suffix="late", sequence_number="18", ttl=9, expire=True)

    meta = evaluated(row, row, correlation_key_suffix="late").result["meta"]

    assert meta == {
        "id": change_of(row).event["id"],
        "pk": "o-1.late",
        "data": None,
        "sequence_number": "18",
        "ttl": 9,
        "expire": True,
        "suffix": "late",
        "correlation": True,
        "correlation_key": "o-1.late",
    }


def test_rows_of_services_written_in_javascript_are_read(evaluated: Any) -> None:
    javascript = {name: value for name, value in CREATED.items() if name not in ("partition_key", "tags")}
    row = {**correl_row(), "ruleId": "c", "sequenceNumber": "18"}

    outcome = evaluated(row, correl_row({**javascript, "partitionKey": "o-1"}), row)

    assert outcome.result["meta"]["sequence_number"] == "18"
    assert [event["partition_key"] for event in outcome.result["correlated"]] == ["o-1", "o-1"]


def test_the_partition_key_is_the_correlation_key_without_the_suffix(evaluated: Any) -> None:
    row = correl_row(key="o-1.late.late", suffix="late")

    (event,) = published(evaluated(row, row, correlation_key_suffix="late"))

    assert event["partition_key"] == "o-1.late"


def test_the_event_of_the_row_itself_is_there_though_the_index_lags_behind(evaluated: Any) -> None:
    outcome = evaluated(event_row(), event_row(CREATED))

    assert [event["id"] for event in outcome.result["correlated"]] == ["e-2", "e-1"]


@pytest.mark.parametrize("at", ["yesterday", "1767225600000", True, [1], {"ms": 1}, float("nan")])
def test_an_event_whose_timestamp_is_none_is_the_oldest_and_does_no_harm_to_the_others(evaluated: Any, at: Any) -> None:
    strange, later = event_of("e-0", "order-seen", at), event_of("e-3", "order-sent", NOW + 9)

    outcome = evaluated(event_row(), *map(event_row, (strange, later, PAID)))

    assert [event["id"] for event in outcome.result["correlated"]] == ["e-3", "e-2", "e-0"]


def test_rows_of_other_kinds_under_the_same_key_are_left_out(evaluated: Any) -> None:
    outcome = evaluated(event_row(), {"pk": "o-1", "sk": "order", "data": "o-1"}, event_row())

    assert outcome.result["correlated"] == [PAID]


@pytest.mark.parametrize("result", [False, None, [], ()])
def test_nothing_is_published_where_the_expression_does_not_hold(evaluated: Any, result: Any) -> None:
    outcome = evaluated(event_row(), event_row(), expression=lambda uow: result)

    assert published(outcome) == []
    assert outcome.result["expression"] is False
    assert "emit" not in outcome.result


@pytest.mark.parametrize(
    ("result", "triggers"),
    [(True, [PAID]), (CREATED, [CREATED]), ([CREATED, LATE], [CREATED, LATE]), ((LATE, CREATED), [LATE, CREATED])],
)
def test_the_expression_says_which_events_trigger(evaluated: Any, result: Any, triggers: Any) -> None:
    outcome = evaluated(event_row(), event_row(), expression=lambda uow: result)

    (event,) = published(outcome)
    assert outcome.result["triggers"] == triggers
    assert [trigger["id"] for trigger in event["triggers"]] == [trigger["id"] for trigger in triggers]
    assert event["timestamp"] == triggers[-1]["timestamp"]


def test_tags_are_merged_without_those_of_the_publishers(evaluated: Any) -> None:
    (event,) = published(evaluated(event_row(), event_row(), expression=lambda uow: [CREATED, PAID]))

    assert event["tags"] == {**standard_tags("ready"), "stage": "prd", "a": 2, "b": 3}


def test_an_expression_may_be_async_and_take_the_rule(evaluated: Any) -> None:
    async def expression(uow: Any, rule: Any) -> bool:
        return bool(rule.params["limit"] == len(uow["correlated"]))

    assert published(evaluated(event_row(), event_row(), expression=expression, params={"limit": 1}))


@pytest.mark.parametrize("result", [5, "yes", [1], object()])
def test_an_expression_that_returns_something_else_is_told(evaluated: Any, result: Any) -> None:
    with pytest.raises(TypeError, match="'ready': expression returns True or False"):
        evaluated(event_row(), event_row(), expression=lambda uow: result)


def test_an_expression_that_raises_is_a_fault_of_its_record_alone() -> None:
    def expression(uow: Any) -> Any:
        return uow.event["order"]["paid"]

    rules = [EvaluateRule(id="ready", emit="order-ready", expression=expression, table_name="events")]
    good = event_of("e-9", "order-created", order={"paid": True})
    event = to_dynamodb_records([{"new_image": event_row()}, {"new_image": event_row(good)}], table="events")

    outcome = run(rules, event, responses=lambda request: [] if isinstance(request, Query) else {})

    (fault,) = outcome.faults
    assert isinstance(fault.error, KeyError)
    assert [published["triggers"][0]["id"] for published in outcome.events] == ["e-9"]


def test_emit_may_return_nothing_one_or_many(evaluated: Any) -> None:
    def nothing(uow: Any) -> None:
        return None

    def one(uow: Any, template: Any) -> Any:
        return {**template, "type": "one", "id": "order-ready.o-1"}

    def many(uow: Any, rule: Any, template: Any) -> Any:
        return [{**template, "type": "a"}, {**template, "type": "b"}, {**template, "type": "c", "id": "mine"}]

    none = evaluated(event_row(), event_row(), emit=nothing)
    assert published(none) == []
    assert "emit" not in none.result

    (single,) = published(evaluated(event_row(), event_row(), emit=one))
    assert (single["id"], single["type"]) == ("order-ready.o-1", "one")

    outcome = evaluated(event_row(), event_row(), emit=many)
    base = outcome.results[0]["meta"]["id"] + ".ready"
    assert [event["id"] for event in published(outcome)] == [f"{base}.0", f"{base}.1", "mine"]
    assert [result["emit"]["type"] for result in outcome.results] == ["a", "b", "c"]


def test_a_function_gets_a_template_without_the_fields_of_the_event(evaluated: Any) -> None:
    def emit(uow: Any, template: Any) -> Any:
        assert template["type"] is None
        return {**template, "type": "t", "fields": sorted(template)}

    (event,) = published(evaluated(event_row({**PAID, "amount": 5}), emit=emit))

    assert event["fields"] == ["id", "partition_key", "tags", "timestamp", "triggers", "type"]


def test_the_event_table_comes_before_the_table_of_entities(evaluated: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENT_TABLE_NAME", "events")
    monkeypatch.setenv("ENTITY_TABLE_NAME", "entities")

    assert evaluated(event_row()).requests[0].table_name == "events"
    assert evaluated(correl_row(), table_name="mine").requests[0].table_name == "mine"


def test_a_string_publishes_the_event_of_the_row_anew(evaluated: Any) -> None:
    (event,) = published(evaluated(event_row({**PAID, "amount": 5})))

    assert event["amount"] == 5
    assert event["type"] == "order-ready"


def test_the_key_of_the_published_event_is_the_same_in_both_spellings(evaluated: Any) -> None:
    javascript = {**{name: PAID[name] for name in PAID if name != "partition_key"}, "partitionKey": "p-1"}

    (event,) = published(evaluated(event_row(javascript)))

    assert (event["partition_key"], event["partitionKey"]) == ("o-1", "o-1")


def test_the_bus_and_the_source_are_the_rules(evaluated: Any) -> None:
    put = evaluated(event_row(), bus_name=lambda uow: "other", source="mine").requests[-1]

    assert (put.bus_name, put.source) == ("other", "mine")


OF_EACH_SUFFIX = [
    event_row(),
    correl_row(),
    correl_row(key="o-1.late", suffix="late"),
    correl_row(key="o-1.unknown", suffix="unknown"),
]
ANSWERS: dict[str, Any] = {"responses": lambda request: [] if isinstance(request, Query) else {}}


def always(uow: Any) -> bool:
    return True


def test_a_rule_is_for_correlations_with_its_own_suffix_only() -> None:
    rules = [
        EvaluateRule(id=name, emit=name, event_type="payment-authorized", expression=always, correlation_key_suffix=own)
        for name, own in (("none", None), ("late", "late"), ("other", "other"))
    ]

    outcome = run(rules, to_dynamodb_records([{"new_image": row} for row in OF_EACH_SUFFIX], table="events"), **ANSWERS)

    assert [event["type"] for event in outcome.events] == ["none", "none", "late"]


@pytest.mark.parametrize("suffix", [None, "late"])
def test_a_rule_without_an_expression_is_for_every_row_whatever_its_suffix(suffix: str | None) -> None:
    rules = [EvaluateRule(id="seen", emit="seen", correlation_key_suffix=suffix)]

    outcome = run(rules, to_dynamodb_records([{"new_image": row} for row in OF_EACH_SUFFIX], table="events"))

    assert [event["partition_key"] for event in outcome.events] == ["o-1"] * 4


def test_only_inserted_rows_with_events_are_for_it() -> None:
    rules = [EvaluateRule(id="seen", emit="seen")]
    changes = [
        {"new_image": event_row(), "old_image": event_row(ttl=1)},
        {"old_image": event_row()},
        {"new_image": {"pk": "o-1", "sk": "order", "discriminator": "order"}},
    ]

    assert run(rules, to_dynamodb_records(changes, table="events")).events == []


def test_a_row_without_a_correlation_key_cannot_be_queried(evaluated: Any) -> None:
    with pytest.raises(InvalidEventError, match="correlation key in its attribute 'data'"):
        evaluated(event_row(data=None))


def test_equal_queries_of_one_batch_are_asked_once() -> None:
    rules = [EvaluateRule(id=f"r{n}", emit="seen", expression=lambda uow: True, table_name="events") for n in range(3)]
    rows = [correl_row(event_of(f"e-{n}", "order-created", NOW + n)) for n in range(20)]

    outcome = run(
        rules,
        to_dynamodb_records([{"new_image": row} for row in rows], table="events"),
        responses=lambda request: rows if isinstance(request, Query) else {},
    )

    assert len(outcome.events) == 60
    assert len({id(request) for request in outcome.requests if isinstance(request, Query)}) <= 60


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "'emit' is missing"),
        ({"emit": "x", "expression": "yes"}, "'expression' takes a function"),
        ({"emit": "x", "correlation_key_suffix": ""}, "'correlation_key_suffix' takes"),
        ({"emit": "x", "index": ""}, "'index' takes"),
    ],
)
def test_a_mistake_is_told_when_the_rule_is_made(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(RuleError, match=message):
        EvaluateRule(id="e", **fields)
