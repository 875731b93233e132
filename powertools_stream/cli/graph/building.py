"""Makes the graph of functions and templates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from powertools_stream.cli.graph.actors import Actor, actors_of, node_of_function
from powertools_stream.cli.graph.event_types import is_whole, may_be_equal
from powertools_stream.cli.graph.model import (
    BUS,
    EVENT,
    FUNCTION,
    TABLE,
    UNKNOWN_TYPE,
    Edge,
    Flow,
    Graph,
    Mark,
    Node,
)
from powertools_stream.cli.graph.places import Places
from powertools_stream.cli.graph.routes import Route, routes_of
from powertools_stream.cli.graph.system import System
from powertools_stream.cli.graph.wires import Wire, wires_of
from powertools_stream.cli.loading import LoadedFunction
from powertools_stream.cli.stack import Stack

__all__ = ["graph_of", "labels_of"]

_OF_EVENTS = ("queue", "stream", "topic", "cluster")
"""The sources that bring events of others; those of a table, a bucket or a schedule are their own."""

_SERVICES = {"SQS": "queue", "Kinesis": "stream", "DynamoDB": TABLE, "Kafka": "cluster"}


def graph_of(functions: Sequence[LoadedFunction], stacks: Sequence[Stack] = (), labels: Iterable[str] = ()) -> Graph:
    """Return the graph of functions, and of what their templates say besides.

    Parameters
    ----------
    functions
        The functions, with their rules.
    stacks
        Their templates, and others without functions.
    labels
        What tells the templates apart, in their order; empty: there is one.
    """
    places = Places({id(stack): label for stack, label in zip(stacks, labels, strict=False)})
    system = System(
        [(loaded, node_of_function(loaded, places), actors_of(loaded, places)) for loaded in functions],
        [route for stack in stacks for route in routes_of(stack, places)],
        [*_mappings(functions, places), *(wire for stack in stacks for wire in wires_of(stack, places))],
    )
    return _Builder(system).graph()


def labels_of(stacks: Sequence[Stack]) -> list[str]:
    """Return short names that tell templates apart: their folders, or their files; nothing for a single one."""
    if len(stacks) < 2:
        return []
    names = [_label(stack.path) for stack in stacks]
    paths = [str(stack.path) for stack in stacks]
    return [name if names.count(name) == 1 else path for name, path in zip(names, paths, strict=True)]


def _label(path: Path | None) -> str:
    if path is None:
        return "template"
    return path.resolve().parent.name if path.stem == "template" else path.name.partition(".")[0]


def _mappings(functions: Iterable[LoadedFunction], places: Places) -> Iterator[Wire]:
    for loaded in functions:
        for mapping in loaded.mappings:
            source = places.of_value(mapping.stack, mapping.source, _SERVICES.get(mapping.service, ""))
            yield Wire(source, node_of_function(loaded, places))


@dataclass
class _Builder:
    """Collects nodes and edges; each once, in the order in which they come."""

    system: System
    _nodes: dict[str, Node] = field(default_factory=dict)
    _edges: dict[Edge, None] = field(default_factory=dict)
    _marks: dict[str, list[Mark]] = field(default_factory=dict)

    def graph(self) -> Graph:
        for _, node, actors in self.system.functions:
            self._add(node, *(actor.node for actor in actors))
        for actor in self.system.actors:
            self._add_actor(actor)
        for wire in self.system.wires:
            if wire.target.kind != FUNCTION or wire.target.id not in self._nodes:
                self._link(wire.source, wire.target, Flow.FEEDS, label=wire.label)
        for actor in self.system.actors:
            self._add_sources(actor)
        self._add_routes()
        self._mark_all()
        nodes = (replace(node, marks=tuple(self._marks.get(node.id, ()))) for node in self._nodes.values())
        return Graph(tuple(nodes), tuple(self._edges))

    def _add(self, *nodes: Node) -> None:
        for node in nodes:
            self._nodes.setdefault(node.id, node)

    def _link(self, source: Node, target: Node, flow: Flow, types: tuple[str, ...] | None = None, **more: Any) -> None:
        self._add(source, target)
        self._edges[Edge(source.id, target.id, flow, types, **more)] = None

    # -- What actors do ------------------------------------------------------------------------------------------------

    def _add_actor(self, actor: Actor) -> None:
        for emitted in actor.emits:
            for name in self._names_of(emitted):
                node = _event(name, actor)
                for bus in actor.buses or (None,):
                    label = bus.name if bus is not None else ""
                    self._link(actor.node, node, Flow.EMITS, (name,), label=label)
        for place in actor.writes:
            stored = (actor.taken.names or None) if actor.stores else None
            self._link(actor.node, place, Flow.WRITES, stored, is_latched=actor.latches)
        for place in actor.reads:
            self._link(place, actor.node, Flow.READS)

    def _names_of(self, emitted: str) -> list[str]:
        """Return the types that somebody is for which an emitted one may be, if parts of it are unknown."""
        if is_whole(emitted) or emitted == UNKNOWN_TYPE:
            return [emitted]
        return [name for name in self._named if may_be_equal(name, emitted)] or [emitted.replace(UNKNOWN_TYPE, "*")]

    @cached_property
    def _named(self) -> list[str]:
        """The types that rules, and rules of EventBridge, name."""
        by_rules = [name for actor in self.system.actors for name in actor.taken.names if self._is_for_events(actor)]
        by_routes = [name for route in self.system.routes for name in route.names if is_whole(name)]
        return list(dict.fromkeys(by_rules + by_routes))

    def _is_for_events(self, actor: Actor) -> bool:
        """Return whether what an actor is for comes from others, not from a table or a bucket of its function."""
        if not actor.is_consumer or actor.is_of_rows or actor.is_of_changes:
            return False
        sources = self.system.sources_of(actor)
        is_direct = any(route.target.id == self.system.function_of(actor) for route in self.system.routes)
        return is_direct or not sources or any(source.kind in _OF_EVENTS for source in sources)

    # -- What actors get -----------------------------------------------------------------------------------------------

    def _add_sources(self, actor: Actor) -> None:
        types = actor.taken.names or self._matching(actor)
        for source in [*self.system.sources_of(actor), *self.system.event_tables(actor)]:
            own = types if source.kind in _OF_EVENTS or actor.is_of_rows else None
            self._link(source, actor.node, Flow.FEEDS, own, is_latched=actor.skips_latched)
            if actor.is_of_rows and source.kind == TABLE:
                self._add_missing_rows(actor, source)
        if not self._is_for_events(actor):
            return
        if self.system.function_of(actor) not in self.system.targets:
            # No template says where they come from.
            for name in self._types:
                if actor.taken.may_be(name) and name != UNKNOWN_TYPE:
                    self._link(_event(name), actor.node, Flow.ROUTES, (name,))
            return
        for source in self.system.sources_of(actor):
            self._add_named(actor, source)

    def _matching(self, actor: Actor) -> tuple[str, ...] | None:
        """Return the types that an actor takes by a pattern; None: any."""
        return tuple(filter(actor.taken.may_be, self._types)) if actor.taken.shown else None

    @cached_property
    def _types(self) -> list[str]:
        """The types that are named or published."""
        emitted = [name for actor in self.system.actors for each in actor.emits for name in self._names_of(each)]
        return list(dict.fromkeys([*self._named, *emitted]))

    def _add_named(self, actor: Actor, source: Node) -> None:
        """Link the events that a rule names to its source, if no route does: what brings them is elsewhere."""
        routes, gets_more = self.system.routes_to(source), self.system.gets_more(source)
        if source.kind not in _OF_EVENTS or (gets_more and not routes):
            return
        for name in actor.taken.names:
            if not routes:
                self._link(_event(name), source, Flow.ROUTES, (name,))
            elif not gets_more and not any(route.may_take(name) and self._is_on(name, route) for route in routes):
                self._link(_event(name), actor.node, Flow.MISSES, (name,))

    def _add_missing_rows(self, actor: Actor, table: Node) -> None:
        """Link the events that a rule is for but that no known rule stores."""
        storing = [each for each in self.system.actors if each.stores and table in each.writes]
        for name in actor.taken.names if storing else ():
            if not any(each.taken.may_be(name) for each in storing):
                self._link(_event(name), actor.node, Flow.MISSES, (name,))

    # -- Routes --------------------------------------------------------------------------------------------------------

    def _add_routes(self) -> None:
        for route in self.system.routes:
            consumers = self.system.consumers_of(route.target)
            if route.is_open:
                self._link(route.bus, route.target, Flow.ROUTES, label=route.shown)
            for name in self._types:
                if name == UNKNOWN_TYPE or not route.may_take(name) or not self._is_on(name, route):
                    continue
                self._add_route(name, route, consumers)

    def _add_route(self, name: str, route: Route, consumers: Sequence[Actor]) -> None:
        rules = [each for each in consumers if each.node.function == route.target.id]
        is_taken = any(actor.taken.may_be(name) for actor in consumers)
        if not rules:
            more = {"label": route.name, "is_kept_only": route.is_open and not is_taken}
            self._link(_event(name), route.target, Flow.ROUTES, (name,), **more)
        for actor in rules:
            if actor.taken.may_be(name):
                self._link(_event(name), actor.node, Flow.ROUTES, (name,), label=route.name)

    def _is_on(self, name: str, route: Route) -> bool:
        """Return whether an event may be on the bus of a route: as far as is known, it is on no other."""
        buses = self._buses.get(name, [])
        return not buses or any(_may_be_same(bus, route.bus) for bus in buses)

    @cached_property
    def _buses(self) -> Mapping[str, list[Node]]:
        found: dict[str, list[Node]] = {}
        for actor in self.system.actors:
            for emitted in actor.emits:
                for name in self._names_of(emitted):
                    found.setdefault(name, []).extend(actor.buses or [Node("bus:?", BUS, "?")])
        self._forward(found)
        return found

    def _forward(self, found: dict[str, list[Node]]) -> None:
        """Add the buses that get events from other buses."""
        between = [route for route in self.system.routes if route.target.kind == BUS]
        for name, buses in found.items():
            for bus in buses:  # it grows meanwhile
                taking = [route for route in between if _may_be_same(bus, route.bus) and route.may_take(name)]
                buses += dict.fromkeys(route.target for route in taking if route.target not in buses)

    # -- What stands out -----------------------------------------------------------------------------------------------

    def _mark_all(self) -> None:
        for node in [each for each in self._nodes.values() if each.kind == EVENT and each.name != UNKNOWN_TYPE]:
            flows = {edge.flow for edge in self._edges if node.id in (edge.source, edge.target)}
            is_emitted = Flow.EMITS in flows
            if not is_emitted and not self._may_be_emitted(node.name):
                self._marks.setdefault(node.id, []).append(Mark.UNEMITTED)
            elif Flow.MISSES in flows:
                self._marks.setdefault(node.id, []).append(Mark.UNROUTED)
            if is_emitted and not self._is_consumed(node):
                self._marks.setdefault(node.id, []).append(Mark.UNCONSUMED)

    def _may_be_emitted(self, name: str) -> bool:
        by_aws = (each for route in self.system.routes if route.is_of_aws for each in route.names)
        emitted = (each for actor in self.system.actors for each in actor.emits)
        return any(may_be_equal(name, each) for each in (*by_aws, *emitted))

    def _is_consumed(self, node: Node) -> bool:
        own = (edge for edge in self._edges if edge.source == node.id and edge.flow == Flow.ROUTES)
        targets = [self._nodes[edge.target] for edge in own if not edge.is_kept_only]
        return any(self._takes(target, node.name) for target in targets)

    def _takes(self, target: Node, name: str) -> bool:
        """Return whether an event that gets to a target is for somebody: for who reads a queue, if that is known."""
        if target.function:
            return True
        if target.kind == BUS:
            return all(route.bus != target for route in self.system.routes)
        consumers = self.system.consumers_of(target)
        return not consumers or any(actor.taken.may_be(name) for actor in consumers)


def _event(name: str, actor: Actor | None = None) -> Node:
    """Return the node of an event; of one whose type is not known, for each function that publishes it."""
    if name == UNKNOWN_TYPE and actor is not None:
        return Node(f"{EVENT}:?{actor.node.function or actor.node.id}", EVENT, UNKNOWN_TYPE)
    return Node(f"{EVENT}:{name}", EVENT, name)


def _may_be_same(one: Node, other: Node) -> bool:
    return one.id == other.id or any(node.name == "?" or node.name.startswith("${") for node in (one, other))
