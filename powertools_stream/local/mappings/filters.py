"""Event filtering: which records of a source the function gets at all.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from powertools_stream.local.mappings.batching import Record
from powertools_stream.local.mappings.errors import MappingError
from powertools_stream.matching import EventPattern, EventPatternError, compile_event_pattern

__all__ = ["KEYS", "MAX_PATTERN", "OPERATORS", "FilterCriteria", "Source", "compile_filters"]

Source = Literal["sqs", "kinesis", "dynamodb", "kafka"]

FilterCriteria = Mapping[str, Any]
"""``{"Filters": [{"Pattern": "{…}"}]}``, as in a template."""

# Five by default, ten on request; 4,096 characters each:
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_MAX_FILTERS = 10
MAX_PATTERN = 4096
"""Characters of a filter's pattern."""

# "Comparison operators available for Lambda event filtering", on the page above; EventBridge has more.
OPERATORS = ("anything-but", "equals-ignore-case", "exists", "numeric", "prefix", "suffix")
"""The operators of patterns that Lambda's filters have."""

_PAGES = {
    "sqs": "https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html",
    "kinesis": "https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis-filtering.html",
    "dynamodb": "https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html",
    "kafka": "https://docs.aws.amazon.com/lambda/latest/dg/kafka-filtering.html",
}
# "… event source mappings only support filtering on the … key." AWS's own examples filter by `eventName` too.
KEYS: dict[str, tuple[str, ...]] = {
    "sqs": ("body",),
    "kinesis": ("data",),
    "dynamodb": ("dynamodb", "eventID", "eventName", "eventVersion", "eventSource", "awsRegion", "userIdentity"),
    "kafka": ("value",),
}
"""What may stand on top of a pattern, by source; first the data itself."""

_Format = Literal["json", "text"]


@dataclass(frozen=True)
class _Filter:
    matches: EventPattern
    format: _Format | None
    """What the pattern takes the data for; None: it says nothing of the data."""


def compile_filters(criteria: FilterCriteria | None, source: Source) -> Callable[[Record], bool]:
    """Return the function that says whether a record passes: it must match any of the filters, if there are some.

    Where the pattern for the data of a message expects JSON and there is none, or the other way round, the message does
    not pass: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html. Only an object or an array counts as
    JSON.

    Parameters
    ----------
    criteria
        The filter criteria of the mapping; None: there are none.
    source
        The service of the event source.

    Raises
    ------
    MappingError
        The criteria are not valid for this source.
    """
    filters = [_compiled(text, source) for text in _patterns(criteria or {})]
    if not filters:
        return lambda record: True
    return lambda record: _passes(*_filtered(record, source), filters)


def _passes(event: Mapping[str, Any], found: _Format, filters: Sequence[_Filter]) -> bool:
    return any(each.format in (None, found) and each.matches(event) for each in filters)


def _filtered(record: Record, source: Source) -> tuple[Mapping[str, Any], _Format]:
    """Return what the patterns are matched with, and the format of the data in it."""
    if source == "dynamodb":
        return record, "json"
    data = _parsed(_text(record, source))
    return {KEYS[source][0]: data}, "json" if isinstance(data, dict | list) else "text"


def _text(record: Record, source: Source) -> str:
    if source == "sqs":
        return str(record["body"])
    return _decoded(record["kinesis"]["data"] if source == "kinesis" else record["value"])


def _decoded(data: str | None) -> str:
    try:
        return base64.b64decode(data or "").decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _parsed(text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, dict | list) else text


# -- Reading the criteria ----------------------------------------------------------------------------------------------


def _patterns(criteria: FilterCriteria) -> list[str]:
    given: object = criteria
    filters = (criteria.get("Filters") or []) if isinstance(given, Mapping) else None
    if not isinstance(filters, list) or set(criteria) - {"Filters"}:
        raise MappingError(f'Expected FilterCriteria to be {{"Filters": [{{"Pattern": "…"}}]}}, found {criteria!r}.')
    if len(filters) > _MAX_FILTERS:
        raise MappingError(f"Expected at most {_MAX_FILTERS} filters in FilterCriteria, found {len(filters)}.")
    return [_pattern(each) for each in filters]


def _pattern(each: Any) -> str:
    text = each.get("Pattern") if isinstance(each, Mapping) and len(each) == 1 else None
    if not isinstance(text, str):
        raise MappingError(f'Expected a filter to be {{"Pattern": "the text of a JSON object"}}, found {each!r}.')
    if len(text) > MAX_PATTERN:
        raise MappingError(f"Expected a filter's pattern of at most {MAX_PATTERN} characters, found {len(text)}.")
    return text


def _compiled(text: str, source: Source) -> _Filter:
    try:
        matches = compile_event_pattern(text)
    except EventPatternError as error:
        raise MappingError(f"In FilterCriteria: {error}") from error
    pattern = json.loads(text)
    _check_names(pattern, source)
    _check_operators(pattern)
    return _Filter(matches, _format_of(pattern, source))


def _check_names(pattern: Mapping[str, Any], source: Source) -> None:
    for option in _options(pattern):
        if unknown := sorted(set(option) - {*KEYS[source], "$or"}):
            raise MappingError(
                f"Expected the filter's pattern to have {' or '.join(map(repr, KEYS[source]))} on top, found "
                f"{', '.join(map(repr, unknown))}. See {_PAGES[source]}"
            )


def _check_operators(value: Any) -> None:
    """Refuse operators that EventBridge has and Lambda's filters do not."""
    if isinstance(value, Mapping):
        for each in value.values():
            _check_operators(each)
    elif isinstance(value, list):
        for each in value:
            _check_operator(each)


def _check_operator(alternative: Any) -> None:
    if not isinstance(alternative, Mapping):
        return
    name = next(iter(alternative))
    is_nested = name == "anything-but" and isinstance(alternative[name], Mapping)
    if name in ("wildcard", "cidr") or is_nested:
        raise MappingError(
            f"Expected one of the operators of Lambda's filters ({', '.join(OPERATORS)}) in the filter's pattern, "
            f"found {json.dumps(alternative)}, which only EventBridge has."
        )
    if name not in OPERATORS:
        _check_operators(alternative)


def _format_of(pattern: Mapping[str, Any], source: Source) -> _Format | None:
    name = KEYS[source][0]
    formats: set[_Format] = {
        "json" if isinstance(option[name], Mapping) else "text" for option in _options(pattern) if name in option
    }
    if len(formats) > 1:
        raise MappingError(f"Expected the filter's pattern to take {name!r} for JSON or for text, found both in it.")
    if "text" in formats and source in ("kinesis", "dynamodb"):
        # "Lambda throws an exception at the time of the event source mapping creation."
        raise MappingError(f"Expected {name!r} in the filter's pattern to be an object, found {pattern[name]!r}.")
    return next(iter(formats), None)


def _options(pattern: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the pattern, and the alternatives of ``$or`` at its top."""
    yield pattern
    for option in pattern.get("$or") or ():
        if isinstance(option, Mapping):
            yield from _options(option)
