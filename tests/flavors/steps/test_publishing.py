from __future__ import annotations

from typing import Any

import pytest

from powertools_stream import RuleRegistry
from powertools_stream.flavors import cdc, evaluate, expired, job, task
from powertools_stream.requests import Scan
from powertools_stream.testing import run, to_dynamodb_records

EVENT = {"id": "e-1", "type": "order-created", "timestamp": 1, "partition_key": "o-1", "tags": {}}
ROW = {"pk": "e-1", "sk": "EVENT", "discriminator": "EVENT", "data": "o-1", "event": EVENT, "ttl": 1, "expire": True}


def answer(request: Any) -> Any:
    return {"Items": [{"pk": "o-1"}]} if isinstance(request, Scan) else {}


@pytest.mark.parametrize(
    "fields",
    [
        {"flavor": task, "emit": "x"},
        {"flavor": task, "emit": lambda uow, template: {**template, "type": "x"}},
        {"flavor": cdc},
        {"flavor": evaluate, "emit": "x"},
        {"flavor": expired},
        {"flavor": job, "to_scan_request": lambda uow: {"Limit": 1}, "to_event": lambda uow: {"type": "x"}},
    ],
)
def test_what_a_flavor_publishes_is_spelled_for_services_written_in_javascript_if_the_setting_says_so(
    fields: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVENT_SPELLING", "javascript")
    monkeypatch.setenv("EVENT_TABLE_NAME", "events")
    rules = RuleRegistry()
    rules.add(id="r", **fields)

    outcome = run(rules, to_dynamodb_records([{"new_image": ROW}, {"old_image": ROW}]), responses=answer)

    assert outcome.faults == []
    assert outcome.events
    for event in outcome.events:
        assert event["partitionKey"] in ("o-1", "e-1")
        assert "partition_key" not in event
