"""Writes to S3: puts and copies, a call each, and deletes, up to 1,000 in one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from powertools_stream.classification.reasons import error_code
from powertools_stream.connectors.base import Entry, Operation, Refused
from powertools_stream.connectors.params import call
from powertools_stream.connectors.proofs import missing_response, part, proven
from powertools_stream.connectors.s3.params import key_of
from powertools_stream.errors import EntryTooLargeError, InvalidRequestError, RequestFailedError
from powertools_stream.payloads.json_text import to_json
from powertools_stream.requests import CopyObject, DeleteObject, OnConditionFailed, PutObject

__all__ = ["MAX_DELETES", "Write", "delete_all", "write_entry"]

# https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
MAX_DELETES = 1000
# Of one PutObject. https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html
_MAX_OBJECT_BYTES = 5 * 1024**3
# What DeleteObjects takes for one object.
_BATCHED = frozenset({"Bucket", "Key", "VersionId"})
# DeleteObjects travels as XML, which has no form for these characters.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
_NOT_IN_XML = re.compile(r"[\x00-\x1f\x7f\ufffe\uffff]")
_CONDITION_FAILED = "PreconditionFailed"
# A put with `IfMatch` over an object that is not there ends so; of a copy it is the source that is not there.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
_REFUSALS = {
    "put_object": (_CONDITION_FAILED, "NoSuchKey"),
    "copy_object": (_CONDITION_FAILED,),
    "delete_object": (_CONDITION_FAILED,),
}

WriteRequest = PutObject | CopyObject | DeleteObject


@dataclass(frozen=True, slots=True)
class Write:
    """An object to be written, in a call of its own."""

    method: str
    params: dict[str, Any]
    on_condition_failed: OnConditionFailed

    def carry_out(self, client: Any) -> Any:
        """Return the response; a failed condition is `Refused`, or the error if the request says ``"fault"``."""
        try:
            return _proven(self.method, call(getattr(client, self.method), self.params))
        except Exception as error:
            if self.on_condition_failed != "fault" and error_code(error) in _REFUSALS[self.method]:
                return Refused(_CONDITION_FAILED)
            raise


def write_entry(request: WriteRequest, bucket: str) -> Entry:
    """Return the entry of a request, whose key is the object's, so that writes of one object keep their order."""
    key = key_of(request)
    if isinstance(request, DeleteObject):
        return _delete_entry(request, bucket, key)
    params = {**request.params, "Bucket": bucket}
    if isinstance(request, PutObject):
        _set_body(params)
        name, method = "PutObject", "put_object"
    else:
        params["CopySource"] = _copy_source(params)
        name, method = "CopyObject", "copy_object"
    return Entry(Operation("s3", name, bucket), Write(method, params, request.on_condition_failed), key=(bucket, key))


def _proven(method: str, response: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a response that proves that the object was written; of a delete there is nothing to be seen."""
    if method == "put_object":
        proven(response, "ETag", "S3")
    elif method == "copy_object":
        proven(part(response, "CopyObjectResult", dict, "S3"), "ETag", "S3")
    return response


def delete_all(client: Any, entries: Sequence[Entry]) -> Sequence[Any]:
    """Make one ``DeleteObjects`` call; an object that S3 did not delete is a `RequestFailedError`."""
    objects = [entry.payload for entry in entries]
    response = client.delete_objects(Bucket=entries[0].operation.target, Delete={"Objects": objects})
    results = {_identity(deleted): deleted for deleted in response.get("Deleted", ())}
    results.update((_identity(error), _failure(error)) for error in response.get("Errors", ()))
    return [
        results.get(_identity(asked)) or missing_response("S3", f"what became of {asked['Key']!r}", response)
        for asked in objects
    ]


def _delete_entry(request: DeleteObject, bucket: str, key: str) -> Entry:
    params = {name: value for name, value in request.params.items() if value is not None}
    version = params.get("VersionId", "")
    if not isinstance(version, str):
        raise InvalidRequestError(
            f"Expected the VersionId of {key!r} to be text, but found a {type(version).__name__}."
        )
    if params.keys() <= _BATCHED and not _NOT_IN_XML.search(key + version):
        params.pop("Bucket", None)
        return Entry(Operation("s3", "DeleteObjects", bucket, MAX_DELETES), params, key=(bucket, key))
    write = Write("delete_object", {**params, "Bucket": bucket}, request.on_condition_failed)
    return Entry(Operation("s3", "DeleteObject", bucket), write, key=(bucket, key))


def _set_body(params: dict[str, Any]) -> None:
    """Make bytes of the body, in place: of text as UTF-8, of anything else as JSON."""
    body = params.get("Body", b"")
    if isinstance(body, bytearray | memoryview):
        body = bytes(body)
    elif not isinstance(body, str | bytes):
        body = to_json(body)
        params.setdefault("ContentType", "application/json")
    params["Body"] = body.encode() if isinstance(body, str) else body
    if (size := len(params["Body"])) > _MAX_OBJECT_BYTES:
        raise EntryTooLargeError(
            f"Expected an object of at most {_MAX_OBJECT_BYTES} bytes, but {params['Key']!r} has {size}."
        )


def _copy_source(params: Mapping[str, Any]) -> Any:
    """Return the source of a copy; an object without a bucket is in the bucket that the copy goes to."""
    source = params.get("CopySource")
    if isinstance(source, str) and source:
        return source
    if isinstance(source, Mapping) and isinstance(source.get("Key"), str) and source["Key"]:
        return {"Bucket": params["Bucket"], **source}
    raise InvalidRequestError(
        f"Expected CopyObject to get {{'CopySource': {{'Bucket': '…', 'Key': '…'}}}}, but found {source!r}."
    )


def _identity(of: Mapping[str, Any]) -> tuple[Any, Any]:
    return of.get("Key"), of.get("VersionId") or None


def _failure(error: Mapping[str, Any]) -> RequestFailedError:
    if not (code := error.get("Code")):
        return missing_response("S3", "a 'Code'", error)
    message = error.get("Message") or "S3 did not say why."
    return RequestFailedError(code, f"{message} ({error.get('Key')!r})")
