"""Data Firehose, which has a function transform records on their way to a destination."""

from __future__ import annotations

import json
import logging
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from powertools_stream.payloads.parsing import malformed, parse_base64, parse_object
from powertools_stream.sources.envelopes import read_events
from powertools_stream.sources.invocations import content_of, name_of
from powertools_stream.sources.recognition import BuiltInSource
from powertools_stream.sources.source import name_in
from powertools_stream.uow import Event, Record

if TYPE_CHECKING:
    from powertools_stream.outcomes import RecordOutcome
    from powertools_stream.uow import UnitOfWork

__all__ = ["FIREHOSE_RECORD", "MAX_RESPONSE_BYTES", "FirehoseSource"]

FIREHOSE_RECORD = "firehose_record"
"""Where a unit of work holds what is answered of its record: ``result``, and ``data`` and ``metadata`` if any."""

# https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html
MAX_RESPONSE_BYTES = 6 * 1024 * 1024

_log = logging.getLogger(__name__)

_NO_METADATA: Mapping[str, Any] = {}

_OK, _DROPPED, _FAILED = "Ok", "Dropped", "ProcessingFailed"


class FirehoseSource(BuiltInSource):
    """Records that Firehose delivers, and wants back: the data is a JSON object, in the envelopes that AWS puts around.

    Every record is answered, in order, by its id. One that failed is ``ProcessingFailed``, with the data that it came
    with; of the others, the one rule of `firehose_transform` says what goes on in its place, else a rule of
    `firehose_drop` that it is ``Dropped``; without either, it goes on unchanged.

    Parameters
    ----------
    decode
        Makes the event of a record's data if that is no JSON object: takes bytes, and returns a mapping, or None for a
        record that is to go on unchanged.
    max_response_bytes
        How large the answer may be. If it would be larger, the last records give way: they are ``ProcessingFailed``,
        without data.
    """

    name: ClassVar[str] = "firehose"
    answers_each: ClassVar[bool] = True
    needs_results: ClassVar[bool] = True

    def __init__(
        self,
        *,
        decode: Callable[[bytes], Mapping[str, Any] | None] | None = None,
        max_response_bytes: int = MAX_RESPONSE_BYTES,
    ) -> None:
        self._decode = decode
        self._max_response_bytes = max_response_bytes

    def records(self, event: Mapping[str, Any]) -> list[Record] | None:
        """Return the records. Those of Kafka are under the same name, but by partition."""
        records = event.get("records")
        return records if isinstance(records, list) else None

    def events(self, records: Sequence[Record]) -> list[Any]:
        """Put the records together. What is answered goes to whoever asks, and no longer to a destination."""
        return [{"invocationId": name_of(content_of([*records])), "records": list(records)}]

    def read(self, record: Record) -> Event | list[Event] | None:
        """Read what is in the record's data."""
        if (record_id := self.record_id(record)) == "undefined":
            raise malformed(record_id, "a record with a recordId", "none")
        try:
            data = record[_data_key(record)]
            arrived = record.get("approximateArrivalTimestamp")
            key = (record.get("kinesisRecordMetadata") or _NO_METADATA).get("partitionKey")
        except (AttributeError, KeyError, TypeError):
            raise malformed(record_id, "a record of Firehose with its data", "none") from None
        if key is not None and type(key) is not str:
            raise malformed(record_id, "a partitionKey that is text", type(key).__name__)
        if self._decode is None:
            body = parse_object(parse_base64(data, "the record's data", record_id), "the record's data", record_id)
        elif (decoded := self._decode(_decoded(data, record_id))) is not None:
            body = dict(decoded)
        else:
            return None
        return read_events(body, record_id, arrived, key, self.carried)

    def identifier(self, record: Record) -> Any:
        """Return the record id."""
        return name_in(record, ("recordId",), "a record with a recordId to answer it by")

    def is_last_attempt(self, record: Record) -> bool:
        """Return True: Firehose does not send a record again that was answered, well or not."""
        return True

    def origin(self, record: Record) -> str | None:
        """Say that a record never comes again: one that failed goes to the bucket's error prefix."""
        return None

    def answer(self, event: Mapping[str, Any], outcomes: Sequence[RecordOutcome]) -> dict[str, Any]:
        """Return what became of each record, as Firehose takes it.

        https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-status-model.html
        """
        answers = [_answer(outcome) for outcome in outcomes]
        _make_fit(answers, self._max_response_bytes)
        return {"records": answers}


def _data_key(record: Mapping[str, Any]) -> str:
    """Return where the data is: from Amazon MSK, and back, it has another name."""
    return "kafkaRecordValue" if "kafkaRecordValue" in record else "data"


def _decoded(data: Any, record_id: str) -> bytes:
    try:
        return b64decode(data, validate=True)
    except (TypeError, ValueError) as error:
        raise malformed(record_id, "the record's data to be base64", f"what is not: {error}") from None


def _answer(outcome: RecordOutcome) -> dict[str, Any]:
    record = outcome.record
    key = _data_key(record)
    answer = {"recordId": record.get("recordId"), "result": _OK, key: record.get(key) or ""}
    if outcome.has_failed or outcome.is_reported:
        answer["result"] = _FAILED
        return answer
    said = [uow for uow in outcome.results if FIREHOSE_RECORD in uow]
    transformed = [uow for uow in said if uow[FIREHOSE_RECORD]["result"] != _DROPPED]
    if len(transformed) > 1:
        _tell_contradiction(record, transformed)
        answer["result"] = _FAILED
    elif transformed:
        ours = transformed[0][FIREHOSE_RECORD]
        answer["result"] = ours["result"]
        answer[key] = ours.get("data", answer[key])
        if metadata := ours.get("metadata"):
            answer["metadata"] = metadata
    elif said:
        answer.update({"result": _DROPPED, key: ""})
    return answer


def _tell_contradiction(record: Record, transformed: Sequence[UnitOfWork]) -> None:
    rules = ", ".join(repr(uow.get("pipeline")) for uow in transformed)
    _log.error(
        "Record %s is answered with ProcessingFailed: expected one rule at most to transform it, but %s did. "
        "Give them event types or filters that do not overlap.",
        record.get("recordId"),
        rules,
    )


def _make_fit(answers: Sequence[dict[str, Any]], limit: int) -> None:
    """Leave data out until the answer fits: first of records that failed, which Firehose has; then of the last ones.

    What is left out of a record that did not fail makes it one that did: else it would be delivered empty.
    """
    excess = len('{"records": []}') + sum(len(json.dumps(answer)) + 2 for answer in answers) - limit
    if excess <= 0:
        return
    for answer in reversed(answers):
        if excess > 0 and answer["result"] == _FAILED:
            excess -= _empty(answer)
    given_up = []
    for answer in reversed(answers):
        if excess > 0 and answer["result"] == _OK:
            excess -= _empty(answer)
            given_up.append(answer["recordId"])
    if given_up:
        _log.error(
            "%d of %d records are answered with ProcessingFailed, from the last one on: Lambda takes a response of at "
            "most %d bytes. Lower the buffer size of the stream's Lambda processor, or return less. They are: %s",
            len(given_up),
            len(answers),
            limit,
            ", ".join(map(str, given_up[:20])) + (", …" if len(given_up) > 20 else ""),
        )


def _empty(answer: dict[str, Any]) -> int:
    """Make it a record that failed, without data; return how many bytes that saves."""
    before = len(json.dumps(answer))
    answer.pop("metadata", None)
    answer.update({"result": _FAILED, _data_key(answer): ""})
    return before - len(json.dumps(answer))
