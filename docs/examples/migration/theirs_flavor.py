from __future__ import annotations

from typing import Any

from aws_lambda_stream.utils.dynamodb import batch_get_dynamodb
from aws_lambda_stream.utils.faults import faulty
from aws_lambda_stream.utils.filters import on_content, on_event_type
from aws_lambda_stream.utils.operators import rx_filter, rx_map
from aws_lambda_stream.utils.split import split_object


# --8<-- [start:flavor]
def notify(rule: dict[str, Any]) -> Any:
    def wrapper(source: Any) -> Any:
        return source.pipe(
            rx_filter(on_event_type(rule)),
            rx_filter(on_content(rule)),
            split_object(rule),
            rx_map(faulty(to_get_request(rule))),
            batch_get_dynamodb(table_name="customers"),
            rx_filter(faulty(by_mail)),
            rx_map(faulty(to_event)),
            rule["publish"]({"event_field": "emit", "bus_name": rule["bus_name"]}),
        )

    return wrapper


def to_get_request(rule: dict[str, Any]) -> Any:
    def wrapper(uow: dict[str, Any]) -> dict[str, Any]:
        return {**uow, "batch_get_request": rule["to_get_request"](uow)}

    return wrapper


def customer_of(uow: dict[str, Any]) -> Any:
    return uow["batch_get_response"]["Responses"]["customers"][0]


def by_mail(uow: dict[str, Any]) -> bool:
    return bool(customer_of(uow)["by_mail"])


def to_event(uow: dict[str, Any]) -> dict[str, Any]:
    event = {
        "id": f"{uow['event']['id']}.{uow['split']['sku']}",
        "type": "customer-notified",
        "timestamp": uow["event"]["timestamp"],
        "partition_key": uow["event"]["partition_key"],
        "name": customer_of(uow)["name"],
        "sku": uow["split"]["sku"],
    }
    return {**uow, "emit": event}


# --8<-- [end:flavor]


# --8<-- [start:rule]
RULES = [
    {
        "id": "notify-customers",
        "flavor": notify,
        "event_type": "order-shipped",
        "split_on": "event.lines",
        "to_get_request": lambda uow: {
            "RequestItems": {
                "customers": {"Keys": [{"pk": uow["event"]["customer_id"]}]}
            }
        },
    }
]
# --8<-- [end:rule]
