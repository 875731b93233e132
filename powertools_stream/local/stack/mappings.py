"""The event source mappings of a template, which are polled here instead of in the emulator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from powertools_stream.local.runtime.function import FunctionConfiguration
from powertools_stream.local.stack.deployment import LeftOut
from powertools_stream.local.stack.values import Values
from powertools_stream.templates import Template
from powertools_stream.templates.references import references

__all__ = ["MAPPING", "MappingConfiguration", "mapping_configuration_of"]

MAPPING = "AWS::Lambda::EventSourceMapping"


@dataclass(frozen=True)
class MappingConfiguration:
    """An event source mapping of the template.

    Parameters
    ----------
    logical_id
        Its logical id.
    properties
        Its properties, with intrinsic functions replaced. Numbers are numbers.
    function
        The logical id of its function.
    source
        The logical id of its source; None: the source is not in the template.
    """

    logical_id: str
    properties: Mapping[str, Any]
    function: str
    source: str | None

    def prefixed(self, prefix: str) -> MappingConfiguration:
        """Return it with logical ids that begin with this."""
        return replace(
            self,
            logical_id=prefix + self.logical_id,
            function=prefix + self.function,
            source=None if self.source is None else prefix + self.source,
        )


def mapping_configuration_of(
    template: Template,
    logical_id: str,
    resource: Mapping[str, Any],
    values: Values,
    functions: Mapping[str, FunctionConfiguration],
) -> MappingConfiguration | LeftOut:
    """Return what to poll, or why it cannot be polled.

    Parameters
    ----------
    template
        The template, after SAM's transform.
    logical_id, resource
        The mapping.
    values
        The values of the deployed stack.
    functions
        The functions that run here.
    """
    own = resource.get("Properties", {})
    properties = _numbers(values.of(own))
    function = _function_of(template, own.get("FunctionName"), properties.get("FunctionName"), functions)
    if function is None:
        return LeftOut(logical_id, MAPPING, "Its function is not in the template, or does not run here.")
    if "EventSourceArn" in own and "EventSourceArn" not in properties:
        return LeftOut(logical_id, MAPPING, "Its source does not exist here.")
    sources = [each for each in references(own.get("EventSourceArn")) if each in template.resources]
    return MappingConfiguration(logical_id, properties, function, next(iter(sources), None))


def _function_of(
    template: Template, written: Any, resolved: Any, functions: Mapping[str, FunctionConfiguration]
) -> str | None:
    named = list(references(written))
    # An alias or a version names its function.
    for logical_id in list(named):
        named += references(template.resources.get(logical_id, {}).get("Properties", {}).get("FunctionName"))
    name = str(resolved).rpartition(":function:")[2].partition(":")[0]
    by_name = [logical_id for logical_id, each in functions.items() if each.function_name == name]
    return next((each for each in (*named, *by_name) if each in functions), None)


def _numbers(value: Any) -> Any:
    """Convert what outputs have as text: a parameter for the batch size, for example."""
    if isinstance(value, dict):
        return {name: _numbers(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_numbers(each) for each in value]
    if isinstance(value, str) and value in ("true", "false"):
        return value == "true"
    return int(value) if isinstance(value, str) and value.lstrip("-").isdigit() else value
