from __future__ import annotations

from typing import Any

from docs.examples.sources.firehose_source import handler, log_handler
from powertools_stream.testing import read_firehose_answer, to_firehose_records

NO_CONTEXT: Any = None


# --8<-- [start:handler]
def test_every_record_is_answered() -> None:
    created = {
        "id": "e-1",
        "type": "order-created",
        "order": {"lines": [{"price": 40}, {"price": 2}]},
    }
    batch = to_firehose_records(
        [created, {"type": "heartbeat"}, {"type": "other"}, "not JSON"]
    )

    answer = handler(batch, NO_CONTEXT)

    assert read_firehose_answer(answer) == [
        ("Ok", b'{"id":"e-1","total":42}\n'),
        ("Dropped", b""),
        ("Ok", b'{"type":"other"}'),
        ("ProcessingFailed", b"not JSON"),
    ]


# --8<-- [end:handler]


def test_lines_of_a_log_become_json_and_others_stay() -> None:
    answer = log_handler(to_firehose_records(["GET /orders", "-"]), NO_CONTEXT)

    assert read_firehose_answer(answer) == [
        ("Ok", b'{"method":"GET","path":"/orders"}\n'),
        ("Ok", b"-"),
    ]
