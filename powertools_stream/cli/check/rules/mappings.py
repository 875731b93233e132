"""Findings in event source mappings."""

from __future__ import annotations

from collections.abc import Iterator

from powertools_stream.cli.check.rules.base import Finding, StackRule
from powertools_stream.cli.stack import (
    SQS_SUBSCRIPTION,
    SourceMapping,
    Stack,
    is_known,
    items_of,
    mappings_of,
    number,
)

__all__ = ["NoDestination", "NoPartialResponse", "UnlimitedRetries"]

_RESPONSES = "ReportBatchItemFailures"


class NoPartialResponse(StackRule):
    """Lambda reads a partial response only if the mapping says so."""

    id = "E9801"
    shortdesc = "An event source mapping without ReportBatchItemFailures"
    why = (
        "Lambda then ignores which records the function reports: it takes the whole batch for done, and the failed "
        "records are gone."
    )
    advice = "Add `FunctionResponseTypes: [ReportBatchItemFailures]`."
    source_url = "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html"

    def found_in(self, stack: Stack) -> Iterator[Finding]:
        """Yield the mappings whose responses Lambda ignores."""
        for mapping in mappings_of(stack):
            types = mapping.setting("FunctionResponseTypes")
            if is_known(types) and _RESPONSES not in items_of(types):
                found = f"{mapping} has no `FunctionResponseTypes: [{_RESPONSES}]`."
                yield self.finding(mapping.within("FunctionResponseTypes"), found, _advice(mapping))


def _advice(mapping: SourceMapping) -> str:
    if mapping.made_by == SQS_SUBSCRIPTION:
        return (
            f"`{SQS_SUBSCRIPTION}` takes no `FunctionResponseTypes`: subscribe the queue by an "
            "`AWS::SNS::Subscription`, and give the function an event of type SQS."
        )
    if mapping.service != "Kafka" or mapping.setting("ProvisionedPollerConfig") is not None:
        return ""
    # https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
    return f"{NoPartialResponse.advice} Kafka needs a `ProvisionedPollerConfig` for it; without one, raise an error."


class UnlimitedRetries(StackRule):
    """A record that fails every time holds up those behind it until they expire."""

    id = "W9811"
    shortdesc = "A stream that is retried without limit"
    why = (
        "A record that fails every time holds up its shard until it expires, and what expires behind it meanwhile is "
        "lost unread."
    )
    advice = "Set `MaximumRetryAttempts` or `MaximumRecordAgeInSeconds`, and `DestinationConfig`."
    source_url = "https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html"

    def found_in(self, stack: Stack) -> Iterator[Finding]:
        """Yield the mappings of streams that limit neither attempts nor age."""
        for mapping in mappings_of(stack):
            if mapping.is_stream and _is_unlimited(mapping):
                found = f"{mapping} retries a batch without limit, of attempts or of age."
                yield self.finding(mapping.within("MaximumRetryAttempts"), found)


def _is_unlimited(mapping: SourceMapping) -> bool:
    limits = (mapping.setting("MaximumRetryAttempts"), mapping.setting("MaximumRecordAgeInSeconds"))
    # "When you configure both infinite retries and an on-failure destination, Lambda automatically applies a maximum of
    # 10 retry attempts": https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure-destination.html
    ends = mapping.service == "Kafka" and _destination(mapping) is not None
    return not ends and all(number(limit, -1) == -1 for limit in limits)


class NoDestination(StackRule):
    """What Lambda gives up on is nowhere."""

    id = "E9812"
    shortdesc = "A stream without an on-failure destination"
    why = "Records that Lambda gives up on, or that expire, are skipped, and nothing says which they were."
    advice = "Set `DestinationConfig: {OnFailure: {Destination: …}}`; a bucket keeps the records themselves."
    source_url = "https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html"

    def found_in(self, stack: Stack) -> Iterator[Finding]:
        """Yield the mappings of streams that have no destination."""
        for mapping in mappings_of(stack):
            if mapping.is_stream and _destination(mapping) is None:
                yield self.finding(mapping.within("DestinationConfig"), f"{mapping} has no on-failure destination.")


def _destination(mapping: SourceMapping) -> object:
    destination: object = mapping.setting("DestinationConfig", "OnFailure", "Destination")
    return destination or None
