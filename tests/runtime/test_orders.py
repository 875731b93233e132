"""The handlers of the orders example, each in a process of its own as inside Lambda, invoked by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from docs.examples.orders.service import TEMPLATE, OrdersService
from powertools_stream.local.emulator import Emulator
from powertools_stream.local.runtime import FunctionError, RuntimeFunction
from powertools_stream.local.stack import deploy_template
from powertools_stream.templates import read_template
from powertools_stream.testing import to_dynamodb_records, to_eventbridge_envelope, to_sqs_records

pytestmark = pytest.mark.slow


@pytest.fixture
def service() -> Iterator[OrdersService]:
    with Emulator() as emulator:
        # Its event source mappings are not polled.
        stack = deploy_template(read_template(TEMPLATE), emulator, forward_url="http://127.0.0.1:9")
        yield OrdersService(stack, emulator)


@pytest.fixture
def listener(service: OrdersService) -> Iterator[RuntimeFunction]:
    function = RuntimeFunction(service.stack.functions["Listener"])
    yield function
    function.close()


@pytest.fixture
def trigger(service: OrdersService) -> Iterator[RuntimeFunction]:
    function = RuntimeFunction(service.stack.functions["Trigger"])
    yield function
    function.close()


def submitted(order_id: str, *, quantity: int = 1, card: str = "card") -> dict[str, Any]:
    order = {
        "id": order_id,
        "card": card,
        "currency": "EUR",
        "lines": [{"sku": "book", "price": 900, "quantity": quantity}],
    }
    return to_eventbridge_envelope(
        {"id": f"event-{order_id}", "type": "order-submitted", "timestamp": 1, "order": order}
    )


def test_the_listener_accepts_orders_and_reports_those_that_it_cannot_accept(
    service: OrdersService, listener: RuntimeFunction
) -> None:
    event = to_sqs_records([submitted("1"), submitted("2", quantity=0), "not JSON", submitted("3", card="busy-once")])
    _, poisonous, malformed, busy = (record["messageId"] for record in event["Records"])

    first = listener.invoke(event).response
    again = listener.invoke({"Records": event["Records"][3:]}).response

    assert reported(first) == [poisonous, malformed, busy]
    assert reported(again) == []  # the process is warm: it remembers that the provider was busy once
    assert sorted(service.rows()) == ["1", "3"]
    assert sorted(heard["order_id"] for heard in service.events("Heard")) == ["1", "3"]
    # One for the malformed record, two for the poison one, since both of its rules fail. None for the passing error.
    assert [fault["err"]["name"] for fault in service.events("Faults")].count("ValueError") == 2


def test_the_trigger_tells_the_bus_and_sets_aside_what_it_cannot_tell(
    service: OrdersService, trigger: RuntimeFunction
) -> None:
    currencies = {"1": "EUR", "2": "DOGE", "3": "GBP"}
    rows = [{"pk": pk, "sk": "order", "total": 900, "currency": currency} for pk, currency in currencies.items()]
    event = to_dynamodb_records([{"new_image": row} for row in rows])

    response = trigger.invoke(event).response

    assert reported(response) == []
    assert sorted(heard["order"]["euros"] for heard in service.events("Heard")) == [900, 1035]
    (fault,) = service.events("Faults")
    assert (fault["err"]["name"], fault["disposition"]) == ("KeyError", "set-aside")


def test_a_batch_of_which_nothing_can_be_done_is_an_error_of_the_invocation(
    service: OrdersService, listener: RuntimeFunction
) -> None:
    error = listener.invoke(to_sqs_records([submitted("1", quantity=0)])).error
    response = listener.invoke(to_sqs_records([submitted("2")])).response

    assert isinstance(error, FunctionError)
    assert error.error_type == "BatchProcessingError"
    assert reported(response) == []
    assert len(service.events("Faults")) == 2


def test_a_handler_that_is_not_there_fails_the_import(service: OrdersService) -> None:
    misspelled = replace(service.stack.functions["Listener"], handler="docs.examples.orders.listener.hanlder")
    listener = RuntimeFunction(misspelled)

    error = listener.invoke({}).error

    assert isinstance(error, FunctionError)
    assert error.error_type == "Runtime.HandlerNotFound"
    assert "hanlder" in error.message
    listener.close()


def reported(response: Any) -> list[str]:
    return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]
