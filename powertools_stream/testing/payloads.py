"""What builders of records make of their items: overrides, and payloads in base64."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from powertools_stream.testing.envelopes import to_json

__all__ = ["overrides", "to_base64"]


def overrides(item: Any, payload: str, known: frozenset[str], *others: str) -> Mapping[str, Any]:
    """Return an item that says what a record is to have; any other is the record's payload.

    Parameters
    ----------
    payload
        The override that holds the payload.
    known
        All overrides; an item with any other name is an event.
    others
        Further overrides that tell an item from an event, as `payload` does.
    """
    if isinstance(item, Mapping) and known.issuperset(item) and not item.keys().isdisjoint({payload, *others}):
        return item
    return {payload: item}


def to_base64(data: Any) -> str | None:
    """Encode bytes, a text, or the JSON of anything else; None stays None."""
    if data is None:
        return None
    if not isinstance(data, bytes):
        data = (data if isinstance(data, str) else to_json(data)).encode()
    return b64encode(data).decode()
