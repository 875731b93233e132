from __future__ import annotations

from docs.examples.calling_services.parcels import rules
from powertools_stream.requests import HttpRequest, HttpResponse
from powertools_stream.testing import run, to_sqs_records


def test_a_parcel_is_priced_without_the_carrier() -> None:
    event = to_sqs_records([{"type": "order-packed", "country": "DE"}])
    answer = HttpResponse(200, {}, {"price": 5})

    outcome = run(rules, event, responses={HttpRequest: answer})

    assert outcome.events[0]["price"] == 5
