"""One event's way through a graph: where it comes from, and where it leads to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from powertools_stream.cli.graph.model import BUS, Edge, Flow, Graph, Node

__all__ = ["Step", "downstream", "upstream", "way_of"]

_FOLLOWED = (Flow.EMITS, Flow.ROUTES, Flow.FEEDS, Flow.WRITES)


@dataclass(frozen=True)
class Step:
    """A node on the way of an event.

    Parameters
    ----------
    node
        The node.
    edge
        How the way gets there; None: it begins there.
    types
        The types of the events that are on their way; None: any.
    is_latched
        Whether it is by a latched row; upstream, whether latched rows do not count.
    """

    node: Node
    edge: Edge | None = None
    types: tuple[str, ...] | None = None
    is_latched: bool = False


def downstream(graph: Graph, step: Step) -> Iterator[Step]:
    """Yield the steps that follow one."""
    for edge in graph.out_of(step.node, *_FOLLOWED):
        if not _may_pass(step, edge) or (step.is_latched and edge.is_latched and edge.flow == Flow.FEEDS):
            continue
        latched = edge.is_latched and edge.flow == Flow.WRITES
        yield Step(graph.by_id[edge.target], edge, _common(step, edge), latched)


def upstream(graph: Graph, step: Step) -> Iterator[Step]:
    """Yield the steps that come before one."""
    for edge in graph.into(step.node, *_FOLLOWED):
        if not _may_pass(step, edge) or (step.is_latched and edge.is_latched and edge.flow == Flow.WRITES):
            continue
        latched = edge.is_latched and edge.flow == Flow.FEEDS
        types = None if edge.flow == Flow.EMITS else _common(step, edge)
        yield Step(graph.by_id[edge.source], edge, types, latched)


def _may_pass(step: Step, edge: Edge) -> bool:
    if edge.flow == Flow.EMITS or step.types is None or edge.types is None:
        return True
    return not set(step.types).isdisjoint(edge.types)


def _common(step: Step, edge: Edge) -> tuple[str, ...] | None:
    """Return the types that go on. What a row becomes that is no stored event, nobody knows."""
    if edge.flow == Flow.EMITS:
        return edge.types
    if edge.flow == Flow.WRITES and edge.types is None:
        return None
    if step.types is None or edge.types is None:
        return edge.types if step.types is None else step.types
    return tuple(name for name in step.types if name in edge.types)


def way_of(graph: Graph, event: Node) -> Graph:
    """Return the part of a graph that leads to an event, and that it leads to."""
    edges = [*_edges(graph, event, downstream), *_edges(graph, event, upstream)]
    missed = graph.out_of(event, Flow.MISSES)
    return graph.restricted_to([*edges, *missed], event)


def _edges(graph: Graph, event: Node, following: Callable[[Graph, Step], Iterator[Step]]) -> Iterator[Edge]:
    waiting = [Step(event, None, (event.name,))]
    seen = set(waiting)
    while waiting:
        for step in following(graph, waiting.pop()):
            if step.edge is not None and step.node.kind != BUS:
                yield step.edge
            if step not in seen:
                seen.add(step)
                waiting.append(step)
