from __future__ import annotations

from typing import Any

import pytest

from powertools_stream import RuleRegistry, StreamProcessor, flavor, matching
from powertools_stream.flavors import task
from powertools_stream.matching import out_latched, out_skip, out_source_is_self
from powertools_stream.testing import (
    run,
    to_dynamodb_records,
    to_eventbridge_envelope,
    to_eventbridge_event,
    to_firehose_records,
    to_kafka_records,
    to_kinesis_records,
    to_sns_records,
    to_sqs_records,
)
from powertools_stream.uow import UnitOfWork


def uow(**event: Any) -> UnitOfWork:
    return UnitOfWork(event=event)


@pytest.mark.parametrize(
    ("raw", "passes"),
    [
        ({"new": {"latched": True}, "old": None}, False),
        ({"new": {"latched": True}, "old": {}}, False),
        ({"new": {"latched": None}, "old": {"latched": True}}, True),
        ({"new": {"a": 1}, "old": {"latched": True}}, True),
        ({"new": None, "old": {"latched": True}}, False),
        ({"new": None, "old": {"a": 1}}, True),
        ({"new": None, "old": None}, True),
        (None, True),
    ],
)
def test_a_listeners_own_write_is_latched(raw: Any, passes: bool) -> None:
    assert out_latched(uow(raw=raw)) is passes


@pytest.mark.parametrize(
    ("tags", "passes"), [({"source": "me"}, False), ({"source": "you"}, True), ({}, True), (None, True), ("me", True)]
)
def test_own_events_are_left_out(tags: Any, passes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "me")

    assert out_source_is_self(uow(tags=tags)) is passes


def test_a_service_without_a_name_leaves_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("POWERTOOLS_SERVICE_NAME", "SERVICE", "PROJECT"):
        monkeypatch.delenv(name, raising=False)

    assert out_source_is_self(uow(tags={"source": "undefined"}))


@pytest.mark.parametrize(
    ("variables", "own"),
    [
        ({"POWERTOOLS_SERVICE_NAME": "orders", "SERVICE": "my-orders"}, {"orders", "my-orders"}),
        ({"POWERTOOLS_SERVICE_NAME": "orders", "SERVERLESS_PROJECT": "my-orders"}, {"orders", "my-orders"}),
        # The project may have several services, so it is the service's name only if that has none.
        ({"POWERTOOLS_SERVICE_NAME": "orders", "SERVICE": "my-orders", "PROJECT": "shop"}, {"orders", "my-orders"}),
        ({"PROJECT": "shop", "SERVERLESS_PROJECT": "my-orders"}, {"shop"}),
        ({"POWERTOOLS_SERVICE_NAME": "", "SERVICE": "my-orders"}, {"my-orders"}),
    ],
)
def test_a_service_knows_all_names_under_which_its_functions_publish(
    variables: dict[str, str], own: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    passed = {name for name in ("orders", "my-orders", "shop") if out_source_is_self(uow(tags={"source": name}))}

    assert {"orders", "my-orders", "shop"} - passed == own


def test_events_tagged_skip_are_left_out() -> None:
    assert not out_skip(uow(tags={"skip": True}))
    assert out_skip(uow(tags={"skip": False}))
    assert out_skip(uow())


SKIPPED = {"id": "1", "type": "order-created", "timestamp": 1, "tags": {"skip": True}}
KEPT = {**SKIPPED, "id": "2", "tags": {"skip": False}}


@pytest.mark.parametrize(
    "batch_of",
    [
        to_sqs_records,
        to_kinesis_records,
        to_kafka_records,
        to_firehose_records,
        to_sns_records,
        lambda events: to_sqs_records([to_eventbridge_envelope(event, detail_type="x") for event in events]),
        lambda events: to_dynamodb_records([{"new_image": row_of(event)} for event in events]),
    ],
)
def test_an_event_tagged_skip_reaches_no_rule_whatever_its_source(batch_of: Any) -> None:
    rules = RuleRegistry()
    flavors: dict[str, Any] = {"built-in": task, "ours": ours_of_rows}
    for name, one in flavors.items():
        rules.add(id=name, flavor=one, event_type="order-created", emit="order-seen")

    outcome = run(rules, batch_of([SKIPPED, KEPT]))

    assert [result.uow.event["id"] for result in outcome.results] == ["2"]
    assert outcome.faults == []


def test_an_event_that_came_alone_and_is_tagged_skip_is_done() -> None:
    event = to_eventbridge_event(SKIPPED, detail_type="order-created")

    outcome = run([{"id": "seen", "flavor": task, "emit": "order-seen"}], event)

    assert (outcome.events, outcome.faults) == ([], [])


def test_a_record_handler_gets_the_record_of_an_event_tagged_skip_all_the_same() -> None:
    processor = StreamProcessor(rules=[{"id": "seen", "flavor": task, "emit": "x"}], bus_name="b")
    seen: list[str] = []

    with processor(to_sqs_records([SKIPPED])["Records"], lambda record: seen.append(record.message_id)):
        processor.process()

    assert len(seen) == 1


def row_of(event: dict[str, Any]) -> dict[str, Any]:
    return {"pk": event["id"], "sk": "EVENT", "discriminator": "EVENT", "data": "o-1", "event": event}


def _of_row(uow: UnitOfWork) -> UnitOfWork | None:
    image = (uow.event.get("raw") or {}).get("new")
    return uow.extend(event=image["event"]) if image else None


@flavor(prepare=_of_row)
def ours_of_rows(uow: UnitOfWork, rule: Any) -> UnitOfWork:
    return uow


def test_the_package_exports_what_it_says() -> None:
    assert all(getattr(matching, name) is not None for name in matching.__all__)
    assert dir(matching) == sorted(matching.__all__)
    with pytest.raises(AttributeError):
        _ = matching.nothing  # type: ignore[attr-defined]
