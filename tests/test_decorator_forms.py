"""`@stream_processor`: the ways to write it, and what is said of the wrong ones."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from powertools_stream import EventType, RuleRegistry, StreamProcessor, stream_processor
from powertools_stream.errors import RuleError
from powertools_stream.flavors import task
from powertools_stream.testing import to_sqs_records

RULES = [{"id": "r", "flavor": task, "execute": lambda uow: uow.event["id"]}]


@pytest.mark.parametrize("rules", [RULES, RuleRegistry(RULES), tuple(RULES)])
def test_rules_are_taken_by_position(rules: Any) -> None:
    seen: list[str] = []

    @stream_processor(rules, raise_on_entire_batch_failure=False)
    def handler(event: Any, context: Any) -> None:
        seen.append(event["Records"][0]["messageId"])

    event = to_sqs_records([{"id": "1", "type": "t"}])

    assert handler(event, None) == {"batchItemFailures": []}
    assert seen == [event["Records"][0]["messageId"]]


def test_without_parentheses_it_says_what_to_write() -> None:
    with pytest.raises(TypeError, match=r"found the function 'handler'\. Write .*@stream_processor\(rules=rules\)\."):

        @stream_processor  # type: ignore[call-overload]
        def handler(event: Any, context: Any) -> None: ...


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (StreamProcessor(rules=RULES), r"@stream_processor\(processor=processor\)"),
        (EventType.SQS, r"@stream_processor\(rules=rules, event_type=EventType\.SQS\)"),
        (StreamProcessor, "found the class 'StreamProcessor'"),
    ],
)
def test_anything_else_by_position_is_told_its_place(given: Any, says: str) -> None:
    with pytest.raises(TypeError, match=says):
        stream_processor(given)


@pytest.mark.parametrize("given", ["order-created", 5, RULES[0]])
def test_what_is_no_list_of_rules_is_refused(given: Any) -> None:
    with pytest.raises(RuleError, match="Expected a RuleRegistry, or a list of rules or dicts"):
        stream_processor(given)


def test_rules_are_given_once() -> None:
    with pytest.raises(TypeError, match="found them by position and as rules=…"):
        stream_processor(RULES, rules=RULES)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="a processor or options, but found both: rules"):
        stream_processor(RULES, processor=StreamProcessor(rules=RULES))  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="but found neither"):
        stream_processor(bus_name="bus")  # type: ignore[call-overload]


def test_a_decorated_handler_keeps_its_name_and_signature() -> None:
    @stream_processor(RULES)
    def handler(event: dict[str, Any], context: object) -> None:
        """Handle."""

    assert handler.__name__ == "handler"
    assert handler.__doc__ == "Handle."
    assert list(inspect.signature(handler).parameters) == ["event", "context"]
