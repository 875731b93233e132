"""Resolves the intrinsic functions of a template, as far as it says itself what they return."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from powertools_stream.templates.values import UNKNOWN, Reference, Text

__all__ = ["Resolver"]

_NO_VALUE = Reference("AWS::NoValue")
_VARIABLE = re.compile(r"\$\{(!?[^}]*)\}")


@dataclass(frozen=True)
class Resolver:
    """Resolves values under one set of conditions.

    Parameters
    ----------
    document
        The template.
    conditions
        Which conditions are true. What depends on others cannot be told.
    stand_in
        Is called with an intrinsic function whose value cannot be told, and returns what stands for it.
    """

    document: Mapping[str, Any]
    conditions: Mapping[str, bool] = field(default_factory=dict)
    stand_in: Callable[[Mapping[str, Any]], Any] = lambda function: UNKNOWN

    def resolve(self, value: Any) -> Any:
        """Return a value without intrinsic functions, with `Reference`, `Text` and `UNKNOWN` in their places."""
        if isinstance(value, Mapping):
            name = _function_name(value)
            return self._called(name, value[name]) if name else self._mapping(value)
        if isinstance(value, (list, tuple)):
            return [item for item in map(self.resolve, value) if item != _NO_VALUE]
        # CloudFormation asks for these when it deploys.
        return UNKNOWN if isinstance(value, str) and "{{resolve:" in value else value

    def _mapping(self, value: Mapping[str, Any]) -> Any:
        if "Fn::Transform" in value:
            return UNKNOWN  # a macro may add anything
        items = ((name, self.resolve(item)) for name, item in value.items())
        return {str(name): item for name, item in items if item != _NO_VALUE}

    def _called(self, name: str, argument: Any) -> Any:
        function = {
            "Ref": self._ref,
            "Fn::GetAtt": self._attribute,
            "Fn::If": self._chosen,
            "Fn::Sub": self._substituted,
            "Fn::Join": self._joined,
            "Fn::FindInMap": self._found,
        }.get(name)
        value = function(argument) if function else UNKNOWN
        return self.stand_in({name: argument}) if value is UNKNOWN else value

    def _ref(self, name: Any) -> Any:
        if not isinstance(name, str) or (name.startswith("AWS::") and name != _NO_VALUE.logical_id):
            return UNKNOWN
        parameters = self.document.get("Parameters")
        if isinstance(parameters, Mapping) and name in parameters:
            return self._default(parameters[name])
        return Reference(str(name))

    def _default(self, parameter: Any) -> Any:
        """Return what a parameter is unless somebody says otherwise. Those of SSM hold the name of their value."""
        declared = parameter if isinstance(parameter, Mapping) else {}
        if "Default" not in declared or str(declared.get("Type")).startswith("AWS::SSM::"):
            return UNKNOWN
        default = declared["Default"]
        is_list = declared.get("Type") == "CommaDelimitedList" and isinstance(default, str)
        return [item.strip() for item in default.split(",")] if is_list else default

    def _attribute(self, argument: Any) -> Any:
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        if isinstance(parts, list) and len(parts) == 2 and all(isinstance(part, str) for part in parts):
            return Reference(str(parts[0]), str(parts[1]))
        return UNKNOWN

    def _chosen(self, argument: Any) -> Any:
        name = argument[0] if isinstance(argument, list) and len(argument) == 3 else None
        if not isinstance(name, str) or name not in self.conditions:
            return UNKNOWN
        return self.resolve(argument[1] if self.conditions[name] else argument[2])

    def _substituted(self, argument: Any) -> Any:
        text, variables = argument if isinstance(argument, list) and len(argument) == 2 else (argument, {})
        if not isinstance(text, str) or not isinstance(variables, Mapping):
            return UNKNOWN
        return _text(self._parts_of(text, variables))

    def _parts_of(self, text: str, variables: Mapping[str, Any]) -> Iterator[Any]:
        for position, part in enumerate(_VARIABLE.split(text)):
            if position % 2 == 0:
                yield part
            elif part.startswith("!"):
                yield f"${{{part[1:]}}}"
            else:
                yield self._variable(part.strip(), variables)

    def _variable(self, name: str, variables: Mapping[str, Any]) -> Any:
        if name in variables:
            return self.resolve(variables[name])
        return self._called("Fn::GetAtt" if "." in name else "Ref", name)

    def _joined(self, argument: Any) -> Any:
        if not isinstance(argument, list) or len(argument) != 2:
            return UNKNOWN
        between, items = argument[0], self.resolve(argument[1])
        if not isinstance(between, str) or not isinstance(items, list):
            return UNKNOWN
        return _text(_with(between, items))

    def _found(self, argument: Any) -> Any:
        names = self.resolve(argument)
        found: Any = self.document.get("Mappings")
        for name in names if isinstance(names, list) and len(names) == 3 else [UNKNOWN]:
            if not isinstance(found, Mapping) or not isinstance(name, (str, int)) or name not in found:
                return UNKNOWN
            found = found[name]
        return found


def _function_name(value: Mapping[str, Any]) -> str:
    if len(value) != 1:
        return ""
    name = str(next(iter(value)))
    return name if name == "Ref" or name.startswith("Fn::") else ""


def _with(between: str, items: list[Any]) -> Iterator[Any]:
    for position, item in enumerate(items):
        if position:
            yield between
        yield item


def _text(parts: Iterator[Any]) -> Any:
    """Return a string if all parts are known, the only part if there is no other, else a `Text`."""
    flat = [one for part in parts for one in (part.parts if isinstance(part, Text) else [part]) if one != ""]
    if all(isinstance(part, (str, int, float)) for part in flat):
        return "".join(map(str, flat))
    known = tuple(part if isinstance(part, (str, Reference)) else _text_of(part) for part in flat)
    return known[0] if len(known) == 1 else Text(known)


def _text_of(part: Any) -> Any:
    return str(part) if isinstance(part, (int, float)) else UNKNOWN
