"""What commands that send things say alike."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from powertools_stream.cli.output import counted, printable

__all__ = ["SHOWN", "plain", "print_first", "were_being_sent"]

SHOWN = 20
"""How many things of a kind are shown."""


def plain(text: str) -> str:
    """Return a text of somebody else's in one line, with what a terminal would obey spelled out."""
    return printable(" ".join(text.split()))


def print_first(console: Console, lines: Sequence[str]) -> None:
    """Print the first lines of many, and how many more there are."""
    for line in lines[:SHOWN]:
        console.print(Text(plain(line)), soft_wrap=True)
    if len(lines) > SHOWN:
        console.print(f"… and {len(lines) - SHOWN} more; --json has them all.")


def were_being_sent(count: int, noun: str, what: str) -> str:
    """Return the line on things that were under way when the last run ended.

    Parameters
    ----------
    what
        What may have become of them: ``"be done"``.
    """
    being = f"{'was' if count == 1 else 'were'} being sent when the last run ended"
    return f"{counted(count, noun)} {being}, and may {what}: sent again."
