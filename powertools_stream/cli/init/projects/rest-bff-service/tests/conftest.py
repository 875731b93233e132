import os
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

# What Lambda and the template set. The credentials are for a table that is in this process.
os.environ |= {
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "BUS_NAME": "event-hub",
    "ENTITY_TABLE_NAME": "orders",
    "POWERTOOLS_METRICS_NAMESPACE": "rest-bff-service",
    "POWERTOOLS_SERVICE_NAME": "rest-bff-service",
}


@pytest.fixture(scope="session")
def empty_table() -> Iterator[Any]:
    with mock_aws():
        yield boto3.resource("dynamodb").create_table(
            TableName="orders",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )


@pytest.fixture
def table(empty_table: Any) -> Iterator[Any]:
    yield empty_table
    for row in empty_table.scan()["Items"]:
        empty_table.delete_item(Key={"pk": row["pk"], "sk": row["sk"]})
