"""A response of a boto3 client is believed only if it is whole: botocore hands on what has come of one that broke off.

It checks lengths of streamed bodies only, and DynamoDB's checksum only where it makes other attempts itself, which
`Clients` switches off. What is no JSON it takes for an answer without content, so that all seems to be well.
"""

from __future__ import annotations

import json
import threading
import zlib
from typing import Any

from powertools_stream.errors import StreamError

__all__ = ["believe_whole_responses_only"]

# Where the length is that of content which is not sent. https://www.rfc-editor.org/rfc/rfc9110#section-8.6
_WITHOUT_CONTENT = frozenset({204, 304})
_HTML = (b"<!doctype html", b"<html")


def believe_whole_responses_only(client: Any) -> None:
    """Have a client raise a passing error instead of a response that broke off, is damaged, or cannot be read.

    It does so by botocore's events: ``after-call`` and ``after-call-error`` are documented, with what comes with them.
    ``before-parse`` is not. A botocore without it would leave what its parsers raise as it is: the record's own fault.
    https://docs.aws.amazon.com/boto3/latest/guide/events.html
    """
    events = client.meta.events
    events.register("before-parse", _begin_reading)
    events.register("after-call", _check)
    events.register("after-call-error", _explain)


class _Reading(threading.local):
    """Whether the thread's call has got its response, so that an error is about that and not about the request."""

    response = False


_reading = _Reading()


def _begin_reading(**_: Any) -> None:
    _reading.response = True


def _explain(exception: BaseException, **_: Any) -> None:
    """Say that the response cannot be read, if that is what an error comes from."""
    is_about_response, _reading.response = _reading.response, False
    if is_about_response and not (
        type(exception).__module__.startswith("botocore") or isinstance(exception, StreamError)
    ):
        from botocore.parsers import ResponseParserError

        # e.g. a number where the service's model has a list
        raise ResponseParserError(f"The response cannot be read: {exception!r}") from exception


def _check(http_response: Any, parsed: dict[str, Any], model: Any, **_: Any) -> None:
    """Check a response that was read; one that is streamed checks its length itself, when it has come to its end."""
    _reading.response = False
    status = http_response.status_code
    is_streamed = status < 300 and (model.has_streaming_output or model.has_event_stream_output)
    if is_streamed or http_response.raw is None or status in _WITHOUT_CONTENT or model.http.get("method") == "HEAD":
        return  # `raw` is what botocore's `Stubber` leaves out
    content = http_response.content
    _check_length(http_response.headers, content)
    _check_checksum(http_response.headers, content)
    if status < 300 and len(parsed) == 1:  # all that was found is its own `ResponseMetadata`
        _check_form(model, content)


def _check_length(headers: Any, content: bytes) -> None:
    length = headers.get("content-length", "")
    # The bytes are those that were sent, also of content that is compressed: botocore does not undo that.
    if length.isdecimal() and len(content) < int(length) and "transfer-encoding" not in headers:
        from botocore.exceptions import IncompleteReadError

        raise IncompleteReadError(actual_bytes=len(content), expected_bytes=int(length))


def _check_checksum(headers: Any, content: bytes) -> None:
    # DynamoDB's. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html
    expected = headers.get("x-amz-crc32")
    if expected is not None and expected != (found := str(zlib.crc32(content))):
        from botocore.exceptions import ChecksumError

        raise ChecksumError(checksum_type="crc32", expected_checksum=expected, actual_checksum=found)


def _check_form(model: Any, content: bytes) -> None:
    """Check that an answer in which botocore found nothing is one of the service."""
    protocol = getattr(model.service_model, "resolved_protocol", None) or model.service_model.metadata.get("protocol")
    if protocol == "json" and not content:
        # Without members an operation may answer nothing at all.
        # https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html
        is_right = model.output_shape is None or not model.output_shape.members
    elif protocol in ("json", "rest-json"):
        is_right = not content or _is_json_object(content)
    else:
        # What is no XML was refused by botocore, but a page of a proxy may be that too.
        is_right = not content.lstrip()[:20].lower().startswith(_HTML)
    if not is_right:
        from botocore.parsers import ResponseParserError

        raise ResponseParserError(f"The {len(content)} bytes that answered {model.name} are no answer to it.")


def _is_json_object(content: bytes) -> bool:
    try:
        return isinstance(json.loads(content), dict)
    except (ValueError, RecursionError):
        return False
