from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import pytest

from powertools_stream.connectors import Clients, Connector
from powertools_stream.connectors.kms import KMSConnector
from powertools_stream.requests import Request
from powertools_stream.requests.kms import DecryptDataKey, EncryptDataKey, GenerateDataKey
from powertools_stream.testing.connector_suite import ConnectorSuite
from powertools_stream.testing.endpoint import Answer, ScriptedEndpoint
from tests.conftest import Aws

_BLOB = b64encode(b"blob").decode()


def answers(operation: str, body: dict[str, Any]) -> Answer:
    if "poison" in str(body):
        return 400, {"__type": "NotFoundException", "message": "no such key"}
    return 200, {"Plaintext": _BLOB, "CiphertextBlob": _BLOB, "KeyId": "k"}


class TestContract(ConnectorSuite):
    @pytest.fixture(autouse=True)
    def _service(self, endpoint: ScriptedEndpoint) -> None:
        self._endpoint = endpoint
        endpoint.script = answers

    def connector(self) -> Connector:
        return KMSConnector(Clients())

    def sample_requests(self) -> Sequence[Request]:
        return [
            GenerateDataKey("alias/a"),
            EncryptDataKey("alias/a", b"k" * 32, "eu-west-1"),
            DecryptDataKey(b"blob"),
            DecryptDataKey(b"blob", "us-east-1"),
        ]

    def failing_requests(self) -> Sequence[Request]:
        return [GenerateDataKey("alias/a"), GenerateDataKey("alias/poison")]

    def unproven_requests(self) -> Sequence[Request]:
        self._endpoint.script = lambda operation, body: (200, {})
        return self.sample_requests()


def test_a_key_is_made_encrypted_and_decrypted(aws: Aws) -> None:
    key_id = aws.client("kms").create_key()["KeyMetadata"]["KeyId"]
    connector = KMSConnector(Clients())

    def ask(request: Any) -> Any:
        return connector.answer(request, connector.send(connector.entries(request)))

    made = ask(GenerateDataKey(key_id))

    assert len(made["Plaintext"]) == 32
    assert ask(DecryptDataKey(made["CiphertextBlob"]))["Plaintext"] == made["Plaintext"]


def test_what_goes_to_another_region_goes_there() -> None:
    (entry,) = KMSConnector(Clients()).entries(EncryptDataKey("alias/a", b"k" * 32, "us-east-1"))

    assert entry.operation.region_name == "us-east-1"


def test_a_request_does_not_show_the_key() -> None:
    assert "kkkk" not in repr(EncryptDataKey("alias/a", b"k" * 32, "us-east-1"))
