"""The worst case of at-least-once delivery: every record comes twice, out of order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

from powertools_stream.local.function import Handler, Invocation, LambdaFunction

__all__ = ["DisorderlyFunction"]


class DisorderlyFunction(LambdaFunction):
    """A function that gets every record twice, and later ones before earlier ones.

    Each invocation holds back about half of the records, so that records overtake each other by many batches. It is a
    poller too: polling it delivers the records that it holds, until none are left. To its event source, a record that
    it holds is done; a record that the handler reports is held too, and comes again.

    Parameters
    ----------
    handler, options
        As for `LambdaFunction`.
    seed
        Determines the order, which is the same each time.
    """

    def __init__(self, handler: Handler | str, *, seed: int, **options: Any) -> None:
        super().__init__(handler, **options)
        self._random = Random(seed)
        self._held: list[dict[str, Any]] = []

    def invoke(self, event: Mapping[str, Any]) -> Invocation:
        """Call the handler with some of these records and some of those held back."""
        self._held += [*event["Records"], *event["Records"]]
        self._random.shuffle(self._held)
        half = (len(self._held) + 1) // 2
        now, self._held = self._held[:half], self._held[half:]
        invocation = super().invoke({"Records": now})
        self._held += _reported(now, invocation)
        return replace(invocation, response={"batchItemFailures": []}, error=None)

    def poll(self) -> Invocation | None:
        """Call the handler with records that were held back; None: there are none."""
        return self.invoke({"Records": []}) if self._held else None


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
