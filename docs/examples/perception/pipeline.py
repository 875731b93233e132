"""The parts of the pipeline: its modules, and the rows of a table of somebody else's.

The table's hash key is ``site``. Its sort key ``date#event_type`` holds the date, the
module, the sync (pictures that the cameras of a site took at the same moment) and, if
there is one, the camera: ``2025-07-15#pose#sync001#cam3``.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

__all__ = [
    "KEPT",
    "MODULES",
    "PATIENCE",
    "REQUEST",
    "UNKNOWN",
    "Work",
    "next_module",
    "request_row",
]

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
"""In order: each needs the results of the one before."""

UNKNOWN = "unknown"
"""Replaces the module of a row that does not name a known one."""

REQUEST = "request"
"""Takes the place of the camera in a row that requests a module."""

PATIENCE = 60 * 60
"""Seconds that a module has to answer."""

KEPT = 15 * 24 * 60 * 60
"""Seconds that rows are kept: longer than SQS keeps a message, which finds its row.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
"""


def next_module(module: str) -> str | None:
    """Return the module after this one; None if it is the last."""
    following = MODULES[MODULES.index(module) + 1 :]
    return following[0] if following else None


@dataclass(frozen=True)
class Work:
    """What a row's key means: a module's work on a sync, or a camera's part."""

    site: str
    date: str
    module: str
    sync: str
    part: str = ""

    @classmethod
    def of_row(cls, row: dict[str, Any]) -> Work:
        """Read the key of a row. Without a known module or a sync, it is `UNKNOWN`."""
        steps: list[str] = [*row["date#event_type"].split("#"), "", "", ""]
        date, module, sync, part = steps[:4]
        return cls(
            row["site"],
            date,
            module if module in MODULES and sync else UNKNOWN,
            sync,
            part,
        )

    @property
    def key(self) -> dict[str, str]:
        """The key of its row."""
        parts = [self.date, self.module, self.sync, *([self.part] if self.part else [])]
        return {"site": self.site, "date#event_type": "#".join(parts)}


def request_row(work: Work, parts: tuple[str, ...] = ("",)) -> dict[str, Any]:
    """Make the row that requests a module, with these parts: it expires unanswered."""
    expires_at = int(time.time()) + PATIENCE
    return {
        **replace(work, part=REQUEST).key,
        "status": "REQUESTED",
        "parts": list(parts),
        "expires_at": expires_at,
    }
