"""What the command line exits with, and the error that ends a command."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["CannotRunError", "Status"]


class Status(IntEnum):
    """What a command exits with: ``raise typer.Exit(Status.FINDINGS)``."""

    FINE = 0
    FINDINGS = 1
    """It ran, and found something that a person should look at."""
    CANNOT_RUN = 2
    """Its arguments, a file or a service would not let it run."""
    INTERRUPTED = 130
    """Ctrl-C, as Typer and shells have it."""


class CannotRunError(Exception):
    """Ends a command. Its message is one line: what was expected, what was found, and what to do."""
