"""CloudWatch's data points: from what a rule writes to what boto3's client takes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timezone
from decimal import Decimal
from numbers import Real
from typing import Any
from urllib.parse import quote_plus

from powertools_stream.errors import InvalidRequestError

__all__ = ["form_bytes", "to_datum"]

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
_LARGEST_VALUE = 2.0**360
_MAX_VALUES = 150
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html
_FIELDS = frozenset(
    {
        "Counts",
        "Dimensions",
        "MetricName",
        "StatisticValues",
        "StorageResolution",
        "Timestamp",
        "Unit",
        "Value",
        "Values",
    }
)
_SCALARS: Mapping[str, type] = {"StorageResolution": int, "Unit": str}
_KINDS: Mapping[type, str] = {int: "an integer", str: "text"}
_VALUE_FIELDS = ("Value", "Values", "StatisticValues")
_STATISTICS = frozenset({"Maximum", "Minimum", "SampleCount", "Sum"})
_MAX_DIMENSIONS = 30
_MAX_NAME = 255
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html
_MAX_DIMENSION_VALUE = 1024
# Numbers beyond this are milliseconds: as seconds they would lie after the year 5000.
_MILLISECONDS_FROM = 1e11
_ITEM = len(".member.100")


def to_datum(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return a data point as boto3 takes it: its numbers as floats, its time with a zone.

    Raises
    ------
    InvalidRequestError
        CloudWatch could not take it.
    """
    datum = {name: value for name, value in params.items() if value is not None and name != "Namespace"}
    name = datum.get("MetricName")
    if not isinstance(name, str) or not 0 < len(name) <= _MAX_NAME:
        raise InvalidRequestError(f"Expected a MetricName of 1 to {_MAX_NAME} characters, but found {name!r}.")
    if unknown := sorted(datum.keys() - _FIELDS):
        raise InvalidRequestError(
            f"Expected the metric {name!r} to have what CloudWatch's MetricDatum has ({', '.join(sorted(_FIELDS))}), "
            f"but found {', '.join(map(repr, unknown))}."
        )
    if len(found := [field for field in _VALUE_FIELDS if field in datum]) != 1:
        raise InvalidRequestError(
            f"Expected the metric {name!r} to have one of Value, Values and StatisticValues, but found "
            f"{' and '.join(found) or 'none of them'}."
        )
    _make_numbers(datum, f"the metric {name!r}")
    if "Dimensions" in datum:
        _check_dimensions(datum["Dimensions"], name)
    if "Timestamp" in datum:
        datum["Timestamp"] = _time(datum["Timestamp"], name)
    for field, kind in _SCALARS.items():
        if not isinstance(datum.get(field, kind()), kind):
            raise InvalidRequestError(
                f"Expected the {field} of the metric {name!r} to be {_KINDS[kind]}, but found {datum[field]!r}."
            )
    return datum


def form_bytes(datum: Mapping[str, Any]) -> int:
    """Return the bytes of a data point in a form, as older versions of boto3 send it.

    Newer ones send JSON or CBOR, which is shorter, but which of them it is, is known only once there is a client.
    """
    return _bytes(datum, len("&MetricData.member.1000"))


def _make_numbers(datum: dict[str, Any], where: str) -> None:
    if "Value" in datum:
        datum["Value"] = _number(datum["Value"], where)
    elif "Values" in datum:
        values, counts = datum["Values"], datum.get("Counts")
        if not 0 < len(values) <= _MAX_VALUES or (counts is not None and len(counts) != len(values)):
            raise InvalidRequestError(
                f"Expected {where} to have 1 to {_MAX_VALUES} Values, and as many Counts, if any, but found "
                f"{len(values)} Values and {'no' if counts is None else len(counts)} Counts."
            )
        datum["Values"] = [_number(value, where) for value in values]
        if counts is not None:
            datum["Counts"] = [_number(count, where) for count in counts]
    else:
        statistics = datum["StatisticValues"]
        if not isinstance(statistics, Mapping) or statistics.keys() != _STATISTICS:
            raise InvalidRequestError(
                f"Expected the StatisticValues of {where} to be {', '.join(sorted(_STATISTICS))}, but found "
                f"{statistics!r}."
            )
        datum["StatisticValues"] = {field: _number(value, where) for field, value in statistics.items()}


def _number(value: Any, where: str) -> float:
    try:
        number = float(value) if isinstance(value, Real | Decimal) else math.nan
    except (OverflowError, ValueError):  # an int beyond all floats, a signalling NaN
        number = math.nan
    if not -_LARGEST_VALUE <= number <= _LARGEST_VALUE:
        raise InvalidRequestError(f"Expected {where} to have numbers from -2^360 to 2^360, but found {value!r}.")
    return number


def _check_dimensions(dimensions: Any, name: str) -> None:
    if not isinstance(dimensions, list | tuple) or len(dimensions) > _MAX_DIMENSIONS:
        raise InvalidRequestError(
            f"Expected the metric {name!r} to have a list of at most {_MAX_DIMENSIONS} Dimensions, but found "
            f"{len(dimensions) if isinstance(dimensions, list | tuple) else dimensions!r}."
        )
    for dimension in dimensions:
        if not (
            isinstance(dimension, Mapping)
            and dimension.keys() == {"Name", "Value"}
            and _is_text(dimension["Name"], _MAX_NAME)
            and _is_text(dimension["Value"], _MAX_DIMENSION_VALUE)
        ):
            raise InvalidRequestError(
                f"Expected each dimension of the metric {name!r} to be {{'Name': …, 'Value': …}}, ASCII text that is "
                f"not blank, of {_MAX_NAME} and {_MAX_DIMENSION_VALUE} characters at most, but found {dimension!r}."
            )


def _is_text(value: Any, longest: int) -> bool:
    return isinstance(value, str) and len(value) <= longest and value.isascii() and bool(value.strip())


def _time(value: Any, name: str) -> datetime:
    try:
        if isinstance(value, str):
            value = datetime.fromisoformat(value.replace("Z", "+00:00"))
        if isinstance(value, datetime):
            return value if value.tzinfo is not None else value.replace(tzinfo=timezone.utc)
        seconds = float(value)
        return datetime.fromtimestamp(seconds / 1000 if seconds >= _MILLISECONDS_FROM else seconds, timezone.utc)
    except (OverflowError, TypeError, ValueError, OSError) as error:
        raise InvalidRequestError(
            f"Expected the Timestamp of the metric {name!r} to be a datetime, text in ISO 8601, or seconds or "
            f"milliseconds since 1970, but found {value!r}."
        ) from error


def _bytes(value: Any, name: int) -> int:
    """Return the bytes of a value in a form, whose field's name has this many."""
    if isinstance(value, Mapping):
        return sum(_bytes(inner, name + 1 + len(field)) for field, inner in value.items())
    if isinstance(value, list | tuple):
        return sum(_bytes(inner, name + _ITEM) for inner in value)
    return name + 1 + len(quote_plus(str(value)))
