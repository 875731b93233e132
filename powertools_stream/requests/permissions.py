"""What the role of a function has to allow for a request; ``powertools-stream policy`` prints it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["Permission", "Place"]


class Place(NamedTuple):
    """What requests go to: a table, a bucket, a bus, ….

    Parameters
    ----------
    arn
        The ARN, as CloudFormation's ``Sub`` writes it, with ``{name}`` for the name; a name that is an ARN stands for
        itself. ``"*"``: the service takes no resource.
    field
        The argument of requests, and the field of rules, that names it; None: there is none.
    param
        The parameter of the service's API that names it; None: there is none.
    variables
        The environment variables that it defaults from, in the order in which they are tried.
    default
        The name if nothing gives one.
    condition
        The condition key that restricts the action to the name, where the service takes no resource.
    """

    arn: str
    field: str | None = None
    param: str | None = None
    variables: tuple[str, ...] = ()
    default: str | None = None
    condition: str | None = None


class Permission(NamedTuple):
    """An IAM action that a request takes.

    Parameters
    ----------
    action
        The action, which is not always named like the operation: ``"sqs:SendMessage"``.
    place
        Where it takes it; None: anywhere.
    part
        What follows the ARN of the place: ``"/*"``, the objects in a bucket.
    if_plain
        Whether a write takes it that is nothing but the item or its key, so that it may share a call.
    if_more
        Whether a write takes it that has a condition, or anything else besides.
    condition
        Further condition keys with their values, compared with ``StringEquals``.
    """

    action: str
    place: Place | None = None
    part: str = ""
    if_plain: bool = True
    if_more: bool = True
    condition: Mapping[str, str] | None = None
