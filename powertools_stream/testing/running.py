"""Runs a batch through rules, without AWS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from powertools_stream.connectors.base import Connector
from powertools_stream.connectors.http import HttpConnector
from powertools_stream.connectors.service_connector import ServiceConnector
from powertools_stream.engine.faults import FAULT_TYPE
from powertools_stream.outcomes import CallDetails, Fault, RecordDetails, RuleResult
from powertools_stream.processor import StreamProcessor
from powertools_stream.rules.compiled import CompiledRule, compile_rule
from powertools_stream.rules.registry import RuleRegistry, Rules
from powertools_stream.rules.rule import Flavor, Rule
from powertools_stream.testing.fakes import TEST_BUS, FakeConnector, Responses
from powertools_stream.testing.mutations import Watch, is_asserted
from powertools_stream.uow import Record, UnitOfWork

__all__ = ["Outcome", "run"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a batch.

    Parameters
    ----------
    response
        The partial batch response, as Lambda gets it.
    results
        The units of work that the rules produced, in record order, then rule order.
    requests
        The rules' requests, in the order in which they were made, without those for fault events.
    events
        The published events, decoded, without fault events.
    faults
        Why records failed, in record order, then rule order; each with its fault event, if there is one.
    unmatched
        The records that no rule matched, as Lambda delivered them, in record order. One that failed before it could be
        matched is not among them, nor one that holds several events, if a rule matched any of these.
    """

    response: Any
    results: list[RuleResult]
    requests: list[Any]
    events: list[dict[str, Any]]
    faults: list[Fault]
    unmatched: list[Record] = field(default_factory=list)


def run(
    rules: Rules,
    event: Any,
    *,
    responses: Responses | None = None,
    context: Any = None,
    check_mutation: bool = True,
    **options: Any,
) -> Outcome:
    """Run an event through rules, with a fake in place of AWS.

    A request that would fail on its way to AWS fails here too, with the same error and the same outcome: the connectors
    check it, and botocore's model of the service checks the call. That needs no network, credentials or Region.

    Parameters
    ----------
    rules
        The rules, as for `StreamProcessor`.
    event
        The event that Lambda would pass, e.g. from `to_sqs_records`.
    responses
        The answers of the fake; see `FakeConnector`.
    context
        Lambda's context; default: none, so there is no deadline.
    check_mutation
        Whether to raise if a rule changes the record or its event, which the rules of a record share.
    options
        The options of `StreamProcessor`. By default there is a bus, and a batch that fails as a whole is reported, not
        raised. Connectors of the library, and those that derive from `ServiceConnector`, check their requests and send
        nothing; so does any other whose requests have answers in `responses`.

    Raises
    ------
    AssertionError
        A rule changed what it shares; the message names the rule and the path.
    TypeError
        A key of ``responses`` is no request type, or an answer is none that the service can give.
    """
    settings = {"bus_name": TEST_BUS, "raise_on_entire_batch_failure": False, "max_workers": 1, **options}
    own = settings.pop("connectors", ())
    checking = [connector for connector in own if _only_checks(connector, responses)]
    fake = FakeConnector(responses, bus_name=settings["bus_name"], connectors=checking)
    # One worker, so that requests are made in the order in which they were yielded.
    watch = Watch() if check_mutation or is_asserted() else None
    watched = _WatchedBatch(watch)
    processor = StreamProcessor(
        rules=RuleRegistry.of(rules).compiled_by(watched.compiled),
        connectors=[*(connector for connector in own if connector not in checking), fake],
        observers=[*settings.pop("observers", ()), watched],
        **settings,
    )
    try:
        response = processor.process_event(event, context)
    finally:
        if watch is not None:
            watch.raise_changes()
    if fake.mistakes:
        raise fake.mistakes[0]
    return Outcome(
        response=response,
        results=processor.results,
        requests=[request for request in fake.asked if not _is_fault(getattr(request, "event", None))],
        events=[published for published in fake.published if not _is_fault(published)],
        faults=processor.faults,
        unmatched=watched.unmatched(processor.records),
    )


class _WatchedBatch:
    """Sees which records rules work on, and what they change; an observer, since others fail before that.

    Parameters
    ----------
    watch
        Sees what they change; None: nobody wants to know.
    """

    def __init__(self, watch: Watch | None) -> None:
        self._watch = watch
        self._seen = set[int]()

    def compiled(self, position: int, rule: Rule) -> CompiledRule:
        """Return a rule as the engine runs it, watched."""
        compiled = compile_rule(position, rule)
        flavor, condition = compiled.flavor, compiled.condition
        if self._watch is not None:
            flavor = self._watch.flavor(rule.id, flavor)
            condition = condition and self._watch.condition(rule.id, condition)
        same = {name: getattr(compiled, name) for name in CompiledRule.__slots__}
        return CompiledRule(**{**same, "flavor": self._noted(flavor), "condition": condition})

    def unmatched(self, records: Sequence[Record]) -> list[Record]:
        """Return the records that no rule worked on, and that have not failed."""
        return [record for record in records if id(record) not in self._seen]

    def on_call(self, details: CallDetails) -> None:
        """Take no note of calls."""

    def on_record_failed(self, details: RecordDetails) -> None:
        """Take note of a record that failed."""
        self._seen.add(id(details.record))

    def _noted(self, flavor: Flavor) -> Flavor:
        def noted(uow: UnitOfWork, rule: Rule) -> Any:
            for unit in uow.get("batch") or (uow,):
                self._seen.add(id(unit.get("record")))
            return flavor(uow, rule)

        return noted


def _only_checks(connector: Connector, responses: Responses | None) -> bool:
    """Tell whether a connector of the user's is to check requests, and not to send any."""
    if isinstance(connector, ServiceConnector | HttpConnector):
        return True
    scripted = () if responses is None or callable(responses) else responses
    return any(base in scripted for kind in connector.requests for base in kind.__mro__)


def _is_fault(event: Any) -> bool:
    return isinstance(event, dict) and event.get("type") == FAULT_TYPE
