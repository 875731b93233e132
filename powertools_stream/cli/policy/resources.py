"""From the name of a place to its ARN, as a template writes it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from powertools_stream.cli.needs.names import Name
from powertools_stream.cli.needs.need import Need
from powertools_stream.requests import Place
from powertools_stream.requests.kms import KEY
from powertools_stream.requests.opensearch import DOMAIN
from powertools_stream.requests.parameters import PARAMETER
from powertools_stream.requests.sqs import QUEUE
from powertools_stream.templates.resource_types import RESOURCE_TYPES

__all__ = ["Resolved", "Surroundings", "Text", "resolve"]


@dataclass(frozen=True)
class Text:
    """A text with references, as ``Fn::Sub`` takes it.

    Parameters
    ----------
    text
        ``"${Table.Arn}/index/DataIndex"``.
    values
        What the names in it stand for that are none of the template's, as JSON.
    """

    text: str
    values: tuple[tuple[str, str], ...] = ()

    def with_part(self, part: str) -> Text:
        """Return the text with something after it."""
        return Text(self.text + part, self.values)

    @property
    def document(self) -> Any:
        """The value in JSON, in its shortest form."""
        if "${" not in self.text:
            return self.text
        if self.values:
            return {"Fn::Sub": [self.text, {name: json.loads(value) for name, value in self.values}]}
        if (found := re.fullmatch(r"\$\{([A-Za-z0-9]+)(?:\.([A-Za-z0-9.]+))?\}", self.text)) is None:
            return {"Fn::Sub": self.text}
        logical_id, attribute = found.groups()
        return {"Fn::GetAtt": [logical_id, attribute]} if attribute else {"Ref": logical_id}

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Surroundings:
    """Where the function runs: a template and its variables; by default nothing is known of it.

    Parameters
    ----------
    variables
        The function's environment variables, with their values as the template has them; None: there is no template.
    types
        The types of the template's resources, by logical id.
    keys
        The keys of KMS that the template's aliases stand for, both by logical id.
    """

    variables: Mapping[str, Any] | None = None
    types: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)

    def value_of(self, variables: tuple[str, ...]) -> Any:
        """Return what the first of the variables holds that is set; None: none is."""
        if self.variables is None:
            return None
        return next((self.variables[name] for name in variables if self.variables.get(name)), None)


@dataclass(frozen=True)
class Resolved:
    """A statement's content for one need.

    Parameters
    ----------
    action
        The action.
    resource
        On what.
    condition
        The condition, as JSON; empty: there is none.
    need
        What it is for.
    problem
        What is not known of it, a sentence; empty: nothing.
    is_unset
        Whether nothing says on what, so that nothing can grant it.
    """

    action: str
    resource: Text
    condition: str
    need: Need
    problem: str = ""
    is_unset: bool = False

    @property
    def is_by_alias(self) -> bool:
        """Whether it is for a key that is known by its alias only."""
        return "kms:ResourceAliases" in self.condition


def resolve(need: Need, surroundings: Surroundings) -> Resolved | None:
    """Return what a statement says for a need; None: nothing is needed, as nothing is set."""
    permission, place = need.permission, need.permission.place
    conditions: dict[str, Any] = {}
    if permission.condition:
        conditions["StringEquals"] = dict(permission.condition)
    if place is None:
        return Resolved(permission.action, Text("*"), _json(conditions), need)
    value, problem = _value_of(need.name, place, surroundings)
    if value is None and need.is_optional:
        return None
    name = _text_of(value)
    if (key := surroundings.keys.get(_referred(name) or "")) is not None:
        name = Text(f"${{{key}.Arn}}")
    if place.condition:
        operator, wanted = _compared(place, name, surroundings)
        conditions[operator] = {place.condition: wanted}
        return Resolved(permission.action, Text("*"), _json(conditions), need, problem, value is None)
    if place is KEY and _is_alias(value, name, surroundings):
        # A statement cannot name an alias as its resource.
        # https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
        conditions["ForAnyValue:StringEquals"] = {"kms:ResourceAliases": name.document}
        name = Text("*")
    action, arn = permission.action, _arn_of(value, name, place, surroundings)
    if place is DOMAIN and ":aoss:" in _shape(value, arn, surroundings):
        # https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-data-access.html
        return Resolved("aoss:APIAccessAll", arn, "", need, problem)
    if need.region is not None:
        arn = Text(arn.text.replace("${AWS::Region}", need.region), arn.values)
    return Resolved(action, arn.with_part(need.part), _json(conditions), need, problem, value is None)


def _json(conditions: Mapping[str, Any]) -> str:
    return json.dumps(conditions, sort_keys=True) if conditions else ""


def _value_of(name: Name, place: Place, surroundings: Surroundings) -> tuple[Any, str]:
    """Return the name as a template has it, and what is not known of it."""
    if (read := re.fullmatch(r"\$\{(\w+)\}", name.text or "")) is not None:
        name = Name(variables=(read[1],))  # what an environment variable holds that was not set on import
    if name.variables and (value := surroundings.value_of(name.variables)) is not None:
        return value, ""
    if name.text is not None:
        return name.text, ""
    if not name.variables:
        return "*", f"which {_noun(place)} it is, only the record says: narrow it down"
    if surroundings.variables is None:
        return {"Fn::Sub": f"${{{_placeholder(name.usual or name.variables[0])}}}"}, ""
    return None, f"{' or '.join(name.variables)} is not set in the function's Environment"


def _placeholder(variable: str) -> str:
    """Return what stands for the name of a resource whose variable holds it in another form."""
    return re.sub(r"_(URL|HOST)$", "_NAME", variable)


def _noun(place: Place) -> str:
    # "arn:…:dynamodb:…:table/{name}" → table
    words = re.findall(r"([a-z-]+)[/:]\{name\}", place.arn)
    return words[-1] if words else {"sqs": "queue", "sns": "topic", "s3": "bucket"}.get(_service(place.arn), "name")


def _service(arn: str) -> str:
    return arn.split(":")[4] if arn.startswith("arn:${AWS::") else arn


def _text_of(value: Any) -> Text:
    """Return the name, or what stands for it, as a text."""
    if value is None:
        return Text("*")
    if isinstance(value, str):
        return Text(value)
    if isinstance(value, Mapping) and len(value) == 1:
        ((function, argument),) = value.items()
        if function == "Ref":
            return Text(f"${{{argument}}}")
        if function == "Fn::GetAtt":
            return Text(f"${{{argument if isinstance(argument, str) else '.'.join(argument)}}}")
        if function == "Fn::Sub" and isinstance(argument, str):
            return Text(argument)
    return Text("${Name}", (("Name", json.dumps(value, sort_keys=True, default=str)),))


def _referred(text: Text) -> str | None:
    """Return the logical id of the one resource that a text refers to, and is nothing but."""
    found = re.fullmatch(r"\$\{([A-Za-z0-9]+)(?:\.[A-Za-z0-9.]+)?\}", text.text)
    return found[1] if found and not text.values else None


def _arn_of(value: Any, name: Text, place: Place, surroundings: Surroundings) -> Text:
    referred = _referred(name)
    kind = RESOURCE_TYPES.get(surroundings.types.get(referred or "", ""))
    if referred is not None and kind is not None:
        is_place = kind.arn == place.arn or (place is DOMAIN and ":aoss:" in kind.arn)
        if is_place and kind.arn_attribute is not None:
            return Text(f"${{{referred}.{kind.arn_attribute}}}" if kind.arn_attribute else f"${{{referred}}}")
        if kind.arn == place.arn:
            # A name that begins with a slash would have two of them; whoever gives it one sees it.
            return Text(place.arn.replace("{name}", f"${{{referred}}}"))
    if name.text.startswith("arn:") or name.text.endswith("_ARN}"):
        return name
    return Text(place.arn.replace("{name}", _bare(name.text, place)), name.values)


def _bare(name: str, place: Place) -> str:
    """Return the name as the ARN has it."""
    if place is QUEUE:
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html
        return name.rpartition("/")[2]
    if place is PARAMETER:
        return name.lstrip("/").partition(":")[0]
    if place is DOMAIN and (host := re.match(r"(?:https?://)?(?:search|vpc)-(.+?)-[a-z0-9]{20,}\.", name)):
        return host[1]
    return name


def _shape(value: Any, arn: Text, surroundings: Surroundings) -> str:
    """Return the form of the ARN of a resource that the template has; else the ARN itself."""
    kind = RESOURCE_TYPES.get(surroundings.types.get(_referred(arn) or "", ""))
    return kind.arn if kind is not None else arn.text


def _is_alias(value: Any, name: Text, surroundings: Surroundings) -> bool:
    kind = surroundings.types.get(_referred(name) or "", "")
    if kind:
        return kind == "AWS::KMS::Alias"
    return name.text.startswith("alias/") or name.text == "${MASTER_KEY_ALIAS}"


def _compared(place: Place, name: Text, surroundings: Surroundings) -> tuple[str, Any]:
    """Return the operator and the value of the condition that restricts an action to a name."""
    if place.condition != "lambda:FunctionArn":
        return "StringEquals", name.document
    kind = RESOURCE_TYPES["AWS::Lambda::Function"]
    if surroundings.types.get(_referred(name) or "", "").endswith("::Function"):
        return "ArnEquals", {"Fn::GetAtt": [_referred(name), "Arn"]}
    if name.text.startswith("arn:"):
        return "ArnEquals", name.document
    # In whichever Region the function is.
    arn = kind.arn.replace("${AWS::Region}", "*").replace("{name}", name.text)
    return "ArnLike", Text(arn, name.values).document
