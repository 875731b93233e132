from __future__ import annotations

from docs.examples.sinks.parameters_rules import rules
from powertools_stream.requests import (
    GetParameter,
    GetSecret,
    HttpRequest,
    HttpResponse,
)
from powertools_stream.testing import run, to_sqs_records


# --8<-- [start:parameter]
def test_an_order_is_priced_by_the_rate_of_its_country() -> None:
    order = {
        "type": "order-created",
        "country": "de",
        "lines": [{"price": 10}, {"price": 5}],
    }

    outcome = run(
        rules,
        to_sqs_records([order]),
        responses={GetParameter: {"de": 0.19, "at": 0.2}},
    )

    (event,) = outcome.events
    assert event["gross"] == 17.85


# --8<-- [end:parameter]


def test_a_parcel_is_announced_with_the_token() -> None:
    shipped = {"type": "order-shipped", "order_id": "o-1"}
    accepted = HttpResponse(202, {}, None)

    outcome = run(
        rules,
        to_sqs_records([shipped]),
        responses={GetSecret: "s3cret", HttpRequest: accepted},
    )

    _, call = outcome.requests
    assert call.params["headers"] == {"Authorization": "Bearer s3cret"}
    assert outcome.response == {"batchItemFailures": []}
