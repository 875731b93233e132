import os

# What the template sets.
os.environ |= {
    "BUS_NAME": "event-hub",
    "EVENT_TABLE_NAME": "events",
    "TTL": "3",
    "POWERTOOLS_METRICS_NAMESPACE": "control-service",
    "POWERTOOLS_SERVICE_NAME": "control-service",
}
