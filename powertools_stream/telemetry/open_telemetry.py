"""What is traced with OpenTelemetry: a batch, each of its rules, and the calls that they asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from opentelemetry import context as contexts, trace
from opentelemetry.trace import NoOpTracerProvider, ProxyTracerProvider, Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from powertools_stream.environment.tags import TRACE_TAGS
from powertools_stream.outcomes import BatchDetails, BatchSummary, CallDetails, CallStart, RecordDetails, StepDetails
from powertools_stream.telemetry.origins import Origins, destination_of, system_of

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer, TracerProvider

__all__ = ["OpenTelemetryObserver"]

_RULE = contexts.create_key("powertools-stream-rule")

_MAX_EXCEPTIONS = 10
"""Of one rule in one batch."""

_SENDING = frozenset(
    {"PutEvents", "PublishBatch", "SendMessageBatch", "PutRecords", "PutRecordBatch", "Publish", "SendMessage"}
)
"""The operations that send messages; the others are calls like any."""


class OpenTelemetryObserver:
    """Makes spans of a batch, of each rule that runs in it, and of each call; needs the extra ``otel``.

    The SDK, its exporter, and when that is flushed are the function's own business. While there is none, nothing is
    done. An observer serves one processor.

    Parameters
    ----------
    tracer_provider
        Of the SDK; None: the global one.
    inject
        Whether published events get the trace as the tag ``traceparent``, in place of any that they have.
    """

    def __init__(self, *, tracer_provider: TracerProvider | None = None, inject: bool = False) -> None:
        self._provider = tracer_provider
        self._inject = inject
        self._batch: _Batch | None = None

    @property
    def is_enabled(self) -> bool:
        """Whether there is an SDK."""
        provider = self._provider or trace.get_tracer_provider()
        return not isinstance(provider, NoOpTracerProvider | ProxyTracerProvider)

    def on_call(self, details: CallDetails) -> None:
        """Do nothing: a call is a span already."""

    def on_record_failed(self, details: RecordDetails) -> None:
        """Do nothing: faults are told with their batch."""

    @contextmanager
    def batch(self, details: BatchDetails) -> Iterator[None]:
        """Make the span of a batch."""
        before = self._batch
        self._batch = batch = _Batch(trace.get_tracer("powertools_stream", tracer_provider=self._provider), details)
        token = contexts.attach(trace.set_span_in_context(batch.span))
        tags = TRACE_TAGS.set(_trace_tags if self._inject else None)
        try:
            yield
        finally:
            TRACE_TAGS.reset(tags)
            contexts.detach(token)
            batch.end()
            self._batch = before

    @contextmanager
    def step(self, details: StepDetails) -> Iterator[None]:
        """Make a rule's span the current one."""
        batch = self._batch
        if batch is None:
            yield
            return
        span = batch.rule(details)
        if contexts.get_value(_RULE) is span:
            # It goes on, perhaps inside of a span of its own.
            yield
            return
        inside = contexts.set_value(_RULE, span, trace.set_span_in_context(span))
        token = contexts.attach(inside)
        try:
            yield
        finally:
            if contexts.get_current() is inside:
                contexts.detach(token)

    @contextmanager
    def call(self, details: CallStart) -> Iterator[None]:
        """Make a span of a call: in that of the rule that asked, or of the batch if several did."""
        batch = self._batch
        if batch is None:
            yield
            return
        with batch.call(details):
            yield

    def on_batch(self, summary: BatchSummary) -> None:
        """Note what became of the batch and of each rule."""
        if self._batch is not None:
            self._batch.sum_up(summary)


class _Batch:
    """The spans of one batch.

    Parameters
    ----------
    tracer
        Makes them.
    details
        What is known of the batch.
    """

    def __init__(self, tracer: Tracer, details: BatchDetails) -> None:
        self._tracer = tracer
        self._rules: dict[str, Span] = {}
        self._has_secrets = details.has_secrets
        destination = destination_of(details.records)
        attributes: dict[str, Any] = {
            "messaging.system": system_of(details.source),
            "messaging.operation.type": "process",
            "messaging.operation.name": "process",
            "messaging.batch.message_count": len(details.records),
        }
        if destination is not None:
            attributes["messaging.destination.name"] = destination
        self._origins = Origins()
        links = [link for record in details.records for link in self._origins.of_record(record)]
        self.span = tracer.start_span(
            f"process {destination or details.source}", kind=SpanKind.CONSUMER, attributes=attributes, links=links
        )

    def rule(self, details: StepDetails) -> Span:
        """Return the span of a rule, and link the batch to where the event comes from."""
        for link in self._origins.of_event(details.event):
            self.span.add_link(link.context)
        rule_id = details.rule_id
        if rule_id not in self._rules:
            self._rules[rule_id] = self._tracer.start_span(
                rule_id,
                context=trace.set_span_in_context(self.span),
                attributes={"powertools_stream.rule.id": rule_id},
            )
        return self._rules[rule_id]

    @contextmanager
    def call(self, details: CallStart) -> Iterator[None]:
        shared = len(details.rule_ids) != 1
        with self._tracer.start_as_current_span(
            f"{details.service}.{details.operation}",
            context=trace.set_span_in_context(self.span) if shared else None,
            kind=_kind(details),
            attributes=_call_attributes(details),
            record_exception=not self._has_secrets,
            set_status_on_exception=not self._has_secrets,
        ) as span:
            try:
                yield
            except Exception as error:
                if self._has_secrets:
                    _tell_kind(span, error)
                raise

    def sum_up(self, summary: BatchSummary) -> None:
        """Put counts on the spans, and the exceptions of faults."""
        for name in ("unmatched", "reported", "set_aside"):
            self.span.set_attribute(f"powertools_stream.records.{name}", getattr(summary, name))
        if summary.faults:
            self.span.set_status(Status(StatusCode.ERROR, f"{len(summary.faults)} faults"))
        for rule_id, span in self._rules.items():
            faults = [fault for fault in summary.faults if fault.rule_id == rule_id]
            span.set_attribute("powertools_stream.rule.runs", summary.runs.get(rule_id, 0))
            span.set_attribute("powertools_stream.rule.faults", len(faults))
            for fault in faults[:_MAX_EXCEPTIONS]:
                span.record_exception(fault.shown, {"powertools_stream.record.id": fault.record_id})
            if faults:
                span.set_status(Status(StatusCode.ERROR, f"{len(faults)} faults"))

    def end(self) -> None:
        for span in self._rules.values():
            span.end()
        self.span.end()


def _tell_kind(span: Span, error: Exception) -> None:
    """Tell of an error what it is, but not what it says: that is told, masked, in the span of its rule."""
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    span.add_event("exception", {"exception.type": kind})
    span.set_status(Status(StatusCode.ERROR, kind))


def _kind(details: CallStart) -> SpanKind:
    if details.operation in _SENDING:
        return SpanKind.PRODUCER
    return SpanKind.INTERNAL if details.service == "call" else SpanKind.CLIENT


def _call_attributes(details: CallStart) -> dict[str, Any]:
    attributes: dict[str, Any] = {"powertools_stream.call.attempt": details.attempt}
    if details.service != "call":
        attributes |= {"rpc.system": "aws-api", "rpc.service": details.service, "rpc.method": details.operation}
    if details.operation in _SENDING:
        attributes |= {
            "messaging.system": system_of(details.service),
            "messaging.operation.type": "send",
            "messaging.operation.name": details.operation,
            "messaging.batch.message_count": details.entries,
        }
    return attributes


def _trace_tags() -> Mapping[str, str]:
    """Return the trace as tags of an event."""
    tags: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(tags)
    return tags
