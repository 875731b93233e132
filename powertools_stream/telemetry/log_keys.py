"""The keys on the lines that user code logs while a rule runs: which rule, on which record."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from powertools_stream.engine.steps import RUNNING
from powertools_stream.options import AnyLogger
from powertools_stream.outcomes import StepDetails

__all__ = ["KEYS", "attach_keys", "correlation_id"]

KEYS = ("rule_id", "event_id", "event_type", "record_id", "correlation_id")
"""The keys, in the order in which they are written."""


class KeysFilter(logging.Filter):
    """Lets every line through, and adds the keys of what runs now. Of a handler, so that it sees child loggers' lines.

    What is logged elsewhere, and at any other time, stays as it is. A key that the line has already, by ``extra=`` or
    by ``append_keys``, keeps its value.

    Parameters
    ----------
    handler
        Writes the lines.
    """

    def __init__(self, handler: logging.Handler) -> None:
        super().__init__()
        self._handler = handler

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the keys."""
        running = RUNNING.get()
        details = running.details() if running is not None else None
        if details is not None:
            own = _own_keys(self._handler.formatter)
            for key, value in keys_of(details).items():
                if value is not None and key not in record.__dict__ and key not in own:
                    record.__dict__[key] = value
        return True


def attach_keys(logger: AnyLogger) -> None:
    """Let the handlers of a logger write the keys, those of its parents included. May be called again and again."""
    current: Any = logger
    while current is not None:
        for handler in getattr(current, "handlers", ()):
            if KeysFilter not in map(type, handler.filters):
                handler.addFilter(KeysFilter(handler))
        current = current.parent if getattr(current, "propagate", False) else None


def keys_of(details: StepDetails) -> dict[str, Any]:
    """Return the keys of a step; None: it has none of this name."""
    event: Mapping[str, Any] = details.event if isinstance(details.event, Mapping) else {}
    values = (details.rule_id, event.get("id"), event.get("type"), details.record_id, correlation_id(event))
    return dict(zip(KEYS, values, strict=True))


def correlation_id(event: Mapping[str, Any]) -> Any:
    """Return what an event is correlated by: its own correlation id, else its partition key, in either spelling."""
    for name in ("correlation_id", "correlationId", "partition_key", "partitionKey"):
        if (value := event.get(name)) is not None:
            return value
    return None


def _own_keys(formatter: Any) -> set[str]:
    """Return the keys that the user has appended to Powertools' Logger."""
    own = set[str]()
    for method in ("get_current_keys", "thread_safe_get_current_keys"):
        if (current := getattr(formatter, method, None)) is not None:
            own.update(current())
    return own
