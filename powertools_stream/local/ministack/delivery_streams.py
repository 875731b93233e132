"""Within MiniStack: lets Firehose collect records into objects, delimit and compress them.

MiniStack itself writes each record at once, as an object of its own, as it is.
"""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Mapping
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Any

__all__ = ["install"]

# Nobody waits at a terminal for the minutes that a delivery stream collects. 0 stays 0.
_MOST_SECONDS = 1.0
_DEFAULT_MEGABYTES = 5


@dataclass
class _Buffer:
    """What will be one object."""

    stream: Mapping[str, Any]
    settings: Mapping[str, Any]
    prefix: str
    context: Context
    records: list[bytes] = field(default_factory=list)
    size: int = 0


_Key = tuple[str, str]
_buffers: dict[_Key, _Buffer] = {}
_lock = threading.Lock()
# How many records are being written.
_writing = 0


def install() -> None:
    """Replace what writes records to S3, and add an operation that writes at once what has been collected."""
    from ministack.services import firehose

    firehose._deliver_records_to_s3 = _deliver
    firehose._HANDLERS["Flush"] = _flush


def _deliver(stream: Mapping[str, Any], destination: Mapping[str, Any], records: list[tuple[str, bytes]]) -> None:
    from ministack.services import firehose

    keys: dict[str, Any] = {}
    for record_id, data in firehose._apply_lambda_processors(stream, destination, records, partition_sink=keys):
        try:
            prefix = _prefix(destination["config"], data, keys.get(record_id))
        except firehose._DeliveryError:
            prefix = None
        if prefix is None:
            # It goes where errors go, or into another format, record by record.
            firehose._deliver_to_s3(stream, destination, data, keys.get(record_id))
        else:
            _collect(stream, destination["config"], prefix, data)


def _prefix(settings: Mapping[str, Any], data: bytes, keys: Any) -> str | None:
    from ministack.services import firehose

    conversion = settings.get("DataFormatConversionConfiguration") or {}
    if conversion and conversion.get("Enabled", True):
        return None
    is_partitioned = (settings.get("DynamicPartitioningConfiguration") or {}).get("Enabled")
    queried = firehose._metadata_extraction_keys(settings, data) if is_partitioned else None
    prefix: str = firehose._evaluate_prefix(settings.get("Prefix", ""), firehose._arrival_time(settings), queried, keys)
    return prefix


def _collect(stream: Mapping[str, Any], settings: Mapping[str, Any], prefix: str, data: bytes) -> None:
    key = (str(stream["name"]), prefix)
    hints = settings.get("BufferingHints") or {}
    data += _delimiter(settings)
    with _lock:
        is_new = key not in _buffers
        buffer = _buffers.setdefault(key, _Buffer(stream, settings, prefix, copy_context()))
        buffer.records.append(data)
        buffer.size += len(data)
        is_full = buffer.size >= float(hints.get("SizeInMBs", _DEFAULT_MEGABYTES)) * 1024 * 1024
    seconds = 0.0 if is_full else min(float(hints.get("IntervalInSeconds", _MOST_SECONDS)), _MOST_SECONDS)
    if is_new or is_full:
        timer = threading.Timer(seconds, _write, (key,))
        timer.daemon = True
        timer.start()


def _write(key: _Key) -> int:
    global _writing
    with _lock:
        buffer = _buffers.pop(key, None)
        count = 0 if buffer is None else len(buffer.records)
        _writing += count
    try:
        if buffer is not None:
            buffer.context.run(_put, buffer)
    finally:
        with _lock:
            _writing -= count
    return count


def _put(buffer: _Buffer) -> None:
    from ministack.services import firehose

    settings, data = buffer.settings, b"".join(buffer.records)
    is_gzip = settings.get("CompressionFormat") == "GZIP"
    now = firehose._java_time("yyyy-MM-dd-HH-mm-ss", firehose._arrival_time(settings))
    # https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html
    name = f"{buffer.stream['name']}-{buffer.stream.get('version', 1)}-{now}-{firehose.new_uuid()}"
    extension = settings.get("FileExtension") or (".gz" if is_gzip else "")
    bucket = firehose._s3_bucket_from_arn(settings.get("BucketARN", ""))
    firehose._put_s3_object(bucket, f"{buffer.prefix}{name}{extension}", gzip.compress(data, 1) if is_gzip else data)


def _flush(request: Any) -> Any:
    """Write what has been collected, and return how many records that were, those that were being written included."""
    from ministack.services import firehose

    with _lock:
        written = _writing
    written += sum(_write(key) for key in list(_buffers))
    while _writing:
        time.sleep(0.005)
    return firehose.json_response({"Records": written})


def _delimiter(settings: Mapping[str, Any]) -> bytes:
    """Return what follows each record.

    https://docs.aws.amazon.com/firehose/latest/APIReference/API_Processor.html
    """
    processing = settings.get("ProcessingConfiguration") or {}
    for processor in processing.get("Processors") or () if processing.get("Enabled") else ():
        if processor.get("Type") == "AppendDelimiterToRecord":
            given = {each["ParameterName"]: each["ParameterValue"] for each in processor.get("Parameters") or ()}
            return str(given.get("Delimiter", "\\n")).replace("\\n", "\n").encode()
    return b""
