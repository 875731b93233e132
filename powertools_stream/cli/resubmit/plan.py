"""Which records go to which function, for which rules, in which invocation."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from powertools_stream.cli.lake import ClaimError, Lake, Seen, Selection
from powertools_stream.cli.resubmit.records import NotResubmittableError, Redeem
from powertools_stream.cli.resubmit.units import Unit, gathered, unit_of
from powertools_stream.cli.sending import Journal
from powertools_stream.engine.resubmission import NAMESPACE

__all__ = ["MAX_CONTEXT_BYTES", "MAX_PAYLOAD_BYTES", "Invocation", "Plan", "client_context", "invocations", "planned"]

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_PAYLOAD_BYTES = 6 * 1024 * 1024
# https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#lambda-Invoke-request-ClientContext
MAX_CONTEXT_BYTES = 3_583

_ROOM = MAX_PAYLOAD_BYTES - 64 * 1024
"""For the records: what is around them takes a little."""


@dataclass
class Plan:
    """What is to be sent, and what is not.

    Parameters
    ----------
    units
        What is to be sent, in its order.
    refused
        How many faults cannot be resubmitted, by the reason.
    comes_back
        How many faults are of records that their source sends again by itself.
    not_listed
        How many faults name a function that is not on the list, by the name.
    done
        How many records the journal knows to be done.
    in_doubt
        How many of the records were being sent when an earlier run ended.
    """

    units: list[Unit] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    comes_back: int = 0
    not_listed: Counter[str] = field(default_factory=Counter)
    done: int = 0
    in_doubt: int = 0


@dataclass(frozen=True)
class Invocation:
    """One invocation of a function.

    Parameters
    ----------
    units
        What it is about, in order.
    rules
        The rules that are to run.
    """

    units: tuple[Unit, ...]
    rules: tuple[str, ...]

    @property
    def function(self) -> str:
        """The function's name, as the fault events say."""
        return self.units[0].function

    @property
    def count(self) -> int:
        """How many records it brings."""
        return sum(len(unit.records) for unit in self.units)

    @property
    def events(self) -> list[Any]:
        """The events that bring the records; one, unless the source's records cannot come together."""
        return self.units[0].source.events([record for unit in self.units for record in unit.records])

    def without(self, units: Sequence[Unit]) -> Invocation | None:
        """Return the invocation without some units; None: nothing is left."""
        left = tuple(unit for unit in self.units if unit not in units)
        return replace(self, units=left) if left else None


def planned(
    lake: Lake,
    selection: Selection,
    functions: Iterable[str],
    journal: Journal,
    redeem: Redeem,
    *,
    include_reported: bool = False,
) -> Plan:
    """Read fault events, and decide what is sent.

    Parameters
    ----------
    functions
        The names of the functions that the operator names. An event that names another one has no effect.
    include_reported
        Whether records are sent that still come back from their source.
    """
    allowed = frozenset(functions)
    plan = Plan()
    units = gathered(_units(lake, selection, allowed, plan, redeem, include_reported=include_reported))
    plan.units = list(_due(units, journal, plan))
    return plan


def _units(
    lake: Lake, selection: Selection, allowed: frozenset[str], plan: Plan, redeem: Redeem, *, include_reported: bool
) -> Iterator[Unit]:
    # A lake may have one several times, and a list counts it once.
    counted, sent, comes_back = Seen(), set[str](), set[str]()
    for stored in lake.events(selection):
        fault = stored.event
        if fault.get("type") != "fault":
            continue
        function = _function(fault)
        if function not in allowed:
            plan.not_listed[function] += counted.add(fault)
        elif fault.get("disposition") != "set-aside" and not include_reported and not fault.get("trimmed"):
            comes_back.add(str(fault["id"]))
        else:
            try:
                unit = unit_of(lake.whole(stored).event, function, redeem)
            except (NotResubmittableError, ClaimError) as error:
                plan.refused[str(error)] += counted.add(fault)
            else:
                sent.add(str(fault["id"]))
                yield unit
    # A record that came again until it was set aside has fault events of both kinds, with one id.
    plan.comes_back = len(comes_back - sent)


def _function(fault: Mapping[str, Any]) -> str:
    tags = fault.get("tags")
    name = tags.get("functionname") if isinstance(tags, Mapping) else None
    return name if isinstance(name, str) and name else "undefined"


def _due(units: Iterable[Unit], journal: Journal, plan: Plan) -> Iterator[Unit]:
    """Yield what is not done, with the rules that are not; too large ones are refused."""
    for unit in units:
        rules = {rule: at for rule, at in unit.rules.items() if not journal.is_done(unit.key(rule), at)}
        plan.done += 0 if rules else len(unit.records)
        fitting = {rule: at for rule, at in rules.items() if _fits((rule,))}
        if fitting != rules:
            plan.refused["the rule's id is too long for a client context, of 3,583 bytes at most"] += 1
        if not fitting:
            continue
        if unit.size > _ROOM:
            plan.refused["too large: the records take more than the 6 MB that Lambda accepts in an invocation"] += 1
            continue
        if any(unit.key(rule) in journal.in_doubt for rule in fitting):
            plan.in_doubt += len(unit.records)
        yield replace(unit, rules=fitting)


def invocations(units: Iterable[Unit], batch_size: int) -> list[Invocation]:
    """Return the invocations that send units: as few as there can be, each with at most so many records.

    Units of an order key keep their order. What was compacted goes together, however many records it has.
    """
    filling = _Filling(batch_size)
    made = [one for each in units for part in _parts(sorted(each.rules)) for one in filling.add(each, part)]
    made += filling.rest()
    return [one for invocation in made for one in _each_event(invocation)]


@dataclass
class _Batch:
    """Units that are to go together, for the same rules.

    Parameters
    ----------
    key
        The function, the source, and the rules.
    """

    key: tuple[str, str, tuple[str, ...]]
    units: list[Unit] = field(default_factory=list)
    count: int = 0
    size: int = 0

    def add(self, unit: Unit) -> None:
        self.units.append(unit)
        self.count += len(unit.records)
        self.size += unit.size

    def takes(self, unit: Unit, batch_size: int) -> bool:
        fits = self.count + len(unit.records) <= batch_size and self.size + unit.size <= _ROOM
        return fits or not self.units


class _Filling:
    """The batches that are being filled, one for each function, source and set of rules."""

    def __init__(self, batch_size: int) -> None:
        self._batch_size = batch_size
        self._open: dict[tuple[str, str, tuple[str, ...]], _Batch] = {}
        self._last: dict[tuple[str, Any], _Batch] = {}

    def add(self, unit: Unit, rules: tuple[str, ...]) -> Iterator[Invocation]:
        """Add a unit; yield the invocations that have to be made before the one which brings it."""
        key = unit.function, unit.source.name, rules
        lanes = [(rule, order_key) for rule in rules for order_key in unit.order_keys]
        # It must not overtake what is before it in a batch for other rules, some of which are its own.
        for batch in [self._last[lane] for lane in lanes if lane in self._last]:
            if batch.key != key:
                yield from self._close(batch)
        batch = self._open.get(key) or _Batch(key)
        if not batch.takes(unit, self._batch_size):
            yield from self._close(batch)
            batch = _Batch(key)
        batch.add(unit)
        self._open[key] = batch
        self._last.update(dict.fromkeys(lanes, batch))

    def rest(self) -> list[Invocation]:
        """Return the invocations that are left."""
        return [one for batch in [*self._open.values()] for one in self._close(batch)]

    def _close(self, batch: _Batch) -> Iterator[Invocation]:
        if self._open.get(batch.key) is batch:
            del self._open[batch.key]
            yield Invocation(tuple(batch.units), batch.key[2])


def _each_event(invocation: Invocation) -> Iterator[Invocation]:
    """Yield an invocation for each event, where records cannot come together."""
    if len(invocation.events) == 1:
        yield invocation
        return
    for unit in invocation.units:
        yield replace(invocation, units=(unit,))


def _parts(rules: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield the rules in parts that fit into a client context each."""
    part: tuple[str, ...] = ()
    for rule in rules:
        if part and not _fits((*part, rule)):
            yield part
            part = ()
        part = (*part, rule)
    yield part


def client_context(rules: Sequence[str]) -> str:
    """Return what tells the function which rules are meant, as Lambda takes it."""
    said = {"custom": {NAMESPACE: {"resubmit": {"rules": [*rules]}}}}
    return base64.b64encode(json.dumps(said, separators=(",", ":")).encode()).decode()


def _fits(rules: Sequence[str]) -> bool:
    return len(client_context(rules)) <= MAX_CONTEXT_BYTES
