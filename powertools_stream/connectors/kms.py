"""KMS: data keys are made, encrypted and decrypted; a call each, equal ones asked once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from powertools_stream.connectors.base import Entry, Operation
from powertools_stream.connectors.params import call
from powertools_stream.connectors.proofs import missing_response
from powertools_stream.connectors.service_connector import ServiceConnector
from powertools_stream.requests.kms import DecryptDataKey, EncryptDataKey, GenerateDataKey

__all__ = ["CONNECTOR", "KMSConnector"]

_METHODS = {"GenerateDataKey": "generate_data_key", "Encrypt": "encrypt", "Decrypt": "decrypt"}
_PROOFS = {
    "GenerateDataKey": ("CiphertextBlob", "Plaintext"),
    "Encrypt": ("CiphertextBlob",),
    "Decrypt": ("Plaintext",),
}
# What aws-lambda-stream makes, and what 32 bytes are.
_KEY_SPEC = "AES_256"


class KMSConnector(ServiceConnector):
    """Makes, encrypts and decrypts data keys."""

    requests = (GenerateDataKey, EncryptDataKey, DecryptDataKey)

    def entries(self, request: GenerateDataKey | EncryptDataKey | DecryptDataKey) -> Sequence[Entry]:
        """Return one entry; equal requests have equal keys."""
        if isinstance(request, GenerateDataKey):
            return (_entry("GenerateDataKey", {"KeyId": request.key_id, "KeySpec": _KEY_SPEC}),)
        if isinstance(request, EncryptDataKey):
            params = {"KeyId": request.key_id, "Plaintext": request.plaintext}
            return (_entry("Encrypt", params, request.region_name),)
        return (_entry("Decrypt", {"CiphertextBlob": request.ciphertext}, request.region_name),)

    def send(self, entries: Sequence[Entry]) -> Sequence[Any]:
        """Make the call.

        Raises
        ------
        RequestFailedError
            The answer holds no key.
        """
        (entry,) = entries
        name = entry.operation.name
        response = call(getattr(self.clients.client_for(entry.operation), _METHODS[name]), entry.payload)
        for part in _PROOFS[name]:
            if not (isinstance(response, Mapping) and isinstance(response.get(part), bytes) and response[part]):
                raise missing_response("KMS", part, type(response).__name__)
        return [response]


def _entry(name: str, params: dict[str, Any], region_name: str | None = None) -> Entry:
    operation = Operation("kms", name, reads=True, region_name=region_name)
    return Entry(operation, params, key=tuple(params.values()))


CONNECTOR = KMSConnector
