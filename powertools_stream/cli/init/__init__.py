"""The command ``init``: projects to start from."""

from __future__ import annotations
