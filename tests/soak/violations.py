"""What must not happen."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["KINDS", "Violation"]

KINDS = (
    "lost",
    "out of order",
    "late",
    "foreign step",
    "wrong answer",
    "badly named",
    "escaped",
    "set aside",
    "group",
    "stuck",
    "left behind",
    "uncaught",
)


@dataclass(frozen=True)
class Violation:
    """Something that must not happen."""

    kind: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.what}"
