"""What takes the place of a name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["Names", "Successor"]


class Successor(NamedTuple):
    """What takes the place of a name, in Markdown.

    Parameters
    ----------
    ours
        What to write here; or that nothing is needed.
    why
        What differs, and why; empty: nothing does.
    """

    ours: str
    why: str = ""

    @property
    def advice(self) -> str:
        """Both in one line."""
        return f"{self.ours}. {self.why}".rstrip() if self.ours[-1] not in ".:" else f"{self.ours} {self.why}".rstrip()


Names = Mapping[str, Mapping[str, Successor]]
"""The names of a library, by their modules."""
