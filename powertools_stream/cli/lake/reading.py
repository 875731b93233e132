"""How reading goes: how far it has got, and what could not be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from powertools_stream.cli.output import counted, errors, printable, progress_bars

__all__ = ["Reading"]

_SHOWN = 20
"""So many warnings are shown. A file of another kind would have one in each line."""


class Reading:
    """How reading goes. Warnings go to standard error, as does the bar.

    Parameters
    ----------
    in_bytes
        Whether it is measured in bytes; else in messages.

    Attributes
    ----------
    problems
        How many things could not be read, of which each had a warning: reason enough to exit with 1.
    files, events
        How many files, objects or messages were read, and how many events were in them, selected or not.
    is_over
        Tells whether nothing more is to be read.
    is_cut_short
        Whether it has ended for this reason, before the end of the lake.
    """

    def __init__(self, *, in_bytes: bool = True) -> None:
        self._in_bytes = in_bytes
        self.problems = 0
        self.files = 0
        self.events = 0
        self.is_over: Callable[[], bool] = lambda: False
        self.is_cut_short = False
        self._total = 0
        self._done = 0
        self._bar: Any = None

    def warn(self, place: str, why: str) -> None:
        """Tell what could not be read, where, and why."""
        self.problems += 1
        if self.problems <= _SHOWN:
            self.note(f"{place}: {why}")

    def note(self, text: str) -> None:
        """Tell what should be known."""
        from rich.markup import escape

        console = errors() if self._bar is None else self._bar.console
        console.print(f"[bold yellow]warning:[/] {escape(' '.join(printable(text).split()))}", soft_wrap=True)

    def expect(self, count: int) -> None:
        """Add to what is to be read: bytes, or messages."""
        self._total += count
        self._update()

    def advance(self, count: int) -> None:
        """Add to what was read."""
        self._done += count
        self._update()

    @contextmanager
    def bar(self, description: str = "Reading") -> Iterator[None]:
        """Show how far it has got, and at the end how many warnings were not shown."""
        with progress_bars(in_bytes=self._in_bytes) as bars:
            self._bar, self._task = bars, bars.add_task(description, total=None)
            try:
                yield
            finally:
                self._bar = None
        if self.problems > _SHOWN:
            self.note(f"{counted(self.problems - _SHOWN, 'more problem')} of this kind.")

    def _update(self) -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done, total=self._total or None)
