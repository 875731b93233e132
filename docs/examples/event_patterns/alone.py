from __future__ import annotations

from typing import Any

# --8<-- [start:alone]
from powertools_stream.matching import compile_event_pattern

is_large_order = compile_event_pattern(
    {
        "detail-type": ["order-created"],
        "detail": {
            "total": [{"numeric": [">", 100]}],
            "country": [{"anything-but": ["NL", "BE"]}],
            "coupon": [{"exists": False}],
        },
    }
)


def large_orders(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in events if is_large_order(event)]


# --8<-- [end:alone]

# --8<-- [start:arrays]
has_paid_book = compile_event_pattern({"lines": {"kind": ["book"], "paid": [True]}})
# --8<-- [end:arrays]

# --8<-- [start:or]
needs_a_look = compile_event_pattern(
    {
        "status": ["OPEN"],
        "$or": [
            {"total": [{"numeric": [">", 1000]}]},
            {"customer": {"is_new": [True]}},
        ],
    }
)
# --8<-- [end:or]
