"""What is traced with X-Ray: a batch, and in it each of its rules, with the calls that it asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from powertools_stream.outcomes import BatchDetails, BatchSummary, CallDetails, CallStart, RecordDetails, StepDetails

__all__ = ["TracerObserver"]

_NAME = "## stream_processor"


class TracerObserver:
    """Makes a subsegment of a batch, and one in it of each rule that runs, whatever the number of its records.

    While user code of a rule runs, its subsegment is the current one; so it is for a call that this rule alone has
    asked for, on whichever thread that is made. A call that several rules share is one of the batch.

    Parameters
    ----------
    tracer
        Powertools' Tracer, or another object whose provider opens subsegments: of a provider that is not X-Ray's
        recorder, only the batch is one.
    """

    def __init__(self, tracer: Any) -> None:
        self._tracer = tracer
        self._batch: _TracedBatch | None = None

    @property
    def is_enabled(self) -> bool:
        """Whether anything is traced."""
        return not getattr(self._tracer, "disabled", False)

    def on_call(self, details: CallDetails) -> None:
        """Do nothing: botocore, patched by X-Ray, makes subsegments of calls."""

    def on_record_failed(self, details: RecordDetails) -> None:
        """Do nothing: faults are told with their batch."""

    def batch(self, details: BatchDetails) -> AbstractContextManager[Any]:
        """Return the subsegment of a batch."""
        recorder = self._tracer.provider
        if not hasattr(getattr(recorder, "context", None), "_local"):
            subsegment: AbstractContextManager[Any] = recorder.in_subsegment(name=_NAME)
            return subsegment
        return self._traced(recorder)

    def step(self, details: StepDetails) -> AbstractContextManager[Any] | None:
        """Return a context in which a rule's subsegment is the current one."""
        return self._batch.inside_rule(details.rule_id) if self._batch is not None else None

    def call(self, details: CallStart) -> AbstractContextManager[Any] | None:
        """Return a context in which calls hang under who asked for them, on a thread that knows nothing of that."""
        return self._batch.on_worker(details.rule_ids) if self._batch is not None else None

    def on_batch(self, summary: BatchSummary) -> None:
        """Note what became of the batch and of each rule."""
        if self._batch is not None:
            self._batch.annotate(summary)

    @contextmanager
    def _traced(self, recorder: Any) -> Iterator[None]:
        subsegment = recorder.begin_subsegment(_NAME)
        if subsegment is None:  # there is no segment to put it into, which the recorder has logged
            yield
            return
        self._batch = _TracedBatch(recorder, subsegment)
        try:
            yield
        finally:
            self._batch.end()
            self._batch = None


class _TracedBatch:
    """The subsegments of a batch.

    Parameters
    ----------
    recorder
        X-Ray's.
    subsegment
        That of the batch, which is the current one.
    """

    def __init__(self, recorder: Any, subsegment: Any) -> None:
        # Reaches into the SDK: its public setter replaces the stack of a thread by a single entity.
        self._local = recorder.context._local
        self._recorder = recorder
        self._subsegment = subsegment
        self._entities = [*self._local.entities]
        self._segment = getattr(self._local, "segment", None)
        self._rules: dict[str, Any] = {}

    @contextmanager
    def inside_rule(self, rule_id: str) -> Iterator[None]:
        rule = self._rule(rule_id)
        before = getattr(self._local, "entities", None) or self._enter(self._entities)
        if any(entity is rule for entity in before):
            # Suspended before, inside of a subsegment of its own.
            yield
            return
        self._local.entities = [*before, rule]
        try:
            yield
        finally:
            if self._local.entities[-1] is rule:
                self._local.entities = before

    @contextmanager
    def on_worker(self, rule_ids: tuple[str, ...]) -> Iterator[None]:
        parent = self._rule(rule_ids[0]) if len(rule_ids) == 1 else self._subsegment
        self._enter([parent])
        try:
            yield
        finally:
            self._local.__dict__.clear()

    def annotate(self, summary: BatchSummary) -> None:
        """Put counts on the subsegments, and the exceptions of faults."""
        for name in ("records", "unmatched", "reported", "set_aside"):
            self._subsegment.put_annotation(name, getattr(summary, name))
        for rule_id, rule in self._rules.items():
            faults = [fault for fault in summary.faults if fault.rule_id == rule_id]
            rule.put_annotation("rule_id", rule_id)
            rule.put_annotation("runs", summary.runs.get(rule_id, 0))
            rule.put_annotation("faults", len(faults))
            for fault in faults[:_MAX_EXCEPTIONS]:
                rule.add_exception(fault.shown, _stack_of(fault.shown))

    def end(self) -> None:
        """End what has not ended."""
        self._enter(self._entities)
        for rule in self._rules.values():
            rule.close()
        self._recorder.end_subsegment()

    def _rule(self, rule_id: str) -> Any:
        if rule_id not in self._rules:
            self._rules[rule_id] = _subsegment_of(rule_id, self._subsegment)
        return self._rules[rule_id]

    def _enter(self, entities: list[Any]) -> list[Any]:
        """Let this thread have a stack of its own."""
        if self._segment is not None:  # in Lambda, where a thread without one gets a segment of its own
            self._local.segment = self._segment
        self._local.entities = [*entities]
        return self._local.entities  # type: ignore[no-any-return]


_MAX_EXCEPTIONS = 10
"""Of one rule in one batch: X-Ray takes no documents above 64 KB."""


def _stack_of(error: BaseException) -> list[Any]:
    import traceback

    return list(traceback.extract_tb(error.__traceback__))


def _subsegment_of(rule_id: str, parent: Any) -> Any:
    """Return a new subsegment for a rule, in that of the batch."""
    from aws_xray_sdk.core.models.dummy_entities import DummySubsegment

    from powertools_stream.telemetry.subsegments import RuleSubsegment

    name = f"## {rule_id}"
    segment = parent.parent_segment
    subsegment = RuleSubsegment(name, "local", segment) if parent.sampled else DummySubsegment(segment, name)
    parent.add_subsegment(subsegment)
    return subsegment
