"""The requests for KMS's data keys, which fields are encrypted with."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import Any, ClassVar

from powertools_stream.requests.permissions import Permission, Place
from powertools_stream.requests.request import Request

__all__ = ["DecryptDataKey", "EncryptDataKey", "GenerateDataKey"]


KEY = Place(
    "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/{name}", "key_id", None, ("MASTER_KEY_ALIAS",)
)


@dataclass(frozen=True, slots=True)
class GenerateDataKey(Request):
    """Make a data key. Answers ``Plaintext`` and ``CiphertextBlob``, in bytes. Equal ones in flight get the same key.

    Parameters
    ----------
    key_id
        The KMS key: an alias, an id or an ARN.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (Permission("kms:GenerateDataKey", KEY),)
    reads: ClassVar[bool] = True

    key_id: str

    def sample_answer(self, n: int) -> Any:
        """Answer the same key each time, which is a secret to nobody."""
        return {"Plaintext": _SAMPLE_KEY, "CiphertextBlob": b64encode(_SAMPLE_KEY)}


@dataclass(frozen=True, slots=True)
class EncryptDataKey(Request):
    """Encrypt a data key in another Region. Answers ``CiphertextBlob``, in bytes.

    Parameters
    ----------
    key_id
        The KMS key there.
    plaintext
        The data key.
    region_name
        The Region.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (Permission("kms:Encrypt", KEY),)
    reads: ClassVar[bool] = True

    key_id: str
    plaintext: bytes
    region_name: str

    def __repr__(self) -> str:
        return f"EncryptDataKey(key_id={self.key_id!r}, region_name={self.region_name!r})"

    def sample_answer(self, n: int) -> Any:
        """Answer something."""
        return {"CiphertextBlob": b64encode(self.plaintext)}


@dataclass(frozen=True, slots=True)
class DecryptDataKey(Request):
    """Decrypt a data key. Answers ``Plaintext``, in bytes.

    Parameters
    ----------
    ciphertext
        The data key, as KMS has encrypted it.
    region_name
        The Region; None: the function's own.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (Permission("kms:Decrypt", KEY),)
    reads: ClassVar[bool] = True

    ciphertext: bytes
    region_name: str | None = None

    def sample_answer(self, n: int) -> Any:
        """Answer the key of `GenerateDataKey`."""
        return {"Plaintext": _SAMPLE_KEY}


_SAMPLE_KEY = bytes(range(32))
