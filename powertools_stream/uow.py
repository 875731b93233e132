"""The unit of work: what one rule knows about one record."""

from __future__ import annotations

from typing import Any

__all__ = ["Event", "Record", "UnitOfWork"]

Record = dict[str, Any]
"""One record as Lambda delivers it."""

Event = dict[str, Any]
"""The event of a record: ``id``, ``type``, ``timestamp`` (ms), ``tags``, ``partition_key``, and fields of its own."""


class UnitOfWork(dict[str, Any]):
    """A record, its event, and what a rule has added so far.

    A dict with attribute access to its standard keys. The rules of a record share ``record`` and ``event``, so never
    change these. A step that adds something makes a new unit of work, with `extend` or ``|``.

    Examples
    --------
    >>> uow = UnitOfWork(event={"id": "1", "type": "order-created"})
    >>> uow.extend(result=42)["result"]
    42
    """

    __slots__ = ()

    @property
    def record(self) -> Record:
        """The record as Lambda delivered it."""
        record: Record = self["record"]
        return record

    @property
    def event(self) -> Event:
        """The event that the record carries."""
        event: Event = self["event"]
        return event

    @property
    def rule_id(self) -> str:
        """The id of the rule; in the dict and on the wire the key is ``pipeline``."""
        rule_id: str = self["pipeline"]
        return rule_id

    @property
    def batch(self) -> list[UnitOfWork]:
        """The units of work that were compacted into this one, oldest first; missing if nothing was compacted."""
        batch: list[UnitOfWork] = self["batch"]
        return batch

    @property
    def model(self) -> Any:
        """The event as an instance of the rule's ``event_model``; missing if the rule has none."""
        return self["model"]

    def extend(self, **fields: Any) -> UnitOfWork:
        """Return a new unit of work with these fields added or replaced."""
        return UnitOfWork(self, **fields)

    def __or__(self, other: Any) -> UnitOfWork:  # type: ignore[override]  # narrower than dict's
        return UnitOfWork(super().__or__(other))

    def __repr__(self) -> str:
        return f"UnitOfWork({super().__repr__()})"
