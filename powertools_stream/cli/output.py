"""Where a command writes to: results to standard output, all else to standard error."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

__all__ = ["counted", "errors", "json_line", "print_document", "print_error", "progress_bars", "results"]


def results() -> Console:
    """Return the console of the results. It keeps to ``NO_COLOR``, and to the terminal's width."""
    return Console(file=sys.stdout, highlight=False, soft_wrap=False)


def errors() -> Console:
    """Return the console of errors, notes and progress, which ``--json`` does not silence."""
    return Console(file=sys.stderr, highlight=False)


def print_document(document: Any) -> None:
    """Print one JSON document, for ``--json``."""
    sys.stdout.write(_printable(document, indent=2) + "\n")


def json_line(document: Any) -> str:
    """Return a JSON document in one line."""
    return _printable(document, separators=(",", ":"))


def print_error(message: object) -> None:
    """Print why a command cannot go on, as one line."""
    errors().print(f"[bold red]error:[/] {_one_line(message)}", soft_wrap=True)


def progress_bars(*, in_bytes: bool = False) -> Progress:
    """Return bars for what takes more than a second. They vanish when done, and show on a terminal only."""
    console = errors()
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn() if in_bytes else MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        # Otherwise an empty line is left.
        disable=not console.is_terminal,
    )


def counted(count: int, noun: str) -> str:
    """Return how many there are of something: ``"1 record"``, ``"2 records"``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _one_line(message: object) -> str:
    from rich.markup import escape

    return escape(" ".join(str(message).split()))


def _printable(document: Any, **layout: Any) -> str:
    text = json.dumps(document, ensure_ascii=False, default=str, **layout)
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return json.dumps(document, default=str, **layout)
    return text
