"""The steps that several flavors are made of."""

from __future__ import annotations
