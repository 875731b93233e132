from __future__ import annotations

from typing import Any

import pytest

from powertools_stream.errors import RuleError
from powertools_stream.flavors import (
    cdc,
    circuit_breaker,
    collect,
    evaluate,
    job,
    materialize,
    s3,
    sns,
    sqs,
    task,
    update,
)
from powertools_stream.rules.rule import make_rule


def function(uow: Any) -> Any:
    raise NotImplementedError


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"flavor": collect, "default_ttl": 11}, "CollectRule has no field 'default_ttl'. It is called 'ttl' here."),
        ({"flavor": cdc, "eem": {"fields": ["email"]}}, "CdcRule has no field 'eem'. It is called 'encrypt' here."),
        ({"flavor": collect, "defaultTtl": 11}, "CollectRule has no field 'defaultTtl'. It is called 'ttl' here."),
        ({"flavor": cdc, "pkFn": "id"}, "It is called 'pk' here."),
        ({"flavor": task, "execute": function, "pattern": task}, "It is called 'flavor' here."),
        ({"flavor": job, "to_query_related_request": function}, "It is called 'to_query_request' here."),
        ({"flavor": sqs, "toMessage": function}, "It is called 'to_sqs' here."),
        ({"flavor": sns, "toMessage": function}, "It is called 'to_sns' here."),
        ({"flavor": s3, "toPutRequest": function}, "It is called 'to_s3' here."),
        ({"flavor": update, "throwConditionFailure": True}, "It is called 'on_condition_failed' here."),
        ({"flavor": circuit_breaker, "circuitBreakerMaxBatchSize": 5}, "It is called 'max_batch_size' here."),
        (
            {"flavor": update, "query_response_field": "customers"},
            "It is always uow['query_response']; 'split_target_field' names where each part of it goes.",
        ),
        ({"flavor": cdc, "query_response_field": "customers"}, "It is always uow['query_response']."),
        ({"flavor": evaluate, "queryResponseField": "events"}, "It is always uow['correlated']."),
        ({"flavor": update, "batch_get_request_field": "x"}, "It is always uow['batch_get_request']."),
        ({"flavor": update, "fallbackUpdateRequestField": "x"}, "It is always uow['fallback_update_request']."),
        ({"flavor": sqs, "messageField": "x"}, "It is always uow['message']."),
        ({"flavor": cdc, "eventField": "emit"}, "uow['event'] of cdc, else uow['emit']."),
        ({"flavor": task, "execute_operators": function}, "'execute' may be a generator that yields requests."),
        ({"flavor": job, "cursorKeyFn": function}, "'to_cursor_update_request' returns."),
        ({"flavor": cdc, "fks": ["customer"]}, "'to_get_request' returns the keys to get."),
        ({"flavor": materialize, "split_on_omit_fields": ["x"]}, "Every part has all fields of the unit of work"),
        ({"flavor": materialize, "parallel": 4}, "It belongs to the processor: max_workers=, for all rules together."),
        ({"flavor": cdc, "retryConfig": {}}, "It belongs to the processor: retry=RetryPolicy(…)."),
        # Their names for fields that are here too, only spelled otherwise.
        ({"flavor": update, "toGetRequest": function}, "Did you mean 'to_get_request'?"),
        ({"flavor": collect, "toPutRequest": function}, "Did you mean 'to_put_request'?"),
    ],
)
def test_a_field_of_aws_lambda_stream_is_an_error_that_names_ours(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(RuleError) as caught:
        make_rule({"id": "r", **fields})

    assert message in str(caught.value)
