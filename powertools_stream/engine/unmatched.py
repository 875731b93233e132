"""What the log says of events that no rule is for: nothing else would show that a type is misspelled."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from powertools_stream.payloads.masking import MASK

if TYPE_CHECKING:
    from powertools_stream.payloads.redaction import Redaction
    from powertools_stream.rules.registry import RuleRegistry
    from powertools_stream.uow import Event

__all__ = ["Unmatched"]

# Types come from outside: neither their number nor their length may fill the memory, or the log.
_MAX_TYPES = 100
_MAX_LENGTH = 256
_TOLD = ("type", "id")


class Unmatched:
    """Logs each record that no rule matched (DEBUG), and each type that no rule is for, once per cold start (INFO).

    Parameters
    ----------
    registry
        The rules.
    logger
        The user's, or the library's own.
    redaction
        What it redacts of an event is not told; None: nothing is redacted.
    """

    def __init__(self, registry: RuleRegistry, logger: Any, redaction: Redaction | None = None) -> None:
        self._registry = registry
        self._logger = logger
        self._redaction = redaction
        self._seen = set[str]()
        self._untold: list[str] = []

    @property
    def is_heard(self) -> bool:
        """Whether the level of the logger lets anything of this through."""
        return self._is_enabled_for(logging.INFO)

    def note(self, record_id: str, event: Event, *, has_rules: bool) -> None:
        """Take note of an event that no rule matched.

        Parameters
        ----------
        record_id
            The identifier of its record.
        has_rules
            Whether there are rules for its type, whose other conditions did not hold.
        """
        hidden = self._redaction.hidden("event", _TOLD) if self._redaction is not None else frozenset[str]()
        event_type, event_id = (MASK if name in hidden else event.get(name) for name in _TOLD)
        if self._is_enabled_for(logging.DEBUG):
            self._logger.debug("No rule matched the %r event %r of record %s", event_type, event_id, record_id)
        if has_rules or not isinstance(event_type, str) or event_type in self._seen:
            return
        if len(self._seen) < _MAX_TYPES and len(event_type) <= _MAX_LENGTH:
            self._seen.add(event_type)
            self._untold.append(event_type)

    def tell(self) -> None:
        """Log the types that were seen since the last time, and that no rule is for, each with the nearest one."""
        if not self._untold:
            return
        from powertools_stream.rules.diagnostics import nearest_type

        untold, self._untold = self._untold, []
        known = self._registry.event_types()
        nearest = [(name, nearest_type(name, known)) for name in untold]
        self._logger.info(
            "No rule is for these event types, so that their records are done: %s",
            ", ".join(f"{name!r} (the nearest is {meant!r})" if meant else repr(name) for name, meant in nearest),
        )

    def _is_enabled_for(self, level: int) -> bool:
        # Whatever has a logger's methods is taken for one; without this method, its level is not known.
        is_enabled = getattr(self._logger, "isEnabledFor", None)
        return is_enabled is not None and bool(is_enabled(level))
