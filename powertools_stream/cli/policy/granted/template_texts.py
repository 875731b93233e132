"""Writes values of a template as texts, so that two of them are equal if they mean the same."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from powertools_stream.templates import Template
from powertools_stream.templates.resolver import Resolver
from powertools_stream.templates.resource_types import RESOURCE_TYPES, ResourceType
from powertools_stream.templates.values import Reference, Text

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
        self._resolver = Resolver(template.document, stand_in=_stand_in)

    def text(self, value: Any) -> str:
        """Return a value as a text."""
        return self._text_of(self._resolver.resolve(value), value)

    def _text_of(self, resolved: Any, written: Any) -> str:
        if isinstance(resolved, Text):
            return "".join(self._text_of(part, written) for part in resolved.parts)
        if isinstance(resolved, Reference):
            return self._referred(resolved.logical_id, resolved.attribute)
        return resolved if isinstance(resolved, str) else _token(written)

    def _referred(self, name: str, attribute: str) -> str:
        known = self._type_of(name)
        if known is not None and attribute in (known.arn_attribute, *_ARNS):
            return self.text({"Fn::Sub": known.arn.replace("{name}", self._name(name))})
        if not attribute and self._resources.get(name, {}).get("Type") == "AWS::SQS::Queue":
            # A URL, which is no part of an ARN, though it is easily taken for the name.
            # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queue.html
            return f"https://sqs.{_REGION}.amazonaws.com/{_ACCOUNT}/{self._name(name)}"
        is_name = not attribute or (known is not None and attribute == known.name)
        return self._name(name) if is_name else f"<{name}.{attribute}>"

    def _name(self, name: str) -> str:
        known = self._type_of(name)
        properties = self._resources.get(name, {}).get("Properties") or {}
        own = properties.get(known.name) if known is not None and known.name else None
        return self.text(own) if own is not None else f"<{name}>"

    def _type_of(self, name: str) -> ResourceType | None:
        return RESOURCE_TYPES.get(self._resources.get(name, {}).get("Type", ""))


_ARNS = ("Arn", "TopicArn")


def _stand_in(function: Mapping[str, Any]) -> str:
    """Return what stands for what only the deployment says."""
    name = function.get("Ref")
    return _PSEUDO.get(name, f"<{name}>") if isinstance(name, str) else _token(function)


def _token(value: Any) -> str:
    return f"<{json.dumps(value, sort_keys=True, default=str)}>".replace(":", "…")


def readable(text: str) -> str:
    """Return a text as people read it: of an ARN in the own Region and account, what differs."""
    text = re.sub(r"<([A-Za-z0-9.]+)>", r"${\1}", re.sub(r"(:)<(region|account)>", r"\1", text))
    parts = text.split(":", 5)
    if len(parts) < 6:
        return text
    return ":".join([parts[2], *(part for part in parts[3:5] if part), parts[5]])
