from __future__ import annotations

from powertools_stream import RuleRegistry
from powertools_stream.flavors import circuit_breaker

# --8<-- [start:rule]
rules = RuleRegistry()

rules.add(
    id="spare-the-carrier",
    flavor=circuit_breaker,
    event_pattern={"alarmName": ["carrier-gateway-errors"]},
    uuid="a092f90d-9948-4964-95b5-32c46093f734",
    max_batch_size=50,
)
# --8<-- [end:rule]
