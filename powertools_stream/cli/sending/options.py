"""The options that the commands which send have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from powertools_stream.cli.sending.pace import RATE_HELP

__all__ = ["JournalFile", "Rate", "Yes"]

Yes = Annotated[bool, typer.Option("--yes", help="Do it. Without, nothing is sent.")]
Rate = Annotated[str | None, typer.Option(help=RATE_HELP, metavar="RATE")]
JournalFile = Annotated[
    Path | None,
    typer.Option(help="Where is noted what was sent. Default: a file in this directory, named after the lake."),
]
