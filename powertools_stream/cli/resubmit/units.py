"""What is resubmitted together: the records of a fault, and the rules that failed on them."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from powertools_stream.cli.resubmit.records import NotResubmittableError, Redeem, records_of
from powertools_stream.sources import Source
from powertools_stream.uow import Record

__all__ = ["Unit", "digest_of", "gathered", "unit_of"]


@dataclass(frozen=True, eq=False)
class Unit:
    """Records that succeed and fail together, most often one, and the rules that are to run on them.

    Parameters
    ----------
    function
        The name of the function that failed, as the fault events say.
    source
        What puts the records together again.
    records
        The records, in their order.
    rules
        The ids of the rules, each with the time of its newest fault event, in ms.
    errors
        Why it failed, for people.
    identity
        What tells it from others: the same for the same records of the same function.
    size
        How many bytes the records take as JSON.
    order
        Where it stands among the units of its function.
    """

    function: str
    source: Source
    records: tuple[Record, ...]
    rules: Mapping[str, int]
    errors: tuple[str, ...]
    identity: str
    size: int
    order: tuple[Any, ...]

    def key(self, rule: str) -> str:
        """Return what the journal knows a rule's run on these records by."""
        return hashlib.sha256(f"{self.identity}/{rule}".encode(errors="surrogatepass")).hexdigest()[:32]

    @property
    def order_keys(self) -> frozenset[Any]:
        """What orders its records among others: a partition key, a message group; nothing, on a standard queue."""
        keys = (self.source.order_key(record) for record in self.records)
        return frozenset((self.function, key) for key in keys if key is not None)


def unit_of(fault: Mapping[str, Any], function: str, redeem: Redeem) -> Unit:
    """Return what a whole fault event asks for.

    Raises
    ------
    NotResubmittableError
        It does not hold the records as they were.
    """
    source, records = records_of(fault, redeem)
    rule = _text(fault, "uow", "pipeline") or _text(fault, "tags", "pipeline")
    error = ": ".join(text for name in ("name", "message") if (text := _text(fault, "err", name)))
    try:
        size = sum(map(_size, records))
    except (ValueError, RecursionError):
        raise NotResubmittableError("no JSON: the record is nested too deep, or has numbers that are none") from None
    _check(source, records)
    return Unit(
        function,
        source,
        tuple(records),
        {rule or "undefined": _moment(fault)},
        (error,),
        _identity(function, source, records),
        size,
        _order(source, records[0], fault),
    )


def _check(source: Source, records: list[Record]) -> None:
    """Refuse records that are none of their source, which somebody has made up: all is done with them later."""
    try:
        events = source.events([*records])
        is_same = [record for event in events for record in source.records(event) or ()] == records
        for record in records:
            source.order_key(record), source.record_id(record)
    except Exception:  # whatever a source says of what is none of its records
        is_same = False
    if not is_same:
        raise NotResubmittableError(f"malformed: not what {source.name} delivers")


def _size(record: Record) -> int:
    text = json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return len(text.encode(errors="backslashreplace")) + 1


def gathered(units: Iterator[Unit]) -> list[Unit]:
    """Return units with the same records as one that has the rules of all, in the order in which they are to be sent.

    Each record keeps its place behind those that came before it with the same order key.
    """
    found: dict[str, Unit] = {}
    for unit in units:
        same = found.get(unit.identity)
        found[unit.identity] = unit if same is None else _joined(same, unit)
    return sorted(found.values(), key=lambda unit: unit.order)


def digest_of(record: Any) -> str:
    """Return the same text for the same record, however often it was received."""
    return hashlib.sha256(json.dumps(_lasting(record), sort_keys=True).encode()).hexdigest()


def _joined(first: Unit, second: Unit) -> Unit:
    rules = dict(first.rules)
    for rule, at in second.rules.items():
        rules[rule] = max(at, rules.get(rule, 0))
    errors = tuple(dict.fromkeys((*first.errors, *second.errors)))
    # The one that was received last: a receipt handle is good for a while.
    latest = second if max(second.rules.values()) >= max(first.rules.values()) else first
    return replace(latest, rules=rules, errors=errors, order=min(first.order, second.order))


def _identity(function: str, source: Source, records: Sequence[Record]) -> str:
    parts = [function, source.name, *map(digest_of, records)]
    return hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()


_OF_ONE_RECEIPT = frozenset({"receiptHandle", "ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp"})


def _lasting(record: Any) -> Any:
    """Leave out what is another for each time that a message of a queue is received."""
    if not isinstance(record, dict):
        return record
    return {
        name: _lasting(value) if name == "attributes" else value
        for name, value in record.items()
        if name not in _OF_ONE_RECEIPT
    }


_SEQUENCES = (
    ("kinesis", "sequenceNumber"),
    ("sequenceNumber",),
    ("dynamodb", "SequenceNumber"),
    ("attributes", "SequenceNumber"),
    ("offset",),
)
"""Where a record says which number it has in its stream, its partition, or its FIFO queue."""


def _order(source: Source, record: Record, fault: Mapping[str, Any]) -> tuple[Any, ...]:
    numbers = (_number(record, path) for path in _SEQUENCES)
    number = next((number for number in numbers if number is not None), 0)
    place = record.get("eventSourceARN") or f"{record.get('topic', '')}-{record.get('partition', '')}"
    at = _time(fault, "uow", "event", "timestamp") or _time(fault, "timestamp")
    return source.name, str(place), number, at, str(fault.get("id"))


def _number(record: Any, path: Sequence[str]) -> int | None:
    for name in path:
        record = record.get(name) if isinstance(record, dict) else None
    # A number that somebody has made up may have any length.
    if isinstance(record, int) and not isinstance(record, bool):
        return record
    return int(record) if isinstance(record, str) and record.isdecimal() and len(record) <= 100 else None


def _moment(fault: Mapping[str, Any]) -> int:
    """Return when a fault happened, in ms; 0 if it says a time to come.

    Otherwise whoever makes one up could have the same record's faults taken for done until then.
    """
    at = _time(fault, "timestamp")
    return int(at) if 0 <= at <= (time.time() + _AHEAD_SECONDS) * 1000 else 0


_AHEAD_SECONDS = 3600
"""How much the clocks of two machines may differ."""


def _time(value: Any, *path: str) -> float:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, int | float) and value == value else 0


def _text(value: Any, *path: str) -> str:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else ""
