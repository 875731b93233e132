"""Tells observers, whose own errors are no business of the batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from powertools_stream.outcomes import CallDetails, Observer, RecordDetails

__all__ = ["FailingObservers", "Observers"]


class FailingObservers:
    """Names each observer that raises in the log, once.

    Parameters
    ----------
    logger
        Where it is named.
    """

    def __init__(self, logger: Any) -> None:
        self._logger = logger
        self._known = set[int]()

    def note(self, observer: Any, error: BaseException) -> None:
        """Take note of what an observer has raised."""
        if id(observer) not in self._known:
            self._known.add(id(observer))
            self._logger.error("The observer %r failed: %r", observer, error)


class Observers:
    """The observers of a batch. One that raises is logged once, and is told of what comes after all the same.

    Parameters
    ----------
    observers
        Those to tell.
    logger
        Where an observer that raises is named.
    """

    def __init__(self, observers: Sequence[Observer], logger: Any) -> None:
        self._observers = observers
        self._failing = FailingObservers(logger)

    def on_call(self, details: CallDetails) -> None:
        """Tell them of a call that has ended."""
        for observer in self._observers:
            try:
                observer.on_call(details)
            except Exception as error:
                self._failing.note(observer, error)

    def on_record_failed(self, details: RecordDetails) -> None:
        """Tell them of a record that was reported or set aside."""
        for observer in self._observers:
            try:
                observer.on_record_failed(details)
            except Exception as error:
                self._failing.note(observer, error)
