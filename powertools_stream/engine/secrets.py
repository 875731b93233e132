"""What of a failure may be told: the secrets of its source, and what the processor redacts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from powertools_stream.errors import MalformedRecordError
from powertools_stream.outcomes import Reason
from powertools_stream.payloads.carried import CarriedEvent
from powertools_stream.payloads.conversions import text_of
from powertools_stream.payloads.masking import Masking, secrets_in
from powertools_stream.rules.compiled import NO_RULE

if TYPE_CHECKING:
    from powertools_stream.engine.batch import Failure
    from powertools_stream.engine.encryption import BatchEncryption
    from powertools_stream.payloads.redaction import Redaction
    from powertools_stream.sources.source import Source

__all__ = ["carried_secrets", "is_dict", "masking_of_source", "redacted_of", "redacted_values", "units_of"]


def units_of(failure: Failure) -> list[Any]:
    """Return the unit of work of a failure, and those that were compacted into it."""
    batch = failure.uow.get("batch")
    return [unit for unit in (failure.uow, *(batch if type(batch) is list else ())) if is_dict(unit)]


def source_values(failure: Failure, source: Source) -> Iterator[Any]:
    """Yield what the source of a failure's records, or of those that they carry, calls secret."""
    units = units_of(failure)
    paths = {*source.secrets, *(path for unit in units for path in carried_secrets(unit))}
    if paths:
        for value in (dict.get(unit, name) for unit in units for name in ("record", "event")):
            yield from secrets_in(value, sorted(paths))


def redacted_values(failure: Failure, redaction: Redaction | None, encryption: BatchEncryption | None) -> Iterator[Any]:
    """Yield what is redacted of a failure, and what was decrypted for it.

    Without an event there is nothing to look the values up in. What an error says of a record that could not be read,
    or that a record handler has got, may hold any of it, so its texts are redacted as a whole.
    """
    units = units_of(failure)
    if encryption is not None:
        for unit in units:
            yield from encryption.values(unit)
    if redaction is None:
        return
    for unit in units:
        yield from redaction.values(unit)
    if _may_tell_the_record(failure) and not any("event" in unit for unit in units):
        yield from _texts(failure.error)


def _may_tell_the_record(failure: Failure) -> bool:
    """Tell whether the text of an error may hold data of its record.

    That of user code may, whatever it means; that of a service which failed while the record was read does not. What is
    unfinished or held back says so in the engine's own words.
    """
    if failure.rule is NO_RULE:
        return failure.reason is Reason.FAULT
    return failure.reason in (Reason.FAULT, Reason.RETRYABLE, Reason.CONFIGURATION)


def masking_of_source(failure: Failure, source: Source) -> Masking | None:
    """Return what masks the secrets of the source alone."""
    return Masking(source_values(failure, source)) or None


def redacted_of(
    failure: Failure, redaction: Redaction | None, encryption: BatchEncryption | None = None
) -> BaseException | None:
    """Return what stands for the error of a failure wherever it is shown; None: it may be shown as it is."""
    masking = Masking(redacted_values(failure, redaction, encryption))
    if not masking:
        return None
    from powertools_stream.payloads.redaction import redacted_error

    return redacted_error(failure.error, masking)


def carried_secrets(uow: Any, error: BaseException | None = None) -> Sequence[str]:
    """Return the paths of the secrets that the source of an event has which another record carried."""
    event = dict.get(uow, "event") if is_dict(uow) else None
    if type(event) is CarriedEvent:
        return event.secrets
    return error.secrets if isinstance(error, MalformedRecordError) else ()


def is_dict(value: Any) -> bool:
    """Tell a dict; `isinstance` would ask a value of the user's own for its class."""
    return issubclass(type(value), dict)


def _texts(error: BaseException | None) -> Iterator[str]:
    seen = set[int]()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield text_of(error)
        error = error.__cause__ or error.__context__
