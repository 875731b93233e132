from __future__ import annotations

from typing import Any

from docs.examples.sinks.http_rules import processor, rules
from powertools_stream.errors import RequestFailedError
from powertools_stream.requests import GetSecret, HttpRequest, HttpResponse
from powertools_stream.testing import run, to_sqs_records


# --8<-- [start:post]
def test_a_shipment_is_booked_for_an_order() -> None:
    event = {"id": "o-1", "type": "order-packed", "address": "Unter den Linden 1"}
    answers = {
        GetSecret: "key",
        HttpRequest: HttpResponse(201, {}, {"trackingNumber": "T-7"}),
    }

    outcome = run(rules, to_sqs_records([event]), responses=answers)

    (request,) = (
        request for request in outcome.requests if isinstance(request, HttpRequest)
    )
    assert request.params["json"] == {"order": "o-1", "address": "Unter den Linden 1"}
    assert outcome.events[0]["tracking_number"] == "T-7"


def test_a_carrier_that_is_down_is_asked_again_later() -> None:
    event = to_sqs_records(
        [{"id": "o-1", "type": "order-packed", "address": "Unter den Linden 1"}]
    )
    answers = {
        GetSecret: "key",
        HttpRequest: RequestFailedError("ServiceUnavailable", "down"),
    }

    outcome = run(rules, event, responses=answers)

    assert outcome.response == {
        "batchItemFailures": [{"itemIdentifier": event["Records"][0]["messageId"]}]
    }
    assert outcome.faults[0].event is None


# --8<-- [end:post]


def test_a_shipment_that_is_not_there_is_cancelled_already() -> None:
    event = to_sqs_records(
        [{"id": "1", "type": "shipment-cancelled", "shipment": "s-1"}]
    )

    def result_of(answer: Any) -> Any:
        return (
            run(rules, event, responses={HttpRequest: answer}).results[0].uow["result"]
        )

    assert result_of(RequestFailedError("404", "no such shipment")) == "was not there"
    assert result_of(HttpResponse(204, {}, None)) == "cancelled"


def test_the_processor_takes_a_connector_of_its_own() -> None:
    assert processor.process_event({"Records": []}) == {"batchItemFailures": []}
