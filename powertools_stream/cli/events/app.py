"""The commands ``events``."""

from __future__ import annotations

import typer

from powertools_stream.cli.events.reading import count, ls, show
from powertools_stream.cli.replay.command import replay

__all__ = ["events"]

events = typer.Typer(
    no_args_is_help=True, rich_markup_mode="markdown", help="See stored events, and publish them again."
)
events.command("ls", no_args_is_help=True)(ls)
events.command("show", no_args_is_help=True)(show)
events.command("count", no_args_is_help=True)(count)
events.command("replay", no_args_is_help=True)(replay)
