"""The AWS that tests talk to: moto's server over HTTP, or an endpoint with scripted answers; never the real one."""

from __future__ import annotations

import time
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest

from powertools_stream.local.emulator import Emulator
from powertools_stream.local.one_at_a_time import one_at_a_time
from powertools_stream.local.shortcuts import quicker_moto, shared_descriptions
from powertools_stream.testing.endpoint import ScriptedEndpoint

REGION = "eu-central-1"

_UNSET = (
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
    "BUS_NAME",
    "BUS_SRC",
    "ACCOUNT_NAME",
    "APP_NAME",
    "ENTITY_TABLE_NAME",
    "EVENT_SPELLING",
    "EVENT_TABLE_NAME",
    "FAULT_BUS_NAME",
    "MAX_REQ_SIZE",
    "BUCKET_NAME",
    "CLAIMCHECK_BUCKET_NAME",
    "DELIVERY_STREAM_NAME",
    "ES_DOMAIN_HOST",
    "KINESIS_MAX_RECORD_SIZE",
    "KMS_REGIONS",
    "MASTER_KEY_ALIAS",
    "OPENSEARCH_DOMAIN_HOST",
    "OPENSEARCH_MAX_REQ_SIZE",
    "PARALLEL",
    "POWERTOOLS_METRICS_NAMESPACE",
    "POWERTOOLS_PARAMETERS_MAX_AGE",
    "POWERTOOLS_PARAMETERS_SSM_DECRYPT",
    "POWERTOOLS_SERVICE_NAME",
    "AWS_CA_BUNDLE",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "QUEUE_URL",
    "SNS_MAX_REQ_SIZE",
    "SQS_MAX_REQ_SIZE",
    "STREAM_NAME",
    "TOPIC_ARN",
    "PROJECT",
    "SERVERLESS_PROJECT",
    "SERVERLESS_STAGE",
    "SERVICE",
    "STAGE",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what is slow, so that several workers come to their end together."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Point to a closed port, so that a test without an endpoint reaches no AWS."""
    for name in _UNSET:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")


@pytest.fixture(scope="session")
def _descriptions() -> Iterator[None]:
    """Let all clients of a run share botocore's descriptions of services: reading them took longer than the tests."""
    with shared_descriptions():
        yield


@pytest.fixture(scope="session")
def moto_url(_descriptions: None) -> Iterator[str]:
    """Start moto's server, once, and say where it is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from moto.server import ThreadedMotoServer

        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
    _, port = server.get_host_and_port()
    with quicker_moto(), one_at_a_time():
        yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture
def aws(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """Return an empty AWS."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_url)
    request = urllib.request.Request(f"{moto_url}/moto-api/reset", method="POST")
    with urllib.request.urlopen(request, timeout=10) as response:
        response.read()
    aws = Aws(moto_url)
    yield aws
    aws.close()


@pytest.fixture
def endpoint(_descriptions: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedEndpoint]:
    """Give an AWS where everything succeeds, until the test sets its `script`."""
    with ScriptedEndpoint() as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint.url)
        yield endpoint


@pytest.fixture
def lambda_context() -> Callable[..., LambdaContext]:
    """Return the factory of contexts: ``lambda_context(remaining_ms=5_000)``."""
    return LambdaContext.started


@dataclass
class LambdaContext:
    """The context that Lambda passes to a handler beside the event; its remaining time decreases."""

    ends_at: float
    function_name: str = "tested"
    memory_limit_in_mb: int = 128
    invoked_function_arn: str = f"arn:aws:lambda:{REGION}:123456789012:function:tested"
    aws_request_id: str = "52fdfc07-2182-454f-963f-5f0f9a621d72"

    @classmethod
    def started(cls, remaining_ms: float = 30_000) -> LambdaContext:
        return cls(time.monotonic() + remaining_ms / 1000)

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self.ends_at - time.monotonic()) * 1000))


@cache
def _session() -> Any:
    """Return one session for all tests: a new one would take a tenth of a second to read the service descriptions."""
    import boto3

    return boto3.Session(region_name=REGION)


@dataclass
class Aws:
    """Creates and inspects resources in moto."""

    url: str
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service_name: str) -> Any:
        """Return a boto3 client."""
        if service_name not in self._clients:
            self._clients[service_name] = _session().client(service_name, endpoint_url=self.url)
        return self._clients[service_name]

    def client_of(self, service_name: str, credentials: dict[str, str]) -> Any:
        """Return a boto3 client with credentials from STS, e.g. of a role in another account."""
        import boto3

        client = self._clients[f"{service_name} {credentials['AccessKeyId']}"] = boto3.Session(
            credentials["AccessKeyId"],
            credentials["SecretAccessKey"],
            credentials["SessionToken"],
            region_name=REGION,
        ).client(service_name, endpoint_url=self.url)
        return client

    def create_bus(self, name: str = "bus") -> str:
        """Create an event bus whose events go to a queue, which `events` reads."""
        events = self.client("events")
        events.create_event_bus(Name=name)
        queue = self.create_queue(f"{name}-events")
        arn = self.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        # moto needs a pattern that is not empty; every event has a version.
        events.put_rule(Name="all", EventBusName=name, EventPattern='{"version": ["0"]}')
        events.put_targets(
            Rule="all", EventBusName=name, Targets=[{"Id": "queue", "Arn": arn["Attributes"]["QueueArn"]}]
        )
        return name

    def events(self, bus: str = "bus") -> list[dict[str, Any]]:
        """Return the events that a bus received, as EventBridge delivers them, once."""
        import json

        return [json.loads(message["Body"]) for message in self.messages(f"{bus}-events")]

    def create_queue(self, name: str = "queue", **attributes: str) -> str:
        """Create a queue and return its URL; a FIFO queue if the name ends in ``.fifo``."""
        if name.endswith(".fifo"):
            attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true", **attributes}
        url: str = self.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return url

    def messages(self, queue: str = "queue") -> list[dict[str, Any]]:
        """Take all messages out of a queue."""
        sqs = self.client("sqs")
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        taken: list[dict[str, Any]] = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            taken.extend(messages)
            for message in messages:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return taken

    def create_table(self, name: str = "table", key: tuple[str, ...] = ("pk", "sk"), **types: str) -> str:
        """Create a table with a stream; `types` are those of key attributes that are not strings (``sk="N"``)."""
        self.client("dynamodb").create_table(
            TableName=name,
            KeySchema=[
                {"AttributeName": attribute, "KeyType": kind}
                for attribute, kind in zip(key, ("HASH", "RANGE"), strict=False)
            ],
            AttributeDefinitions=[
                {"AttributeName": attribute, "AttributeType": types.get(attribute, "S")} for attribute in key
            ],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
        return name

    def items(self, table: str = "table") -> list[dict[str, Any]]:
        """Return all rows of a table, as DynamoDB returns them."""
        items: list[dict[str, Any]] = self.client("dynamodb").scan(TableName=table)["Items"]
        return items

    def close(self) -> None:
        """Close the clients' connections."""
        for client in self._clients.values():
            client.close()


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    """Start MiniStack, once. The first time ever, it is installed."""
    with Emulator() as emulator:
        yield emulator
