from __future__ import annotations

import json
from pathlib import Path

from powertools_stream.local.application import Application
from powertools_stream.templates import read_template

TEMPLATE = Path(__file__).parents[1] / "orders" / "template.yaml"


def test_an_order_is_accepted_and_announced() -> None:
    order = {
        "id": "1",
        "card": "fine",
        "currency": "EUR",
        "lines": [{"sku": "mug", "price": 890, "quantity": 2}],
    }
    event = {
        "id": "1-submitted",
        "type": "order-submitted",
        "timestamp": 1,
        "order": order,
    }

    with Application(read_template(TEMPLATE), retry_delay=0) as application:
        application.send([json.dumps(event)], to="Bus")
        assert application.wait_until_quiet(timeout=60)
        assert application.depths()["Heard"] == 2  # order-accepted, order-created
        assert application.depths()["Faults"] == 0
        assert all(account.missing == 0 for account in application.accounts())
