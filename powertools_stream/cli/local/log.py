"""What functions log, on the terminal and in a file."""

from __future__ import annotations

import threading
from typing import TextIO

from rich.console import Console
from rich.markup import escape

from powertools_stream.local.activity import Activity, LogLine, MappingBatch, MappingFailed, Reloaded
from powertools_stream.local.function import Invocation

__all__ = ["LogWriter"]

# The runtime client says at length that an error on import is most likely the code's.
_OF_CLIENT = "LAMBDA_WARNING: "
_SHOWN_LEVELS = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "bold red"}


class LogWriter:
    """Writes what happens; an observer of an application.

    Parameters
    ----------
    console
        Shows it in short: what a function prints, its warnings and errors, and what went wrong.
    file
        Gets every line that a function logs, in full.
    verbose
        Whether the console shows every line in full.
    """

    def __init__(self, console: Console, file: TextIO | None = None, *, verbose: bool = False) -> None:
        self._console = console
        self._file = file
        self._verbose = verbose
        self._lock = threading.Lock()
        self._told: set[tuple[str, str]] = set()
        self._last: dict[str, str] = {}

    def __call__(self, activity: Activity) -> None:
        """Write what is to be seen of it."""
        if isinstance(activity, LogLine):
            self._write_line(activity)
        elif isinstance(activity, Invocation):
            self._write_error(activity)
        elif isinstance(activity, MappingBatch) and activity.outcome.problem:
            self._write_problem(activity)
        elif isinstance(activity, MappingFailed):
            self.write(f"{activity.mapping} polls no more: {activity.error}", "bold red")
        elif isinstance(activity, Reloaded):
            names = ", ".join(path.name for path in activity.paths)
            self.write(f"Loading code anew: {names}", "cyan")

    def _write_error(self, invocation: Invocation) -> None:
        """Write an error once, however often it comes in a row: a mistake at import fails each invocation."""
        error = "" if invocation.error is None else str(invocation.error).strip().partition("\n")[0]
        before, self._last[invocation.function_name] = self._last.get(invocation.function_name), error
        if invocation.error is not None and (self._verbose or error != before):
            self.write(f"{invocation.function_name}: {error}", "red")

    def _write_problem(self, batch: MappingBatch) -> None:
        told = (batch.mapping, batch.outcome.problem)
        if told not in self._told:
            self._told.add(told)
            self.write(f"{batch.mapping}: {batch.outcome.problem}", "red")

    def write(self, text: str, style: str = "") -> None:
        """Write a line to the console."""
        with self._lock:
            self._console.print(escape(text), style=style, soft_wrap=True)

    def _write_line(self, line: LogLine) -> None:
        if self._file is not None and not self._file.closed:
            with self._lock:
                self._file.write(f"{line.function}: {line.text}\n")
        if self._verbose:
            self.write(f"{line.function}: {line.text}")
            return
        fields = line.fields
        style = _SHOWN_LEVELS.get(str(fields.get("level")))
        # Without one, it is what a handler raised, which is told with its invocation.
        message = str(fields.get("message", "")).strip().partition("\n")[0]
        if not fields:
            self._write_print(line)
        elif style and message and not message.startswith(_OF_CLIENT):
            self.write(f"{line.function}: {message}", style)

    def _write_print(self, line: LogLine) -> None:
        # An error that a handler raises is logged with its whole trace: its first line says which it is.
        text = line.text
        if text.startswith(("[ERROR]", "Traceback ", " ", "\xa0")) or not text.strip():
            return
        self.write(f"{line.function}: {text}")
