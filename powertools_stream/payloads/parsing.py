"""From the text of a record to values: JSON objects, base64, times. What cannot be read is an error of its record."""

from __future__ import annotations

import re
from base64 import b64decode
from datetime import datetime, timezone
from typing import Any

from powertools_stream.errors import MalformedRecordError, RetryableError, StreamError
from powertools_stream.payloads.compression import MARK, InflationError, decompressed
from powertools_stream.payloads.decoding import decode
from powertools_stream.payloads.limits import MAX_VALUES, count_values

__all__ = ["from_seconds", "malformed", "milliseconds", "parse_base64", "parse_object", "read_compressed"]


def malformed(record_id: str | None, expected: str, found: str) -> MalformedRecordError:
    """Make the error for a record that cannot be read. What was found is described; its content is not shown."""
    error = MalformedRecordError(f"Expected {expected}, found {found}.")
    error.record_id = record_id
    return error


def parse_object(text: Any, what: str, record_id: str | None = None, *, max_values: int = MAX_VALUES) -> dict[str, Any]:
    """Parse the text of a JSON object, and read its compressed values.

    Parameters
    ----------
    text
        The text; anything else is an error of the record.
    what
        What is parsed, for the message: ``"the message's body"``.
    record_id
        The record, for the error.
    max_values
        How many values it may hold: objects, arrays, and what is in them.

    Raises
    ------
    MalformedRecordError
        It is not the text of a JSON object, or too much.
    RetryableError
        The records before it in the batch have left too little memory for its compressed values.
    """
    if not isinstance(text, str):
        raise malformed(record_id, f"{what} to be the text of a JSON object", _describe(text))
    # A value takes a byte at least, so the texts of nearly all records are not looked at.
    if len(text) > max_values and count_values(text.encode(errors="replace"), max_values) > max_values:
        raise malformed(record_id, f"{what} to hold at most {max_values} values", "more")
    value = problem = None
    try:
        value = decode(text)
    except ValueError as error:
        problem = str(error)
    # Not from within `except`: the error of the parser holds all of the text, and it would be kept with this one.
    if problem is not None:
        raise malformed(record_id, f"{what} to be a JSON object", f"text that is not JSON: {problem}")
    if type(value) is not dict:
        raise malformed(record_id, f"{what} to be a JSON object", _describe(value))
    return read_compressed(value, what, record_id) if MARK in text else value


def read_compressed(value: dict[str, Any], what: str, record_id: str | None = None) -> dict[str, Any]:
    """Read the compressed values of an object, and return it. Parameters as for `parse_object`.

    Raises
    ------
    MalformedRecordError
        A value cannot be read, or takes too much once inflated.
    RetryableError
        The records before it in the batch have left too little memory.
    """
    problem: StreamError
    try:
        inflated: dict[str, Any] = decompressed(value, record_id)
        return inflated
    except InflationError as error:
        problem = MalformedRecordError(f"Of {what}: {error}")
    except RetryableError as error:
        problem = error.with_traceback(None)
    # Not from within `except`, and without the frames below: what was inflated would be kept with the error.
    problem.record_id = record_id
    problem.event_type = event_type if isinstance(event_type := value.get("type"), str) else None
    raise problem


def parse_base64(data: Any, what: str, record_id: str | None = None) -> str:
    """Decode base64 to the UTF-8 text that it holds. Parameters as for `parse_object`."""
    if not isinstance(data, str):
        raise malformed(record_id, f"{what} to be base64", _describe(data))
    try:
        return b64decode(data, validate=True).decode()
    except UnicodeDecodeError as error:
        found = f"bytes that are not UTF-8, from byte {error.start} on"
        raise malformed(record_id, f"{what} to hold UTF-8 text", found) from None
    except ValueError as error:
        raise malformed(record_id, f"{what} to be base64", f"text that is not: {error}") from None


# CloudWatch writes "+0000", which Python 3.10 does not read; nor does it read the "Z".
_OFFSET = re.compile(r"([+-]\d\d)(\d\d)$")


def milliseconds(time: Any) -> int | None:
    """Read an ISO 8601 time as ms; None if it is none: then the record's own time will do."""
    try:
        moment = datetime.fromisoformat(_OFFSET.sub(r"\1:\2", time.replace("Z", "+00:00")))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        return round(moment.timestamp() * 1000)
    except (AttributeError, OverflowError, TypeError, ValueError):
        return None


def from_seconds(seconds: Any, record_id: str | None = None) -> int:
    """Return a record's time, which streams have in seconds with a fraction, in ms.

    Raises
    ------
    MalformedRecordError
        It is no time.
    """
    # First the type: of a text, `* 1000` would make a thousand.
    if type(seconds) is float or type(seconds) is int:
        try:
            # Multiplied, 1.001 is a hair less than 1001.
            return round(seconds * 1000)
        except (OverflowError, ValueError):
            pass
    raise malformed(record_id, "the record's time to be a number of seconds", _describe(seconds))


_KINDS = {
    type(None): "nothing",
    list: "a JSON array",
    str: "a string",
    bool: "a boolean",
    int: "a number",
    float: "a number",
}


def _describe(value: Any) -> str:
    return _KINDS.get(type(value), f"a value of type {type(value).__name__}")
