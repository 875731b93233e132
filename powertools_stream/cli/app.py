"""The commands, and what becomes of their errors."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from powertools_stream import __version__
from powertools_stream.cli.check.command import check
from powertools_stream.cli.event.command import event
from powertools_stream.cli.events.app import events
from powertools_stream.cli.faults.app import faults
from powertools_stream.cli.filters.command import filters
from powertools_stream.cli.graph.command import graph
from powertools_stream.cli.init.command import init
from powertools_stream.cli.local.command import local
from powertools_stream.cli.output import print_error
from powertools_stream.cli.policy.command import policy
from powertools_stream.cli.status import CannotRunError, Status
from powertools_stream.templates import TemplateError

__all__ = ["app", "run"]

app = typer.Typer(
    name="powertools-stream",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Every command exits with 0 if all is well, with 1 if it found something, and with 2 if it cannot run.",
)


def run() -> None:
    """Run the command that the arguments of this process ask for, and exit with its status."""
    try:
        app()
    except (CannotRunError, TemplateError) as error:
        print_error(error)
        sys.exit(Status.CANNOT_RUN)


def _print_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"powertools-stream {__version__}\n")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Check, run and look after event-driven functions on AWS Lambda."""


app.command("check")(check)
app.command("policy", no_args_is_help=True)(policy)
app.command("graph", no_args_is_help=True)(graph)
app.command("filters", no_args_is_help=True)(filters)
app.command("event", no_args_is_help=True)(event)
app.command("init", no_args_is_help=True)(init)
app.command("local")(local)
app.add_typer(faults, name="faults")
app.add_typer(events, name="events")
