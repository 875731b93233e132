"""The commands ``faults``."""

from __future__ import annotations

import typer

from powertools_stream.cli.faults.reading import count, ls, show
from powertools_stream.cli.redrive.command import redrive
from powertools_stream.cli.resubmit.command import resubmit

__all__ = ["faults"]

faults = typer.Typer(
    no_args_is_help=True, rich_markup_mode="markdown", help="See fault events, and send what failed again."
)
faults.command("ls", no_args_is_help=True)(ls)
faults.command("show", no_args_is_help=True)(show)
faults.command("count", no_args_is_help=True)(count)
faults.command("resubmit", no_args_is_help=True)(resubmit)
faults.command("redrive", no_args_is_help=True)(redrive)
