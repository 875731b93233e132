"""The flavor `firehose_transform`: transforms a record for Firehose."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from powertools_stream.errors import RuleError
from powertools_stream.flavors.steps.calling import PENDING, Steps
from powertools_stream.flavors.steps.firehose import DROPPED, check_record
from powertools_stream.payloads.json_text import to_json
from powertools_stream.rules.binding import UserFunction
from powertools_stream.rules.rule import Rule, flavor
from powertools_stream.uow import UnitOfWork

__all__ = ["FirehoseTransformRule", "firehose_transform"]


class FirehoseTransformRule(Rule):
    """A rule of the flavor `firehose_transform`.

    Parameters
    ----------
    transform
        Returns what to deliver in place of the record: a string or bytes as they are, anything else as a line of JSON,
        a list as one line per item. An empty list drops the record. Default: the data is delivered unchanged.
    metadata
        Returns the metadata that Firehose gets beside the data, or None: ``{"partitionKeys": {…}}`` for dynamic
        partitioning, ``{"otfMetadata": {…}}`` for Apache Iceberg tables.
    """

    model_config = ConfigDict(extra="forbid")

    user_functions: ClassVar[Mapping[str, tuple[str, ...]]] = {"transform": (), "metadata": ()}
    takes_compact: ClassVar[bool] = False
    takes_idempotent: ClassVar[bool] = False

    transform: UserFunction | None = Field(default=None, description="a function")
    metadata: UserFunction | None = Field(default=None, description="a function")

    def _check_fields(self) -> None:
        super()._check_fields()
        if self.transform is None and self.metadata is None:
            raise RuleError(f"Rule {self.id!r}: it needs 'transform', 'metadata' or both.", self.id)


@flavor(model=FirehoseTransformRule, main="transform")
def firehose_transform(uow: UnitOfWork, rule: FirehoseTransformRule) -> UnitOfWork | Steps:
    """Transform the record.

    Leaves ``transformed``, the result of ``transform``, and ``firehose_record``, the answer to Firehose.
    """
    check_record(uow, rule)
    if rule.transform is None:
        return _with_metadata(uow, {"result": "Ok"}, rule)
    result = rule.transform(uow)
    if isinstance(result, PENDING):
        return _finish(uow, rule, result)
    return _transformed(uow, rule, result)


def _finish(uow: UnitOfWork, rule: FirehoseTransformRule, result: Any) -> Steps:
    done = _transformed(uow, rule, (yield result))
    return done if isinstance(done, UnitOfWork) else (yield from done)


def _transformed(uow: UnitOfWork, rule: FirehoseTransformRule, result: Any) -> UnitOfWork | Steps:
    if result is None:
        # Most likely a forgotten `return`, which must not lose any data.
        raise TypeError(
            f"Rule {rule.id!r}: transform returns what is to be delivered; got None. "
            "Return an empty list to drop a record, or use firehose_drop."
        )
    done = uow.extend(transformed=result)
    several = isinstance(result, list | tuple)
    if several and not result:
        return done.extend(firehose_record=DROPPED)
    data = b"".join(map(_data, result)) if several else _data(result)
    return _with_metadata(done, {"result": "Ok", "data": b64encode(data).decode()}, rule)


def _with_metadata(uow: UnitOfWork, answer: dict[str, Any], rule: FirehoseTransformRule) -> UnitOfWork | Steps:
    if rule.metadata is None:
        return uow.extend(firehose_record=answer)
    metadata = rule.metadata(uow)
    if isinstance(metadata, PENDING):
        return _await_metadata(uow, answer, rule, metadata)
    return uow.extend(firehose_record={**answer, **_metadata(metadata, rule)})


def _await_metadata(uow: UnitOfWork, answer: dict[str, Any], rule: FirehoseTransformRule, pending: Any) -> Steps:
    return uow.extend(firehose_record={**answer, **_metadata((yield pending), rule)})


def _data(value: Any) -> bytes:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    # Firehose delivers many records in one file, so line ends must separate them.
    return (value if isinstance(value, str) else to_json(value) + "\n").encode()


# https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-partitioning-keys.html
# https://docs.aws.amazon.com/firehose/latest/dev/apache-iceberg-format-input-record-different.html
_METADATA = ("partitionKeys", "otfMetadata")


def _metadata(given: Any, rule: Rule) -> dict[str, Any]:
    """Return the metadata as Firehose takes it: strings under known names; empty if there is none."""
    if given is None:
        return {}
    if not isinstance(given, Mapping) or not set(given).issubset(_METADATA):
        found = sorted(map(str, given)) if isinstance(given, Mapping) else f"a {type(given).__name__}"
        raise TypeError(f"Rule {rule.id!r}: metadata returns a mapping with {' or '.join(_METADATA)}; got {found}.")
    return {"metadata": {name: _strings(name, values, rule) for name, values in given.items()}}


def _strings(name: str, values: Any, rule: Rule) -> dict[str, str]:
    if not isinstance(values, Mapping):
        raise TypeError(f"Rule {rule.id!r}: metadata has a mapping under {name!r}; got a {type(values).__name__}.")
    for key, value in values.items():
        if value is None or value == "":
            raise ValueError(f"Rule {rule.id!r}: metadata has a value for each of {name!r}; {key!r} has none.")
    return {str(key): str(value) for key, value in values.items()}
