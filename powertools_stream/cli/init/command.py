"""The command ``init``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from powertools_stream.cli.output import counted, print_document, results

if TYPE_CHECKING:
    from powertools_stream.cli.init.copying import Copied

__all__ = ["init"]


def _print_list(wanted: bool) -> None:
    if not wanted:
        return
    from rich.table import Table

    from powertools_stream.cli.init.templates import described_templates

    table = Table("template", "what it does", box=None, pad_edge=False)
    for name, description in described_templates().items():
        table.add_row(name, description)
    results().print(table)
    raise typer.Exit


def init(
    template: Annotated[str, typer.Argument(help="The project to start from; `--list` shows all.", metavar="TEMPLATE")],
    directory: Annotated[
        Path | None,
        typer.Argument(
            help="Where to; a new directory, or an empty one. Default: the template's name.",
            metavar="DIR",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    list_: Annotated[
        bool, typer.Option("--list", callback=_print_list, is_eager=True, help="Show the templates.")
    ] = False,
) -> None:
    """Start a project: a SAM template, its functions with their rules, and their tests.

    The directory's name becomes the name of the stack, in `samconfig.toml`. Everything else is copied as it is, and
    is yours from then on. A directory with something in it is left alone.

    **Examples**

    - What there is: `powertools-stream init --list`

    - `powertools-stream init control-service`: into `./control-service`

    - `powertools-stream init control-service services/orders-control`: with a name of its own
    """
    from powertools_stream.cli.init.copying import copy_project
    from powertools_stream.cli.init.templates import template_named

    copied = copy_project(template_named(template), directory or Path(template))
    if as_json:
        print_document(copied.as_document())
    else:
        _show(copied)


def _show(copied: Copied) -> None:
    console = results()
    made = f"{copied.directory}: {counted(len(copied.files), 'file')}, for the stack {copied.stack_name}."
    for line in (made, *(f"  {name + ':':<12}{command}" for name, command in copied.next_steps.items())):
        console.print(line, soft_wrap=True, markup=False)
