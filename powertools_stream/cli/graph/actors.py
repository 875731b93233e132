"""What acts in a graph: rules, and functions that have none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from powertools_stream import FaultPolicy
from powertools_stream.cli.graph.event_types import Taken, emitted_by, expiring, latches, sources_of, taken_by
from powertools_stream.cli.graph.model import BUS, FUNCTION, RULE, UNKNOWN_TYPE, Node
from powertools_stream.cli.graph.places import Places, kind_of_action, kind_of_type
from powertools_stream.cli.handlers import Part
from powertools_stream.cli.loading import LoadedFunction
from powertools_stream.cli.needs.need import Need, Needs
from powertools_stream.cli.needs.options import of_options
from powertools_stream.cli.needs.rules import needs_of_rule
from powertools_stream.cli.stack import Function, may_do, uses_of
from powertools_stream.flavors.expired import ExpiredRule
from powertools_stream.flavors.steps.event_table import CollectingRule, collected, collected_or_correlated
from powertools_stream.flavors.steps.tables import LatchingRule
from powertools_stream.matching.event_types import FAULT
from powertools_stream.matching.filters import out_latched
from powertools_stream.options import ProcessorOptions
from powertools_stream.rules.rule import Rule, spec_of

__all__ = ["ANYTHING", "Actor", "actors_of", "node_of_function"]

ANYTHING = Taken((), (), lambda event_type: True)


@dataclass(frozen=True)
class Actor:
    """A rule, or a function without rules: what it takes, and what it does.

    Parameters
    ----------
    node
        Its node.
    taken
        The types of events that it is for.
    emits, buses
        The types of the events that it publishes, and on which buses.
    writes, reads
        The resources that it writes to, and reads from.
    expirings
        The types that the rows that it stores get when they expire.
    is_of_rows
        Whether it is for events that are stored in the event table.
    is_of_changes
        Whether it is for changes of a table only.
    is_expired
        Whether it publishes what expires.
    stores
        Whether it stores events in the event table.
    latches, skips_latched
        Whether it latches what it writes; whether it leaves latched changes out.
    is_consumer
        Whether it gets events of its function's sources.
    """

    node: Node
    taken: Taken = field(default=ANYTHING, compare=False)
    emits: tuple[str, ...] = ()
    buses: tuple[Node, ...] = ()
    writes: tuple[Node, ...] = ()
    reads: tuple[Node, ...] = ()
    expirings: tuple[str, ...] = ()
    is_of_rows: bool = False
    is_of_changes: bool = False
    is_expired: bool = False
    stores: bool = False
    latches: bool = False
    skips_latched: bool = False
    is_consumer: bool = True


def node_of_function(loaded: LoadedFunction, places: Places) -> Node:
    """Return the node of a function; of a module, if there is no template."""
    if loaded.function is not None:
        return places.of_resource(loaded.function.stack, loaded.function.resource)
    return Node(f"{FUNCTION}:{loaded.name}", FUNCTION, loaded.name)


def actors_of(loaded: LoadedFunction, places: Places) -> list[Actor]:
    """Return the rules of a function; itself, if it has none, and what its processors publish."""
    node = node_of_function(loaded, places)
    with loaded.in_place():
        rules = [actor for part in loaded.parts for actor in _of_part(part, node, loaded.function, places)]
    faults = [actor for part in loaded.parts for actor in _of_faults(part, node, loaded.function, places)]
    if not rules:
        return [_of_plain(loaded.function, node, places)] if loaded.function is not None else []
    return [*_with_ids_of_their_own(rules), *faults[:1]]


def _with_ids_of_their_own(actors: Iterable[Actor]) -> Iterator[Actor]:
    """Tell rules apart that have the same id, in two registries of a module."""
    seen: dict[str, int] = {}
    for actor in actors:
        count = seen[actor.node.id] = seen.get(actor.node.id, 0) + 1
        yield actor if count == 1 else replace(actor, node=replace(actor.node, id=f"{actor.node.id}#{count}"))


# -- Rules -------------------------------------------------------------------------------------------------------------


def _of_part(part: Part, node: Node, function: Function | None, places: Places) -> Iterator[Actor]:
    for rule in part.registry:
        yield _of_rule(rule, part.options, node, function, places)


def _of_rule(
    rule: Rule, options: ProcessorOptions | None, node: Node, function: Function | None, places: Places
) -> Actor:
    taken, sources, spec = taken_by(rule), sources_of(rule), spec_of(rule.flavor)
    needs = needs_of_rule(rule, options)
    known = [(each, _place(each, function, places)) for each in needs.needs if each.reason == rule.id]
    placed = [(each, place) for each, place in known if place is not None]
    emits = emitted_by(rule, sources, taken)
    return Actor(
        Node(
            f"{RULE}:{node.id.partition(':')[2]}/{rule.id}", RULE, rule.id, node.stack, node.id,
            getattr(rule.flavor, "__name__", type(rule.flavor).__name__), taken.shown,
        ),
        taken,
        emits,
        _unique(place for _, place in placed if place.kind == BUS),
        _unique(place for each, place in placed if place.kind != BUS and not _reads(each)),
        _unique(place for each, place in placed if place.kind != BUS and _reads(each)),
        expiring(rule, taken),
        is_of_rows=spec.prepare in (collected, collected_or_correlated),
        is_of_changes=isinstance(rule, ExpiredRule) or out_latched in spec.filters,
        is_expired=isinstance(rule, ExpiredRule),
        stores=isinstance(rule, CollectingRule),
        latches=latches(sources),
        skips_latched=_skips_latched(rule),
    )  # fmt: skip


def _skips_latched(rule: Rule) -> bool:
    return out_latched in spec_of(rule.flavor).filters or (isinstance(rule, LatchingRule) and rule.latched == "skip")


def _place(need: Need, function: Function | None, places: Places) -> Node | None:
    """Return where a need is; None: it is no resource that belongs into a picture."""
    kind = kind_of_action(need.permission.action)
    if kind is None or need.permission.place is None:
        return None
    return places.of_name(function, need.name, kind)


_READS = ("Get", "BatchGet", "List", "Query", "Scan", "Describe", "Head", "ESHttpGet", "ESHttpHead")


def _reads(need: Need) -> bool:
    return need.permission.action.partition(":")[2].startswith(_READS)


def _unique(nodes: Iterable[Node]) -> tuple[Node, ...]:
    return tuple(dict.fromkeys(nodes))


# -- What belongs to no rule -------------------------------------------------------------------------------------------


def _of_faults(part: Part, node: Node, function: Function | None, places: Places) -> Iterator[Actor]:
    """Yield the fault events of a processor, if it is known that there is a bus."""
    if part.options is None or not _publishes_faults(part, part.options):
        return
    need = next(of_options(part.options, Needs()))
    variables = function.environment if function is not None else {}
    if need.name.text or any(map(variables.get, need.name.variables)):
        bus = places.of_name(function, need.name, BUS)
        yield Actor(node, emits=(FAULT,), buses=(bus,), is_consumer=False)


def _publishes_faults(part: Part, options: ProcessorOptions) -> bool:
    policies = (rule.on_fault or options.on_fault for rule in part.registry)
    return any(policy is None or FaultPolicy(policy) != FaultPolicy.REPORT for policy in policies)


def _of_plain(function: Function, node: Node, places: Places) -> Actor:
    """Return a function without rules: its environment names what it may use."""
    writes: list[Node] = []
    reads: list[Node] = []
    buses: list[Node] = []
    for use in uses_of(function):
        place = places.of_resource(function.stack, use.resource)
        writing, reading = _ACTIONS[kind_of_type(use.resource.type)]
        if may_do(function, writing, use.resource):
            (buses if place.kind == BUS else writes).append(place)
        if reading and may_do(function, reading, use.resource):
            reads.append(place)
    emits = (UNKNOWN_TYPE,) if buses else ()
    return Actor(node, ANYTHING, emits, _unique(buses), _unique(writes), _unique(reads))


_ACTIONS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    BUS: (("events:PutEvents",), ()),
    "table": (
        ("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"),
        ("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:Scan"),
    ),
    "queue": (("sqs:SendMessage",), ()),
    "topic": (("sns:Publish",), ()),
    "stream": (("kinesis:PutRecord", "kinesis:PutRecords"), ()),
    "delivery stream": (("firehose:PutRecord", "firehose:PutRecordBatch"), ()),
    "bucket": (("s3:PutObject", "s3:DeleteObject"), ("s3:GetObject", "s3:ListBucket")),
}
"""The actions of IAM that write to a kind of resource, and those that read from it."""
