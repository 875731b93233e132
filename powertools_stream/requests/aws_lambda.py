"""The requests for Lambda: functions and their event source mappings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from powertools_stream.requests.permissions import Permission, Place
from powertools_stream.requests.request import Request

__all__ = [
    "CreateEventSourceMapping",
    "DeleteEventSourceMapping",
    "InvokeFunction",
    "ListEventSourceMappings",
    "UpdateEventSourceMapping",
]


FUNCTION = Place("arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:{name}", None, "FunctionName")
MAPPING = Place(
    "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:event-source-mapping:{name}",
    "uuid",
    "UUID",
    ("ESM_ID",),
)
# Which mapping that will be is not known before; the condition says which function's.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
_MAPPING_OF_FUNCTION = Place(
    "*", "function_name", "FunctionName", ("LISTENER_FUNCTION_NAME",), condition="lambda:FunctionArn"
)


@dataclass(frozen=True, slots=True)
class InvokeFunction(Request):
    """Invoke a Lambda function. Answers the response, with the ``Payload`` decoded; None if there is none.

    A function that ends in an error is a `RequestFailedError` with the code ``FunctionError``. One that does not answer
    within the time-out of the connection is a `RetryLaterError`, and is not invoked again within the batch.

    Parameters
    ----------
    params
        What Lambda's ``Invoke`` takes: ``{"FunctionName": …, "Payload": …}``. A ``Payload`` that is neither text nor
        bytes is written as JSON. With ``"InvocationType": "Event"`` nobody waits for the function.
    region_name
        The Region; default: the function's own.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (Permission("lambda:InvokeFunction", FUNCTION),)

    params: Mapping[str, Any]
    region_name: str | None = field(default=None, kw_only=True)

    def sample_answer(self, n: int) -> Any:
        """Answer that the function returned nothing."""
        return {"StatusCode": 200, "Payload": None}


@dataclass(frozen=True, slots=True)
class ListEventSourceMappings(Request):
    """List the event source mappings of a function or a source. Answers all of them as a list.

    Parameters
    ----------
    params
        What Lambda's ``ListEventSourceMappings`` takes: ``{"FunctionName": …}``.
    region_name
        As for `InvokeFunction`.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (Permission("lambda:ListEventSourceMappings"),)
    reads: ClassVar[bool] = True

    params: Mapping[str, Any]
    region_name: str | None = field(default=None, kw_only=True)

    def sample_answer(self, n: int) -> Any:
        """Answer that there are none."""
        return []


@dataclass(frozen=True, slots=True)
class CreateEventSourceMapping(Request):
    """Make an event source mapping. Answers the mapping, which Lambda is making then: its ``State`` is ``Creating``.

    One that is there already is an error, ``ResourceConflictException``, whose message names it.

    Parameters
    ----------
    params
        What Lambda's ``CreateEventSourceMapping`` takes.
    region_name
        As for `InvokeFunction`.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (
        Permission("lambda:CreateEventSourceMapping", _MAPPING_OF_FUNCTION),
    )

    params: Mapping[str, Any]
    region_name: str | None = field(default=None, kw_only=True)

    def sample_answer(self, n: int) -> Any:
        """Answer the mapping as it was asked for, with an id."""
        return {"UUID": f"mapping-{n}", **self.params}


@dataclass(frozen=True, slots=True)
class UpdateEventSourceMapping(Request):
    """Change an event source mapping, e.g. switch it off. Answers the mapping.

    While it is being made or changed, the change is asked for again, for about 20 seconds if there is so much time.

    Parameters
    ----------
    params
        What Lambda's ``UpdateEventSourceMapping`` takes: ``{"UUID": …, "Enabled": False}``.
    region_name
        As for `InvokeFunction`.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (Permission("lambda:UpdateEventSourceMapping", MAPPING),)

    params: Mapping[str, Any]
    region_name: str | None = field(default=None, kw_only=True)

    def sample_answer(self, n: int) -> Any:
        """Answer the change that was asked for."""
        return dict(self.params)


@dataclass(frozen=True, slots=True)
class DeleteEventSourceMapping(Request):
    """Delete an event source mapping. Answers the mapping, ``{}`` if there is none.

    While it is being made or changed, this is asked for again, as for `UpdateEventSourceMapping`.

    Parameters
    ----------
    params
        ``{"UUID": …}``.
    region_name
        As for `InvokeFunction`.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (Permission("lambda:DeleteEventSourceMapping", MAPPING),)

    params: Mapping[str, Any]
    region_name: str | None = field(default=None, kw_only=True)

    def sample_answer(self, n: int) -> Any:
        """Answer the mapping that was named."""
        return dict(self.params)
