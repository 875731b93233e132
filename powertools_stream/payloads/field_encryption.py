"""Field encryption: what some fields of an event hold travels as ciphertext, in the envelope of aws-lambda-stream.

The envelope, ``eem`` beside the fields, is that of ``aws-kms-ee``: ``fields`` names those that are encrypted, at
whatever depth, and ``dataKeys`` holds the data key that they are encrypted with, itself encrypted by KMS per Region.
A value is CryptoJS's ``AES.encrypt(JSON.stringify(value), key)``: AES-256 in CBC mode, its key and IV derived from the
data key as OpenSSL derives them from a password.
https://github.com/DanteInc/aws-kms-ee
"""

from __future__ import annotations

import os
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from hashlib import md5
from typing import Any

from powertools_stream.environment.variables import variable
from powertools_stream.errors import SettingError, StreamError
from powertools_stream.payloads.conversions import json_form
from powertools_stream.payloads.json_text import from_json, to_json

__all__ = [
    "EEM",
    "Ciphertext",
    "DataKey",
    "DecryptionError",
    "FieldEncryption",
    "envelope_of",
    "has_envelope",
    "is_region",
    "values_of",
]

EEM = "eem"
"""Where the envelope stands: encryption envelope metadata."""

# Who an event or a row is, and where it belongs: read by those who must not read the rest.
_PLAIN = frozenset(
    {"awsregion", "discriminator", "eem", "event", "id", "latched", "partitionKey", "partition_key", "pk", "raw", "sk"}
    | {"sequenceNumber", "sequence_number", "s3", "tags", "timestamp", "ttl", "type"}
)
# https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]{2,12}){1,3}-[0-9]{1,2}")
_MAX_DATA_KEYS = 16
# OpenSSL's own mark of a ciphertext whose key was derived from a password and a salt.
_SALTED = b"Salted__"
_SCALARS = (str, bytes, bytearray, int, float, Decimal, set, frozenset, type(None))
_SALT_BYTES, _KEY_BYTES, _BLOCK_BYTES = 8, 32, 16


class DecryptionError(StreamError, ValueError):
    """A field cannot be decrypted: it is no ciphertext, or not one of this data key."""


@dataclass(frozen=True, slots=True)
class FieldEncryption:
    """Which fields are encrypted when an event is published or a row is stored. What comes in is decrypted.

    Parameters
    ----------
    fields
        The names of the fields, at whatever depth they stand. Empty: nothing is encrypted, but what comes in is
        decrypted.
    key_alias
        The KMS key: an alias, an id or an ARN. Default: ``MASTER_KEY_ALIAS``. With `regions`, an alias that there is in
        each of them.
    regions
        The Regions in which the data key can be decrypted besides the function's own. Default: ``KMS_REGIONS``,
        comma-separated.

    Raises
    ------
    SettingError
        ``cryptography`` is not installed.
    TypeError
        `fields` or `regions` is one text, and not several.
    ValueError
        A field says what an event is, or where it belongs; or a Region is none.
    """

    fields: tuple[str, ...] = ()
    key_alias: str | None = None
    regions: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        _ciphers()
        for name in ("fields", "regions"):
            value: Any = getattr(self, name)
            if value is not None and (isinstance(value, str) or not all(isinstance(one, str) for one in value)):
                raise TypeError(f"Expected the {name} to be texts in a tuple, but found {value!r}.")
            object.__setattr__(self, name, None if value is None else tuple(value))
        if plain := sorted(_PLAIN.intersection(self.fields)):
            raise ValueError(
                f"Expected fields with data, but found {', '.join(plain)}: without reading it, nobody knows what an "
                "event or a row is, or where it belongs. Leave it out."
            )
        for region in self.regions or ():
            if not is_region(region):
                raise ValueError(f"Expected the name of a Region, such as 'eu-west-1', but found {region!r}.")

    @classmethod
    def of(cls, given: FieldEncryption | Mapping[str, Any]) -> FieldEncryption:
        """Return what is given as such, or as a mapping of its parameters."""
        if isinstance(given, FieldEncryption):
            return given
        if not isinstance(given, Mapping):
            raise TypeError(f"Expected a FieldEncryption, or a dict with its parameters, but found {given!r}.")
        return cls(**given)

    @property
    def key(self) -> str:
        """The KMS key.

        Raises
        ------
        SettingError
            There is none.
        """
        key = self.key_alias or variable("MASTER_KEY_ALIAS")
        if not key:
            raise SettingError(
                'Expected a KMS key for what is encrypted. Name it: FieldEncryption(key_alias="alias/…"), or set '
                "MASTER_KEY_ALIAS.",
                "key_alias",
            )
        return key

    @property
    def other_regions(self) -> tuple[str, ...]:
        """The Regions besides the function's own."""
        given = self.regions
        if given is None:
            given = tuple(filter(None, (name.strip() for name in (variable("KMS_REGIONS") or "").split(","))))
        return tuple(region for region in dict.fromkeys(given) if region != own_region())

    def occurs_in(self, value: Any) -> bool:
        """Tell whether one of the fields stands in a value, with something to encrypt."""
        return bool(self.fields) and next(values_of(value, frozenset(self.fields)), None) is not None


@dataclass(frozen=True, slots=True)
class DataKey:
    """A key that the fields of many events are encrypted with.

    Parameters
    ----------
    plaintext
        The key itself.
    data_keys
        The key as KMS has encrypted it, in base64, by Region.
    """

    plaintext: bytes
    data_keys: Mapping[str, str]

    def __repr__(self) -> str:
        return f"DataKey({', '.join(self.data_keys)})"

    def encrypted(self, value: Mapping[str, Any], encryption: FieldEncryption) -> dict[str, Any]:
        """Return a value with its fields encrypted, and the envelope beside them."""
        made: dict[str, Any] = _replaced(value, frozenset(encryption.fields), self.ciphertext)
        return {**made, EEM: self.envelope(encryption)}

    def envelope(self, encryption: FieldEncryption) -> dict[str, Any]:
        """Return the envelope of what is encrypted with this key."""
        return {
            "dataKeys": {**self.data_keys},
            "masterKeyAlias": encryption.key,
            "fields": list(encryption.fields),
        }

    def ciphertext(self, value: Any) -> str:
        """Return a value as ciphertext."""
        return _encrypt(to_json(value).encode("utf-8", "surrogatepass"), _password(self.plaintext))


@dataclass(frozen=True, slots=True)
class Ciphertext:
    """What is encrypted of a value, and how.

    Parameters
    ----------
    value
        The value, without its envelope.
    fields
        The names of the fields.
    data_keys
        The data key, by Region, the function's own first.
    """

    value: Mapping[str, Any]
    fields: frozenset[str]
    data_keys: Mapping[str, bytes]

    def decrypted(self, plaintext: bytes) -> dict[str, Any]:
        """Return the value with its fields decrypted.

        Raises
        ------
        DecryptionError
            A field cannot be decrypted.
        """
        password = _password(plaintext)
        made: dict[str, Any] = _replaced(self.value, self.fields, lambda value: _decrypt(value, password))
        return made

    def values_in(self, decrypted: Mapping[str, Any]) -> list[Any]:
        """Return what was encrypted of a value that is decrypted."""
        return list(values_of(decrypted, self.fields))


def envelope_of(value: Any) -> Ciphertext | None:
    """Return what is encrypted of a value; None: it has no envelope.

    Raises
    ------
    DecryptionError
        The envelope is broken.
    """
    eem = value.get(EEM) if isinstance(value, dict) else None
    if not isinstance(eem, dict) or "dataKeys" not in eem:
        return None
    fields: Any = eem.get("fields")
    given: Any = eem["dataKeys"]
    is_whole = isinstance(fields, list) and isinstance(given, dict) and 0 < len(given) <= _MAX_DATA_KEYS
    if not is_whole or not all(region == own_region() or is_region(region) for region in given):
        raise DecryptionError("Expected eem with a list of fields and a dataKey for each Region, but found another.")
    first = sorted(given, key=lambda region: region != own_region())
    plain = {name: inner for name, inner in value.items() if name != EEM}
    names = frozenset(name for name in fields if isinstance(name, str))
    return Ciphertext(plain, names, {region: _of_base64(given[region]) for region in first})


def has_envelope(value: Any) -> bool:
    """Tell whether a value has an envelope, or an event that has one, as a row of the event table."""
    return isinstance(value, dict) and (EEM in value or has_envelope(value.get("event")))


def is_region(name: object) -> bool:
    """Tell the name of a Region: it becomes a part of the address that a call goes to."""
    return isinstance(name, str) and _REGION.fullmatch(name) is not None


def own_region() -> str:
    """Return the Region of the function; ``"undefined"`` where none is set, as in tests."""
    return variable("AWS_REGION") or variable("AWS_DEFAULT_REGION") or "undefined"


def _replaced(value: Any, fields: frozenset[str], replace: Callable[[Any], Any]) -> Any:
    if isinstance(value, Mapping):
        return {
            name: (None if inner is None else replace(inner)) if name in fields else _replaced(inner, fields, replace)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [_replaced(inner, fields, replace) for inner in value]
    plain = _plain(value)
    return value if plain is None else _replaced(plain, fields, replace)


def values_of(value: Any, fields: frozenset[str]) -> Iterator[Any]:
    """Yield what stands in fields of these names, at whatever depth."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name not in fields:
                yield from values_of(inner, fields)
            elif inner is not None:
                yield inner
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from values_of(inner, fields)
    elif (plain := _plain(value)) is not None:
        yield from values_of(plain, fields)


def _plain(value: Any) -> Any:
    """Return what a model or a dataclass is in JSON, since it has fields as well; None: a value that has none."""
    if isinstance(value, _SCALARS):
        return None
    plain = json_form(value)
    return plain if isinstance(plain, Mapping) else None


# -- As CryptoJS does --------------------------------------------------------------------------------------------------


def _password(plaintext: bytes) -> bytes:
    # `Buffer.toString()` in Node: what is no UTF-8 becomes U+FFFD, and the password is the UTF-8 of that.
    return plaintext.decode("utf-8", "replace").encode()


def _encrypt(data: bytes, password: bytes) -> str:
    salt = os.urandom(_SALT_BYTES)
    padding = _BLOCK_BYTES - len(data) % _BLOCK_BYTES
    encryptor = _cipher(password, salt).encryptor()
    made = encryptor.update(data + bytes([padding]) * padding) + encryptor.finalize()
    return b64encode(_SALTED + salt + made).decode()


def _decrypt(value: Any, password: bytes) -> Any:
    data = _of_base64(value)
    salt, made = data[len(_SALTED) : len(_SALTED) + _SALT_BYTES], data[len(_SALTED) + _SALT_BYTES :]
    if not data.startswith(_SALTED) or not made or len(made) % _BLOCK_BYTES:
        raise DecryptionError("Expected a field to be encrypted as CryptoJS does it, but found another text.")
    decryptor = _cipher(password, salt).decryptor()
    padded = decryptor.update(made) + decryptor.finalize()
    padding = padded[-1]
    if not 0 < padding <= _BLOCK_BYTES or padded[-padding:] != bytes([padding]) * padding:
        raise _other_key()
    try:
        return _parsed(padded[:-padding].decode())
    except UnicodeDecodeError:
        raise _other_key() from None


def _parsed(text: str) -> Any:
    # As aws-kms-ee does: services on its first versions encrypt texts as they are, without quotes, and a text such as
    # 12E3 is then no number.
    is_quoted = any(text.startswith(first) and text.endswith(last) for first, last in ("{}", "[]", '""'))
    if not is_quoted and text.count("E") == 1:
        return text
    try:
        return from_json(text)
    except ValueError:
        return text


def _other_key() -> DecryptionError:
    return DecryptionError("Expected a field to be encrypted with the data key of its eem, but it was with another.")


def _cipher(password: bytes, salt: bytes) -> Any:
    cipher, aes, cbc = _ciphers()
    # OpenSSL's EVP_BytesToKey with MD5 and one round: https://docs.openssl.org/master/man3/EVP_BytesToKey/
    derived = block = b""
    while len(derived) < _KEY_BYTES + _BLOCK_BYTES:
        block = md5(block + password + salt, usedforsecurity=False).digest()
        derived += block
    return cipher(aes(derived[:_KEY_BYTES]), cbc(derived[_KEY_BYTES : _KEY_BYTES + _BLOCK_BYTES]))


def _of_base64(value: Any) -> bytes:
    try:
        return b64decode(value, validate=True)
    except (TypeError, ValueError):
        raise DecryptionError("Expected base64 in what is encrypted, but found something else.") from None


def _ciphers() -> tuple[Any, Any, Any]:
    try:
        from cryptography.hazmat.primitives.ciphers import Cipher
        from cryptography.hazmat.primitives.ciphers.algorithms import AES256
        from cryptography.hazmat.primitives.ciphers.modes import CBC
    except ImportError as error:
        raise SettingError(
            "Expected cryptography, which fields are encrypted with, but it is not installed. Install "
            "powertools-stream[encryption]."
        ) from error
    return Cipher, AES256, CBC
