from __future__ import annotations

import logging

import pytest

from powertools_stream import RuleRegistry, StreamProcessor
from powertools_stream.flavors import task
from powertools_stream.testing import run, to_sqs_records

EVENT = to_sqs_records([{"id": "1", "type": "t"}])


def rules() -> RuleRegistry:
    registry = RuleRegistry()
    for name in ("a", "b", "c"):
        registry.add(id=name, flavor=task, execute=lambda uow: None)
    return registry


@pytest.mark.parametrize(
    ("enabled", "disabled", "expected"),
    [
        ("", "", ["a", "b", "c"]),
        ("a, c", "", ["a", "c"]),
        ("", "a,c,", ["b"]),
        ("a,b", "b", ["a"]),
        ("other", "", []),
    ],
)
def test_the_environment_switches_rules(
    enabled: str, disabled: str, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENABLED_PIPELINES", enabled)
    monkeypatch.setenv("DISABLED_PIPELINES", disabled)

    outcome = run(rules(), EVENT)

    assert [result.rule_id for result in outcome.results] == expected
    assert outcome.response == {"batchItemFailures": []}


def test_it_is_said_once_which_rules_are_off(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("DISABLED_PIPELINES", "b,misspelt")
    processor = StreamProcessor(rules=rules())

    with caplog.at_level(logging.WARNING, logger="powertools_stream"):
        for _ in ("cold start", "warm start"):
            processor.process_event(EVENT)

    off, unknown = (record.getMessage() for record in caplog.records)
    assert off == "Rules that ENABLED_PIPELINES and DISABLED_PIPELINES have switched off: b"
    assert "misspelt" in unknown
    assert "a, b, c" in unknown


def test_nothing_is_said_where_nothing_is_switched(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="powertools_stream"):
        run(rules(), EVENT)

    assert "PIPELINES" not in caplog.text
    assert [record.levelno for record in caplog.records] == [logging.INFO] * 2, "of the cold start, and of the batch"
