"""What the role of a function is granted by its template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from powertools_stream.cli.policy.granted.template_texts import TemplateReader, readable
from powertools_stream.cli.status import CannotRunError
from powertools_stream.templates import Template
from powertools_stream.templates.managed_policies import EXECUTION_ROLES, FULL_ACCESS
from powertools_stream.templates.references import referred
from powertools_stream.templates.values import dig

__all__ = ["Grant", "Grants", "grants_of"]


@dataclass(frozen=True)
class Grant:
    """A statement of one of the role's policies.

    Parameters
    ----------
    actions, resources
        As they are written; resources may hold functions of CloudFormation.
    allows
        Whether it is an ``Allow``.
    except_actions, except_resources
        Whether it is for all but these: ``NotAction``, ``NotResource``.
    policy
        The name of the policy, for people.
    """

    actions: tuple[str, ...]
    resources: tuple[Any, ...]
    allows: bool = True
    except_actions: bool = False
    except_resources: bool = False
    policy: str = ""


@dataclass
class Grants:
    """What a role is granted.

    Parameters
    ----------
    grants
        The statements.
    unread
        The policies whose statements are not in the template.
    destinations
        Where Lambda sends what failed, in this role: queues, topics, buckets, functions and buses, as they are written.
    """

    grants: list[Grant] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    destinations: list[Any] = field(default_factory=list)


def grants_of(template: Template, logical_id: str) -> Grants:
    """Return what a function's role is granted, in a template as CloudFormation gets it.

    Raises
    ------
    CannotRunError
        The role is none of the template's.
    """
    found = Grants(destinations=list(_destinations(template, logical_id)))
    role_id = _role_of(template, logical_id)
    role = template.resources[role_id].get("Properties") or {}
    for policy in _chosen(role.get("Policies")):
        _add_document(found, policy.get("PolicyDocument"), _name(policy.get("PolicyName"), role_id))
    for address in _chosen(role.get("ManagedPolicyArns")):
        _add_managed(found, address, template)
    for name, resource in template.resources.items():
        if resource["Type"] in _ATTACHED and _is_attached(resource.get("Properties") or {}, role_id):
            _add_document(found, (resource.get("Properties") or {}).get("PolicyDocument"), name)
    return found


_ATTACHED = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy")


def _destinations(template: Template, logical_id: str) -> Iterator[Any]:
    """Yield where Lambda sends what failed, of event source mappings and of asynchronous invocations."""
    yield from _within(template.resources[logical_id], "DeadLetterConfig", "TargetArn")
    for resource in template.resources.values():
        properties = resource.get("Properties") or {}
        if resource["Type"] in _WITH_DESTINATIONS and referred(properties.get("FunctionName")) == logical_id:
            for outcome in ("OnFailure", "OnSuccess"):
                yield from _within(resource, "DestinationConfig", outcome, "Destination")


_WITH_DESTINATIONS = ("AWS::Lambda::EventSourceMapping", "AWS::Lambda::EventInvokeConfig")


def _within(resource: Mapping[str, Any], *names: str) -> Iterator[Any]:
    yield from _chosen(dig(resource, "Properties", *names))


def _role_of(template: Template, logical_id: str) -> str:
    role = (template.resources[logical_id].get("Properties") or {}).get("Role")
    name = referred(role)
    if name is not None and template.resources.get(name, {}).get("Type") == "AWS::IAM::Role":
        return name
    raise CannotRunError(
        f"Expected the role of {logical_id} to be in {template.path}, found {_shown(role)}. "
        "What it grants is decided elsewhere."
    )


def _is_attached(properties: Mapping[str, Any], role_id: str) -> bool:
    roles = properties.get("Roles") or [properties.get("RoleName")]
    return any(referred(role) == role_id for role in _chosen(roles))


def _add_managed(found: Grants, address: Any, template: Template) -> None:
    text = TemplateReader(template).text(address)
    name = text.rpartition("/")[2] if text.startswith("arn:") else text
    own = template.resources.get(referred(address) or "", {})
    if name in EXECUTION_ROLES:
        return
    if name in FULL_ACCESS:
        found.grants.append(Grant(FULL_ACCESS[name], ("*",), policy=name))
    elif own.get("Type") == "AWS::IAM::ManagedPolicy":
        _add_document(found, (own.get("Properties") or {}).get("PolicyDocument"), str(referred(address)))
    else:
        found.unread.append(readable(name))


def _add_document(found: Grants, document: Any, policy: str) -> None:
    statements = document.get("Statement") if isinstance(document, Mapping) else None
    if statements is None:
        found.unread.append(policy)
        return
    for statement in _chosen(statements):
        if isinstance(statement, Mapping):
            found.grants.append(_grant(statement, policy))


def _grant(statement: Mapping[str, Any], policy: str) -> Grant:
    return Grant(
        actions=tuple(str(one) for one in _chosen(statement.get("Action", statement.get("NotAction")))),
        resources=tuple(_chosen(statement.get("Resource", statement.get("NotResource")))),
        allows=statement.get("Effect") != "Deny",
        except_actions="NotAction" in statement,
        except_resources="NotResource" in statement,
        policy=policy,
    )


def _chosen(values: Any) -> Iterator[Any]:
    """Yield the values of a list, or a single one; of one that depends on a condition, both; of None, nothing."""
    for value in values if isinstance(values, list) else [values]:
        branches = value.get("Fn::If") if isinstance(value, Mapping) else None
        if isinstance(branches, list) and len(branches) == 3:
            yield from (one for branch in branches[1:] for one in _chosen(branch))
        elif value != {"Ref": "AWS::NoValue"} and value is not None:
            yield value


def _name(given: Any, role_id: str) -> str:
    return given if isinstance(given, str) else role_id


def _shown(value: Any) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value, default=str)
