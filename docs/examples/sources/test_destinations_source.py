from __future__ import annotations

from docs.examples.sources.destinations_source import rules
from powertools_stream.testing import (
    run,
    to_destination_event,
    to_s3_records,
    to_sqs_records,
)


# --8<-- [start:handler]
def test_a_failed_invocation_is_processed_from_the_queue_like_the_first_time() -> None:
    notification = to_s3_records(["2026/order 1.json"])

    first = run(rules, notification)
    again = run(rules, to_sqs_records([to_destination_event(notification)]))

    assert again.events == first.events


# --8<-- [end:handler]
