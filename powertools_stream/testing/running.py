"""Runs a batch through rules, without AWS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from powertools_stream.engine.faults import FAULT_TYPE
from powertools_stream.outcomes import Fault, RuleResult
from powertools_stream.processor import StreamProcessor
from powertools_stream.rules.registry import Rules
from powertools_stream.testing.fakes import FakeConnector, Responses

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
    """

    response: Any
    results: list[RuleResult]
    requests: list[Any]
    events: list[dict[str, Any]]
    faults: list[Fault]


def run(
    rules: Rules, event: Any, *, responses: Responses | None = None, context: Any = None, **options: Any
) -> Outcome:
    """Run an event through rules, with a fake in place of AWS.

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
    options
        The options of `StreamProcessor`. By default there is a bus, and a batch that fails as a whole is reported, not
        raised.
    """
    fake = FakeConnector(responses)
    # One worker, so that requests are made in the order in which they were yielded.
    settings = {"bus_name": "test-bus", "raise_on_entire_batch_failure": False, "max_workers": 1, **options}
    processor = StreamProcessor(rules=rules, **{**settings, "connectors": [*options.get("connectors", ()), fake]})
    response = processor.process_event(event, context)
    return Outcome(
        response=response,
        results=processor.results,
        requests=[request for request in fake.asked if not _is_fault(getattr(request, "event", None))],
        events=[published for published in fake.published if not _is_fault(published)],
        faults=processor.faults,
    )


def _is_fault(event: Any) -> bool:
    return isinstance(event, dict) and event.get("type") == FAULT_TYPE
