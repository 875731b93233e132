"""The keys on the lines that user code logs while a rule runs: which rule, on which record."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from powertools_stream.engine.steps import RUNNING
from powertools_stream.options import AnyLogger
from powertools_stream.outcomes import StepDetails

if TYPE_CHECKING:
    from powertools_stream.payloads.redaction import Redaction

__all__ = ["KEYS", "attach_keys", "correlation_id"]

KEYS = ("rule_id", "event_id", "event_type", "record_id", "correlation_id")
"""The keys, in the order in which they are written."""

_CORRELATED_BY = ("correlation_id", "correlationId", "partition_key", "partitionKey")
_FIELDS = ("id", "type", *_CORRELATED_BY)


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
        self._hidden: frozenset[str] = frozenset()

    def hide(self, names: frozenset[str]) -> None:
        """Take no key from these fields of an event any more: they are redacted."""
        self._hidden |= names

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the keys."""
        running = RUNNING.get()
        details = running.details() if running is not None else None
        if details is not None:
            own = _own_keys(self._handler.formatter)
            for key, value in keys_of(details, self._hidden).items():
                if value is not None and key not in record.__dict__ and key not in own:
                    record.__dict__[key] = value
        return True


def attach_keys(logger: AnyLogger, redaction: Redaction | None = None) -> None:
    """Let the handlers of a logger write the keys, those of its parents included. May be called again and again.

    Parameters
    ----------
    redaction
        What it redacts is not written.
    """
    hidden = redaction.hidden("event", _FIELDS) if redaction is not None else frozenset[str]()
    current: Any = logger
    while current is not None:
        for handler in getattr(current, "handlers", ()):
            if KeysFilter not in map(type, handler.filters):
                handler.addFilter(KeysFilter(handler))
            if hidden:
                next(one for one in handler.filters if type(one) is KeysFilter).hide(hidden)
        current = current.parent if getattr(current, "propagate", False) else None


def keys_of(details: StepDetails, hidden: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return the keys of a step; None: it has none of this name, or it is taken from a field that is hidden."""
    event: Mapping[str, Any] = details.event if isinstance(details.event, Mapping) else {}
    if hidden:
        event = {name: event[name] for name in _FIELDS if name in event and name not in hidden}
    values = (details.rule_id, event.get("id"), event.get("type"), details.record_id, correlation_id(event))
    return dict(zip(KEYS, values, strict=True))


def correlation_id(event: Mapping[str, Any]) -> Any:
    """Return what an event is correlated by: its own correlation id, else its partition key, in either spelling."""
    for name in _CORRELATED_BY:
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
