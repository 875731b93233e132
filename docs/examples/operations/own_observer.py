from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from powertools_stream import RuleRegistry, StreamProcessor, UnitOfWork
from powertools_stream.flavors import task
from powertools_stream.outcomes import (
    BatchSummary,
    CallDetails,
    RecordDetails,
    StepDetails,
)
from powertools_stream.testing import run, to_sqs_records

log = logging.getLogger(__name__)


class SlowSteps:
    """Names the rules that keep the main thread busy, on which other records wait."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.slow: set[str] = set()

    def on_call(self, details: CallDetails) -> None: ...

    def on_record_failed(self, details: RecordDetails) -> None: ...

    @contextmanager
    def step(self, details: StepDetails) -> Iterator[None]:
        started = time.monotonic()
        try:
            yield
        finally:
            if time.monotonic() - started > self.seconds:
                self.slow.add(details.rule_id)

    def on_batch(self, summary: BatchSummary) -> None:
        for rule_id in self.slow:
            log.warning(
                "The rule %s kept the main thread busy in a batch of %d records.",
                rule_id,
                summary.records,
            )


rules = RuleRegistry()


@rules.register(task, event_type="image-uploaded")
def thumbnail(uow: UnitOfWork) -> None:
    time.sleep(uow.event["seconds"])  # stands for a computation


processor = StreamProcessor(rules=rules, observers=[SlowSteps(seconds=0.5)])


def test_a_slow_rule_is_named() -> None:
    slow_steps = SlowSteps(seconds=0.2)

    run(
        rules,
        to_sqs_records([{"type": "image-uploaded", "seconds": 0.0}]),
        observers=[slow_steps],
    )
    assert slow_steps.slow == set()

    run(
        rules,
        to_sqs_records([{"type": "image-uploaded", "seconds": 0.3}]),
        observers=[slow_steps],
    )
    assert slow_steps.slow == {"thumbnail"}
