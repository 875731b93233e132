"""How the record builders read their items: as overrides or payloads, which may be base64."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Any

from powertools_stream.testing.envelopes import to_json

__all__ = ["listed", "overrides", "to_base64"]


def listed(items: Iterable[Any], builder: str) -> list[Any]:
    """Return the items that a builder of records was given.

    Raises
    ------
    TypeError
        It is one item, most likely, and no list: a dict would give its names, and a text its letters.
    """
    if isinstance(items, Mapping | str | bytes) or not isinstance(items, Iterable):
        raise TypeError(
            f"Expected {builder} to get a list, an item for each record; got a {type(items).__name__}. Put it into a "
            f"list: {builder}([…])."
        )
    return list(items)


def overrides(item: Any, payload: str, known: frozenset[str], *others: str) -> Mapping[str, Any]:
    """Return an item's overrides for a record; an item that is not a dict of overrides is the payload.

    Parameters
    ----------
    payload
        The name of the override that holds the payload.
    known
        The names of all overrides; an item with any other name is an event.
    others
        Further names, besides `payload`, of which an item must have one to count as overrides.
    """
    if isinstance(item, Mapping) and known.issuperset(item) and not item.keys().isdisjoint({payload, *others}):
        return item
    return {payload: item}


def to_base64(data: Any) -> str | None:
    """Encode bytes, a string, or the JSON of anything else; None stays None."""
    if data is None:
        return None
    if not isinstance(data, bytes):
        data = (data if isinstance(data, str) else to_json(data)).encode()
    return b64encode(data).decode()
