from __future__ import annotations

from powertools_stream import RuleRegistry
from powertools_stream.flavors import collect, expired

# --8<-- [start:expired]
listener_rules = RuleRegistry()
listener_rules.add(
    id="orders",
    flavor=collect,
    event_type="order-created",
    ttl=3,
    expire=True,
    table_name="events",
)
listener_rules.add(
    id="carts",
    flavor=collect,
    event_type="cart-filled",
    ttl=1,
    expire="cart-left",
    table_name="events",
)

trigger_rules = RuleRegistry()
trigger_rules.add(id="expiry", flavor=expired)
# --8<-- [end:expired]
