"""What can be told of a value of a template before it is deployed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

__all__ = ["UNKNOWN", "Reference", "Text", "dig", "is_known", "items_of", "number", "pattern_of", "references"]


class _Unknown(Enum):
    UNKNOWN = "unknown"


UNKNOWN: Final = _Unknown.UNKNOWN
"""A value that is only known once the template is deployed. It is no reason for a finding."""


@dataclass(frozen=True)
class Reference:
    """A resource of the template, or an attribute of it.

    Parameters
    ----------
    logical_id
        The resource. SAM makes some that the template does not name.
    attribute
        As of ``Fn::GetAtt``; ``""`` for what ``Ref`` returns.
    """

    logical_id: str
    attribute: str = ""


@dataclass(frozen=True)
class Text:
    """A text of which some parts are known, as of ``Fn::Sub``.

    Parameters
    ----------
    parts
        Strings, references, and `UNKNOWN`.
    """

    parts: tuple[Any, ...]


def dig(value: Any, *names: str) -> Any:
    """Return what mappings within mappings hold: None if there is none, `UNKNOWN` if that cannot be told."""
    for name in names:
        if value is UNKNOWN:
            return UNKNOWN
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def items_of(value: Any) -> list[Any]:
    """Return the items of a list; of a single value, which many properties take as well, a list with it."""
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def number(value: Any, default: int) -> int | None:
    """Return a whole number, which may be written as a text; None if it cannot be told."""
    if value is None:
        return default
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


def is_known(value: Any) -> bool:
    """Return whether no part of a value is `UNKNOWN`."""
    return value is not UNKNOWN and all(is_known(part) for part in _parts(value))


def references(value: Any) -> Iterator[Reference]:
    """Yield the references in a value."""
    if isinstance(value, Reference):
        yield value
    for part in _parts(value):
        yield from references(part)


def pattern_of(value: Any) -> str:
    """Return a text with ``*`` for each part that is not known."""
    if isinstance(value, Text):
        return "".join(map(pattern_of, value.parts))
    return str(value) if isinstance(value, str) else "*"


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, list):
        yield from value
    elif isinstance(value, Text):
        yield from value.parts
