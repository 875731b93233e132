"""The handler as Lambda calls it, with a message that no rule is for."""

from types import SimpleNamespace
from typing import Any

import pytest
from powertools_stream.testing import to_sqs_records

import monitor

CONTEXT: Any = SimpleNamespace(
    function_name="monitor",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:eu-central-1:123456789012:function:monitor",
    aws_request_id="52fdfc07-2182-154f-163f-5f0f9a621d72",
)


def test_a_message_that_is_no_fault_event_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    other = to_sqs_records([{"id": "1", "type": "order-submitted", "timestamp": 1_700_000_000_000}])

    assert monitor.handler(other, CONTEXT) == {"batchItemFailures": []}
    assert '"RecordsUnmatched":[1.0]' in capsys.readouterr().out.replace(" ", "")
