"""The graph as a JSON document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from powertools_stream.cli.graph.model import EVENT, RULE, Edge, Graph, Mark, Node

__all__ = ["as_document"]


def as_document(targets: Sequence[str], graph: Graph) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    events = graph.of_kind(EVENT)
    return {
        "targets": list(targets),
        "nodes": [dict(_node(node)) for node in graph.nodes],
        "edges": [dict(_edge(edge)) for edge in graph.edges],
        **{mark.name.lower(): sorted(node.name for node in events if mark in node.marks) for mark in Mark},
    }


def _node(node: Node) -> Iterator[tuple[str, Any]]:
    yield from (("id", node.id), ("kind", node.kind), ("name", node.name))
    if node.stack:
        yield "template", node.stack
    if node.kind == RULE:
        yield from (("function", node.function), ("flavor", node.flavor), ("event_types", list(node.takes)))


def _edge(edge: Edge) -> Iterator[tuple[str, Any]]:
    yield from (("from", edge.source), ("to", edge.target), ("flow", edge.flow.value))
    yield "event_types", list(edge.types) if edge.types is not None else None
    if edge.label:
        yield "label", edge.label
    if edge.is_kept_only:
        yield "kept_only", True
