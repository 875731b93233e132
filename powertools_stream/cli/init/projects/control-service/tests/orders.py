"""Events of an order, as the bus and its stream carry them."""

from typing import Any

SUBMITTED_AT = 1_700_000_000_000

Event = dict[str, Any]


def submitted(order: str = "o-1") -> Event:
    return {
        "id": f"{order}.submitted",
        "type": "order-submitted",
        "timestamp": SUBMITTED_AT,
        "partition_key": order,
        "order": {"id": order, "customer": "c-1", "total": 900},
    }


def paid(order: str = "o-1", number: int = 1) -> Event:
    return {
        "id": f"{order}.paid.{number}",
        "type": "order-paid",
        "timestamp": SUBMITTED_AT + number * 60_000,
        "partition_key": order,
        "order": {"id": order, "payment": {"reference": f"p-{number}", "amount": 900}},
    }
