import os

# What the template sets.
os.environ |= {
    "TOPIC_ARN": "arn:aws:sns:eu-central-1:123456789012:faults",
    "POWERTOOLS_METRICS_NAMESPACE": "event-fault-monitor",
    "POWERTOOLS_SERVICE_NAME": "event-fault-monitor",
}
