"""Compares what rules need with what a role is granted, as IAM would."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from powertools_stream.cli.policy.granted.grants import Grant, Grants
from powertools_stream.cli.policy.granted.template_texts import TemplateReader, readable
from powertools_stream.cli.policy.resources import Resolved
from powertools_stream.templates import Template

__all__ = ["Comparison", "Missing", "Superfluous", "compared"]


@dataclass(frozen=True)
class Missing:
    """A need that is not granted.

    Parameters
    ----------
    action, resource
        What is missing, the latter for people.
    reasons
        What needs it.
    problem
        Why nothing can grant it, or what forbids it; empty: it is simply not there.
    """

    action: str
    resource: str
    reasons: tuple[str, ...]
    problem: str = ""


@dataclass(frozen=True)
class Superfluous:
    """What a statement grants, and no rule needs.

    Parameters
    ----------
    actions, resources
        As they are written, the latter for people.
    policy
        The policy that grants it.
    needed
        What of it is needed, where it is too wide; empty: nothing of it.
    """

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    policy: str
    needed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """What differs."""

    missing: tuple[Missing, ...]
    superfluous: tuple[Superfluous, ...]


def compared(needs: Sequence[Resolved], granted: Grants, template: Template) -> Comparison:
    """Return what differs.

    Parameters
    ----------
    needs
        What is needed in the function's own role.
    granted
        What the role is granted.
    template
        The template as CloudFormation gets it.
    """
    reader = TemplateReader(template)
    grants = [_Readable(grant, reader) for grant in granted.grants]
    wanted = [(one, _ANY_KEY if one.is_by_alias else reader.text(one.resource.document)) for one in needs]
    sent = [one for place in granted.destinations for one in _sends_to(reader.text(place))]
    return Comparison(tuple(_missing(wanted, grants)), tuple(_superfluous(wanted, grants, sent)))


def _missing(wanted: Iterable[tuple[Resolved, str]], grants: Sequence[_Readable]) -> list[Missing]:
    found: dict[tuple[str, str, str], list[str]] = {}
    for one, resource in wanted:
        if (problem := _problem(one, resource, grants)) is not None:
            found.setdefault((one.action, _shown(one, resource), problem), []).append(one.need.reason)
    return [Missing(*key[:2], tuple(dict.fromkeys(reasons)), key[2]) for key, reasons in sorted(found.items())]


def _problem(one: Resolved, resource: str, grants: Sequence[_Readable]) -> str | None:
    """Return why something is not allowed; None: it is."""
    if one.is_unset:
        return one.problem
    about = [each.grant for each in grants if each.covers(one.action, resource)]
    if forbidding := [grant.policy for grant in about if not grant.allows]:
        return f"{forbidding[0]} denies it"
    return None if about else ""


def _shown(one: Resolved, resource: str) -> str:
    return "" if one.is_unset else readable(one.resource.text if resource == _ANY_KEY else resource)


def _superfluous(
    wanted: Sequence[tuple[Resolved, str]], grants: Iterable[_Readable], sent: Sequence[tuple[str, str]]
) -> list[Superfluous]:
    found = []
    for each in grants:
        if not each.grant.allows or each.grant.except_actions:
            continue
        by_needed: dict[tuple[str, ...], list[str]] = {}
        for action in each.grant.actions:
            needed = {one.action for one, resource in wanted if each.covers_by(action, one.action, resource)}
            needed |= {used for used, resource in sent if each.covers_by(action, used, resource)}
            if not _is_for_lambda(action) and (not needed or _is_too_wide(action, each, needed)):
                by_needed.setdefault(tuple(sorted(needed)), []).append(action)
        resources = tuple(map(readable, each.resources))
        found += [
            Superfluous(tuple(actions), resources, each.grant.policy, needed) for needed, actions in by_needed.items()
        ]
    return found


def _sends_to(destination: str) -> Iterator[tuple[str, str]]:
    """Yield what Lambda needs, in the function's role, to send there what failed, and on what."""
    # https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
    # https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    service = destination.split(":")[2] if destination.startswith("arn:") else ""
    if service == "s3":
        yield from (("s3:PutObject", f"{destination}/*"), ("s3:ListBucket", destination))
    elif service in _SENDING:
        yield _SENDING[service], destination


_SENDING = {
    "events": "events:PutEvents",
    "lambda": "lambda:InvokeFunction",
    "sns": "sns:Publish",
    "sqs": "sqs:SendMessage",
}

# What Lambda does in the function's role, and not the function's code.
_FOR_LAMBDA = re.compile(
    r"(logs|xray|ec2|kafka|kafka-cluster):.*"
    r"|sqs:(ReceiveMessage|GetQueueAttributes|(DeleteMessage|ChangeMessageVisibility)(Batch)?)"
    r"|kinesis:(Describe\w+|GetRecords|GetShardIterator|ListShards|ListStreams|SubscribeToShard)"
    r"|dynamodb:(DescribeStream|GetRecords|GetShardIterator|ListStreams)",
    re.IGNORECASE,
)


def _is_for_lambda(action: str) -> bool:
    return _FOR_LAMBDA.fullmatch(action) is not None


def _is_too_wide(action: str, each: _Readable, needed: Iterable[str]) -> bool:
    """Tell whether a grant is for more actions than one, or for all resources though these actions take some."""
    is_wide = "*" in action and action.lower() != _SEND_MESSAGE
    return is_wide or ("*" in each.resources and not _TAKE_NO_RESOURCE.issuperset(needed))


# Of SAM's policy template. There is but one such action.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html
_SEND_MESSAGE = "sqs:sendmessage*"

_TAKE_NO_RESOURCE = frozenset(
    {"cloudwatch:PutMetricData", "lambda:CreateEventSourceMapping", "lambda:ListEventSourceMappings"}
)


class _Readable:
    """A grant whose resources can be compared."""

    def __init__(self, grant: Grant, reader: TemplateReader) -> None:
        self.grant = grant
        self.resources = tuple(map(reader.text, grant.resources))

    @cached_property
    def _actions(self) -> list[re.Pattern[str]]:
        return [_pattern(action, re.IGNORECASE) for action in self.grant.actions]

    def covers(self, action: str, resource: str) -> bool:
        """Tell whether the statement is for this action on this resource."""
        named = any(pattern.fullmatch(action) for pattern in self._actions)
        return named is not self.grant.except_actions and self._is_on(resource)

    def covers_by(self, granted: str, action: str, resource: str) -> bool:
        """Tell whether one of its actions is for this action on this resource."""
        return _pattern(granted, re.IGNORECASE).fullmatch(action) is not None and self._is_on(resource)

    def _is_on(self, resource: str) -> bool:
        if resource == _ANY_KEY:
            return any(pattern == "*" or ":kms:" in pattern for pattern in self.resources)
        named = any(_matches(pattern, resource) for pattern in self.resources)
        return named is not self.grant.except_resources


_ANY_KEY = "arn:aws:kms:<region>:<account>:<key>"
"""A key that is known by its alias only: which grant is for it cannot be told, so that any for a key counts."""


# -- ARNs --------------------------------------------------------------------------------------------------------------


def _pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """Return what a text with IAM's wildcards matches."""
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    parts = (".*" if part == "*" else "." if part == "?" else re.escape(part) for part in re.split(r"([*?])", text))
    return re.compile("".join(parts), flags | re.DOTALL)


def _matches(pattern: str, resource: str) -> bool:
    """Tell whether a pattern of a statement is for a resource, which may have wildcards itself.

    A Region or an account that the template takes from where it is deployed is taken for any that is written out.
    """
    ours, theirs = resource.split(":", 5), pattern.split(":", 5)
    if len(ours) < 6 or len(theirs) < 6:
        return _pattern(pattern).fullmatch(resource) is not None
    for place in (3, 4):
        if ours[place].startswith("<") or theirs[place].startswith("<"):
            ours[place] = theirs[place] = ""
    return all(_pattern(theirs[place]).fullmatch(ours[place]) for place in (0, 2, 3, 4, 5))
