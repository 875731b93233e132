from __future__ import annotations

from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.flavors import sqs

rules = RuleRegistry()

QUEUES = "https://sqs.eu-central-1.amazonaws.com/123456789012"


# --8<-- [start:to_sqs]
@rules.register(sqs, event_type="order-submitted", queue_url=f"{QUEUES}/picking")
def pick_lines(uow: UnitOfWork) -> list[dict[str, Any]]:
    order = uow.event["order"]
    return [
        {"MessageBody": {"order_id": order["id"], "line": line}}
        for line in order["lines"]
        if line["kind"] == "goods"
    ]


# --8<-- [end:to_sqs]


# --8<-- [start:related]
@rules.register(
    sqs,
    event_type="order-cancelled",
    queue_url=f"{QUEUES}/refunds.fifo",
    table_name="orders",
    to_get_request=lambda uow: {
        "Keys": [{"pk": uow.event["order"]["id"], "sk": "payment"}]
    },
)
def refund(uow: UnitOfWork) -> dict[str, Any] | None:
    payments = uow["batch_get_response"]["Responses"]["orders"]
    if not payments:
        return None
    return {
        "MessageBody": {"id": uow.event["id"], "amount": payments[0]["amount"]},
        "MessageGroupId": payments[0]["customer"],
    }


# --8<-- [end:related]


# --8<-- [start:queue_url]
def queue_of_carrier(uow: UnitOfWork) -> str:
    return f"{QUEUES}/labels-{uow['message']['MessageBody']['carrier']}"


@rules.register(sqs, event_type="order-packed", queue_url=queue_of_carrier)
def ask_for_labels(uow: UnitOfWork) -> list[dict[str, Any]]:
    return [{"MessageBody": parcel} for parcel in uow.event["parcels"]]


# --8<-- [end:queue_url]
