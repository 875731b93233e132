"""Environment variables: read anew outside of a batch, and once inside of one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from powertools_stream import StreamProcessor, UnitOfWork
from powertools_stream.environment.tags import standard_tags
from powertools_stream.environment.variables import batch_variables, once_per_batch, variable
from powertools_stream.flavors import task
from powertools_stream.testing import FakeConnector, to_sqs_records


def test_outside_of_a_batch_a_variable_is_read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STAGE", raising=False)
    before = variable("STAGE")
    monkeypatch.setenv("STAGE", "prod")

    assert (before, variable("STAGE")) == (None, "prod")


def test_in_a_batch_a_variable_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with batch_variables():
        before = variable("STAGE")
        monkeypatch.setenv("STAGE", "prod")
        assert variable("STAGE") == before

    assert variable("STAGE") == "prod"


def test_a_function_of_the_environment_is_called_once_in_a_batch() -> None:
    calls: list[int] = []

    @once_per_batch
    def count() -> int:
        calls.append(1)
        return len(calls)

    with batch_variables():
        assert (count(), count()) == (1, 1)
    assert (count(), count()) == (2, 3)
    with batch_variables():
        assert (count(), count()) == (4, 4)


def test_an_error_is_not_kept() -> None:
    outcomes: Iterator[ValueError | int] = iter([ValueError("no"), 1])

    @once_per_batch
    def read() -> int:
        if isinstance(outcome := next(outcomes), ValueError):
            raise outcome
        return outcome

    with batch_variables():
        with pytest.raises(ValueError, match="no"):
            read()
        assert read() == 1


def test_the_next_batch_sees_what_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    def execute(uow: UnitOfWork) -> dict[str, Any]:
        return {"n": 1}

    bus = FakeConnector()
    rules = [{"id": "r", "flavor": task, "execute": execute, "emit": "done"}]
    processor = StreamProcessor(rules=rules, bus_name="bus", connectors=[bus])
    for stage in ("test", "prod"):
        monkeypatch.setenv("STAGE", stage)
        processor.process_event(to_sqs_records([{"id": "1", "type": "x"}]))

    assert [request.event["tags"]["stage"] for request in bus.asked] == ["test", "prod"]


def test_the_tags_of_events_are_their_own() -> None:
    with batch_variables():
        standard_tags("a")["more"] = 1

        assert "more" not in standard_tags("b")
