"""Tells observers, whose own errors are no business of the batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from powertools_stream.outcomes import CallDetails, Observer, RecordDetails

__all__ = ["Observers"]


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
        self._logger = logger
        self._failing = set[int]()

    def on_call(self, details: CallDetails) -> None:
        """Tell them of a call that has ended."""
        for observer in self._observers:
            try:
                observer.on_call(details)
            except Exception as error:
                self._note(observer, error)

    def on_record_failed(self, details: RecordDetails) -> None:
        """Tell them of a record that was reported or set aside."""
        for observer in self._observers:
            try:
                observer.on_record_failed(details)
            except Exception as error:
                self._note(observer, error)

    def _note(self, observer: Observer, error: Exception) -> None:
        if id(observer) not in self._failing:
            self._failing.add(id(observer))
            self._logger.error("The observer %r failed: %r", observer, error)
