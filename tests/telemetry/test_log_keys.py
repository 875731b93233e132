"""The keys on the lines that user code logs while a rule runs."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.buffer import LoggerBufferConfig

from powertools_stream import RuleRegistry, StreamProcessor, stream_processor
from powertools_stream.engine.steps import RUNNING
from powertools_stream.flavors import materialize, task
from powertools_stream.requests import Call
from powertools_stream.telemetry.log_keys import KEYS, KeysFilter, attach_keys
from powertools_stream.testing import to_kinesis_records, to_sqs_records


class Lines:
    """A Logger, and what it has written."""

    def __init__(self, name: str, **options: Any) -> None:
        self._written = io.StringIO()
        self.logger = Logger(service=name, level="INFO", stream=self._written, **options)

    def of_users(self) -> list[dict[str, Any]]:
        """Return the lines of user code."""
        lines = map(json.loads, self._written.getvalue().splitlines())
        return [line for line in lines if str(line["message"]).startswith("user")]

    def keys(self) -> list[tuple[Any, ...]]:
        """Return the keys of each."""
        return [tuple(line.get(key) for key in KEYS) for line in self.of_users()]


@pytest.fixture
def lines(request: pytest.FixtureRequest) -> Iterator[Lines]:
    yield Lines(request.node.name)
    assert RUNNING.get() is None


def events(count: int = 3, **fields: Any) -> dict[str, Any]:
    return to_sqs_records(
        [{"id": f"e-{n}", "type": "e", "n": n, "partition_key": f"key-{n}", **fields} for n in range(count)]
    )


def expected(event: Any, rule_id: str = "r") -> list[tuple[Any, ...]]:
    return [(rule_id, f"e-{n}", "e", record["messageId"], f"key-{n}") for n, record in enumerate(event["Records"])]


def process(rules: RuleRegistry, event: Any, lines: Lines, **options: Any) -> StreamProcessor:
    processor = StreamProcessor(rules=rules, logger=lines.logger, raise_on_entire_batch_failure=False, **options)
    processor.process_event(event)
    return processor


def test_a_function_and_its_filters(lines: Lines) -> None:
    rules = RuleRegistry()

    def is_wanted(uow: Any) -> bool:
        lines.logger.info("user: filter")
        return True

    @rules.register(task, filters=[is_wanted])
    def r(uow: Any) -> None:
        lines.logger.info("user: function")

    event = events(2)
    process(rules, event, lines)
    lines.logger.info("user: afterwards")

    first, second = expected(event)
    assert lines.keys() == [first, first, second, second, (None,) * 5]


def test_generators_across_their_suspensions(lines: Lines) -> None:
    rules = RuleRegistry()

    @rules.register(task, ordered=False)
    def r(uow: Any) -> Any:
        for _ in range(2):
            lines.logger.info("user: before")
            yield Call(int)
        lines.logger.info("user: after")

    event = events()
    process(rules, event, lines)

    assert sorted(lines.keys()) == sorted(expected(event) * 3)


def test_coroutines_side_by_side_and_their_tasks(lines: Lines) -> None:
    rules = RuleRegistry()

    @rules.register(task, ordered=False)
    async def r(uow: Any) -> None:
        lines.logger.info("user: before")
        await asyncio.sleep(0.002)
        await asyncio.gather(inner(), inner())
        lines.logger.info("user: after")

    async def inner() -> None:
        await asyncio.sleep(0)
        lines.logger.info("user: in a task")

    event = events()
    process(rules, event, lines)

    assert sorted(lines.keys()) == sorted(expected(event) * 4)


def test_calls_on_worker_threads(lines: Lines) -> None:
    rules = RuleRegistry()

    @rules.register(task, ordered=False)
    def r(uow: Any) -> Any:
        yield Call(lines.logger.info, "user: on a worker")

    event = events()
    process(rules, event, lines)

    assert sorted(lines.keys()) == sorted(expected(event))


def test_a_rule_of_several_records_has_the_newest(lines: Lines) -> None:
    rules = RuleRegistry()

    @rules.register(materialize, compact=True)
    def r(uow: Any) -> None:
        lines.logger.info("user: compacted")

    event = to_kinesis_records([{"id": f"e-{n}", "type": "e", "partition_key": "k", "timestamp": n} for n in range(3)])
    process(rules, event, lines)

    ((rule_id, event_id, *_),) = lines.keys()
    assert (rule_id, event_id) == ("r", "e-2")


def test_child_loggers_and_those_of_the_standard_library_below_it(lines: Lines) -> None:
    child = Logger(service=lines.logger.service, child=True)
    rules = RuleRegistry()

    @rules.register(task)
    def r(uow: Any) -> None:
        child.info("user: child")

    event = events(1)
    process(rules, event, lines)

    assert lines.keys() == expected(event)


def test_a_logger_of_the_standard_library(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("orders.of.the.standard.library")
    rules = RuleRegistry()

    @rules.register(task)
    def r(uow: Any) -> None:
        logger.warning("user")

    StreamProcessor(rules=rules, logger=logger).process_event(events(1))

    (line,) = (record for record in caplog.records if record.getMessage() == "user")
    assert (line.__dict__["rule_id"], line.__dict__["event_id"]) == ("r", "e-0")


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"correlation_id": "c"}, "c"),
        ({"correlationId": "c", "partition_key": "k"}, "c"),
        ({"partition_key": None, "partitionKey": "k"}, "k"),
    ],
)
def test_the_correlation_id_is_the_events_own_else_its_partition_key(
    fields: dict[str, Any], found: str, lines: Lines
) -> None:
    rules = RuleRegistry()

    @rules.register(task)
    def r(uow: Any) -> None:
        lines.logger.info("user")

    process(rules, events(1, **fields), lines)

    assert lines.of_users()[0]["correlation_id"] == found


@pytest.mark.parametrize(
    ("paths", "missing"),
    [
        (["event.partition_key"], {"correlation_id"}),
        (["event.id", "event.email"], {"event_id"}),
        (["event"], {"event_id", "event_type", "correlation_id"}),
        (["$..partition_key"], {"correlation_id"}),
        (["event.customer.id"], set()),
    ],
)
def test_what_is_redacted_is_no_key(paths: list[str], missing: set[str], lines: Lines) -> None:
    rules = RuleRegistry()

    @rules.register(task)
    def r(uow: Any) -> None:
        lines.logger.info("user")

    StreamProcessor(rules=rules, logger=lines.logger, redact=paths).process_event(events(1, partition_key="k"))

    (line,) = lines.of_users()
    assert set(KEYS) - set(line) == missing


def test_keys_of_the_users_own_win(lines: Lines) -> None:
    rules = RuleRegistry()
    lines.logger.append_keys(event_type="appended")

    @rules.register(task)
    def r(uow: Any) -> None:
        lines.logger.info("user", extra={"rule_id": "extra"})
        lines.logger.thread_safe_append_keys(record_id="thread-safe")
        lines.logger.info("user")
        lines.logger.thread_safe_clear_keys()

    process(rules, events(1), lines)

    first, second = lines.of_users()
    assert (first["rule_id"], first["event_type"], first["event_id"]) == ("extra", "appended", "e-0")
    assert (second["rule_id"], second["record_id"]) == ("r", "thread-safe")


def test_a_line_that_failed_in_between_leaves_nothing_behind(lines: Lines) -> None:
    rules = RuleRegistry()

    @rules.register(task)
    def r(uow: Any) -> Any:
        if uow.event["n"] == 0:
            raise ValueError("no")
        yield Call(int)
        raise SystemExit

    processor = process(rules, events(2), lines)
    lines.logger.info("user: afterwards")

    assert len(processor.faults) == 2
    assert lines.keys() == [(None,) * 5]


def test_two_processors_with_one_logger_share_its_filter(lines: Lines) -> None:
    rules = RuleRegistry()
    rules.add(id="r", flavor=task, event_type="e", execute=lambda uow: None)
    for _ in range(2):
        process(rules, events(1), lines)

    attach_keys(lines.logger)

    (handler,) = lines.logger.handlers
    assert len([one for one in handler.filters if isinstance(one, KeysFilter)]) == 1


def test_lines_of_the_debug_buffer_have_the_keys_of_the_moment_of_the_flush() -> None:
    """As the documentation says: only what is given as ``extra`` survives."""
    lines = Lines("buffered", buffer_config=LoggerBufferConfig())
    rules = RuleRegistry()

    @rules.register(task)
    def r(uow: Any) -> None:
        lines.logger.debug("user: buffered", extra={"order": uow.event["n"]})

    @lines.logger.inject_lambda_context(flush_buffer_on_uncaught_error=True)
    @stream_processor(rules=rules, logger=lines.logger)
    def handler(event: Any, context: Any) -> None:
        lines.logger.flush_buffer()

    class Context:
        function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "x"

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793")
        handler(events(2), Context())

    assert [(line["order"], line.get("rule_id")) for line in lines.of_users()] == [(0, None), (1, None)]


def test_one_line_per_batch_tells_what_became_of_it() -> None:
    written = io.StringIO()
    logger = Logger(service="a line per batch", level="INFO", stream=written)
    rules = RuleRegistry()

    @rules.register(task)
    def r(uow: Any) -> Any:
        yield Call(int)
        return 1 // uow.event["n"]

    event = events()
    event["Records"][2]["body"] = '{"id": "x", "type": "nobody"}'
    rules.add(id="s", flavor=task, event_type="e", execute=lambda uow: None)
    StreamProcessor(rules=rules, logger=logger).process_event(event)

    (line,) = (line for line in map(json.loads, written.getvalue().splitlines()) if "batch" in line)
    assert line["message"].startswith(
        "Batch of sqs: 3 records, 3 matched, 0 unmatched, 5 rule runs, 2 faults, 2 reported, 0 set aside; "
        "calls: 3 call; "
    )
    assert line["batch"].pop("milliseconds") > 0
    assert line["batch"] == {
        "source": "sqs",
        "records": 3,
        "matched": 3,
        "unmatched": 0,
        "rule_runs": 5,
        "faults": 2,
        "reported": 2,
        "set_aside": 0,
        "calls": {"call": 3},
    }


def test_nothing_is_written_of_a_batch_below_the_level_of_the_logger(caplog: pytest.LogCaptureFixture) -> None:
    rules = RuleRegistry()
    rules.add(id="r", flavor=task, event_type="e", execute=lambda uow: RUNNING.get())

    processor = StreamProcessor(rules=rules)
    processor.process_event(events(1))

    assert caplog.records == []
    assert processor.results[0].uow["result"] is None, "and nothing is noted for it"
