"""What a function's response means to Lambda's event source mapping, with ``ReportBatchItemFailures`` on.

These are pure functions. The rules are AWS's:
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from powertools_stream.local.function import Invocation

__all__ = ["BadResponseError", "checkpoint", "failed_messages", "failures_of", "problem_of", "restart_of"]


class BadResponseError(ValueError):
    """Lambda cannot interpret the response, so it treats the whole batch as failed."""


def failed_messages(response: Any, message_ids: Sequence[str]) -> frozenset[str]:
    """Return the ids of the messages of an SQS batch that failed.

    Parameters
    ----------
    response
        What the function returned, after a round trip through JSON.
    message_ids
        The ids of the messages of the batch.

    Raises
    ------
    BadResponseError
        The response names no identifier, an empty one, or one that is not in the batch.
    """
    failed = frozenset(_identifiers(response))
    if unknown := failed - frozenset(message_ids):
        raise BadResponseError(f"Expected identifiers of messages of this batch, found {sorted(unknown)}.")
    return failed


def checkpoint(response: Any, sequence_numbers: Sequence[str]) -> int | None:
    """Return the index of the record from which a shard's batch is sent again; None: all of it is done.

    Sequence numbers are compared as integers: as strings, ``"10"`` comes before ``"9"``. Lambda's documentation does
    not say what a number from outside the batch does; here it fails the whole batch, so that the mistake is noticed.

    Parameters
    ----------
    response
        What the function returned, after a round trip through JSON.
    sequence_numbers
        The sequence numbers of the batch, in its order.

    Raises
    ------
    BadResponseError
        The response names no identifier, an empty one, or one that is not in the batch.
    """
    failed = frozenset(_identifiers(response))
    if unknown := failed - frozenset(sequence_numbers):
        raise BadResponseError(f"Expected sequence numbers of this batch, found {sorted(unknown)}.")
    return sequence_numbers.index(min(failed, key=int)) if failed else None


def failures_of(invocation: Invocation, message_ids: Sequence[str], *, reports_partially: bool) -> frozenset[str]:
    """Return the ids of the messages of an SQS batch that are not done after this invocation.

    Without ``ReportBatchItemFailures`` the response means nothing: the batch is done, unless the function fails.
    """
    if invocation.error is not None:
        return frozenset(message_ids)
    if not reports_partially:
        return frozenset()
    try:
        return failed_messages(invocation.response, message_ids)
    except BadResponseError:
        return frozenset(message_ids)


def restart_of(
    invocation: Invocation, sequence_numbers: Sequence[str], *, reports_partially: bool
) -> tuple[int | None, bool]:
    """Return the index from which a shard's batch is sent again (None: all of it is done), and whether it was reported.

    An index of 0 that was not reported is the failure of the invocation as a whole.
    """
    if invocation.error is not None:
        return 0, False
    if not reports_partially:
        return None, False
    try:
        return checkpoint(invocation.response, sequence_numbers), True
    except BadResponseError:
        return 0, False


def problem_of(invocation: Invocation, identifiers: Sequence[str], *, reports_partially: bool) -> str:
    """Return what of a response Lambda cannot read, or ignores, as a sentence; empty: nothing."""
    if invocation.error is not None:
        return ""
    try:
        failed = failed_messages(invocation.response, identifiers)
    except BadResponseError as error:
        return f"Lambda cannot read the response, and the whole batch fails. {error}" if reports_partially else ""
    if failed and not reports_partially:
        return "Lambda ignores the failures that are reported, and they are lost: add ReportBatchItemFailures."
    return ""


def _identifiers(response: Any) -> list[str]:
    # There are four ways to say that all is well: nothing, an empty object, no list, an empty list.
    if response is None or response == {}:
        return []
    if not isinstance(response, dict):
        raise BadResponseError(f"Expected an object or null, found {type(response).__name__}.")
    failures = response.get("batchItemFailures") or []
    if not isinstance(failures, list):
        raise BadResponseError(f"Expected a list in batchItemFailures, found {type(failures).__name__}.")
    return [_identifier(failure) for failure in failures]


def _identifier(failure: Any) -> str:
    identifier = failure.get("itemIdentifier") if isinstance(failure, dict) else None
    if not isinstance(identifier, str) or not identifier:
        raise BadResponseError(f'Expected {{"itemIdentifier": "…"}}, found {failure!r}.')
    return identifier
