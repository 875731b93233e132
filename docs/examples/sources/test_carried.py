from __future__ import annotations

from powertools_stream import RuleRegistry
from powertools_stream.flavors import cdc
from powertools_stream.matching import changed
from powertools_stream.testing import (
    run,
    to_dynamodb_records,
    to_pipe_records,
    to_sns_envelope,
    to_sqs_records,
)

rules = RuleRegistry()
rules.add(id="order-paid", flavor=cdc, filters=[changed("status", to="PAID")])


def test_a_change_is_published_whether_the_stream_or_a_queue_delivers_it() -> None:
    before, after = (
        {"pk": "o-1", "sk": "order", "status": status} for status in ("OPEN", "PAID")
    )
    changes = to_dynamodb_records([{"old_image": before, "new_image": after}])
    (change,) = to_pipe_records(changes)

    for event in (
        changes,
        to_sqs_records([change]),
        to_sqs_records([to_sns_envelope(change)]),
    ):
        (published,) = run(rules, event).events
        assert published["raw"]["new"]["status"] == "PAID"
