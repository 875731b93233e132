"""A rule, and all that it is checked for when it is made."""

from __future__ import annotations
