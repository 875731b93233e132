"""What the options of a processor need, and what is idempotent or encrypted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from powertools_stream import requests
from powertools_stream.checkpoints import DynamoDBCheckpointStore
from powertools_stream.cli.needs.names import Name
from powertools_stream.cli.needs.need import Need, Needs
from powertools_stream.options import ProcessorOptions
from powertools_stream.payloads.claim_checks import ClaimChecks
from powertools_stream.payloads.field_encryption import FieldEncryption
from powertools_stream.requests import Permission, kms
from powertools_stream.requests.dynamodb import TABLE
from powertools_stream.requests.eventbridge import BUS
from powertools_stream.requests.kms import KEY
from powertools_stream.requests.s3 import BUCKET
from powertools_stream.rules.idempotency import idempotency_of
from powertools_stream.rules.rule import Rule

__all__ = ["of_decorator", "of_encryption", "of_idempotency", "of_options"]


def of_options(options: ProcessorOptions | None, found: Needs) -> Iterator[Need]:
    """Yield what the parts of the library need that belong to no rule. Fault events have a bus, as far as is known."""
    (put_events,) = requests.PutEvent.permissions
    bus = (options.fault_bus_name or options.bus_name) if options is not None else None
    variables = () if bus else ("FAULT_BUS_NAME", *BUS.variables)
    yield Need(put_events, Name(bus, variables, "BUS_NAME" if variables else None), "fault events", is_optional=True)
    if options is None:
        return
    if options.claim_checks is not None:
        yield from _of_claim_checks(options.claim_checks)
    if options.field_encryption is not None:
        yield from of_encryption(options.field_encryption, "encryption")
    if options.checkpoint is not None:
        yield from _of_checkpoints(options.checkpoint, found)


# https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
_CLAIM_CHECKS = "/*/claimchecks/*"


def _of_claim_checks(claim_checks: ClaimChecks) -> Iterator[Need]:
    own = claim_checks.bucket_name
    yield Need(
        Permission("s3:PutObject", BUCKET),
        Name(own, () if own else ("CLAIMCHECK_BUCKET_NAME",)),
        "claim checks",
        _CLAIM_CHECKS,
        is_optional=True,
    )
    for bucket in claim_checks.owners:
        yield Need(Permission("s3:GetObject", BUCKET), Name(bucket), "claim checks", _CLAIM_CHECKS)
        # Without it an object that is gone would be an error of access.
        yield Need(Permission("s3:ListBucket", BUCKET), Name(bucket), "claim checks")


def of_encryption(encryption: FieldEncryption, reason: str) -> Iterator[Need]:
    """Yield what it takes to encrypt and decrypt fields, in each of the Regions."""
    key = Name(encryption.key_alias, () if encryption.key_alias else KEY.variables)
    (generate,), (encrypt,), (decrypt,) = (
        kind.permissions for kind in (kms.GenerateDataKey, kms.EncryptDataKey, kms.DecryptDataKey)
    )
    if encryption.fields:
        yield Need(generate, key, reason)
    yield Need(decrypt, key, reason)
    for region in encryption.regions or ():
        if encryption.fields:
            yield Need(encrypt, key, reason, region=region)
        yield Need(decrypt, key, reason, region=region)


def _of_checkpoints(store: Any, found: Needs) -> Iterator[Need]:
    if isinstance(store, DynamoDBCheckpointStore):
        for action in ("dynamodb:BatchGetItem", "dynamodb:BatchWriteItem"):
            yield Need(Permission(action, TABLE), Name(store.table_name), "checkpoints")
        return
    if not type(store).__module__.startswith("powertools_stream."):
        found.notes.append(f"What the store of checkpoints needs is not known: {type(store).__name__}.")


def of_decorator(function: Any, rule: Rule, found: Needs) -> Iterator[Need]:
    """Yield what a function needs that is under Powertools' ``@idempotent_function``."""
    inner = getattr(function, "_user_function", function)
    if idempotency_of(inner) is None:
        return
    cells = dict(zip(inner.__code__.co_freevars, inner.__closure__ or (), strict=True))
    store = cells["persistence_store"].cell_contents if "persistence_store" in cells else None
    yield from of_idempotency(store, rule.id, found)


# https://docs.aws.amazon.com/powertools/python/latest/utilities/idempotency/#iam-permissions
_IDEMPOTENCY = ("GetItem", "PutItem", "UpdateItem", "DeleteItem")


def of_idempotency(store: Any, reason: str, found: Needs) -> Iterator[Need]:
    """Yield what Powertools' persistence layer needs; of another one, note that it is not known."""
    name = getattr(store, "table_name", None)
    if type(store).__name__ != "DynamoDBPersistenceLayer" or not isinstance(name, str):
        which = type(store).__name__ if store is not None else "there is no processor in the module"
        found.notes.append(f"What the store of idempotent rules needs is not known: {which}.")
        return
    for action in _IDEMPOTENCY:
        yield Need(Permission(f"dynamodb:{action}", TABLE), Name(name), f"{reason}, idempotent")
