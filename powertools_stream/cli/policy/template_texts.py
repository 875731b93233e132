"""Writes values of a template as texts, so that two of them are equal if they mean the same."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from powertools_stream.cli.policy.resources import KINDS
from powertools_stream.templates import Template

__all__ = ["TemplateReader", "readable"]

_REGION, _ACCOUNT = "<region>", "<account>"
_PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::Region": _REGION,
    "AWS::AccountId": _ACCOUNT,
    "AWS::URLSuffix": "amazonaws.com",
}


class TemplateReader:
    """Writes values of a template as texts, so that two of them are equal if they mean the same."""

    def __init__(self, template: Template) -> None:
        self._resources = template.resources
        self._parameters: Mapping[str, Any] = template.document.get("Parameters") or {}

    def text(self, value: Any) -> str:
        """Return a value as a text."""
        if not isinstance(value, Mapping) or len(value) != 1:
            return value if isinstance(value, str) else _token(value)
        ((function, argument),) = value.items()
        if function == "Ref":
            return self._ref(str(argument))
        if function == "Fn::GetAtt":
            return self._attribute(*(argument.split(".", 1) if isinstance(argument, str) else map(str, argument)))
        if function == "Fn::Sub":
            return self._substituted(*(argument if isinstance(argument, list) else [argument, {}]))
        if function == "Fn::Join" and isinstance(argument, list) and isinstance(argument[1], list):
            return str(argument[0]).join(map(self.text, argument[1]))
        return _token(value)

    def _ref(self, name: str) -> str:
        if name in _PSEUDO:
            return _PSEUDO[name]
        if name in self._parameters:
            default = self._parameters[name].get("Default")
            return default if isinstance(default, str) and default else f"<{name}>"
        resource_type = self._resources.get(name, {}).get("Type", "")
        if resource_type == "AWS::SQS::Queue":
            # A URL, which is no part of an ARN, though it is easily taken for the name.
            # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queue.html
            return f"https://sqs.{_REGION}.amazonaws.com/{_ACCOUNT}/{self._name(name)}"
        kind = KINDS.get(resource_type)
        return self._arn(name) if kind is not None and kind.arn_attribute == "" else self._name(name)

    def _attribute(self, name: str, attribute: str) -> str:
        kind = KINDS.get(self._resources.get(name, {}).get("Type", ""))
        is_arn = kind is not None and attribute in (kind.arn_attribute, "Arn", "TopicArn")
        if kind is not None and attribute == kind.name:
            return self._name(name)
        return self._arn(name) if is_arn else f"<{name}.{attribute}>"

    def _arn(self, name: str) -> str:
        kind = KINDS[self._resources[name]["Type"]]
        return self._substituted(kind.arn.replace("{name}", self._name(name)), {})

    def _name(self, name: str) -> str:
        resource = self._resources.get(name, {})
        kind = KINDS.get(resource.get("Type", ""))
        own = (resource.get("Properties") or {}).get(kind.name) if kind is not None and kind.name else None
        return self.text(own) if own is not None else f"<{name}>"

    def _substituted(self, text: str, values: Mapping[str, Any]) -> str:
        def put(found: re.Match[str]) -> str:
            name = found[1]
            if name in values:
                return self.text(values[name])
            return self._attribute(*name.split(".", 1)) if "." in name else self._ref(name)

        return re.sub(r"\$\{([^!}]+)\}", put, text)


def _token(value: Any) -> str:
    return f"<{json.dumps(value, sort_keys=True, default=str)}>".replace(":", "…")


def readable(text: str) -> str:
    """Return a text as people read it: of an ARN in the own Region and account, what differs."""
    text = re.sub(r"<([A-Za-z0-9.]+)>", r"${\1}", re.sub(r"(:)<(region|account)>", r"\1", text))
    parts = text.split(":", 5)
    if len(parts) < 6:
        return text
    return ":".join([parts[2], *(part for part in parts[3:5] if part), parts[5]])
