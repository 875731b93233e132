"""The graph as a flowchart in Mermaid's language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from powertools_stream.cli.graph.model import BUS, EVENT, FUNCTION, RULE, Edge, Flow, Graph, Node
from powertools_stream.cli.graph.wording import marks_of, noun_of, takes_of

__all__ = ["as_mermaid"]

_SHAPES: Mapping[str, tuple[str, str]] = {
    EVENT: ("([", "])"),
    RULE: ("[", "]"),
    FUNCTION: ("[", "]"),
    "table": ("[(", ")]"),
    "bucket": ("[(", ")]"),
    "route": ("[", "]"),
    "schedule": ("[", "]"),
}
_OTHER = ("[[", "]]")

_ARROWS: Mapping[Flow, str] = {Flow.READS: "-.->", Flow.MISSES: "-.-x"}

_CLASSES = """\
classDef event fill:#fef3c7,stroke:#d97706,color:#1f2937
classDef marked fill:#fee2e2,stroke:#b91c1c,stroke-width:2px,stroke-dasharray:5 3,color:#1f2937
classDef store fill:#dbeafe,stroke:#2563eb,color:#1f2937
classDef channel fill:#ede9fe,stroke:#7c3aed,color:#1f2937"""


def as_mermaid(graph: Graph) -> str:
    """Return the graph as a flowchart: functions are subgraphs of their rules, templates of functions."""
    ids = {node.id: f"n{number}" for number, node in enumerate(graph.nodes, 1)}
    return "flowchart LR\n" + "".join(f"  {line}\n" for line in _lines(graph, ids))


def _lines(graph: Graph, ids: Mapping[str, str]) -> Iterator[str]:
    ranked = sorted(graph.nodes, key=lambda node: node.stack)
    for number, (stack, nodes) in enumerate(groupby(ranked, key=lambda node: node.stack)):
        if stack:
            yield from _subgraph(f"t{number}", stack, list(_nodes(graph, ids, nodes)))
        else:
            yield from _nodes(graph, ids, nodes)
    for edge in graph.edges:
        yield _edge(graph, ids, edge)
    yield from _CLASSES.splitlines()
    for name, members in _classes(graph).items():
        if members:
            yield f"class {','.join(ids[node.id] for node in members)} {name}"


def _subgraph(name: str, title: str, lines: Iterable[str]) -> Iterator[str]:
    yield f"subgraph {name}[{_quoted(title)}]"
    yield from (f"  {line}" for line in lines)
    yield "end"


def _nodes(graph: Graph, ids: Mapping[str, str], nodes: Iterable[Node]) -> Iterator[str]:
    for node in nodes:
        rules = [each for each in graph.nodes if each.function == node.id] if node.kind == FUNCTION else []
        if rules:
            yield from _subgraph(ids[node.id], node.name, [_node(ids, rule) for rule in rules])
        elif node.kind != RULE:
            yield _node(ids, node)


def _node(ids: Mapping[str, str], node: Node) -> str:
    begin, end = _SHAPES.get(node.kind, _OTHER)
    small = [noun_of(node), takes_of(node), *marks_of(node)]
    label = "<br/>".join(map(_escaped, [node.name, *filter(None, small)]))
    return f'{ids[node.id]}{begin}"{label}"{end}'


def _edge(graph: Graph, ids: Mapping[str, str], edge: Edge) -> str:
    source = graph.by_id[edge.source]
    is_aside = edge.is_kept_only or (edge.flow == Flow.EMITS and source.kind == FUNCTION)
    arrow = _ARROWS.get(edge.flow, "-.->" if is_aside else "-->")
    label = f"|{_quoted(edge.label)}|" if source.kind == BUS and edge.label else ""
    return f"{ids[edge.source]} {arrow}{label} {ids[edge.target]}"


def _classes(graph: Graph) -> dict[str, list[Node]]:
    events = graph.of_kind(EVENT)
    return {
        "event": [node for node in events if not node.marks],
        "marked": [node for node in events if node.marks],
        "store": graph.of_kind("table", "bucket"),
        "channel": [node for node in graph.nodes if node.kind not in _SHAPES and node.kind != BUS],
    }


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    # https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters
    return "".join(_ENTITIES.get(character, character) for character in " ".join(text.split()))


_ENTITIES = {character: f"#{ord(character)};" for character in '"#;<>&`|\\[]{}()$'}
