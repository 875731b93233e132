from __future__ import annotations

from docs.examples.flavors.optimistic_locks import rules
from powertools_stream.testing import run, to_kinesis_records


def test_the_sequence_number_is_the_lock() -> None:
    event = {"id": "1", "type": "stock-counted", "timestamp": 5, "partition_key": "p-1", "count": 3}

    (update,) = run(rules, to_kinesis_records([event])).requests

    assert update.params["ConditionExpression"] == "attribute_not_exists(#sequence) OR #sequence < :sequence"
    assert len(update.params["ExpressionAttributeValues"][":sequence"]) == 129
