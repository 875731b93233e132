from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer
from botocore.config import Config

from docs.examples.idempotency.payments import rules
from powertools_stream import StreamProcessor, stream_processor

# --8<-- [start:store]
layer = DynamoDBPersistenceLayer(
    "idempotency", boto_config=Config(max_pool_connections=32)
)
processor = StreamProcessor(rules=rules, idempotency_store=layer)
# --8<-- [end:store]


@stream_processor(processor=processor)
def handler(event: dict[str, Any], context: Any) -> None: ...
