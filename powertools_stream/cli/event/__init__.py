"""``powertools-stream event``: sample events of every source, and of every way on which AWS passes them on."""

from __future__ import annotations
