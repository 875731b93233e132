from __future__ import annotations

from typing import Any

import pytest

from powertools_stream import StreamProcessor
from powertools_stream.flavors import task
from powertools_stream.requests import Call
from tests.engine.store import numbered


class Failing:
    def __init__(self) -> None:
        self.told: list[str] = []

    def on_call(self, details: Any) -> None:
        self.told.append("call")
        raise ValueError("no")

    def on_record_failed(self, details: Any) -> None:
        self.told.append("record")
        raise ValueError("no")


def test_an_observer_that_raises_is_logged_once_for_a_batch_and_does_no_harm(caplog: pytest.LogCaptureFixture) -> None:
    def execute(uow: Any) -> Any:
        yield Call(int)
        if uow.event["n"]:
            raise ValueError("a fault")

    failing = Failing()
    processor = StreamProcessor(rules=[{"id": "r", "flavor": task, "execute": execute}], observers=[failing])

    response = processor.process_event(numbered(3))

    assert len(response["batchItemFailures"]) == 2
    assert sorted(failing.told) == ["call"] * 3 + ["record"] * 2
    assert caplog.text.count("The observer") == 2, "of calls, and of records"
