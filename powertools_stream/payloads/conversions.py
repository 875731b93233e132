"""What JSON is made of for a value that it has no form of its own for: a decimal, a set, bytes, a date, a model."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

from powertools_stream.errors import CutOffError

__all__ = ["NO_JSON", "is_finite", "json_form", "json_number", "short_repr", "text_of"]

NO_JSON = object()
"""What stands for the form of a value that has none."""

_MAX_REPR = 1_000


def json_form(value: Any) -> Any:
    """Return what JSON is made of for a value that it does not know; `NO_JSON` if there is nothing."""
    if isinstance(value, Decimal):
        return json_number(value)
    if isinstance(value, set | frozenset):
        return _sorted(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return b64encode(value).decode("ascii")
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, UUID | PurePath):
        return str(value)
    return _container(value)


def json_number(value: Decimal) -> int | float:
    """Return a decimal as an int, or as the nearest double; NaN if it is not finite."""
    if not value.is_finite():
        return float("nan")  # refused by the encoder, as is a float's
    # Not `int(value)`: 1E+1000000 would be a million digits.
    return int(value) if value == value.to_integral_value() and value.adjusted() < 400 else float(value)


def is_finite(value: float | Decimal) -> bool:
    """Tell whether a number is neither NaN nor infinite."""
    # math.isfinite raises on a signalling NaN.
    return value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)


def short_repr(value: Any, mask: Callable[[str], str] | None = None) -> str:
    """Return the ``repr`` of a value, cut at 1,000 characters, or its type if the ``repr`` is broken.

    Parameters
    ----------
    mask
        Masks secrets, before any is cut in two.
    """
    try:
        text = repr(value)
    except (CutOffError, KeyboardInterrupt):
        raise
    except BaseException:
        text = f"<{type(value).__qualname__}>"
    text = text if mask is None else mask(text)
    return text if len(text) <= _MAX_REPR else text[:_MAX_REPR] + "…"


def text_of(value: Any, default: str | None = None) -> str:
    """Return the ``str`` of a value; if that is broken the default, or else its ``repr``, or its type."""
    try:
        return str(value)
    except (CutOffError, KeyboardInterrupt):
        raise
    except BaseException:
        return short_repr(value) if default is None else default


def _container(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, type):
        return NO_JSON
    if callable(dump := getattr(value, "model_dump", None)):
        return dump()
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if hasattr(value, "__bytes__"):  # boto3's Binary
        return b64encode(bytes(value)).decode("ascii")
    # What a model's dump may still hold: URLs, secrets (masked by their text), …
    return str(value) if type(value).__module__.startswith("pydantic") else NO_JSON


def _sorted(values: Iterable[Any]) -> list[Any]:
    try:
        return sorted(values)
    except TypeError:
        return sorted(values, key=lambda value: (type(value).__name__, short_repr(value)))
