"""The graph on a terminal: what each function gets, does and publishes; and where each event comes from and goes to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from powertools_stream.cli.graph.model import BUS, EVENT, FUNCTION, RULE, Edge, Flow, Graph, Mark, Node
from powertools_stream.cli.graph.paths import Step, downstream, upstream
from powertools_stream.cli.graph.wording import anything_of, noun_of
from powertools_stream.cli.output import counted

__all__ = ["show", "show_event"]

_RED = "bold red"


# -- All of it ---------------------------------------------------------------------------------------------------------


def show(console: Console, graph: Graph) -> None:
    """Show a table for each function, one of the events, and what stands out."""
    for function in graph.of_kind(FUNCTION):
        _show_function(console, graph, function)
    _show_events(console, graph)
    _show_buses(console, graph)
    console.print(_summary(graph), soft_wrap=True)


def _show_function(console: Console, graph: Graph, function: Node) -> None:
    rules = [node for node in graph.nodes if node.function == function.id]
    sources = _sources(graph, [function, *rules])
    heading = Text.assemble((_title(function), "bold"), *([(f"  on {', '.join(sources)}", "dim")] if sources else []))
    console.print(heading)
    table = _table("events in", "rule", "events out, writes")
    for actor in rules or [function]:
        table.add_row(_taken(actor), _named(actor), _does(graph, actor))
    console.print(table)
    console.print()


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _title(node: Node, within: str = "") -> str:
    """Return the name of a node; with its template, unless it is the one that is spoken of."""
    is_apart = node.stack not in ("", within) and node.kind not in ("route", "schedule")
    return f"{node.stack} › {node.name}" if is_apart else node.name


def _sources(graph: Graph, actors: Sequence[Node]) -> list[str]:
    edges = [edge for actor in actors for edge in graph.into(actor, Flow.FEEDS)]
    return list(dict.fromkeys(_place(graph.by_id[edge.source], actors[0].stack) for edge in edges))


def _place(node: Node, within: str = "") -> str:
    title = _title(node, within)
    return title if node.kind in (EVENT, "route") else f"{noun_of(node)} {title}"


def _taken(actor: Node) -> Text:
    if actor.kind != RULE:
        return Text("–", "dim")
    return Text("\n".join(actor.takes)) if actor.takes else Text(anything_of(actor), "dim")


def _named(actor: Node) -> Text:
    if actor.kind != RULE:
        return Text("no rules", "dim")
    return Text.assemble(actor.name, (f"\n{actor.flavor}", "dim"))


def _does(graph: Graph, actor: Node) -> Text:
    edges = [*graph.out_of(actor, Flow.EMITS), *graph.out_of(actor, Flow.WRITES), *graph.into(actor, Flow.READS)]
    lines = {text.plain: text for text in (_deed(graph, edge, actor) for edge in edges)}
    return Text("\n").join(lines.values()) if lines else Text("–", "dim")


def _deed(graph: Graph, edge: Edge, actor: Node) -> Text:
    if edge.flow == Flow.EMITS:
        event = graph.by_id[edge.target]
        return Text.assemble("→ ", (event.name, _RED if Mark.UNCONSUMED in event.marks else "green"))
    place = graph.by_id[edge.source if edge.flow == Flow.READS else edge.target]
    return Text.assemble("reads " if edge.flow == Flow.READS else "", _place(place, actor.stack))


def _show_events(console: Console, graph: Graph) -> None:
    events = graph.of_kind(EVENT)
    if not events:
        return
    table = _table("event", "from", "to")
    for event in sorted(events, key=lambda event: event.name):
        table.add_row(Text(event.name, _RED if event.marks else ""), _from(graph, event), _to(graph, event))
    console.print(Text("Events", "bold"))
    console.print(table)
    console.print()


def _from(graph: Graph, event: Node) -> Text:
    emitting = [_actor(graph, graph.by_id[edge.source]) for edge in graph.into(event, Flow.EMITS)]
    return _lines(emitting, [mark for mark in event.marks if mark == Mark.UNEMITTED])


def _to(graph: Graph, event: Node) -> Text:
    targets = [_target(graph, edge) for edge in graph.out_of(event, Flow.ROUTES)]
    return _lines(targets, [mark for mark in event.marks if mark != Mark.UNEMITTED])


def _lines(texts: Iterable[str], marks: Iterable[Mark]) -> Text:
    lines = [Text(text) for text in dict.fromkeys(texts)] + [Text(mark.value, _RED) for mark in marks]
    return Text("\n").join(lines) if lines else Text("–", "dim")


def _actor(graph: Graph, node: Node) -> str:
    function = graph.by_id.get(node.function)
    return f"{_title(function)} › {node.name}" if function is not None else _title(node)


def _target(graph: Graph, edge: Edge) -> str:
    target = graph.by_id[edge.target]
    return _actor(graph, target) if target.kind in (RULE, FUNCTION) else _place(target)


def _show_buses(console: Console, graph: Graph) -> None:
    for bus in graph.of_kind(BUS):
        lines = [f"{edge.label} → {_target(graph, edge)}" for edge in graph.out_of(bus, Flow.ROUTES)]
        console.print(Text.assemble((f"bus {bus.name}", "bold"), "".join(f"\n  {line}" for line in lines), "\n"))


def _summary(graph: Graph) -> Text:
    events = graph.of_kind(EVENT)
    counts = [
        counted(len(graph.of_kind(FUNCTION)), "function"),
        counted(len(graph.of_kind(RULE)), "rule"),
        counted(len(events), "type") + " of events",
    ]
    summary = Text(", ".join(counts) + ".")
    for mark in Mark:
        if marked := sorted(event.name for event in events if mark in event.marks):
            summary.append(f"\n{mark.value[0].upper()}{mark.value[1:]}: ", _RED)
            summary.append(", ".join(marked))
    return summary


# -- One event ---------------------------------------------------------------------------------------------------------


def show_event(console: Console, graph: Graph, event: Node) -> None:
    """Show where an event comes from, and where it leads to."""
    console.print(Text.assemble((event.name, "bold"), *((f"  {mark.value}", _RED) for mark in event.marks)))
    for title, following in (("comes from", upstream), ("leads to", downstream)):
        start = Step(event, None, (event.name,))
        tree = Tree(Text(title, "dim"), guide_style="dim")
        _grow(tree, graph, start, following, {start})
        if not tree.children:
            tree.add(Text("nothing that is known here", "dim"))
        console.print(tree)


_Following = Callable[[Graph, Step], Iterator[Step]]


def _grow(tree: Tree, graph: Graph, step: Step, following: _Following, seen: set[Step]) -> None:
    for next_step in following(graph, step):
        key = Step(next_step.node, None, next_step.types, next_step.is_latched)
        text = _step(graph, next_step)
        if key in seen:
            if next(following(graph, next_step), None) is not None:
                text.append("  see above", "dim")
            tree.add(text)
            continue
        seen.add(key)
        _grow(tree.add(text), graph, next_step, following, seen)


def _step(graph: Graph, step: Step) -> Text:
    node, edge = step.node, step.edge
    if node.kind == EVENT:
        marks = [(f"  {mark.value}", _RED) for mark in node.marks]
        return Text.assemble((node.name, _RED if marks else "green"), *marks)
    if node.kind in (RULE, FUNCTION):
        return Text.assemble(_actor(graph, node), (f"  {noun_of(node)}", "dim"))
    kept = ("  with all others", "dim") if edge is not None and edge.is_kept_only else ""
    return Text.assemble(_place(node), kept)
