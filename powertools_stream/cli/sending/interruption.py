"""Ctrl-C while something is sent: what is under way is waited for."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

from powertools_stream.cli.output import errors

__all__ = ["Interruption"]


class Interruption:
    """Takes Ctrl-C, and SIGTERM, as the wish to end after what is under way; the second one ends at once.

    A context manager, for the main thread.

    Parameters
    ----------
    under_way
        What is waited for: ``"the invocation"``.
    """

    def __init__(self, under_way: str) -> None:
        self._under_way = under_way
        self._asked = threading.Event()
        self._before: dict[int, Any] = {}

    @property
    def is_asked(self) -> bool:
        """Whether nothing more is to be sent."""
        return self._asked.is_set()

    def wait(self, seconds: float) -> None:
        """Wait, unless nothing more is to be sent."""
        self._asked.wait(seconds)

    def __enter__(self) -> Interruption:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.is_asked:
            raise KeyboardInterrupt
        self._asked.set()
        errors().print(f"Ends once {self._under_way} under way has ended. Ctrl-C again does not wait for it.")
