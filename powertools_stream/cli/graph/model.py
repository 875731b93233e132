"""What a graph is made of: nodes and edges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum

__all__ = ["BUS", "EVENT", "FUNCTION", "RULE", "TABLE", "UNKNOWN_TYPE", "Edge", "Flow", "Graph", "Mark", "Node"]

EVENT, RULE, FUNCTION, BUS, TABLE = "event", "rule", "function", "bus", "table"
"""Kinds of nodes that mean something to the command. The others are nouns for resources: ``"queue"``, ``"topic"``."""

UNKNOWN_TYPE = "?"
"""The name of events whose type only the record tells."""


class Flow(str, Enum):
    """What an edge means."""

    EMITS = "emits"
    """A rule, or a function, publishes the event."""
    ROUTES = "routes"
    """A rule of EventBridge brings the event, or all events of a bus, to its target."""
    FEEDS = "feeds"
    """A source invokes a function, or one resource passes on to another what it gets."""
    MISSES = "misses"
    """A rule is for the event, but nothing brings it there."""
    WRITES = "writes"
    """A rule, or a function, writes to the resource, sends to it or invokes it."""
    READS = "reads"
    """A rule, or a function, reads from the resource."""


class Mark(str, Enum):
    """Why an event stands out."""

    UNEMITTED = "nothing here emits it"
    UNCONSUMED = "nothing here consumes it"
    UNROUTED = "nothing brings it to a rule that is for it"


@dataclass(frozen=True)
class Node:
    """A type of event, a rule, a function, or a resource.

    Parameters
    ----------
    id
        Unique within the graph: ``"event:order-created"``, ``"rule:Listener/keep_order"``, ``"queue:Orders"``.
    kind
        ``"event"``, ``"rule"``, ``"function"``, or what the resource is.
    name
        What a person calls it. Of an event, its type; ``"?"`` if that cannot be told.
    stack
        The template of a function or a rule, if there are several.
    function
        Of a rule, the id of its function.
    flavor
        Of a rule, its flavor.
    takes
        Of a rule, the types that it is for, as a person reads them; empty: any.
    marks
        Of an event, why it stands out.
    """

    id: str
    kind: str
    name: str
    stack: str = ""
    function: str = ""
    flavor: str = ""
    takes: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class Edge:
    """A way from one node to another.

    Parameters
    ----------
    source, target
        The ids of the nodes.
    flow
        What it means.
    types
        The types of the events that go this way; None: any.
    label
        What a person should know of it: the rule of EventBridge that routes an event, or what it takes; the bus of an
        emitted event.
    is_kept_only
        Of a route, whether the target gets the event with all others, and nothing known is for it in particular.
    is_latched
        Of a write, whether its rows are latched; of what a table feeds, whether latched changes are left out.
    """

    source: str
    target: str
    flow: Flow
    types: tuple[str, ...] | None = None
    label: str = ""
    is_kept_only: bool = False
    is_latched: bool = False


@dataclass(frozen=True)
class Graph:
    """Nodes and edges, in the order in which they are to be shown.

    Parameters
    ----------
    nodes, edges
        Each of them once.
    """

    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    by_id: dict[str, Node] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_id", {node.id: node for node in self.nodes})

    @property
    def overview(self) -> Graph:
        """The graph without what would hide the rest: a single line from a bus stands for all that is only kept."""
        fed = {(edge.source, edge.target) for edge in self.edges if edge.flow == Flow.FEEDS}
        return Graph(
            self.nodes,
            tuple(
                edge
                for edge in self.edges
                if not edge.is_kept_only and not (edge.flow == Flow.READS and (edge.source, edge.target) in fed)
            ),
        )

    def of_kind(self, *kinds: str) -> list[Node]:
        """Return the nodes of some kinds."""
        return [node for node in self.nodes if node.kind in kinds]

    def into(self, node: Node, *flows: Flow) -> Iterator[Edge]:
        """Yield the edges that end at a node."""
        return (edge for edge in self.edges if edge.target == node.id and (edge.flow in flows or not flows))

    def out_of(self, node: Node, *flows: Flow) -> Iterator[Edge]:
        """Yield the edges that begin at a node."""
        return (edge for edge in self.edges if edge.source == node.id and (edge.flow in flows or not flows))

    def restricted_to(self, edges: Iterable[Edge], *nodes: Node) -> Graph:
        """Return the part of the graph that some edges and nodes make; functions come with their rules."""
        kept = dict.fromkeys(edges)
        ids = {end for edge in kept for end in (edge.source, edge.target)} | {node.id for node in nodes}
        ids |= {node.function for node in self.nodes if node.id in ids}
        return Graph(
            tuple(node for node in self.nodes if node.id in ids), tuple(edge for edge in self.edges if edge in kept)
        )
