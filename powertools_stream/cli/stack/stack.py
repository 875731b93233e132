"""A template as CloudFormation would deploy it, for each set of conditions that can be true together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from cfnlint.template.transforms._sam_globals import merge_globals

from powertools_stream.templates import Template
from powertools_stream.templates.resolver import Resolver
from powertools_stream.templates.resource_types import RESOURCE_TYPES
from powertools_stream.templates.values import UNKNOWN, Reference, pattern_of

__all__ = ["Resource", "Stack", "stack_of", "stacks_of"]

_LOOPS = "AWS::LanguageExtensions"

_MAX_SCENARIOS = 64
"""Six conditions. What depends on conditions of a template that has more cannot be told."""


@dataclass(frozen=True)
class Resource:
    """A resource, its intrinsic functions resolved.

    Parameters
    ----------
    logical_id, type
        As the template says.
    properties
        Its properties.
    metadata
        Its metadata.
    """

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    metadata: Mapping[str, Any]

    @property
    def path(self) -> list[str | int]:
        """Where it is in the template."""
        return ["Resources", self.logical_id]

    @property
    def name(self) -> Any:
        """The name that the template gives it: None if CloudFormation makes one up."""
        known = RESOURCE_TYPES.get(self.type)
        return self.properties.get(known.name) if known is not None and known.name else None


@dataclass(frozen=True)
class Stack:
    """The resources that are deployed under one set of conditions, but for those of which nothing can be told.

    Parameters
    ----------
    document
        The template.
    resolver
        Resolves its values.
    directory
        Where the template is, and the code that it names; None if that is not known.
    path
        The template's own file; None if that is not known.
    """

    document: Mapping[str, Any]
    resolver: Resolver
    directory: Path | None
    path: Path | None = None

    @cached_property
    def resources(self) -> Mapping[str, Resource]:
        """The resources, by logical id."""
        written = self.document.get("Resources")
        found = (self._resource(*item) for item in (written if isinstance(written, Mapping) else {}).items())
        return {resource.logical_id: resource for resource in found if resource is not None}

    def of_type(self, *types: str) -> list[Resource]:
        """Return the resources of some types."""
        return [resource for resource in self.resources.values() if resource.type in types]

    def named(self, value: Any, *types: str) -> Resource | None:
        """Return the resource of one of these types that a value names: by reference, by name or by its ARN."""
        if isinstance(value, Reference):
            resource = self.resources.get(value.logical_id)
            return resource if resource is not None and resource.type in types else None
        name = pattern_of(value).replace("/", ":").rpartition(":")[2]
        return next((each for each in self.of_type(*types) if "*" not in name and each.name == name), None)

    def _resource(self, logical_id: str, written: Any) -> Resource | None:
        if not isinstance(written, Mapping) or not self._is_made(written.get("Condition")):
            return None
        properties = self.resolver.resolve(written.get("Properties") or {})
        if not isinstance(properties, Mapping):
            return None
        metadata = self.resolver.resolve(written.get("Metadata"))
        return Resource(
            str(logical_id), str(written.get("Type")), properties, metadata if isinstance(metadata, Mapping) else {}
        )

    def _is_made(self, condition: Any) -> bool:
        return not isinstance(condition, str) or self.resolver.conditions.get(condition, True)


@lru_cache(maxsize=4)
def stacks_of(cfn: Any) -> list[Stack]:
    """Return the stacks that a template may become.

    Parameters
    ----------
    cfn
        cfn-lint's template, SAM's ``Globals`` merged into its functions.
    """
    directory = Path(cfn.filename).parent if cfn.filename else None
    document = _with_globals(cfn.template)
    return [Stack(document, Resolver(document, scenario), directory) for scenario in _scenarios(cfn)]


def stack_of(template: Template) -> Stack:
    """Return the stack that a template becomes with the defaults of its parameters, if all its conditions are true."""
    document = _merged(template.document) if template.is_sam else template.document
    parameters = document.get("Parameters") or {}

    def default(function: Mapping[str, Any]) -> Any:
        parameter = parameters.get(str(function.get("Ref"))) or {}
        return parameter.get("Default", UNKNOWN)

    return Stack(document, Resolver(document, stand_in=default), template.path.parent, template.path.resolve())


def _with_globals(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a template in which SAM's ``Globals`` are merged into what ``Fn::ForEach`` has made, too.

    cfn-lint merges them before it writes out loops. A list that it has merged already has its items twice then.
    """
    transforms, resources = document.get("Transform"), document.get("Resources")
    if not isinstance(transforms, list) or _LOOPS not in transforms or not isinstance(resources, Mapping):
        return document
    return _merged(document)


def _merged(document: Mapping[str, Any]) -> Mapping[str, Any]:
    resources = document["Resources"].items()
    copies = {name: dict(each) if isinstance(each, Mapping) else each for name, each in resources}
    merged: Mapping[str, Any] = merge_globals({**document, "Resources": copies})
    return merged


def _scenarios(cfn: Any) -> list[Mapping[str, bool]]:
    declared = cfn.template.get("Conditions")
    resources = cfn.template.get("Resources")
    used = set(_conditions(resources)) & set(declared if isinstance(declared, Mapping) else ())
    if not used or 2 ** len(used) > _MAX_SCENARIOS:
        return [{}]
    scenarios = cfn.conditions.build_scenarios({name: {True, False} for name in sorted(used)})
    return list(islice(scenarios, _MAX_SCENARIOS)) or [{}]


def _conditions(value: Any) -> Iterator[str]:
    """Yield the names of the conditions that resources depend on."""
    if isinstance(value, Mapping):
        chosen = value.get("Fn::If")
        named = [value.get("Condition"), chosen[0] if isinstance(chosen, list) and chosen else None]
        yield from (str(name) for name in named if isinstance(name, str))
    for part in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        yield from _conditions(part)
