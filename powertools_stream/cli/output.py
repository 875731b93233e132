"""Where a command writes to: results to standard output, all else to standard error."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

__all__ = [
    "counted",
    "errors",
    "json_line",
    "print_document",
    "print_error",
    "print_note",
    "printable",
    "progress_bars",
    "results",
]

# Those of ASCII and Latin 1, and half of a surrogate pair, which cannot be written.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def results() -> Console:
    """Return the console of the results. It keeps to ``NO_COLOR``, and to the terminal's width."""
    return Console(file=sys.stdout, highlight=False, soft_wrap=False)


def errors() -> Console:
    """Return the console of errors, notes and progress, which ``--json`` does not silence."""
    return Console(file=sys.stderr, highlight=False)


def print_document(document: Any) -> None:
    """Print one JSON document, for ``--json``."""
    sys.stdout.write(_json(document, indent=2) + "\n")


def json_line(document: Any) -> str:
    """Return a JSON document in one line."""
    return _json(document, separators=(",", ":"))


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


def print_note(message: object) -> None:
    """Print what a person may want to know, as one line."""
    errors().print(_one_line(message), soft_wrap=True)


def printable(text: object) -> str:
    r"""Return a text of somebody else's with its control characters spelled out: a terminal would obey them.

    Line ends and tabs stay.

    Examples
    --------
    >>> print(printable("done\x1b[2J"))
    done\x1b[2J
    """
    return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], str(text))


def _one_line(message: object) -> str:
    from rich.markup import escape

    return escape(" ".join(printable(message).split()))


def _json(document: Any, **layout: Any) -> str:
    text = json.dumps(document, ensure_ascii=False, default=str, **layout)
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return json.dumps(document, default=str, **layout)
    return text
