from __future__ import annotations

from docs.examples.sinks.cloudwatch_rules import rules
from powertools_stream.testing import run, to_sqs_records

DELIVERED = {
    "type": "parcel-delivered",
    "timestamp": 1_767_225_600_000,
    "parcel": {"depot": "berlin", "kilograms": 2.5, "seconds": 86_400},
}


# --8<-- [start:task]
def test_a_delivery_is_three_data_points() -> None:
    outcome = run(rules, to_sqs_records([DELIVERED]))

    data = [request.params for request in outcome.requests]
    assert [(datum["MetricName"], datum["Value"]) for datum in data] == [
        ("Delivered", 1),
        ("Weight", 2.5),
        ("TimeOnTheWay", 86_400),
    ]
    assert outcome.response == {"batchItemFailures": []}


# --8<-- [end:task]
