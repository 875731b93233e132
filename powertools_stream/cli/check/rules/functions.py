"""Findings in functions: their time-out, and where events go that they were invoked with in vain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from powertools_stream.cli.check.rules.base import Finding, StackRule
from powertools_stream.cli.stack import (
    DEFAULT_TIMEOUT,
    Function,
    SourceMapping,
    Stack,
    dig,
    function_named,
    functions_of,
    mappings_of,
    number,
    pattern_of,
)

__all__ = ["NoFailureDestination", "ShortTimeout"]

_BATCH_SIZES = {"SQS": 10}
"""https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html; of all others it is 100."""

_MARGIN = 1.0
"""Seconds that a processor keeps for fault events and the response, but at most a quarter of the time-out."""


class ShortTimeout(StackRule):
    """What a batch needs is not in the template; what is left for each record of a full one is."""

    id = "W9831"
    shortdesc = "A time-out under the needs of the batch"
    why = (
        "What is not done in time is reported and comes back. In a full batch that happens to the same records again "
        "and again, until they are given up on without having failed."
    )
    advice = "Set `Timeout` to what a full batch takes, calls that are retried included, or lower `BatchSize`."
    source_url = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html"

    def __init__(self) -> None:
        super().__init__()
        self.config_definition = {"milliseconds_per_record": {"default": 10, "type": "integer"}}
        self.configure()

    def found_in(self, stack: Stack) -> Iterator[Finding]:
        """Yield the functions whose time-out is not set, or leaves a full batch less than a call takes per record."""
        for mapping in mappings_of(stack):
            function, size = mapping.function, _batch_size(mapping)
            timeout = function.timeout if function else None
            if function is None or timeout is None or size is None:
                continue
            if function.setting("Timeout") is None and size > 1:
                yield self.finding(function.resource.path, _not_set(mapping, size))
            elif _milliseconds_per_record(timeout, size) < self.config["milliseconds_per_record"]:
                path = [*function.resource.path, "Properties", "Timeout"]
                yield self.finding(path, _too_short(mapping, timeout, size))


def _batch_size(mapping: SourceMapping) -> int | None:
    return number(mapping.setting("BatchSize"), _BATCH_SIZES.get(mapping.service, 100))


def _milliseconds_per_record(timeout: int, size: int) -> float:
    return (timeout - min(_MARGIN, timeout / 4)) * 1000 / max(size, 1)


def _not_set(mapping: SourceMapping, size: int) -> str:
    return f"{mapping} invokes it with up to {size:,} records, but its `Timeout` is the default, {DEFAULT_TIMEOUT} s."


def _too_short(mapping: SourceMapping, timeout: int, size: int) -> str:
    share = _milliseconds_per_record(timeout, size)
    return (
        f"{mapping} invokes it with up to {size:,} records: a `Timeout` of {timeout} s leaves {share:.2g} ms for each, "
        "less than one call to AWS takes."
    )


_ASYNCHRONOUS_EVENTS = (
    "S3", "SNS", "EventBridgeRule", "CloudWatchEvent", "Schedule", "ScheduleV2", "IoTRule", "CloudWatchLogs",
)  # fmt: skip

_ASYNCHRONOUS_CALLERS = (
    "s3.amazonaws.com", "sns.amazonaws.com", "events.amazonaws.com", "scheduler.amazonaws.com", "iot.amazonaws.com",
    "logs.amazonaws.com", "ses.amazonaws.com", "lambda.alarms.cloudwatch.amazonaws.com",
)  # fmt: skip
"""Services that do not wait for the function: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html."""


class NoFailureDestination(StackRule):
    """Lambda tries an asynchronous invocation three times."""

    id = "W9832"
    shortdesc = "A function that is invoked asynchronously, without an on-failure destination"
    why = "Lambda tries such an event three times, or for six hours if the function is throttled, and then drops it."
    advice = "Set `DestinationConfig: {OnFailure: …}` in the function's `EventInvokeConfig`, or a dead-letter queue."
    source_url = "https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html"

    def found_in(self, stack: Stack) -> Iterator[Finding]:
        """Yield the functions whose failed events are dropped."""
        for path, caller, function in [*_events(stack), *_permissions(stack), *_schedules(stack)]:
            if not _is_kept(function):
                found = f"{caller} invokes {function.name} asynchronously, and it has no on-failure destination."
                yield self.finding(path, found)


_Invocation = tuple[list[str | int], str, Function]


def _events(stack: Stack) -> Iterator[_Invocation]:
    for function in functions_of(stack):
        events = function.setting("Events") if function.is_sam else None
        for name, event in (events if isinstance(events, Mapping) else {}).items():
            # A queue between the topic and the function keeps what fails.
            queued = dig(event, "Properties", "SqsSubscription") not in (None, False)
            if dig(event, "Type") in _ASYNCHRONOUS_EVENTS and not queued:
                path = [*function.resource.path, "Properties", "Events", name]
                yield path, f"The {dig(event, 'Type')} event {name}", function


def _permissions(stack: Stack) -> Iterator[_Invocation]:
    for permission in stack.of_type("AWS::Lambda::Permission"):
        caller = pattern_of(permission.properties.get("Principal"))
        function = function_named(stack, permission.properties.get("FunctionName"))
        if function and caller in _ASYNCHRONOUS_CALLERS:
            yield function.resource.path, f"{caller} ({permission.logical_id})", function


def _schedules(stack: Stack) -> Iterator[_Invocation]:
    for schedule in stack.of_type("AWS::Scheduler::Schedule"):
        function = function_named(stack, dig(schedule.properties, "Target", "Arn"))
        if function:
            yield function.resource.path, f"The schedule {schedule.logical_id}", function


def _is_kept(function: Function) -> bool:
    places = [
        function.setting("DeadLetterConfig"),
        function.setting("DeadLetterQueue"),
        function.setting("EventInvokeConfig", "DestinationConfig", "OnFailure"),
        *_configured(function),
    ]
    return any(place is not None for place in places)


def _configured(function: Function) -> Iterator[Any]:
    for config in function.stack.of_type("AWS::Lambda::EventInvokeConfig"):
        of = function_named(function.stack, config.properties.get("FunctionName"))
        if of is None or of.name == function.name:
            yield dig(config.properties, "DestinationConfig", "OnFailure")
