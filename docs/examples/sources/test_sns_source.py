from __future__ import annotations

from docs.examples.sources.sns_source import rules
from powertools_stream.testing import run, to_sns_records


# --8<-- [start:handler]
def test_an_order_of_the_topic_is_accepted() -> None:
    event = to_sns_records(
        [{"id": "o-1", "type": "order-created", "total": 42}], topic="sales"
    )

    (accepted,) = run(rules, event).events

    assert (accepted["id"], accepted["type"], accepted["total"]) == (
        "o-1.accept_order",
        "order-accepted",
        42,
    )
    assert accepted["topic"].endswith(":sales")


# --8<-- [end:handler]
