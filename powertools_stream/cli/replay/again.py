"""An event that is sent once more."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

__all__ = ["key_of", "replayed"]


def replayed(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event as it is sent once more: with its id and its time, so that whoever has it already knows it."""
    tags = event.get("tags")
    return {**event, "tags": {**(tags if isinstance(tags, Mapping) else {}), "replayed": True}}


def key_of(event: Mapping[str, Any]) -> str:
    """Return what the journal knows an event by: the same for the same event, wherever it is stored.

    And whether it was replayed or not: what is sent to a bus may come back into the lake.
    """
    tags = event.get("tags")
    if isinstance(tags, Mapping):
        event = {**event, "tags": {name: value for name, value in tags.items() if name != "replayed"}}
    if not event.get("tags"):
        event = {name: value for name, value in event.items() if name != "tags"}
    return hashlib.sha256(json.dumps(event, sort_keys=True).encode()).hexdigest()[:32]
