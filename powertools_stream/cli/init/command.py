"""The command ``init``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from powertools_stream.cli.output import counted, print_document, results
from powertools_stream.cli.status import CannotRunError

if TYPE_CHECKING:
    from powertools_stream.cli.init.copying import Copied

__all__ = ["init"]


def init(
    template: Annotated[
        str | None, typer.Argument(help="The project to start from; `--list` shows all.", metavar="TEMPLATE")
    ] = None,
    directory: Annotated[
        Path | None,
        typer.Argument(help="Where to: a new directory, or an empty one. Default: the template's name.", metavar="DIR"),
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="Show the templates.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Start a project: a SAM template, its functions with their rules, and their tests.

    The directory's name becomes that of the stack, in `samconfig.toml`. Everything else is copied as it is, and is
    yours from then on. Nothing is ever overwritten.

    **Examples**

    - What is there to start from? `powertools-stream init --list`

    - In a directory of its name: `powertools-stream init control-service`

    - In another: `powertools-stream init control-service services/fulfilment`
    """
    from powertools_stream.cli.init.copying import copy_project
    from powertools_stream.cli.init.templates import described_templates, template_named

    if list_:
        _show_templates(described_templates(), as_json=as_json)
    elif template is None:
        raise CannotRunError("Expected a template, found none: --list shows what there is.")
    else:
        _show_copied(copy_project(template_named(template), directory or Path(template)), as_json=as_json)


def _show_templates(templates: Mapping[str, str], *, as_json: bool) -> None:
    if as_json:
        print_document(dict(templates))
        return
    from rich.table import Table

    table = Table("template", "what it is", box=None, pad_edge=False)
    for name, description in templates.items():
        table.add_row(name, description)
    results().print(table)


def _show_copied(copied: Copied, *, as_json: bool) -> None:
    if as_json:
        print_document(copied.as_document())
        return
    made = f"{copied.directory} has {counted(len(copied.files), 'file')}, for the stack {copied.stack_name}."
    width = max(map(len, copied.next_steps))
    steps = (f"  {name:<{width}}  {command}" for name, command in copied.next_steps.items())
    for line in (made, "README.md says what they are. Next, in that directory:", *steps):
        results().print(line, soft_wrap=True, markup=False)
