"""A container that was frozen between two invocations, while services closed the connections that nobody used."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from powertools_stream.testing import to_sqs_records
from powertools_stream.testing.endpoint import ScriptedEndpoint
from tests.runtime.runtime_api import Function

HANDLERS = Path(__file__).parent / "handlers"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="awslambdaric runs on Linux only"),
]


@pytest.fixture
def endpoint() -> Iterator[ScriptedEndpoint]:
    with ScriptedEndpoint() as endpoint:
        yield endpoint


@pytest.fixture
def function(endpoint: ScriptedEndpoint) -> Iterator[Function]:
    environment = {"AWS_ENDPOINT_URL": endpoint.url, "AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-central-1"}
    with Function("frozen.handler", HANDLERS, environment) as function:
        yield function


def order(number: int) -> dict[str, Any]:
    return to_sqs_records([{"id": f"order-{number}", "type": "order-created"}])


def asked(endpoint: ScriptedEndpoint) -> Counter[str]:
    return Counter(operation for operation, _ in endpoint.calls)


@pytest.mark.parametrize("times", [1, 3])
def test_after_the_thaw_each_call_is_right_and_made_once(
    function: Function, endpoint: ScriptedEndpoint, times: int
) -> None:
    for number in range(3):  # so that simple calls are made by their templates
        assert function.invoke(order(number)).response["batchItemFailures"] == []
    warm = asked(endpoint)
    assert set(warm.values()) == {3}

    for number in range(times):
        endpoint.clear()
        with function.frozen():
            endpoint.hang_up()
            time.sleep(0.2)
        response = function.invoke(order(10 + number)).response

        assert response["batchItemFailures"] == []
        assert asked(endpoint) == dict.fromkeys(warm, 1)


def test_the_clock_goes_on_while_the_container_is_frozen(function: Function, endpoint: ScriptedEndpoint) -> None:
    """What is timed by the monotonic clock, deadlines and paces, belongs to one invocation."""
    assert function.invoke(order(0)).response["batchItemFailures"] == []  # the cold start
    assert function.invoke(order(1), timeout=2).response["batchItemFailures"] == []

    with function.frozen():
        time.sleep(2.5)

    assert function.invoke(order(2), timeout=5).response["batchItemFailures"] == []


def test_a_call_that_was_under_way_when_the_container_froze_is_not_made_beside_the_next_one(
    function: Function, endpoint: ScriptedEndpoint
) -> None:
    """It was given up at the deadline of its invocation; after the thaw it finds its connection closed."""
    assert function.invoke(order(0)).response["batchItemFailures"] == []
    endpoint.clear()
    endpoint.script = {"UpdateItem": lambda operation, body: time.sleep(3)}
    assert len(function.invoke(order(1), timeout=2).response["batchItemFailures"]) == 1
    with function.frozen():
        endpoint.hang_up()
        time.sleep(0.2)
    endpoint.script = None

    assert function.invoke(order(2)).response["batchItemFailures"] == []

    assert endpoint.count("UpdateItem") == 2  # that of the second invocation, and that of the third
