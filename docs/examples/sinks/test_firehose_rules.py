from __future__ import annotations

from docs.examples.sinks.firehose_rules import rules
from powertools_stream.testing import run, to_sqs_records


# --8<-- [start:task]
def test_an_order_is_archived() -> None:
    created = {
        "id": "e-1",
        "type": "order-created",
        "order": {"total": 42, "lines": []},
    }

    (request,) = run(rules, to_sqs_records([created])).requests

    assert request.delivery_stream_name == "order-archive"
    assert request.params == {
        "Data": {"id": "e-1", "type": "order-created", "total": 42}
    }


# --8<-- [end:task]
