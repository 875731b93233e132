"""The handlers as Lambda calls them, with a record that no rule is for."""

from types import SimpleNamespace
from typing import Any

import pytest
from powertools_stream.testing import to_dynamodb_records, to_sqs_records

import listener
import trigger

CONTEXT: Any = SimpleNamespace(
    function_name="function",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:eu-central-1:123456789012:function:function",
    aws_request_id="52fdfc07-2182-154f-163f-5f0f9a621d72",
)


def test_a_record_that_is_for_no_rule_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    other = to_sqs_records([{"id": "1", "type": "order-shipped", "timestamp": 1_700_000_000_000}])
    row = to_dynamodb_records([{"new_image": {"pk": "1", "sk": "something-else"}}])

    assert listener.handler(other, CONTEXT) == {"batchItemFailures": []}
    assert trigger.handler(row, CONTEXT) == {"batchItemFailures": []}
    assert '"RecordsUnmatched":[1.0]' in capsys.readouterr().out.replace(" ", "")
