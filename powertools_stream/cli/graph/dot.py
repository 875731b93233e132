"""The graph in Graphviz's language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from itertools import groupby

from powertools_stream.cli.graph.model import BUS, EVENT, FUNCTION, RULE, Edge, Flow, Graph, Node
from powertools_stream.cli.graph.wording import marks_of, noun_of, takes_of

__all__ = ["as_dot"]

_HEAD = """\
digraph {
  graph [rankdir=LR, compound=true, newrank=true, nodesep=0.22, ranksep=0.55, bgcolor="#ffffff", pad=0.2,
         fontname="Arial", fontsize=12, fontcolor="#1f2937"]
  node [shape=box, style="filled,rounded", fontname="Arial", fontsize=11, fontcolor="#1f2937", color="#9ca3af",
        fillcolor="#ffffff", margin="0.14,0.07", height=0.4]
  edge [fontname="Arial", fontsize=9, fontcolor="#4b5563", color="#6b7280", arrowsize=0.7]
"""

_MANY = 300
_LIMITS = "  graph [nslimit=2, nslimit1=2, mclimit=0.3]\n"
"""With many nodes, Graphviz is not to look for the very best layout, which takes minutes.

https://graphviz.org/docs/attrs/nslimit/"""

_SHAPES: Mapping[str, str] = {
    EVENT: 'fillcolor="#fef3c7", color="#d97706"',
    RULE: 'fillcolor="#ffffff", color="#6b7280"',
    FUNCTION: 'fillcolor="#eef2f7", color="#64748b"',
    BUS: 'fillcolor="#fce7f3", color="#be185d"',
    "table": 'fillcolor="#dbeafe", color="#2563eb", shape=cylinder, style=filled',
    "bucket": 'fillcolor="#dcfce7", color="#15803d", shape=cylinder, style=filled',
    "route": 'fillcolor="#f3f4f6", color="#9ca3af", style="filled"',
    "schedule": 'fillcolor="#f3f4f6", color="#9ca3af", style="filled"',
}
_OTHER = 'fillcolor="#ede9fe", color="#7c3aed"'
"""Queues, topics and streams of all kinds."""

_RED = "#b91c1c"
_MARKED = f'fillcolor="#fee2e2", color="{_RED}", style="filled,rounded,dashed", penwidth=1.6'
_EDGES: Mapping[Flow, str] = {
    Flow.READS: 'style=dashed, color="#9ca3af"',
    Flow.MISSES: f'style=dashed, color="{_RED}", fontcolor="{_RED}"',
}


def as_dot(graph: Graph) -> str:
    """Return the graph as Graphviz takes it: functions are boxes around their rules, templates around functions."""
    limits = _LIMITS if len(graph.nodes) > _MANY else ""
    return _HEAD + limits + "".join(f"  {line}\n" for line in _lines(graph)) + "}\n"


def _lines(graph: Graph) -> Iterator[str]:
    ranked = sorted(graph.nodes, key=lambda node: node.stack)
    for stack, nodes in groupby(ranked, key=lambda node: node.stack):
        lines = _nodes(graph, nodes)
        yield from _box(f"template {stack}", stack, _TEMPLATE_BOX, lines) if stack else lines
    for edge in graph.edges:
        yield _edge(graph, edge)


_TEMPLATE_BOX = 'fillcolor="#fafafa"; color="#d1d5db"'
_FUNCTION_BOX = 'fillcolor="#eef2f7"; color="#94a3b8"'


def _box(name: str, title: str, style: str, lines: Iterable[str]) -> Iterator[str]:
    yield f"subgraph {_quoted(f'cluster {name}')} {{"
    yield f'  label=<<b>{escape(title)}</b>>; style="filled,rounded"; labeljust=l; {style}'
    yield from (f"  {line}" for line in lines)
    yield "}"


def _nodes(graph: Graph, nodes: Iterable[Node]) -> Iterator[str]:
    for node in nodes:
        if rules := _rules_of(graph, node):
            yield from _box(node.id, node.name, _FUNCTION_BOX, map(_node, rules))
        elif node.kind != RULE:
            yield _node(node)


def _rules_of(graph: Graph, node: Node) -> list[Node]:
    return [each for each in graph.nodes if each.function == node.id] if node.kind == FUNCTION else []


def _node(node: Node) -> str:
    style = _MARKED if node.marks else _SHAPES.get(node.kind, _OTHER)
    return f"{_quoted(node.id)} [label=<{_label(node)}>, {style}]"


def _label(node: Node) -> str:
    lines = [f"<b>{escape(node.name) or '?'}</b>"]
    small = [noun_of(node), takes_of(node)] if node.kind != EVENT else [*marks_of(node)]
    colour = f' color="{_RED}"' if node.marks else ' color="#4b5563"'
    lines += [f'<font point-size="9"{colour}>{escape(text)}</font>' for text in small if text]
    return "<br/>".join(lines)


def _edge(graph: Graph, edge: Edge) -> str:
    attributes = [_EDGES[edge.flow]] if edge.flow in _EDGES else []
    source, target = graph.by_id[edge.source], graph.by_id[edge.target]
    ends = []
    for node, end in ((source, "ltail"), (target, "lhead")):
        if rules := _rules_of(graph, node):
            # Graphviz has no edges of boxes: it cuts off at the box an edge of something in it.
            attributes.append(f"{end}={_quoted(f'cluster {node.id}')}")
            node = rules[-1] if end == "ltail" else rules[0]
        ends.append(_quoted(node.id))
    if source.kind == BUS and edge.label:
        attributes.append(f"label={_quoted(f' {edge.label} ')}")
    if edge.flow == Flow.WRITES and any(each.target == edge.source for each in graph.out_of(target, Flow.FEEDS)):
        attributes.append("constraint=false")  # a rule that writes to where its records come from stands behind it
    if edge.is_kept_only or (edge.flow == Flow.EMITS and source.kind == FUNCTION):
        attributes.append('style=dashed, color="#9ca3af"')
    return f"{' -> '.join(ends)} [{', '.join(attributes)}]" if attributes else " -> ".join(ends)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'
