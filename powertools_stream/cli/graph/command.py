"""The command ``graph``."""

from __future__ import annotations

import sys
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from powertools_stream.cli.output import document_text, errors, results
from powertools_stream.cli.status import CannotRunError

if TYPE_CHECKING:
    from powertools_stream.cli.graph.model import Graph, Node
    from powertools_stream.cli.loading import LoadedFunction
    from powertools_stream.cli.stack import Stack

__all__ = ["graph"]


class Layout(str, Enum):
    """The formats, besides the terminal's."""

    MERMAID = "mermaid"
    SVG = "svg"
    DOT = "dot"
    JSON = "json"


_SUFFIXES = {".svg": Layout.SVG, ".mmd": Layout.MERMAID, ".mermaid": Layout.MERMAID, ".dot": Layout.DOT,
             ".gv": Layout.DOT, ".json": Layout.JSON}  # fmt: skip


def graph(
    targets: Annotated[
        list[str],
        typer.Argument(
            metavar="TARGET",
            help="A template of SAM or CloudFormation, or a directory with one; or rules: `module:registry`, a module, "
            "a Python file. Several are one system.",
        ),
    ],
    event: Annotated[
        str | None, typer.Option("--event", metavar="TYPE", help="Show one event's way: from where, and to where.")
    ] = None,
    layout: Annotated[
        Layout | None, typer.Option("--format", metavar="FORMAT", help="Print as mermaid, svg, dot or json.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write to this file. Its suffix tells the format: .svg, .mmd, .dot, .json.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show what leads where: events, functions, their rules, and what they write to.

    Types of events that are published but that nothing consumes stand out, and types that are consumed but that
    nothing publishes. It imports the modules, and reads the source of rules for what they publish. What only the
    record tells is `?`.

    **Examples**

    - A template on the terminal: `powertools-stream graph template.yaml`

    - Several services, as a picture: `powertools-stream graph hub control bff -o system.svg`

    - One event's way through them: `powertools-stream graph hub control bff --event order-created`

    - For a README: `powertools-stream graph template.yaml --format mermaid`
    """
    chosen = _chosen(layout, output, as_json=as_json)
    with errors().status("Reading…"):
        whole = _read(targets)
    node = _event_named(whole, event) if event is not None else None
    if chosen is None:
        _show(whole, node)
        return
    text = _rendered(targets, _part(whole, node, chosen), chosen)
    if output is not None:
        _write(output, text)
    else:
        sys.stdout.write(text)


def _chosen(layout: Layout | None, output: Path | None, *, as_json: bool) -> Layout | None:
    if as_json and layout is not None:
        raise CannotRunError("Expected --json or --format, found both: leave one out.")
    if as_json:
        return Layout.JSON
    if layout is not None or output is None:
        return layout
    if (by_suffix := _SUFFIXES.get(output.suffix)) is None:
        raise CannotRunError(
            f"Expected a file that ends in {', '.join(_SUFFIXES)}, found {output}: rename it, or say --format."
        )
    return by_suffix


# -- Reading -----------------------------------------------------------------------------------------------------------


def _read(targets: list[str]) -> Graph:
    # Not before a graph is asked for: what reads templates takes half a second to import.
    from powertools_stream.cli.graph.building import graph_of, labels_of

    stacks, functions = _loaded(targets)
    found = graph_of(functions, stacks, labels_of(stacks))
    if not found.nodes:
        raise CannotRunError(
            f"Expected functions, rules, or rules of EventBridge in {', '.join(targets)}, found none of them."
        )
    return found


def _loaded(targets: list[str]) -> tuple[list[Stack], list[LoadedFunction]]:
    from powertools_stream.cli.loading import functions_in, is_template, load_functions, load_stacks

    stacks: list[Stack] = []
    functions: list[LoadedFunction] = []
    for target in dict.fromkeys(targets):
        if is_template(target):
            known = {stack.path for stack in stacks}
            found = [stack for stack in load_stacks(target) if stack.path not in known]
            stacks += found
            functions += [function for stack in found for function in functions_in(stack)]
        else:
            functions += _named_apart(load_functions(target), functions, target)
    return stacks, functions


def _named_apart(modules: list[LoadedFunction], others: list[LoadedFunction], target: str) -> list[LoadedFunction]:
    """Name modules after their last part, or after the target if another one is called so."""
    taken = {each.name for each in others if each.function is None}
    short = ((module, module.name.rpartition(".")[2]) for module in modules)
    return [replace(module, name=target if name in taken else name) for module, name in short]


def _event_named(found: Graph, name: str) -> Node:
    from difflib import get_close_matches

    from powertools_stream.cli.graph.model import EVENT

    events = {node.name: node for node in found.of_kind(EVENT)}
    if name in events:
        return events[name]
    (meant,) = get_close_matches(name, list(events), n=1) or ("",)
    hint = f" Did you mean {meant}?" if meant else ""
    raise CannotRunError(f"Expected one of {', '.join(sorted(events)) or 'no events'}, found {name}.{hint}")


# -- Showing -----------------------------------------------------------------------------------------------------------


def _show(whole: Graph, event: Node | None) -> None:
    from powertools_stream.cli.graph.terminal import show, show_event

    if event is None:
        show(results(), whole.overview)
    else:
        show_event(results(), whole, event)


def _part(whole: Graph, event: Node | None, layout: Layout) -> Graph:
    from powertools_stream.cli.graph.paths import way_of

    if event is not None:
        return way_of(whole, event)
    return whole if layout == Layout.JSON else whole.overview


def _rendered(targets: list[str], part: Graph, layout: Layout) -> str:
    if layout == Layout.JSON:
        from powertools_stream.cli.graph.document import as_document

        return document_text(as_document(targets, part))
    if layout == Layout.MERMAID:
        from powertools_stream.cli.graph.mermaid import as_mermaid

        return as_mermaid(part)
    if layout == Layout.DOT:
        from powertools_stream.cli.graph.dot import as_dot

        return as_dot(part)
    from powertools_stream.cli.graph.svg import as_svg

    with errors().status("Drawing…"):
        return as_svg(part)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CannotRunError(f"Expected to write {path}, found: {error.strerror}. Name another file.") from error
    errors().print(f"Wrote {path}.", soft_wrap=True)
