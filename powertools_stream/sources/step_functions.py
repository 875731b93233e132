"""AWS Step Functions: batches of items of a Distributed Map state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from powertools_stream.outcomes import FaultPolicy
from powertools_stream.payloads.parsing import malformed, milliseconds
from powertools_stream.sources.envelopes import read_events
from powertools_stream.sources.eventbridge import on_its_own
from powertools_stream.sources.invocations import content_of, invocation_time, name_of
from powertools_stream.sources.recognition import BuiltInSource, is_item_batch
from powertools_stream.sources.source import ReadEvent, fields_of
from powertools_stream.uow import Record

__all__ = ["DistributedMapSource"]


class DistributedMapSource(BuiltInSource):
    """The items of a Distributed Map state with an ``ItemBatcher``: ``{"BatchInput": {…}, "Items": […]}``.

    Each record is ``{"Item": …, "BatchInput": …}``, the latter if the state machine gives one. Its event is the item,
    in the envelopes that AWS puts around one. An item without an ``id`` gets one made of its content: the same in each
    execution, and for equal items.

    There is no partial response. A record that fails for good is set aside by default (`FaultPolicy.PUBLISH`), so that
    one bad item of millions does not fail its batch again and again. A passing error fails the invocation, and so does
    any error without a bus for fault events: let the state machine ``Retry`` it.
    """

    name: ClassVar[str] = "distributed-map"
    reports_partially: ClassVar[bool] = False
    on_fault: ClassVar[FaultPolicy] = FaultPolicy.PUBLISH

    def records(self, event: Mapping[str, Any]) -> list[Record] | None:
        """Return the items, each with the ``BatchInput``."""
        # https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html
        if not is_item_batch(event):
            return None
        common = {"BatchInput": event["BatchInput"]} if "BatchInput" in event else {}
        return [{"Item": item, **common} for item in event["Items"]]

    def events(self, records: Sequence[Record]) -> list[Any]:
        """Put the items together that have the same ``BatchInput``."""
        batches: dict[str, list[Record]] = {}
        for record in records:
            batches.setdefault(content_of(_common(record)), []).append(record)
        return [_batch_of(batch) for batch in batches.values()]

    def read(self, record: Record) -> ReadEvent:
        """Read the item."""
        record_id, item = self.record_id(record), fields_of(record).get("Item")
        if not isinstance(item, Mapping):
            expected = "an item that is a JSON object, as the state machine's ItemSelector can make it"
            raise malformed(record_id, expected, type(item).__name__)
        moment = milliseconds(item.get("time"))
        at = invocation_time() if moment is None else moment
        return on_its_own(read_events(dict(item), record_id, at, None, self.carried))

    def identifier(self, record: Record) -> Any:
        """Return the item's ``id``, else a name made of its content."""
        item = fields_of(record).get("Item")
        identifier = fields_of(item).get("id")
        if identifier and isinstance(identifier, str):
            return identifier
        return name_of(content_of(item if isinstance(item, Mapping) else {"Item": item}))

    def origin(self, record: Record) -> str | None:
        """Say that an item never comes again: nothing tells an execution that tries again from another execution."""
        return None


def _batch_of(records: Sequence[Record]) -> dict[str, Any]:
    return {**_common(records[0]), "Items": [record["Item"] for record in records]}


def _common(record: Record) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != "Item"}
