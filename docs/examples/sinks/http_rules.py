from __future__ import annotations

from collections.abc import Generator
from typing import Any

from powertools_stream import RuleRegistry, StreamProcessor, UnitOfWork
from powertools_stream.connectors.http.connector import HttpConnector
from powertools_stream.errors import RequestFailedError
from powertools_stream.flavors import task
from powertools_stream.requests import GetSecret, HttpRequest

rules = RuleRegistry()

CARRIER = "https://carrier.example.com/v1"


# --8<-- [start:post]
@rules.register(task, event_type="order-packed", emit="shipment-booked")
def book_shipment(uow: UnitOfWork) -> Generator[Any, Any, Any]:
    key = yield GetSecret("carrier-api-key")
    answer = yield HttpRequest(
        {
            "url": f"{CARRIER}/shipments",
            "json": {"order": uow.event["id"], "address": uow.event["address"]},
            # A call may be made twice: the carrier books one shipment for each key.
            "headers": {
                "Authorization": f"Bearer {key}",
                "Idempotency-Key": uow.event["id"],
            },
        },
        timeout=3,
    )
    return {"tracking_number": answer.body["trackingNumber"]}


# --8<-- [end:post]


# --8<-- [start:missing]
@rules.register(task, event_type="shipment-cancelled")
def cancel_shipment(uow: UnitOfWork) -> Generator[Any, Any, str]:
    try:
        yield HttpRequest(
            {"method": "DELETE", "url": f"{CARRIER}/shipments/{uow.event['shipment']}"}
        )
    except RequestFailedError as error:
        if error.code != "404":
            raise
        return "was not there"
    return "cancelled"


# --8<-- [end:missing]


# --8<-- [start:connector]
# At most two calls at a time and ten per second to each host.
carrier_calls = HttpConnector(timeout=5, max_per_host=2, rate=(10, 1))
processor = StreamProcessor(rules=rules, connectors=[carrier_calls])
# --8<-- [end:connector]
