"""The records that a fault event holds, as Lambda has handed them over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from powertools_stream.errors import StreamError
from powertools_stream.payloads.claim_checks import is_claim_check
from powertools_stream.sources import Source
from powertools_stream.sources.recognition import source_of_records
from powertools_stream.uow import Record

__all__ = ["NotResubmittableError", "Redeem", "records_of"]

_MASK = "*****"
_CUT = "<cut>"
_PAYLOADS = ("body", "data", "value", "kafkaRecordValue", "detail", "requestPayload")


class NotResubmittableError(Exception):
    """A fault event does not hold its records as they were. The message says why, and is the same for its like."""


Redeem = Callable[[Mapping[str, Any]], Any]
"""Gets a record that was left at S3, from a place with a ``bucket`` and a ``key``."""


def records_of(fault: Mapping[str, Any], redeem: Redeem) -> tuple[Source, list[Record]]:
    """Return the records of a whole fault event, and the source that puts them together again.

    Raises
    ------
    NotResubmittableError
        They cannot be resubmitted.
    """
    if fault.get("trimmed"):
        raise NotResubmittableError("trimmed: the fault event was too large to hold its record")
    uow = fault.get("uow")
    if not isinstance(uow, Mapping):
        raise NotResubmittableError("not whole: the fault event has no unit of work")
    batch = uow.get("batch")
    units: Sequence[Any] = batch if isinstance(batch, list) and batch else [uow]
    records = [_whole(unit.get("record") if isinstance(unit, Mapping) else None, redeem) for unit in units]
    _check(records)
    return _source(fault, records), records


def _check(records: Sequence[Any]) -> None:
    for record in records:
        if not isinstance(record, dict) or not record:
            raise NotResubmittableError("not whole: the fault event has no record")
        payloads = [record.get(name) for name in _PAYLOADS]
        for inner in (record.get("kinesis"), record.get("Sns")):
            if isinstance(inner, dict):
                payloads += [inner.get("data"), inner.get("Message")]
        if _MASK in payloads:
            raise NotResubmittableError("masked: the record carried secrets, which no fault event holds")
        if _CUT in (*payloads, *record.values()):
            raise NotResubmittableError("cut: the record has too many values for a fault event")


def _whole(record: Any, redeem: Redeem) -> Any:
    """Return the record that another one stands for, which has its identifiers, and perhaps where it lies at S3."""
    if not isinstance(record, dict):
        return record
    if is_claim_check(record):
        return redeem(record["s3"])
    if "itemIdentifier" in record:
        raise NotResubmittableError("withheld: the record is redacted, and the fault event only names it")
    return record


def _source(fault: Mapping[str, Any], records: Sequence[Record]) -> Source:
    named = _named().get(str(fault.get("event_source")))
    try:
        source = named or source_of_records(records)
    except StreamError:
        source = None
    if source is None:
        raise NotResubmittableError("unknown source: no source of this library knows the record")
    if source.name == "cognito":
        raise NotResubmittableError("of a user: the step that a user took is over, and its secrets are masked")
    return source


@cache
def _named() -> Mapping[str, Source]:
    """Return the built-in sources by their names, which fault events have."""
    from powertools_stream import sources
    from powertools_stream.sources.pipes import PipeSource, WholePipeSource

    made = [
        getattr(sources, name)()
        for name in sources.__all__
        if isinstance(getattr(sources, name), type) and name.endswith("Source") and name != "Source"
    ]
    return {source.name: source for source in (*made, PipeSource(), WholePipeSource())}
