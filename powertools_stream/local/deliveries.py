"""Deliveries at their worst. Lambda delivers a record at least once: here every record comes twice, out of order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

from powertools_stream.local.function import Handler, Invocation, LambdaFunction

__all__ = ["DisorderlyFunction"]


class DisorderlyFunction(LambdaFunction):
    """A function that gets every record twice, and later ones before earlier ones.

    It keeps about half of what it should be given, so that records overtake each other by many batches. It is a poller,
    too: polled, it is given what was kept, until there is nothing left. Its event source takes a record for done that
    was only kept; a record that the handler reports is kept as well, and comes again.

    Parameters
    ----------
    handler, options
        As for `LambdaFunction`.
    seed
        Makes the order: the same each time.
    """

    def __init__(self, handler: Handler | str, *, seed: int, **options: Any) -> None:
        super().__init__(handler, **options)
        self._random = Random(seed)
        self._kept: list[dict[str, Any]] = []

    def invoke(self, event: Mapping[str, Any]) -> Invocation:
        """Call the handler with some of these records, and with some that were kept."""
        self._kept += [*event["Records"], *event["Records"]]
        self._random.shuffle(self._kept)
        half = (len(self._kept) + 1) // 2
        now, self._kept = self._kept[:half], self._kept[half:]
        invocation = super().invoke({"Records": now})
        self._kept += _reported(now, invocation)
        return replace(invocation, response={"batchItemFailures": []}, error=None)

    def poll(self) -> Invocation | None:
        """Call the handler with records that were kept; None: there are none."""
        return self.invoke({"Records": []}) if self._kept else None


def _reported(records: list[dict[str, Any]], invocation: Invocation) -> list[dict[str, Any]]:
    if invocation.error is not None:
        return records
    reported = {failure["itemIdentifier"] for failure in (invocation.response or {}).get("batchItemFailures") or ()}
    return [record for record in records if _identifier(record) in reported]


def _identifier(record: Mapping[str, Any]) -> Any:
    for name in ("dynamodb", "kinesis"):
        if name in record:
            return record[name].get("SequenceNumber") or record[name].get("sequenceNumber")
    return record["messageId"]
