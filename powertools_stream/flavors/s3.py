"""The flavor `s3`: writes, copies and deletes objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from powertools_stream.errors import RuleError
from powertools_stream.flavors.steps.calling import Steps, call, split
from powertools_stream.requests import CopyObject, DeleteObject, GetObject, OnConditionFailed, PutObject, Request
from powertools_stream.rules.binding import UserFunction
from powertools_stream.rules.paths import check_path, path_reader
from powertools_stream.rules.rule import Rule, flavor
from powertools_stream.uow import UnitOfWork

__all__ = ["S3Rule", "s3"]

_Make = Callable[..., Request]


class S3Rule(Rule):
    """A rule of the flavor `s3`. It has ``to_s3``, ``to_copy_request`` or ``to_delete_request``, or several of them.

    Each function returns the parameters of one request, a list for several, or None for none.

    Parameters
    ----------
    to_s3
        Returns the parameters of ``PutObject``. It sees ``get_response``.
    to_get_request
        Returns the parameters of ``GetObject``.
    to_copy_request
        Returns the parameters of ``CopyObject``.
    to_delete_request
        Returns the parameters of ``DeleteObject``. It is called once everything is written.
    bucket_name
        The bucket of requests without a ``Bucket``; default: ``BUCKET_NAME``.
    split_on
        A path to a list, or a function that returns a list: each of its values is a unit of work of its own.
    split_target_field
        The field of the unit of work that holds the value.
    on_condition_failed
        ``"ignore"``: a condition (``IfMatch``, ``IfNoneMatch``) that did not hold is counted; ``"fault"``: it is a
        fault.
    """

    model_config = ConfigDict(extra="forbid")

    user_functions: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "to_s3": (),
        "to_get_request": (),
        "to_copy_request": (),
        "to_delete_request": (),
        "split_on": (),
    }

    asked_by: ClassVar[Mapping[type[Request], tuple[str, ...]]] = {
        GetObject: ("to_get_request",),
        PutObject: ("to_s3",),
        CopyObject: ("to_copy_request",),
        DeleteObject: ("to_delete_request",),
    }

    to_s3: UserFunction | None = Field(default=None, description="a function")
    to_get_request: UserFunction | None = Field(default=None, description="a function")
    to_copy_request: UserFunction | None = Field(default=None, description="a function")
    to_delete_request: UserFunction | None = Field(default=None, description="a function")
    bucket_name: str | None = Field(default=None, description="a string")
    split_on: str | UserFunction | None = Field(default=None, description="a path (a string) or a function")
    split_target_field: str = Field(default="split", min_length=1, description="a string that is not empty")
    on_condition_failed: OnConditionFailed = Field(default="ignore", description="'ignore' or 'fault'")

    def _check_fields(self) -> None:
        super()._check_fields()
        if self.to_s3 is None and self.to_copy_request is None and self.to_delete_request is None:
            raise RuleError(
                f"Rule {self.id!r}: it needs 'to_s3', 'to_copy_request' or 'to_delete_request', or several of them.",
                self.id,
            )
        if isinstance(self.split_on, str):
            check_path(self.split_on, rule_id=self.id, field="split_on")


@flavor(model=S3Rule, main="to_s3", ordered=True, asks=[GetObject, PutObject, CopyObject, DeleteObject])
def s3(uow: UnitOfWork, rule: S3Rule) -> Steps:
    """Get, put, copy, delete, one after the other: once, or once for each value of ``split_on``.

    Leaves ``get_request`` and ``get_response``, ``put_request`` and ``put_response``, ``copy_request`` and
    ``copy_response``, ``delete_request`` and ``delete_response``, for the requests that were made; as lists, if the
    rule's function returned a list. A response is ``{}`` if a condition failed.
    """
    return _steps(uow, rule) if rule.split_on is None else _each(uow, rule.split_on, rule)


def _each(uow: UnitOfWork, split_on: str | UserFunction, rule: S3Rule) -> Steps:
    values = yield from call(path_reader(split_on) if isinstance(split_on, str) else split_on, uow)
    return (yield [_steps(part, rule) for part in split(uow, values, rule.split_target_field)])


def _steps(uow: UnitOfWork, rule: S3Rule) -> Steps:
    uow = yield from _step(uow, "get", "to_get_request", rule, _get)
    uow = yield from _step(uow, "put", "to_s3", rule, PutObject)
    uow = yield from _step(uow, "copy", "to_copy_request", rule, CopyObject)
    # Last, and only once all the others have succeeded, so that a move loses nothing.
    return (yield from _step(uow, "delete", "to_delete_request", rule, DeleteObject))


def _step(uow: UnitOfWork, name: str, field: str, rule: S3Rule, make: _Make) -> Steps:
    function: UserFunction | None = getattr(rule, field)
    params = None if function is None else (yield from call(function, uow))
    if not params:
        return uow
    several = isinstance(params, list | tuple)
    responses = yield [_request(one, field, rule, make) for one in (params if several else [params])]
    asked, answered = (list(params), responses) if several else (params, responses[0])
    return uow.extend(**{f"{name}_request": asked, f"{name}_response": answered})


def _request(params: Any, field: str, rule: S3Rule, make: _Make) -> Request:
    if not isinstance(params, Mapping):
        raise TypeError(
            f"Rule {rule.id!r}: {field} returns what S3's API takes (a mapping), a list of that or None; "
            f"got a {type(params).__name__}."
        )
    bucket = params.get("Bucket") or rule.bucket_name
    return make(params, bucket_name=bucket, on_condition_failed=rule.on_condition_failed)


def _get(params: Mapping[str, Any], bucket_name: str | None, on_condition_failed: OnConditionFailed) -> Request:
    return GetObject(params, bucket_name=bucket_name)
