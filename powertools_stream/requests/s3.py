"""The requests for S3. One is one call; deletes share ``DeleteObjects``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from powertools_stream.requests.dynamodb import OnConditionFailed
from powertools_stream.requests.permissions import Permission, Place
from powertools_stream.requests.request import Request

__all__ = [
    "CopyObject",
    "DeleteObject",
    "GetObject",
    "GetObjectLines",
    "HeadObject",
    "ListObjects",
    "PutObject",
]


BUCKET = Place("arn:${AWS::Partition}:s3:::{name}", "bucket_name", "Bucket", ("BUCKET_NAME",))
COPY_SOURCE = BUCKET._replace(field=None, param="CopySource")
"""The bucket that a copy is made from; by default the one that it goes to."""


@dataclass(frozen=True, slots=True)
class PutObject(Request):
    """Write one object. Answers the response (``{"ETag": …}``), ``{}`` if the condition failed.

    Parameters
    ----------
    params
        What S3's ``PutObject`` takes: ``{"Key": …, "Body": …}``. A ``Body`` that is neither text nor bytes is written
        as JSON, with the ``ContentType`` of JSON.
    bucket_name
        Default: ``params["Bucket"]``, then ``BUCKET_NAME``.
    on_condition_failed
        What a condition (``IfMatch``, ``IfNoneMatch``) that did not hold is: an answer, ``{}``, or a fault.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (Permission("s3:PutObject", BUCKET, "/*"),)

    params: Mapping[str, Any]
    bucket_name: str | None = field(default=None, kw_only=True)
    on_condition_failed: OnConditionFailed = field(default="ignore", kw_only=True)

    def sample_answer(self, n: int) -> Any:
        """Answer that the object was written."""
        return {"ETag": f'"{n}"'}


@dataclass(frozen=True, slots=True)
class GetObject(Request):
    """Read a whole object. Answers the response, with the content as ``Body``, in bytes.

    Parameters
    ----------
    params
        What S3's ``GetObject`` takes: ``{"Key": …}``.
    bucket_name
        As for `PutObject`.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (Permission("s3:GetObject", BUCKET, "/*"),)
    reads: ClassVar[bool] = True

    params: Mapping[str, Any]
    bucket_name: str | None = field(default=None, kw_only=True)

    def sample_answer(self, n: int) -> Any:
        """Answer an empty object."""
        return {"Body": b""}


@dataclass(frozen=True, slots=True)
class GetObjectLines(Request):
    """Read an object as a stream of lines, so that a large one is never in memory as a whole.

    Answers an iterator over the lines, as text without their line ends. It reads from S3 while it is used, on the
    thread that uses it, and holds a connection until it is read to its end, closed (``lines.close()``, or ``with
    lines:``) or no longer referred to. An error while it reads is raised where it is used, and is not tried again.

    Parameters
    ----------
    params
        What S3's ``GetObject`` takes: ``{"Key": …}``.
    bucket_name
        As for `PutObject`.
    encoding
        How the text is encoded.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (Permission("s3:GetObject", BUCKET, "/*"),)

    params: Mapping[str, Any]
    bucket_name: str | None = field(default=None, kw_only=True)
    encoding: str = field(default="utf-8", kw_only=True)

    def sample_answer(self, n: int) -> Any:
        """Answer an empty object."""
        return iter(())


@dataclass(frozen=True, slots=True)
class HeadObject(Request):
    """Read what S3 knows of an object without its content. Answers the response; None if there is no such object.

    Parameters
    ----------
    params
        What S3's ``HeadObject`` takes: ``{"Key": …}``.
    bucket_name
        As for `PutObject`.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission("s3:GetObject", BUCKET, "/*"),
        Permission("s3:ListBucket", BUCKET),
    )
    reads: ClassVar[bool] = True

    params: Mapping[str, Any]
    bucket_name: str | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class DeleteObject(Request):
    """Delete one object; batched into ``DeleteObjects``. Answers what the call says of it (``{"Key": …}``).

    With anything besides the key and the version it is one ``DeleteObject`` call, which answers the response. An object
    that is not there counts as deleted.

    Parameters
    ----------
    params
        What S3's ``DeleteObject`` takes: ``{"Key": …}``, and, if needed, a ``VersionId``.
    bucket_name, on_condition_failed
        As for `PutObject`.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (Permission("s3:DeleteObject", BUCKET, "/*"),)

    params: Mapping[str, Any]
    bucket_name: str | None = field(default=None, kw_only=True)
    on_condition_failed: OnConditionFailed = field(default="ignore", kw_only=True)

    def sample_answer(self, n: int) -> Any:
        """Answer that the object was deleted."""
        return {"Key": self.params["Key"]}


@dataclass(frozen=True, slots=True)
class CopyObject(Request):
    """Copy one object within S3. Answers the response, ``{}`` if the condition failed.

    Parameters
    ----------
    params
        What S3's ``CopyObject`` takes: ``{"Key": …, "CopySource": {"Bucket": …, "Key": …}}``. A source without a
        bucket is in the one that the copy goes to.
    bucket_name, on_condition_failed
        Where the copy goes; as for `PutObject`.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission("s3:GetObject", COPY_SOURCE, "/*"),
        Permission("s3:PutObject", BUCKET, "/*"),
    )

    params: Mapping[str, Any]
    bucket_name: str | None = field(default=None, kw_only=True)
    on_condition_failed: OnConditionFailed = field(default="ignore", kw_only=True)

    def sample_answer(self, n: int) -> Any:
        """Answer that the object was copied."""
        return {"CopyObjectResult": {"ETag": f'"{n}"'}}


@dataclass(frozen=True, slots=True)
class ListObjects(Request):
    """List the objects of a bucket. Answers all of them as a list (``Contents``), or one page with its token.

    Parameters
    ----------
    params
        What S3's ``ListObjectsV2`` takes: ``{"Prefix": …}``. ``MaxKeys`` is that of one page. For what a ``Delimiter``
        brings together (``CommonPrefixes``), ask for pages.
    bucket_name
        As for `PutObject`.
    page
        True: answer one page as the API does, ``{"Contents": […], "NextContinuationToken": …}``; pass the token on as
        ``ContinuationToken``.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (Permission("s3:ListBucket", BUCKET),)
    reads: ClassVar[bool] = True

    params: Mapping[str, Any] = field(default_factory=dict)
    bucket_name: str | None = field(default=None, kw_only=True)
    page: bool = field(default=False, kw_only=True)

    def sample_answer(self, n: int) -> Any:
        """Answer that there are no objects."""
        return {"Contents": []} if self.page else []
