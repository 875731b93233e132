from __future__ import annotations

from powertools_stream.expressions import (
    pk_condition,
    timestamp_condition,
    update_expression,
)

# A view of an order. Its keys are the site, and the date and type.
key = {"site": "berlin", "date#event_type": "2026-01-01#order"}

# SET status, total, timestamp; REMOVE note; ADD to the set tags, DELETE from holds.
item = {
    "status": "PAID",
    "total": 12.5,
    "timestamp": 1_767_225_600_000,
    "note": None,
    "tags": {"vip"},
    "holds_delete": {"credit-check"},
}

# Only if the row is older than the event, or does not exist.
newest_wins = {"Key": key, **update_expression(item), **timestamp_condition()}

# Only if there is no row with this key yet.
first_wins = {"Key": key, **update_expression(item), **pk_condition("date#event_type")}
