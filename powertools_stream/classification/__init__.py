"""Internal: what an error means, told by codes and names."""

from __future__ import annotations
