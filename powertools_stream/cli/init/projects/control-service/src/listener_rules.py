"""Collects the events of orders in the event table, for as many days as `TTL` says."""

from powertools_stream import RuleRegistry
from powertools_stream.flavors import collect

rules = RuleRegistry()

# When the row is removed, because its time is over, the trigger publishes order-submitted-expired.
rules.add(
    id="collect_submitted",
    flavor=collect,
    event_type="order-submitted",
    correlation_key="order.id",
    expire=True,
)
rules.add(id="collect_paid", flavor=collect, event_type="order-paid", correlation_key="order.id")
