"""The steps that several flavors are built from."""

from __future__ import annotations
