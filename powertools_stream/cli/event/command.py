"""The command `event`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from powertools_stream.cli.output import print_document, results
from powertools_stream.cli.status import CannotRunError

__all__ = ["event"]


def _print_list(wanted: bool) -> None:
    if not wanted:
        return
    from rich.table import Table

    from powertools_stream.cli.event.services import SERVICES

    table = Table("source", "--via", "--body", box=None, pad_edge=False)
    for name, service in SERVICES.items():
        source = name if service.sample else f"({name})"
        table.add_row(source, ", ".join(service.passes_to) or "–", service.body or "–")
    results().print(table)
    raise typer.Exit


def event(
    source: Annotated[
        str, typer.Argument(help="Where the events come from: `sqs`, `s3`, …; `--list` shows all.", metavar="SOURCE")
    ],
    via: Annotated[
        list[str] | None,
        typer.Option(help="What passes them on, in order. The last one invokes the function.", metavar="SERVICE"),
    ] = None,
    body: Annotated[
        str | None,
        typer.Option(help="What the source has: a file, or `-` for standard input. Else a sample.", metavar="FILE"),
    ] = None,
    count: Annotated[int, typer.Option(help="How many records.", min=1, max=10_000)] = 1,
    fifo: Annotated[bool, typer.Option("--fifo", help="The queue is a FIFO queue.")] = False,
    list_: Annotated[
        bool,
        typer.Option(
            "--list", callback=_print_list, is_eager=True, help="Show the sources, and what passes their events on."
        ),
    ] = False,
) -> None:
    """Print a sample event, as Lambda hands it to the function.

    It is JSON on standard output: for the console's test events, for `sam local invoke -e -`, for a test of your own.
    The same arguments print the same event.

    **Examples**

    - A message of a queue: `powertools-stream event sqs`

    - A notification of a bucket that comes by way of a topic and a queue:
      `powertools-stream event s3 --via sns --via sqs`

    - Your own event, ten times: `powertools-stream event kinesis --body order.json --count 10`
    """
    from powertools_stream.cli.event.chain import built_event, check_way

    given = via or []
    check_way(source, given, count=count, fifo=fifo)
    content = None if body is None else _decoded(_read(body), body)
    print_document(built_event(source, given, content, count=count, fifo=fifo))


def _read(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise CannotRunError(f"Expected a file to read, found {name}: {error.strerror}.") from error


def _decoded(content: bytes, name: str) -> Any:
    """Return a JSON object as such, and anything else as the text that it is."""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise CannotRunError(f"Expected text in UTF-8, found a byte {error.start} that is none in {name}.") from error
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, dict) else text
