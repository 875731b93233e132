"""Runs a program against the endpoint, and returns what happened."""

from __future__ import annotations

import gc
import json
import os
import random
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from powertools_stream import StreamProcessor, stream_processor
from powertools_stream.testing.endpoint import ScriptedEndpoint
from tests.soak.deliveries import Deliveries
from tests.soak.history import Delivery, History
from tests.soak.journal import Journal
from tests.soak.processors import make_processor, read_descriptions
from tests.soak.program import PlannedInvocation, PlannedOptions, PlannedRecord, Program
from tests.soak.remains import SHOWS_LOG, WORKERS, left_threads, noting_uncaught
from tests.soak.rules import make_rules
from tests.soak.service import Service
from tests.soak.sources import SOURCES, build

__all__ = ["Context", "run", "soaking"]

_UNSET = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "BUS_NAME", "BUS_SRC", "FAULT_BUS_NAME", "MAX_REQ_SIZE", "PARALLEL")
_SET = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_EC2_METADATA_DISABLED": "true",
}
_LAST = PlannedInvocation(20_000, 12)
"""Each of the invocations in which nothing fails any more."""


@contextmanager
def soaking() -> Iterator[ScriptedEndpoint]:
    """Set up what all programs share: the endpoint, and an environment that points to it."""
    with ScriptedEndpoint() as endpoint, patch.dict(os.environ, {**_SET, "AWS_ENDPOINT_URL": endpoint.url}):
        for name in _UNSET:
            os.environ.pop(name, None)
        read_descriptions()
        # What is there now is looked at no more, so that the collections after each program take no time.
        gc.collect()
        gc.freeze()
        try:
            yield endpoint
        finally:
            gc.unfreeze()


def run(program: Program, endpoint: ScriptedEndpoint) -> History:
    """Run a program."""
    history = History()
    started = time.monotonic()
    before = set(threading.enumerate())
    with noting_uncaught(history):
        _Run(program, endpoint, history).go()
        history.left = left_threads(before)
    history.seconds = time.monotonic() - started
    return history


class _Run:
    def __init__(self, program: Program, endpoint: ScriptedEndpoint, history: History) -> None:
        self._program = program
        self._history = history
        self._journal = Journal(program, history)
        self._service = endpoint.script = Service(program, history)
        self._endpoint = endpoint
        self._deliveries = Deliveries(program)
        self._received: Counter[str] = Counter()

    def go(self) -> None:
        random.seed(self._program.seed)  # of the pauses between attempts
        with _options_of_environment(self._program.options, lambda: self._journal.is_calm):
            if self._program.options.own_thread:
                thread = threading.Thread(target=self._all)
                thread.start()
                thread.join()
            else:
                self._all()
        self._endpoint.clear()

    def _all(self) -> None:
        processor = make_processor(self._program, make_rules(self._program, self._journal))
        handle = _handler(processor, self._program.options.entry)
        for number, invocation in enumerate(self._program.invocations):
            self._invoke(number, invocation, processor, handle)
        self._service.release()
        self._invoke_last(processor, handle)

    def _invoke(
        self,
        number: int,
        planned: PlannedInvocation,
        processor: StreamProcessor,
        handle: Callable[[Any, Any], Any],
        *,
        is_last: bool = False,
    ) -> None:
        """Make one invocation; nothing happens if no record waits."""
        records = self._deliveries.next(number, planned.batch_size)
        if not records:
            return
        event, raw = build(SOURCES[self._program.source], records, number)
        self._count_receives(raw)
        in_order = [self._program.record(ref) for ref in raw]
        remaining = None if planned.remaining is None else planned.remaining / 1000
        delivery = Delivery(number, tuple(raw), _copy(raw), remaining, is_last=is_last)
        self._journal.current = number
        started = time.monotonic()
        context = None if remaining is None else Context(started + remaining)
        try:
            delivery.response = handle(event, context)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            delivery.error = _said(error)
            if SHOWS_LOG:
                traceback.print_exc()
        delivery.elapsed = time.monotonic() - started
        self._journal.current = None
        delivery.failed = len({fault.record_id for fault in processor.faults})
        reported = _reported(self._program, delivery, in_order)
        acknowledged = self._deliveries.settle(in_order, reported)
        delivery.reported = frozenset(record.ref for record in reported)
        delivery.acknowledged = frozenset(record.ref for record in acknowledged)
        self._history.deliveries.append(delivery)

    def _count_receives(self, raw: Mapping[str, Any]) -> None:
        """Let messages say how often they were received."""
        self._received.update(raw.keys())
        for ref, record in raw.items():
            attributes = record.get("attributes")
            if isinstance(attributes, dict) and "ApproximateReceiveCount" in attributes:
                attributes["ApproximateReceiveCount"] = str(self._received[ref])

    def _invoke_last(self, processor: StreamProcessor, handle: Callable[[Any, Any], Any]) -> None:
        """Deliver what is left, while nothing fails, but for what never can be processed."""
        self._journal.is_calm = self._service.is_calm = True
        number = len(self._program.invocations)
        self._deliveries.next(number, 0)
        self._deliveries.drop([one for one in self._deliveries.waiting if one.never_ends_well])
        while self._deliveries.waiting and number < len(self._program.invocations) + 12:
            before = len(self._deliveries.waiting)
            self._invoke(number, _LAST, processor, handle, is_last=True)
            if len(self._deliveries.waiting) == before:
                break
            number += 1


class Context:
    """Lambda's context, in an invocation that ends at this time (`time.monotonic` seconds)."""

    def __init__(self, ends_at: float) -> None:
        self._ends_at = ends_at
        self.aws_request_id = "soak"

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._ends_at - time.monotonic()) * 1000))


def _handler(processor: StreamProcessor, entry: str) -> Callable[[Any, Any], Any]:
    if entry == "decorator":
        return stream_processor(processor=processor)(lambda event, context: None)
    return processor.process_event


def _reported(program: Program, delivery: Delivery, records: Sequence[PlannedRecord]) -> list[PlannedRecord]:
    """Return the records that Lambda takes for failed; one that is named wrongly is none."""
    if delivery.error is not None:
        return list(records)
    source = SOURCES[program.source]
    if program.source == "firehose":
        answers = {one["recordId"]: one["result"] for one in delivery.response["records"]}
        return [one for one in records if answers.get(source.identifier(one)) not in ("Ok", "Dropped")]
    named = [one["itemIdentifier"] for one in delivery.response["batchItemFailures"]]
    return [record for record in records if source.identifier(record) in named]


def _said(error: BaseException) -> str:
    """Say what was raised, as the runtime client does; an error without a text ends the environment."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception as unsaid:
        return f"{type(error).__name__} that cannot be printed ({unsaid!r})"


@contextmanager
def _options_of_environment(options: PlannedOptions, is_calm: Callable[[], bool]) -> Iterator[None]:
    with ExitStack() as stack:
        if options.max_request_bytes is not None:
            stack.enter_context(patch.dict(os.environ, {"MAX_REQ_SIZE": str(options.max_request_bytes)}))
        if options.in_lambda:
            stack.enter_context(patch.dict(os.environ, {"LAMBDA_TASK_ROOT": "/var/task"}))
        if options.failing_threads:
            start = _failing_start(options.failing_threads, is_calm)
            stack.enter_context(patch.object(threading.Thread, "start", start))
        yield


def _failing_start(failing: Sequence[int], is_calm: Callable[[], bool]) -> Callable[[threading.Thread], None]:
    """Return a way to start threads in which some of the workers cannot be started."""
    start, count, lock = threading.Thread.start, iter(range(1_000_000)), threading.Lock()

    def starts(thread: threading.Thread) -> None:
        if thread.name == WORKERS:
            with lock:
                if next(count) in failing and not is_calm():
                    raise RuntimeError("can't start new thread")
        start(thread)

    return starts


def _copy(raw: dict[str, Any]) -> dict[str, Any]:
    """Return the records as JSON has them, which nothing changes any more."""
    copied: dict[str, Any] = json.loads(json.dumps(raw))
    return copied
