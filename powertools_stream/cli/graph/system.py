"""Who gets what: functions and rules, and the ways that lead to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from powertools_stream.cli.graph.actors import Actor
from powertools_stream.cli.graph.model import FUNCTION, TABLE, UNKNOWN_TYPE, Node
from powertools_stream.cli.graph.routes import Route
from powertools_stream.cli.graph.wires import Wire
from powertools_stream.cli.loading import LoadedFunction

__all__ = ["System"]


@dataclass(frozen=True)
class System:
    """Functions, routes and wires, and who gets what by them.

    Parameters
    ----------
    functions
        The functions, each with its node, its rules, and what it publishes besides.
    routes, wires
        What the templates say.
    """

    functions: Sequence[tuple[LoadedFunction, Node, Sequence[Actor]]]
    routes: Sequence[Route]
    wires: Sequence[Wire]

    @cached_property
    def actors(self) -> list[Actor]:
        """All rules, and functions without rules; `expired` with the types of its table."""
        return [replace(each, emits=self._expired(each)) if each.is_expired else each for each in self._given]

    @cached_property
    def _given(self) -> list[Actor]:
        return [actor for _, _, own in self.functions for actor in own]

    def _expired(self, actor: Actor) -> tuple[str, ...]:
        tables = [*self.sources_of(actor), *self.event_tables(actor)]
        storing = (each for each in self._given if any(table in tables for table in each.writes))
        types = dict.fromkeys(name for each in storing for name in each.expirings)
        return tuple(types) or (f"{UNKNOWN_TYPE}-expired",)

    def event_tables(self, actor: Actor) -> list[Node]:
        """Return the tables whose stream a rule must be for, if no template says so."""
        if self.function_of(actor) in self.targets or not (actor.is_of_rows or actor.is_expired):
            return []
        return list(dict.fromkeys(table for each in self._given for table in each.writes if each.stores))

    def function_of(self, actor: Actor) -> str:
        """Return the id of the function that an actor is, or belongs to."""
        return actor.node.function or actor.node.id

    @cached_property
    def targets(self) -> set[str]:
        """The ids of functions that the templates name a source of."""
        wired = {wire.target.id for wire in self.wires if wire.target.kind == FUNCTION}
        return wired | {route.target.id for route in self.routes if route.target.kind == FUNCTION}

    @cached_property
    def _sources(self) -> dict[str, list[Node]]:
        """The sources of functions, by id."""
        found: dict[str, list[Node]] = {}
        for wire in dict.fromkeys(self.wires):
            found.setdefault(wire.target.id, []).append(wire.source)
        return found

    def sources_of(self, actor: Actor) -> list[Node]:
        """Return the resources whose records an actor may get."""
        sources = self._sources.get(self.function_of(actor), [])
        has_table = any(source.kind == TABLE for source in sources)
        of_table = actor.is_of_rows or (actor.is_of_changes and has_table)
        return [source for source in sources if actor.is_consumer and (source.kind == TABLE or not of_table)]

    def consumers_of(self, place: Node) -> list[Actor]:
        """Return who gets what is at a resource, directly or by way of others."""
        below = self._below(place)
        found = [actor for actor in self.actors if any(source in below for source in self.sources_of(actor))]
        direct = [actor for actor in self.actors if actor.is_consumer and self.function_of(actor) == place.id]
        return [*found, *direct]

    def _below(self, place: Node) -> set[Node]:
        """Return a resource, and all that get what it gets."""
        found, waiting = {place}, [place]
        while waiting:
            more = self._passed_on.get(waiting.pop(), set()) - found
            found |= more
            waiting += more
        return found

    @cached_property
    def _passed_on(self) -> dict[Node, set[Node]]:
        found: dict[Node, set[Node]] = {}
        for wire in self.wires:
            if wire.target.kind != FUNCTION:
                found.setdefault(wire.source, set()).add(wire.target)
        return found

    def routes_to(self, place: Node) -> list[Route]:
        """Return the routes that bring events to a resource, directly or by way of others."""
        return [route for route in self.routes if place in self._below(route.target)]

    def gets_more(self, place: Node) -> bool:
        """Return whether something else than a route brings a resource something, so that nobody knows of what type."""
        is_written = any(place in self._below(each) for actor in self.actors for each in actor.writes)
        sources = [wire.source for wire in self.wires if wire.target.kind != FUNCTION and wire.source != place]
        return is_written or any(place in self._below(each) and not self.routes_to(each) for each in sources)
