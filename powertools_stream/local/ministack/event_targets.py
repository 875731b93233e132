"""Within MiniStack: delivers to the streams and delivery streams that are targets of rules. It knows them not."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Mapping
from typing import Any

__all__ = ["install"]

_current = threading.local()


def install() -> None:
    """Replace what delivers to targets."""
    from ministack.services import eventbridge

    invoke_target, to_function = eventbridge._invoke_target, eventbridge._dispatch_to_lambda

    def invoke(target: dict[str, Any], event: dict[str, Any], rule: Any, view: Any = None) -> None:
        arn = target.get("Arn", "")
        service = _service_of(arn)
        if service not in _DELIVERIES:
            invoke_target(target, event, rule, view)
            return
        # What is delivered is made where MiniStack makes it, as for a function; `dispatch` gets it.
        _current.target, _current.event_id = target, str(event.get("EventId") or "")
        try:
            invoke_target({**target, "Arn": arn.replace(f":{service}:", ":lambda:", 1)}, event, rule, view)
        finally:
            _current.target = None

    def dispatch(arn: str, payload: str) -> None:
        target = getattr(_current, "target", None)
        if target is None:
            to_function(arn, payload)
            return
        _current.target = None
        _DELIVERIES[_service_of(target["Arn"])](target, payload)

    eventbridge._invoke_target = invoke
    eventbridge._dispatch_to_lambda = dispatch


def _service_of(arn: str) -> str:
    return arn.split(":")[2] if arn.count(":") >= 5 else ""


def _to_stream(target: Mapping[str, Any], payload: str) -> None:
    from ministack.services import kinesis

    path = (target.get("KinesisParameters") or {}).get("PartitionKeyPath")
    # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_KinesisParameters.html
    key = (_found(path, json.loads(payload)) if path else "") or _current.event_id or "event"
    name = target["Arn"].partition("/")[2]
    _require_accepted(kinesis._put_record({"StreamName": name, "PartitionKey": key[:256], "Data": _encoded(payload)}))


def _to_delivery_stream(target: Mapping[str, Any], payload: str) -> None:
    from ministack.services import firehose

    name = target["Arn"].partition("/")[2]
    _require_accepted(firehose._put_record({"DeliveryStreamName": name, "Record": {"Data": _encoded(payload)}}))


_DELIVERIES = {"kinesis": _to_stream, "firehose": _to_delivery_stream}


def _require_accepted(response: tuple[int, Any, bytes]) -> None:
    status, _, body = response
    if status != 200:
        raise ValueError(body.decode("utf-8", "replace"))  # MiniStack logs it


def _found(path: str, value: Any) -> str:
    """Return what a JSONPath such as ``$.detail.partition_key`` leads to; empty: there is nothing."""
    for name in path.removeprefix("$.").split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value)


def _encoded(payload: str) -> str:
    return base64.b64encode(payload.encode()).decode()
