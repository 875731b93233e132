"""A template on this machine: its resources in an emulator, its functions and event source mappings for us to run."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from powertools_stream.local.emulator import Emulator
from powertools_stream.local.runtime.function import FunctionConfiguration
from powertools_stream.local.stack.deployment import Deployed, LeftOut, deploy
from powertools_stream.local.stack.functions import FUNCTION, code_of, forwarder, layers_of
from powertools_stream.local.stack.references import references
from powertools_stream.local.stack.values import UNKNOWN, Values
from powertools_stream.templates import Template, TemplateError, transformed

__all__ = ["MappingConfiguration", "Stack", "deploy_template"]

_MAPPING = "AWS::Lambda::EventSourceMapping"
_LAYER = "AWS::Lambda::LayerVersion"

# Kept on a real deletion, they would be in the way of the next attempt.
_POLICIES = ("DeletionPolicy", "UpdateReplacePolicy")

# The default of Lambda, and of what a small machine can do at a time.
_DEFAULT_TIMEOUT = 3.0
_DEFAULT_MEMORY = 128
_MOST_PROCESSES = max(2, min(10, os.cpu_count() or 2))


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


@dataclass(frozen=True)
class Stack:
    """A deployed template.

    Parameters
    ----------
    name
        The stack's name.
    functions
        What to run, by logical id.
    mappings
        What to poll, by logical id.
    physical_ids, types
        The physical ids and types of the resources, by logical id.
    left_out
        What does not exist here.
    """

    name: str
    functions: Mapping[str, FunctionConfiguration]
    mappings: Mapping[str, MappingConfiguration]
    physical_ids: Mapping[str, str]
    types: Mapping[str, str]
    left_out: tuple[LeftOut, ...]

    def of_type(self, *types: str) -> list[str]:
        """Return the logical ids of the resources of these types."""
        return [logical_id for logical_id, each in self.types.items() if each in types]


def deploy_template(
    template: Template,
    emulator: Emulator,
    *,
    forward_url: str,
    parameters: Mapping[str, str] | None = None,
    name: str = "local",
) -> Stack:
    """Deploy a template into an emulator.

    Parameters
    ----------
    template
        The template, of SAM or CloudFormation.
    emulator
        The emulator.
    forward_url
        Where the emulator's own invocations of functions go: each to this address with the function's logical id.
    parameters
        Values of the template's parameters.
    name
        The stack's name.

    Raises
    ------
    TemplateError
        SAM refuses the template, or a parameter is missing or unknown.
    StackError
        The emulator refuses it as a whole.
    """
    given = _checked(template, parameters or {})
    plan = _Plan(template, transformed(template, given))
    document = plan.document(forward_url)
    deployed = deploy(emulator.client("cloudformation"), name, document, plan.values, given)
    return plan.stack(deployed, emulator)


def _checked(template: Template, given: Mapping[str, str]) -> Mapping[str, str]:
    known: Mapping[str, Any] = template.document.get("Parameters", {})
    for name in given.keys() - known.keys():
        raise TemplateError(f"Expected a parameter of the template ({_list(known)}), found {name}.")
    if missing := [name for name, each in known.items() if "Default" not in each and name not in given]:
        raise TemplateError(f"Expected a value for {_list(missing)}: give --parameter {missing[0]}=VALUE.")
    return given


def _list(names: Any) -> str:
    return ", ".join(names) or "there are none"


class _Plan:
    """What of a template goes to the emulator, and what stays here."""

    def __init__(self, template: Template, plain: Template) -> None:
        self.values = Values()
        self._template = template
        self._plain = plain
        self._functions = self._of_type(FUNCTION)
        self._mappings = self._of_type(_MAPPING)
        for logical_id, resource in self._functions.items():
            self.values.ask({"Ref": logical_id}, resource.get("Condition"))
        for resource in (*self._functions.values(), *self._mappings.values()):
            self.values.ask(_own(resource), resource.get("Condition"))

    def document(self, forward_url: str) -> dict[str, Any]:
        """Return the template for the emulator."""
        resources = {
            logical_id: self._deployable(logical_id, resource, forward_url)
            for logical_id, resource in self._plain.resources.items()
            if resource["Type"] not in (_MAPPING, _LAYER)
        }
        kept = ("Parameters", "Mappings", "Conditions")
        return {**{name: self._plain.document[name] for name in kept if name in self._plain.document},
                "Resources": resources}  # fmt: skip

    def stack(self, deployed: Deployed, emulator: Emulator) -> Stack:
        """Return the deployed stack, with what is to be run here."""
        left_out = list(deployed.left_out)
        functions = dict(self._configurations(deployed, emulator, left_out))
        mappings = dict(self._mapping_configurations(functions, left_out))
        return Stack(deployed.name, functions, mappings, deployed.physical_ids, deployed.types, tuple(left_out))

    def _of_type(self, name: str) -> dict[str, Mapping[str, Any]]:
        return {logical_id: each for logical_id, each in self._plain.resources.items() if each["Type"] == name}

    def _deployable(self, logical_id: str, resource: Mapping[str, Any], forward_url: str) -> dict[str, Any]:
        kept = {name: each for name, each in resource.items() if name not in _POLICIES}
        if resource["Type"] == FUNCTION:
            kept["Properties"] = forwarder(resource.get("Properties", {}), f"{forward_url}/{logical_id}")
        # It may wait for a mapping, which is not there.
        if depends := _remaining(kept.get("DependsOn", []), self._mappings):
            return {**kept, "DependsOn": depends}
        return {name: each for name, each in kept.items() if name != "DependsOn"}

    def _configurations(
        self, deployed: Deployed, emulator: Emulator, left_out: list[LeftOut]
    ) -> Iterator[tuple[str, FunctionConfiguration]]:
        for logical_id, resource in self._functions.items():
            if logical_id not in deployed.physical_ids:
                continue  # its condition is false, or it was left out
            properties = self.values.of(_own(resource))
            code = code_of(self._template, logical_id, properties)
            if code.folder is None:
                left_out.append(LeftOut(logical_id, FUNCTION, code.reason))
                continue
            left_out += self._unknown_variables(logical_id, resource)
            yield (
                logical_id,
                FunctionConfiguration(
                    name=logical_id,
                    handler=str(properties.get("Handler", "")),
                    folder=code.folder,
                    function_name=deployed.physical_ids[logical_id],
                    environment=self._environment(resource, properties, emulator),
                    timeout=float(properties.get("Timeout", _DEFAULT_TIMEOUT)),
                    memory_size=int(properties.get("MemorySize", _DEFAULT_MEMORY)),
                    region=emulator.region,
                    max_concurrency=min(
                        int(properties.get("ReservedConcurrentExecutions", _MOST_PROCESSES)), _MOST_PROCESSES
                    ),
                ),
            )

    def _environment(
        self, resource: Mapping[str, Any], properties: Mapping[str, Any], emulator: Emulator
    ) -> dict[str, str]:
        variables = properties.get("Environment", {}).get("Variables", {})
        layers = layers_of(self._template, resource.get("Properties", {}))
        return {
            **{name: str(value) for name, value in variables.items()},
            **({"PYTHONPATH": os.pathsep.join(map(str, layers))} if layers else {}),
            "AWS_ENDPOINT_URL": emulator.url,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            # There is no daemon to send segments to.
            "POWERTOOLS_TRACE_DISABLED": "true",
            "AWS_XRAY_SDK_ENABLED": "false",
        }

    def _unknown_variables(self, logical_id: str, resource: Mapping[str, Any]) -> Iterator[LeftOut]:
        variables = resource.get("Properties", {}).get("Environment", {}).get("Variables", {})
        for name, value in variables.items():
            if value != {"Ref": "AWS::NoValue"} and self.values.of(value) is UNKNOWN:
                yield LeftOut(f"{logical_id}.{name}", "environment variable", f"It needs {_list(references(value))}.")

    def _mapping_configurations(
        self, functions: Mapping[str, FunctionConfiguration], left_out: list[LeftOut]
    ) -> Iterator[tuple[str, MappingConfiguration]]:
        for logical_id, resource in self._mappings.items():
            if not self.values.holds(resource.get("Condition")):
                continue
            properties = _numbers(self.values.of(_own(resource)))
            function = self._function_of(resource, properties, functions)
            if function is None:
                left_out.append(LeftOut(logical_id, _MAPPING, "Its function is not in the template, or not here."))
            elif "EventSourceArn" not in properties:
                left_out.append(LeftOut(logical_id, _MAPPING, "Its source does not exist here."))
            else:
                source = next((each for each in references(_own(resource).get("EventSourceArn"))
                               if each in self._plain.resources), None)  # fmt: skip
                yield logical_id, MappingConfiguration(logical_id, properties, function, source)

    def _function_of(
        self, resource: Mapping[str, Any], properties: Mapping[str, Any], functions: Mapping[str, FunctionConfiguration]
    ) -> str | None:
        named = list(references(_own(resource).get("FunctionName")))
        # An alias or a version names its function.
        for logical_id in list(named):
            named += references(_own(self._plain.resources.get(logical_id, {})).get("FunctionName"))
        physical = str(properties.get("FunctionName", "")).split(":function:")[-1]
        by_name = [name for name, each in functions.items() if each.function_name == physical]
        return next((each for each in (*named, *by_name) if each in functions), None)


def _own(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the properties that are needed here: others may name what the emulator does not know."""
    needed = {
        "Runtime", "Handler", "Timeout", "MemorySize", "ReservedConcurrentExecutions", "Environment",
    }  # fmt: skip
    properties: Mapping[str, Any] = resource.get("Properties", {})
    if resource.get("Type") != FUNCTION:
        return properties
    code = properties.get("Code", {})
    inline = {"Code": code} if isinstance(code, dict) and "ZipFile" in code else {}
    return {**{name: each for name, each in properties.items() if name in needed}, **inline}


def _remaining(depends: Any, gone: Mapping[str, Any]) -> list[str]:
    return [each for each in ([depends] if isinstance(depends, str) else depends) if each not in gone]


def _numbers(value: Any) -> Any:
    """Convert what outputs have as text: a parameter for the batch size, for example."""
    if isinstance(value, dict):
        return {name: _numbers(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_numbers(each) for each in value]
    if isinstance(value, str) and value in ("true", "false"):
        return value == "true"
    return int(value) if isinstance(value, str) and value.lstrip("-").isdigit() else value
