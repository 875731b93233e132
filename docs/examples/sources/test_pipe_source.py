from __future__ import annotations

from docs.examples.sources.pipe_source import rules
from powertools_stream.sources import DynamoDBSource, PipeSource
from powertools_stream.testing import run, to_dynamodb_records, to_pipe_records

source = PipeSource(DynamoDBSource(pk="site", event_type_prefix="visit"))


# --8<-- [start:handler]
def test_a_pipe_is_told_which_changes_failed() -> None:
    items = [{"site": "berlin", "count": 5}, {"site": "paris", "count": "many"}]
    event = to_pipe_records(
        to_dynamodb_records([{"new_image": item} for item in items], key=("site",))
    )

    outcome = run(rules, event, source=source)

    assert [
        (published["count"], published["partition_key"]) for published in outcome.events
    ] == [(5, "berlin")]
    assert outcome.response == {
        "batchItemFailures": [{"itemIdentifier": event[1]["eventID"]}]
    }


# --8<-- [end:handler]
