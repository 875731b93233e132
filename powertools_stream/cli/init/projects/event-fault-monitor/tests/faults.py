"""Fault events, as the library publishes them."""

from typing import Any

Event = dict[str, Any]


def fault(number: int = 1, rule: str = "price_order", disposition: str = "reported", **fields: Any) -> Event:
    return {
        "id": f"fault-{number}",
        "type": "fault",
        "timestamp": 1_700_000_000_000 + number,
        "partition_key": f"o-{number}",
        "tags": {"functionname": "orders-listener", "pipeline": rule, "source": "orders"},
        "err": {"name": "KeyError", "message": "'price'", "stack": "Traceback …"},
        "uow": {"pipeline": rule, "record": {"messageId": str(number), "body": "{}"}},
        "disposition": disposition,
        **fields,
    }
