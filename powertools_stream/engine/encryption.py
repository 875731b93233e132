"""Field encryption in a batch: what comes in is decrypted, what goes out is encrypted, with one data key for all."""

from __future__ import annotations

import logging
from base64 import b64decode, b64encode
from collections.abc import Generator, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from powertools_stream.errors import DeadlineError, StreamError
from powertools_stream.payloads.carried import CarriedEvent
from powertools_stream.payloads.encrypted_requests import (
    encrypted_request,
    may_be_written,
    opened_answer,
    reads_items,
    to_encrypt,
)
from powertools_stream.payloads.field_encryption import (
    Ciphertext,
    DataKey,
    FieldEncryption,
    envelope_of,
    has_envelope,
    own_region,
    values_of,
)
from powertools_stream.payloads.safe_json import to_safe
from powertools_stream.requests.kms import DecryptDataKey, EncryptDataKey, GenerateDataKey

if TYPE_CHECKING:
    from powertools_stream.requests import Request
    from powertools_stream.uow import Record

__all__ = ["BatchEncryption", "Ready", "may_be_encrypted"]

_log = logging.getLogger("powertools_stream")

Steps = Generator[Any, Any, Any]


class Ready:
    """A request that goes out as it is."""

    __slots__ = ("request",)

    def __init__(self, request: Request) -> None:
        self.request = request


class BatchEncryption:
    """Encrypts and decrypts the fields of one batch.

    Parameters
    ----------
    encryption
        What the processor says; a rule may say otherwise.
    """

    def __init__(self, encryption: FieldEncryption | None) -> None:
        self._encryption = encryption
        self._keys: dict[tuple[str, tuple[str, ...]], DataKey] = {}
        self._fetching = 0
        self._plaintexts: dict[bytes, bytes] = {}
        # By identity, and kept, so that nothing else takes their place.
        self._as_sent: dict[int, tuple[Any, Any]] = {}
        self._secrets: dict[int, tuple[Record, list[Any]]] = {}
        self._names: dict[int, frozenset[str]] = {}

    # -- What goes out -------------------------------------------------------------------------------------------------

    def around(self, request: Request, requester: Any) -> Steps | None:
        """Return what is done in place of a request; None: it goes out as it is."""
        if reads_items(request):
            return self._read(request, requester)
        encryption = self._for(requester)
        if encryption is None or not encryption.fields or not may_be_written(request):
            return None
        is_due = to_encrypt(request, encryption)
        # What has nothing to encrypt waits with the others, so that their order stays.
        if not is_due and not self._fetching:
            return None
        return self._send(request, encryption, requester)

    def is_ready(self, asked: Any) -> bool:
        """Tell whether something is a request that goes out as it is."""
        return type(asked) is Ready

    def is_for_batch(self, request: Request) -> bool:
        """Tell whether what is asked for is shared by all rules: data keys are, whatever the role of a rule."""
        return isinstance(request, GenerateDataKey | EncryptDataKey | DecryptDataKey)

    def _for(self, requester: Any) -> FieldEncryption | None:
        own: FieldEncryption | None = getattr(requester.rule.rule, "encrypt", None)
        return self._encryption if own is None else own

    def _send(self, request: Request, encryption: FieldEncryption, requester: Any) -> Steps:
        key = yield from self._data_key(encryption)
        sent = encrypted_request(request, key, encryption) if to_encrypt(request, encryption) else request
        # An update answers the row as it is now.
        return (yield from self._read(sent, requester))

    def _data_key(self, encryption: FieldEncryption) -> Generator[Any, Any, DataKey]:
        known = (encryption.key, encryption.other_regions)
        if known not in self._keys:
            self._fetching += 1
            try:
                key = yield from _generated(encryption)
            finally:
                self._fetching -= 1
            self._keys.setdefault(known, key)
            self._plaintexts[b64decode(key.data_keys[own_region()])] = key.plaintext
        return self._keys[known]

    def _read(self, request: Request, requester: Any) -> Steps:
        answer = yield Ready(request)
        states = getattr(requester, "states", ())
        records = [state.record for state in states]

        def opened(item: Any) -> Steps:
            return self._opened(item, records)

        return (yield from opened_answer(answer, opened))

    # -- What comes in -------------------------------------------------------------------------------------------------

    def decrypted(self, read: Any, record: Record) -> Steps:
        """Return what was read of a record with its fields decrypted. Driven like a flavor: yields requests."""
        if isinstance(read, Generator):
            read = yield from read
        if isinstance(read, list):
            return (yield [self.decrypted(event, record) for event in read])
        if not isinstance(read, dict):
            return read
        try:
            event = yield from self._event(read, record)
        except StreamError as error:
            error.event_type = read.get("type")
            raise
        self._as_sent[id(event)] = event, read
        return event

    def _event(self, event: dict[str, Any], record: Record) -> Steps:
        opened = yield from self._opened(event, (record,))
        raw = opened.get("raw")
        if isinstance(raw, dict):
            images = {}
            for name in ("new", "old"):
                if isinstance(raw.get(name), dict):
                    images[name] = yield from self._opened(raw[name], (record,))
            if any(image is not raw[name] for name, image in images.items()):
                opened = {**opened, "raw": {**raw, **images}}
        if opened is not event and type(event) is CarriedEvent:
            return CarriedEvent(opened, event.record, event.secrets)
        return opened

    def _opened(self, value: Any, records: Iterable[Record]) -> Steps:
        """Return a value decrypted, and the event in it, as a row of the event table has one; itself, if neither is."""
        found = envelope_of(value)
        if found is not None:
            value = found.decrypted((yield from self._plaintext(found)))
            for record in records:
                self._secrets.setdefault(id(record), (record, []))[1].extend(found.values_in(value))
                self._names[id(record)] = self._names.get(id(record), frozenset()) | found.fields
        event = value.get("event") if isinstance(value, dict) else None
        if envelope_of(event) is None:
            return value
        return {**value, "event": (yield from self._opened(event, records))}

    def _plaintext(self, found: Ciphertext) -> Generator[Any, Any, bytes]:
        """Return the data key; another Region is asked if the function's own does not have it, or fails."""
        first: Exception | None = None
        for region, ciphertext in found.data_keys.items():
            if ciphertext in self._plaintexts:
                return self._plaintexts[ciphertext]
            try:
                answer = yield DecryptDataKey(ciphertext, None if region == own_region() else region)
            except DeadlineError:
                raise
            except Exception as error:
                first = first or error
                continue
            plaintext: bytes = answer["Plaintext"]
            self._plaintexts[ciphertext] = plaintext
            return plaintext
        assert first is not None
        raise first

    # -- What fault events tell ----------------------------------------------------------------------------------------

    def values(self, uow: Mapping[str, Any]) -> list[Any]:
        """Return what was decrypted for the record of a unit of work; a model may hold it in another form."""
        record = uow.get("record")
        if id(record) not in self._secrets:
            return []
        return [*self._secrets[id(record)][1], *values_of(to_safe(uow.get("model")), self._names[id(record)])]

    def stand_ins(self, units: Iterable[Any]) -> dict[int, Any]:
        """Return the events of units of work as they were sent, by the identity of what became of each."""
        events = (dict.get(unit, "event") for unit in units)
        return {id(event): self._as_sent[id(event)][1] for event in events if id(event) in self._as_sent}


def may_be_encrypted(read: Any) -> bool:
    """Tell whether what was read of a record has an envelope, or is a generator, which may end with one that has."""
    if isinstance(read, dict):
        raw = read.get("raw")
        images = [raw.get(name) for name in ("new", "old")] if isinstance(raw, dict) else []
        return any(map(has_envelope, (read, *images)))
    return isinstance(read, Generator) or (isinstance(read, list) and any(map(may_be_encrypted, read)))


def _generated(encryption: FieldEncryption) -> Generator[Any, Any, DataKey]:
    key_id, regions = encryption.key, encryption.other_regions
    made = yield GenerateDataKey(key_id)
    others = yield [_in_region(key_id, made["Plaintext"], region) for region in regions]
    own = {own_region(): made["CiphertextBlob"]}
    blobs = {**{region: blob for region, blob in zip(regions, others, strict=True) if blob is not None}, **own}
    return DataKey(made["Plaintext"], {region: b64encode(blob).decode() for region, blob in blobs.items()})


def _in_region(key_id: str, plaintext: bytes, region: str) -> Steps:
    """Encrypt a data key in another Region; None if that fails: it is there for the day when this one does."""
    try:
        answer = yield EncryptDataKey(key_id, plaintext, region)
    except DeadlineError:
        raise
    except Exception as error:
        _log.warning(
            "The data key could not be encrypted in %s, where nobody will be able to decrypt: %r", region, error
        )
        return None
    return answer["CiphertextBlob"]
