from __future__ import annotations

from typing import Any

from powertools_stream.sources import DynamoDBSource, SQSSource

# The queue's redrive policy gives up on a message after its third receive.
queue = SQSSource(max_receive_count=3)


# A table with the hash key `site` and the sort key `date#event_type`, e.g. "2026-01-01#visit".
def entity(item: dict[str, Any]) -> str:
    return str(item["date#event_type"].split("#")[1])


visits = DynamoDBSource(pk="site", event_type_prefix=entity)
