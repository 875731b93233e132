"""Checks the outcome of every sync, by the rows of the table and the bus's events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .pipeline import MODULES, REQUEST, Work

__all__ = ["Account"]

Events = tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Account:
    """The outcome of each sync.

    Parameters
    ----------
    cameras
        The cameras of each sync, by its name.
    written
        Every row as often as it was written, oldest first.
    heard
        The events that were received from the bus.
    unknown
        The events that named an unknown module.
    """

    cameras: Mapping[str, tuple[str, ...]]
    written: tuple[dict[str, Any], ...]
    heard: Events
    unknown: Events

    @property
    def work(self) -> dict[tuple[str, str], set[str]]:
        """The parts that were completed, by sync and module."""
        done: dict[tuple[str, str], set[str]] = {}
        for row in self.written:
            work = Work.of_row(row)
            if row["status"] == "COMPLETED":
                done.setdefault((work.sync, work.module), set()).add(work.part)
        return done

    @property
    def requests(self) -> dict[tuple[str, str], str]:
        """The last state of each request, by sync and module."""
        works = [(Work.of_row(row), row["status"]) for row in self.written]
        return {
            (work.sync, work.module): status
            for work, status in works
            if work.part == REQUEST
        }

    @property
    def completed(self) -> set[str]:
        """The syncs that are completed according to the bus."""
        return {
            event["sync"] for event in self.heard if event["type"] == "sync-completed"
        }

    @property
    def expired(self) -> set[tuple[str, str]]:
        """The modules that never answered according to the bus, with their syncs."""
        return {
            (event["sync"], event["module"])
            for event in self.heard
            if event["type"] == "module-expired"
        }

    @property
    def mistakes(self) -> list[str]:
        """What does not add up, in words."""
        return [
            *(line for sync in self.cameras for line in self._mistakes_of(sync)),
            *(
                f"{sync} was told of under {count} ids"
                for sync, count in self._ids.items()
                if count > 1
            ),
            *(
                f"{key} was put {count} times"
                for key, count in self._puts.items()
                if count > 1
            ),
            *(
                f"{sync}: {module} was asked for too early"
                for sync, module in self._early
            ),
        ]

    @property
    def _puts(self) -> Counter[str]:
        # The only row that may change is a request, when it is answered.
        return Counter(
            row["date#event_type"] for row in self.written if row["status"] != "DONE"
        )

    @property
    def _early(self) -> list[tuple[str, str]]:
        early: list[tuple[str, str]] = []
        missing: dict[tuple[str, str], set[str]] = {}
        for row in self.written:
            work = Work.of_row(row)
            if work.part != REQUEST:
                missing.get((work.sync, work.module), set()).discard(work.part)
            elif row["status"] == "REQUESTED":
                before = MODULES[: MODULES.index(work.module)]
                if any(missing.get((work.sync, module), True) for module in before):
                    early.append((work.sync, work.module))
                missing[work.sync, work.module] = set(row["parts"])
        return early

    @property
    def _ids(self) -> Counter[str]:
        return Counter(
            sync
            for sync, _ in {
                (e["sync"], e["id"])
                for e in self.heard
                if e["type"] == "sync-completed"
            }
        )

    def _mistakes_of(self, sync: str) -> list[str]:
        reached = [module for module in MODULES if (sync, module) in self.requests]
        last = reached[-1] if reached else None
        wrong = [
            module for module in reached[:-1] if self.requests[sync, module] != "DONE"
        ]
        mistakes = [f"{sync}: {module} was passed over" for module in wrong]
        if not self.work.get((sync, MODULES[0]), set()).issuperset(self.cameras[sync]):
            mistakes.append(f"{sync}: not every camera is there")
        if (sync in self.completed) == bool(
            {module for name, module in self.expired if name == sync}
        ):
            mistakes.append(f"{sync} is neither completed nor expired, or both")
        if sync in self.completed and (
            last != MODULES[-1] or self.requests[sync, last] != "DONE"
        ):
            mistakes.append(f"{sync} is completed, but only {last} was reached")
        return mistakes
