"""Where records come from, in terms of OpenTelemetry: what sent them, and the traces in which they were sent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, SpanContext, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

__all__ = ["Origins", "destination_of", "system_of"]

# https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
_ROOT = re.compile(r"Root=1-([0-9a-f]{8})-([0-9a-f]{24})")
_PARENT = re.compile(r"Parent=([0-9a-f]{16})")

_MAX_LINKS = 128
"""Of one span: the SDK keeps no more by default (OTEL_SPAN_LINK_COUNT_LIMIT)."""

# https://opentelemetry.io/docs/specs/semconv/attributes-registry/messaging/#messaging-system
_SYSTEMS = {"kafka": "kafka", "sns": "aws.sns", "sqs": "aws_sqs"}

_NAMES = re.compile(r"arn:[^:]*:[^:]*:[^:]*:[^:]*:(?:[\w-]+/)?([^/:]+)")


class Origins:
    """The spans from which the records of a batch were sent; each is linked once, and not more than there may be."""

    def __init__(self) -> None:
        self._known = set[tuple[int, int]]()

    def of_record(self, record: Any) -> Iterator[Link]:
        """Yield the links of a record that has not been read: of X-Ray's header, and of ``traceparent`` beside it."""
        attributes = _fields(record).get("attributes")
        if isinstance(header := _fields(attributes).get("AWSTraceHeader"), str):
            yield from self._new(_of_xray(header))
        yield from self._new(_of_traceparent(_message_attributes(record)))

    def of_event(self, event: Any) -> Iterator[Link]:
        """Yield the link of an event: ``tags.traceparent``."""
        yield from self._new(_of_traceparent(_fields(_fields(event).get("tags"))))

    def _new(self, context: SpanContext | None) -> Iterator[Link]:
        if context is None or not context.is_valid or len(self._known) >= _MAX_LINKS:
            return
        key = context.trace_id, context.span_id
        if key not in self._known:
            self._known.add(key)
            yield Link(context)


def system_of(source: str) -> str:
    """Return the ``messaging.system`` of a source or of a service."""
    return _SYSTEMS.get(source, f"aws_{source}")


def destination_of(records: Sequence[Any]) -> str | None:
    """Return the name of the queue, stream, table or topic that the first record comes from."""
    record = _fields(records[0]) if records else {}
    arn = record.get("eventSourceARN") or record.get("EventSubscriptionArn") or record.get("topic")
    if not isinstance(arn, str):
        return None
    found = _NAMES.match(arn)
    return found.group(1) if found else arn


def _of_xray(header: str) -> SpanContext | None:
    root, parent = _ROOT.search(header), _PARENT.search(header)
    if root is None or parent is None:
        return None
    sampled = TraceFlags(TraceFlags.SAMPLED if "Sampled=1" in header else TraceFlags.DEFAULT)
    return SpanContext(int("".join(root.groups()), 16), int(parent.group(1), 16), is_remote=True, trace_flags=sampled)


def _of_traceparent(carrier: Mapping[str, Any]) -> SpanContext | None:
    texts = {name: carrier[name] for name in ("traceparent", "tracestate") if isinstance(carrier.get(name), str)}
    if "traceparent" not in texts:
        return None
    context = TraceContextTextMapPropagator().extract(texts, Context())
    return trace.get_current_span(context).get_span_context()


def _message_attributes(record: Any) -> dict[str, Any]:
    """Return the trace beside a message, in the forms of SQS, SNS and Kafka."""
    record = _fields(record)
    found: dict[str, Any] = {}
    for attributes in (record.get("messageAttributes"), _fields(record.get("Sns")).get("MessageAttributes")):
        for name in ("traceparent", "tracestate"):
            attribute = _fields(_fields(attributes).get(name))
            if value := attribute.get("stringValue") or attribute.get("Value"):
                found[name] = value
    headers = record.get("headers")
    for header in headers if isinstance(headers, list) else ():
        for name, value in _fields(header).items():
            with suppress(TypeError, ValueError):
                found[name] = bytes(value).decode()
    return found


def _fields(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
