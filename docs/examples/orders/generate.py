"""Writes ``orders.jsonl``: each line is an order's event, or something sent as one.

The file is always the same.

Run ``python -m docs.examples.orders.generate``.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

__all__ = ["ORDERS"]

ORDERS = Path(__file__).with_name("orders.jsonl")

_CATALOGUE = {
    "kettle": 3490,
    "teapot": 2850,
    "mug": 890,
    "strainer": 640,
    "oolong-100g": 1420,
    "sencha-100g": 1180,
}
_TIMESTAMP = 1_790_000_000_000
_CURRENCIES = ("EUR", "EUR", "EUR", "CHF", "GBP", "USD")
_MALFORMED = (
    "order-0300: 2 x mug, 1 x teapot, please call back",
    '{"id": "order-0301", "currency": "EUR", "lines": [{"sku": "mug", "pri',
    '<order id="order-0302"><line sku="kettle" quantity="1"/></order>',
    '["order-0303", "mug", 2]',
    '"order-0304"',
    "order-0305;kettle;1;34.90;EUR",
    "{'id': 'order-0306', 'currency': 'GBP', 'lines': []}",
    "null",
)


def main() -> None:
    """Write the file."""
    source = random.Random(20_260)
    orders = [_order(number, source) for number in range(1, 293)]
    special = iter(source.sample(orders, 29))
    for _ in range(12):
        next(special)["card"] = "busy-once"
    for _ in range(6):
        next(special)["card"] = "busy-twice"
    for _ in range(5):  # poison records: no attempt will succeed
        next(special)["lines"][0]["quantity"] = -1
    for _ in range(3):
        del next(special)["lines"][0]["price"]
    for _ in range(3):  # stored, but the trigger has no rate for it
        next(special)["currency"] = "XTS"
    lines = [json.dumps(_event(order)) for order in orders]
    for malformed in _MALFORMED:
        lines.insert(source.randrange(len(lines)), malformed)
    ORDERS.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _event(order: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"{order['id']}-submitted",
        "type": "order-submitted",
        "timestamp": _TIMESTAMP,
        "partition_key": order["id"],
        "tags": {"source": "shop"},
        "order": order,
    }


def _order(number: int, source: random.Random) -> dict[str, Any]:
    skus = source.sample(sorted(_CATALOGUE), source.randint(1, 3))
    return {
        "id": f"order-{number:04}",
        "card": "fine",
        "currency": source.choice(_CURRENCIES),
        "lines": [
            {"sku": sku, "price": _CATALOGUE[sku], "quantity": source.randint(1, 4)}
            for sku in skus
        ],
    }


if __name__ == "__main__":
    main()
