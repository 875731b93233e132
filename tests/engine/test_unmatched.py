"""What the log says of events that no rule is for."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from powertools_stream import RuleRegistry, StreamProcessor, UnitOfWork, flavor
from powertools_stream.flavors import task
from powertools_stream.testing import run, to_sqs_records


def rules(**fields: Any) -> RuleRegistry:
    registry = RuleRegistry()
    registry.add(id="opened", flavor=task, execute=lambda uow: None, **{"event_type": "ticket-opened", **fields})
    registry.add(id="closed", flavor=task, execute=lambda uow: None, event_type=["ticket-closed", "ticket-gone"])
    return registry


def events(*types: str) -> dict[str, Any]:
    return to_sqs_records([{"id": f"e-{n}", "type": name, "secret": "4711"} for n, name in enumerate(types)])


def lines(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    """Return what was logged on a level, but for the line of each batch, and of the processor."""
    found = [record for record in caplog.records if record.levelno == level and record.module == "unmatched"]
    return [record.getMessage() for record in found]


@pytest.mark.parametrize(
    ("event_type", "nearest"),
    [
        ("ticket_opened", " (the nearest is 'ticket-opened')"),
        ("Ticket-Opened", " (the nearest is 'ticket-opened')"),
        ("TicketOpened", " (the nearest is 'ticket-opened')"),
        ("ticket.close", " (the nearest is 'ticket-closed')"),
        ("order", ""),
    ],
)
def test_a_type_that_no_rule_is_for_is_told_once_with_the_nearest_one(
    event_type: str, nearest: str, caplog: pytest.LogCaptureFixture
) -> None:
    processor = StreamProcessor(rules=rules())

    with caplog.at_level(logging.INFO, logger="powertools_stream"):
        for _ in ("cold start", "warm start"):
            processor.process_event(events("ticket-opened", event_type, event_type))

    (line,) = lines(caplog, logging.INFO)
    assert line == f"No rule is for these event types, so that their records are done: {event_type!r}{nearest}"
    assert lines(caplog, logging.DEBUG) == []


def test_types_of_one_batch_are_told_together_and_later_ones_later(caplog: pytest.LogCaptureFixture) -> None:
    processor = StreamProcessor(rules=rules())

    with caplog.at_level(logging.INFO, logger="powertools_stream"):
        processor.process_event(events("a", "b", "a"))
        processor.process_event(events("b", "c"))

    first, second = lines(caplog, logging.INFO)
    assert first.endswith("done: 'a', 'b'")
    assert second.endswith("done: 'c'")


def test_each_record_that_no_rule_matched_is_a_line_for_debugging(caplog: pytest.LogCaptureFixture) -> None:
    event = events("ticket-opened", "other", "ticket-opened")

    with caplog.at_level(logging.DEBUG, logger="powertools_stream"):
        run(rules(filters=[lambda uow: uow.event["id"] != "e-2"]), event)

    assert lines(caplog, logging.DEBUG) == [
        f"No rule matched the {event_type!r} event 'e-{n}' of record {event['Records'][n]['messageId']}"
        for n, event_type in ((1, "other"), (2, "ticket-opened"))
    ]
    (line,) = lines(caplog, logging.INFO)
    assert line.endswith("done: 'other'")  # there is a rule for the other type
    assert "4711" not in caplog.text


def test_nothing_is_told_of_a_record_that_failed_while_it_was_matched(caplog: pytest.LogCaptureFixture) -> None:
    def fails(uow: UnitOfWork) -> bool:
        raise ValueError("no")

    with caplog.at_level(logging.DEBUG, logger="powertools_stream"):
        run(rules(filters=[fails]), events("ticket-opened"))

    assert "No rule" not in caplog.text


def test_the_logger_of_the_processor_is_told() -> None:
    written = io.StringIO()
    logger = Logger(service="told of types", level="INFO", stream=written)

    StreamProcessor(rules=rules(), logger=logger).process_event(events("ticket_opened"))

    (line,) = (json.loads(line) for line in written.getvalue().splitlines() if "No rule is for" in line)
    assert (line["level"], "'ticket_opened' (the nearest is 'ticket-opened')" in line["message"]) == ("INFO", True)


@pytest.mark.parametrize("level", [logging.WARNING, logging.ERROR])
def test_nothing_is_noted_where_nobody_listens(level: int, caplog: pytest.LogCaptureFixture) -> None:
    processor = StreamProcessor(rules=rules())

    with caplog.at_level(level, logger="powertools_stream"):
        processor.process_event(events("other"))

    assert caplog.records == []
    assert processor._engine._unmatched._seen == set()


def _prepare(uow: UnitOfWork) -> UnitOfWork | None:
    row = uow.event.get("row")
    return None if row is None else uow.extend(event={**uow.event, "type": row})


@flavor(prepare=_prepare)
def of_rows(uow: UnitOfWork, rule: Any) -> None: ...


@pytest.mark.parametrize("has_plain_rules", [False, True])
def test_what_a_flavor_prepares_is_told_by_the_type_that_rules_see(
    has_plain_rules: bool, caplog: pytest.LogCaptureFixture
) -> None:
    registry = RuleRegistry(rules() if has_plain_rules else [])
    registry.add(id="row", flavor=of_rows, event_type="thing-submitted")
    bodies = [{"type": "EVENT-created", "row": row} for row in ("thing-submitted", "thing_submitted")]

    with caplog.at_level(logging.INFO, logger="powertools_stream"):
        run(registry, to_sqs_records([*bodies, {"type": "thing-created"}]))

    (line,) = lines(caplog, logging.INFO)
    assert "'thing_submitted' (the nearest is 'thing-submitted'), 'thing-created'" in line
    assert "EVENT-created" not in line


def test_types_from_outside_fill_neither_the_memory_nor_the_log(caplog: pytest.LogCaptureFixture) -> None:
    processor = StreamProcessor(rules=rules())

    with caplog.at_level(logging.INFO, logger="powertools_stream"):
        for batch in range(3):
            processor.process_event(events("x" * 1_000, *(f"type-{batch}-{n}" for n in range(90))))

    assert "xxx" not in caplog.text
    assert caplog.text.count("'type-") == 100


@pytest.mark.parametrize(
    ("redact", "told", "types"),
    [
        (["event.id"], "'order' event '*****'", "'order'"),
        (["event.type"], "'*****' event 'e-0'", "'*****'"),
        (["event.secret"], "'order' event 'e-0'", "'order'"),
    ],
)
def test_what_is_redacted_is_not_told(
    redact: list[str], told: str, types: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="powertools_stream"):
        StreamProcessor(rules=rules(), redact=redact).process_event(events("order"))

    assert lines(caplog, logging.DEBUG)[0].startswith(f"No rule matched the {told} of record ")
    assert lines(caplog, logging.INFO)[0].endswith(f"are done: {types}")
