from __future__ import annotations

from powertools_stream.sources import SQSSource
from powertools_stream.testing import (
    to_eventbridge_envelope,
    to_sns_envelope,
    to_sqs_records,
)

order = {"total": 42, "partitionKey": "customer-7"}
published = to_eventbridge_envelope(order, detail_type="order-created")
(record,) = to_sqs_records([to_sns_envelope(published)])["Records"]

event = SQSSource().read(record)
