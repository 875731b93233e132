"""The values that intrinsic functions have once a stack is deployed: they are asked as outputs of the stack.

CloudFormation resolves them, so that nothing here has to know how.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Set
from typing import Any

from powertools_stream.templates.references import imports, is_intrinsic, references

__all__ = ["ABSENT", "UNKNOWN", "Values"]

UNKNOWN = object()
"""The value of what refers to a resource that was left out."""

ABSENT = object()
"""The value of ``AWS::NoValue``."""

_NO_VALUE = {"Ref": "AWS::NoValue"}
_Guard = Callable[[Any], Any]


class Values:
    """Collects intrinsic functions as outputs of a stack, and replaces them by what the stack says."""

    def __init__(self) -> None:
        self._outputs: dict[str, Any] = {}
        self._names: dict[str, str] = {}
        self._values: Mapping[str, str] = {}

    def ask(self, value: Any, condition: str | None = None) -> None:
        """Add an output for every intrinsic function in a value, which exists under a condition of the template."""
        self._ask(value, _guard(condition, then=True) if condition else lambda output: output)
        if condition:
            self._add(_truth(condition), lambda output: output)

    def outputs(
        self, left_out: Set[str] = frozenset(), is_exported: Callable[[Any], bool] = lambda name: False
    ) -> dict[str, Any]:
        """Return the ``Outputs`` section, without what refers to resources that were left out, or does not exist.

        Parameters
        ----------
        left_out
            The logical ids of these resources.
        is_exported
            Tells whether another stack exports what has this name, which may be an intrinsic function.
        """
        return {
            name: {"Value": output}
            for name, output in self._outputs.items()
            if left_out.isdisjoint(references(output)) and all(map(is_exported, imports(output)))
        }

    def set(self, values: Mapping[str, str]) -> None:
        """Take the outputs of the deployed stack, by name."""
        self._values = values

    def of(self, value: Any) -> Any:
        """Return a value with its intrinsic functions replaced, by strings.

        Returns
        -------
        Any
            The value, `UNKNOWN` or `ABSENT`. Keys and items of these values are left out.
        """
        if is_intrinsic(value):
            return self._of_intrinsic(value)
        if isinstance(value, dict):
            return {name: known for name, each in value.items() if _is_known(known := self.of(each))}
        if isinstance(value, list):
            return [known for each in value if _is_known(known := self.of(each))]
        return value

    def holds(self, condition: str | None) -> bool:
        """Return whether a condition of the template is true."""
        return condition is None or self._known(_truth(condition)) == "true"

    def _ask(self, value: Any, guard: _Guard) -> None:
        if value == _NO_VALUE:
            return
        if is_intrinsic(value) and "Fn::If" in value:
            self._ask_if(value["Fn::If"], guard)
        elif is_intrinsic(value):
            self._add(value, guard)
        elif isinstance(value, (dict, list)):
            for each in value.values() if isinstance(value, dict) else value:
                self._ask(each, guard)

    def _ask_if(self, arguments: Any, guard: _Guard) -> None:
        condition, then, otherwise = arguments
        self._add(_truth(condition), lambda output: output)
        # What the other branch names may not exist.
        self._ask(then, lambda output: guard(_guard(condition, then=True)(output)))
        self._ask(otherwise, lambda output: guard(_guard(condition, then=False)(output)))

    def _add(self, value: Any, guard: _Guard) -> None:
        key = json.dumps(value, sort_keys=True)
        if key not in self._names:
            self._names[key] = f"Value{len(self._names)}"
            self._outputs[self._names[key]] = guard(value)

    def _of_intrinsic(self, value: Any) -> Any:
        if value == _NO_VALUE:
            return ABSENT
        if "Fn::If" in value:
            condition, then, otherwise = value["Fn::If"]
            return self.of(then if self.holds(condition) else otherwise)
        return self._known(value)

    def _known(self, value: Any) -> Any:
        return self._values.get(self._names[json.dumps(value, sort_keys=True)], UNKNOWN)


def _is_known(value: Any) -> bool:
    return value is not UNKNOWN and value is not ABSENT


def _truth(condition: str) -> dict[str, Any]:
    return {"Fn::If": [condition, "true", "false"]}


def _guard(condition: str, *, then: bool) -> _Guard:
    # An output must not be empty.
    return lambda output: {"Fn::If": [condition, output, "-"] if then else [condition, "-", output]}
