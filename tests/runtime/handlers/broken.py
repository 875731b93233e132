"""A function with an invalid rule: importing it fails."""

from __future__ import annotations

from powertools_stream import RuleRegistry
from powertools_stream.flavors import task

rules = RuleRegistry()
rules.add(id="price-order", flavor=task, event_typ="order-created", execute=print)  # type: ignore[call-overload]
