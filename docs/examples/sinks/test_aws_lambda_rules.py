from __future__ import annotations

from typing import Any

from docs.examples.sinks.aws_lambda_rules import rules
from powertools_stream.errors import RequestFailedError
from powertools_stream.requests import (
    InvokeFunction,
    ListEventSourceMappings,
    Request,
    UpdateEventSourceMapping,
)
from powertools_stream.testing import run, to_sqs_records

REGISTERED = {"id": "1", "type": "parcel-registered", "parcel": {"kilograms": 2.5}}


# --8<-- [start:invoke]
def test_the_postage_is_published() -> None:
    answers: dict[type[Request], Any] = {
        InvokeFunction: {"StatusCode": 200, "Payload": {"amount": 4.9}}
    }

    outcome = run(rules, to_sqs_records([REGISTERED]), responses=answers)

    assert outcome.requests[0].params["Payload"] == {"parcel": {"kilograms": 2.5}}
    assert outcome.events[0]["postage"] == 4.9


def test_a_function_that_fails_is_a_fault() -> None:
    answers: dict[type[Request], Any] = {
        InvokeFunction: RequestFailedError(
            "FunctionError", "The function 'postage' ended in an error"
        )
    }

    outcome = run(rules, to_sqs_records([REGISTERED]), responses=answers)

    assert len(outcome.response["batchItemFailures"]) == len(outcome.faults) == 1


# --8<-- [end:invoke]


def test_receipts_are_asked_for_and_not_waited_for() -> None:
    outcome = run(rules, to_sqs_records([{"id": "1", "type": "parcel-delivered"}]))

    (request,) = outcome.requests
    assert request.params["InvocationType"] == "Event"
    assert request.params["Payload"]["id"] == "1"


def test_all_mappings_of_a_depot_are_switched() -> None:
    answers: dict[type[Request], Any] = {
        ListEventSourceMappings: [{"UUID": "a"}, {"UUID": "b"}]
    }

    outcome = run(
        rules,
        to_sqs_records([{"type": "depot-closed", "depot": "berlin"}]),
        responses=answers,
    )

    updates = [
        request
        for request in outcome.requests
        if isinstance(request, UpdateEventSourceMapping)
    ]
    assert [request.params for request in updates] == [
        {"UUID": "a", "Enabled": False},
        {"UUID": "b", "Enabled": False},
    ]
