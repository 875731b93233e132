"""What the pipeline is made of: its modules, and the rows of a table that was not made for this library.

The table's hash key is ``site``; its sort key ``date#event_type`` holds the date, the module, the sync (pictures that
the cameras of a site took at one moment) and, where there is one, the camera: ``2025-07-15#pose#sync001#cam3``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["MODULES", "REQUEST", "UNKNOWN", "Work", "next_module"]

MODULES = (
    "pose",
    "recon",
    "preprocessing",
    "reid",
    "tracking",
    "smoothing",
    "actions",
    "scoring",
    "quality",
    "archive",
)
"""In their order: each needs what the one before has made."""

UNKNOWN = "unknown"
"""Stands for a module that a row names and that there is not."""

REQUEST = "request"
"""Stands in the place of the camera in the row that asks for a module."""


def next_module(module: str) -> str | None:
    """Return the module after this one; None: it is the last."""
    following = MODULES[MODULES.index(module) + 1 :]
    return following[0] if following else None


@dataclass(frozen=True)
class Work:
    """What the key of a row says: a module's work on a sync, or its part for one camera."""

    site: str
    date: str
    module: str
    sync: str
    part: str = ""

    @classmethod
    def of_row(cls, row: dict[str, Any]) -> Work:
        """Read the key of a row; a module that there is not is `UNKNOWN`."""
        steps: list[str] = [*row["date#event_type"].split("#"), "", "", ""]
        return cls(row["site"], steps[0], steps[1] if steps[1] in MODULES else UNKNOWN, steps[2], steps[3])

    @property
    def key(self) -> dict[str, str]:
        """The key of its row."""
        parts = [self.date, self.module, self.sync, *([self.part] if self.part else [])]
        return {"site": self.site, "date#event_type": "#".join(parts)}
