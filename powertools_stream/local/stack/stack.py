"""A template on this machine: its resources in an emulator, its functions and event source mappings for us to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from powertools_stream.local.emulator import Emulator
from powertools_stream.local.runtime.function import FunctionConfiguration
from powertools_stream.local.stack.apis import addresses, routes_of
from powertools_stream.local.stack.deployment import Deployed, LeftOut, deploy
from powertools_stream.local.stack.functions import configuration_of, forwarder, needed_of, unknown_variables
from powertools_stream.local.stack.mappings import MAPPING, MappingConfiguration, mapping_configuration_of
from powertools_stream.local.stack.values import Values
from powertools_stream.templates import Template, TemplateError, transformed
from powertools_stream.templates.functions import FUNCTION

__all__ = ["Stack", "deploy_template"]

T = TypeVar("T")

_LAYER = "AWS::Lambda::LayerVersion"
_RULE = "AWS::Events::Rule"

# Kept on a real deletion, they would be in the way of the next attempt.
_POLICIES = ("DeletionPolicy", "UpdateReplacePolicy")


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
    addresses
        Where APIs are served, by logical id.
    buses
        The names or ARNs of the buses of EventBridge's rules, by the logical ids of these.
    """

    name: str
    functions: Mapping[str, FunctionConfiguration]
    mappings: Mapping[str, MappingConfiguration]
    physical_ids: Mapping[str, str]
    types: Mapping[str, str]
    left_out: tuple[LeftOut, ...]
    addresses: Mapping[str, str] = field(default_factory=dict)
    buses: Mapping[str, str] = field(default_factory=dict)

    def of_type(self, *types: str) -> list[str]:
        """Return the logical ids of the resources of these types."""
        return [logical_id for logical_id, each in self.types.items() if each in types]

    def prefixed(self, prefix: str) -> Stack:
        """Return the stack with logical ids that begin with this."""
        functions = {each: replace(it, name=prefix + each) for each, it in self.functions.items()}
        return Stack(
            name=self.name,
            functions=_prefixed(functions, prefix),
            mappings=_prefixed({each: it.prefixed(prefix) for each, it in self.mappings.items()}, prefix),
            physical_ids=_prefixed(self.physical_ids, prefix),
            types=_prefixed(self.types, prefix),
            left_out=tuple(replace(each, logical_id=prefix + each.logical_id) for each in self.left_out),
            addresses=_prefixed(self.addresses, prefix),
            buses=_prefixed(self.buses, prefix),
        )


def _prefixed(mapping: Mapping[str, T], prefix: str) -> dict[str, T]:
    return {prefix + logical_id: each for logical_id, each in mapping.items()}


def deploy_template(
    template: Template,
    emulator: Emulator,
    *,
    forward_url: str,
    parameters: Mapping[str, str] | None = None,
    name: str = "local",
    prefix: str = "",
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
    prefix
        What the logical ids of the returned stack begin with, where there are several stacks.

    Raises
    ------
    TemplateError
        SAM refuses the template, or a parameter is missing.
    StackError
        The emulator refuses it as a whole.
    """
    given = parameters or {}
    _require_all(template, given)
    plan = _Plan(template, transformed(template, given))
    document = plan.document(f"{forward_url}/{prefix}")
    deployed = deploy(emulator.client("cloudformation"), name, document, plan.values, given)
    return plan.stack(deployed, emulator).prefixed(prefix)


def _require_all(template: Template, given: Mapping[str, str]) -> None:
    parameters: Mapping[str, Any] = template.document.get("Parameters", {})
    if missing := [name for name, each in parameters.items() if "Default" not in each and name not in given]:
        raise TemplateError(f"Expected a value for {', '.join(missing)}: give --parameter {missing[0]}=VALUE.")


class _Plan:
    """What of a template goes to the emulator, and what stays here."""

    def __init__(self, template: Template, plain: Template) -> None:
        self.values = Values()
        self._template = template
        self._plain = plain
        self._functions = self._of_type(FUNCTION)
        self._mappings = self._of_type(MAPPING)
        for logical_id, resource in self._functions.items():
            self.values.ask({"Ref": logical_id}, resource.get("Condition"))
        for resource in (*self._functions.values(), *self._mappings.values()):
            self.values.ask(needed_of(resource), resource.get("Condition"))
        self._rules = self._of_type(_RULE)
        for resource in self._rules.values():
            self.values.ask(_bus_of(resource), resource.get("Condition"))

    def document(self, forward_url: str) -> dict[str, Any]:
        """Return the template for the emulator."""
        resources = {
            logical_id: self._deployable(logical_id, resource, forward_url)
            for logical_id, resource in self._plain.resources.items()
            if resource["Type"] not in (MAPPING, _LAYER)
        } | routes_of(self._plain.resources)
        kept = ("Parameters", "Mappings", "Conditions", "Outputs")
        return {**{name: self._plain.document[name] for name in kept if name in self._plain.document},
                "Resources": resources}  # fmt: skip

    def stack(self, deployed: Deployed, emulator: Emulator) -> Stack:
        """Return the deployed stack, with what is to be run here."""
        left_out = list(deployed.left_out)
        functions: dict[str, FunctionConfiguration] = {}
        for logical_id, resource in self._functions.items():
            if logical_id not in deployed.physical_ids:
                continue  # its condition is false, or it was left out
            found = configuration_of(self._template, logical_id, resource, self.values, deployed, emulator)
            if isinstance(found, LeftOut):
                left_out.append(found)
                continue
            functions[logical_id] = found
            left_out += unknown_variables(logical_id, resource, self.values)
        mappings = self._configured_mappings(functions, left_out)
        return Stack(
            deployed.name,
            functions,
            mappings,
            deployed.physical_ids,
            deployed.types,
            tuple(left_out),
            addresses(self._plain.resources, deployed, emulator.url),
            self._buses(deployed),
        )

    def _buses(self, deployed: Deployed) -> dict[str, str]:
        names = {key: self.values.of(_bus_of(each)) for key, each in self._rules.items() if key in deployed.types}
        return {key: name for key, name in names.items() if isinstance(name, str)}

    def _configured_mappings(
        self, functions: Mapping[str, FunctionConfiguration], left_out: list[LeftOut]
    ) -> dict[str, MappingConfiguration]:
        mappings = {}
        for logical_id, resource in self._mappings.items():
            if not self.values.holds(resource.get("Condition")):
                continue
            found = mapping_configuration_of(self._plain, logical_id, resource, self.values, functions)
            if isinstance(found, LeftOut):
                left_out.append(found)
            else:
                mappings[logical_id] = found
        return mappings

    def _of_type(self, name: str) -> dict[str, Mapping[str, Any]]:
        return {logical_id: each for logical_id, each in self._plain.resources.items() if each["Type"] == name}

    def _deployable(self, logical_id: str, resource: Mapping[str, Any], forward_url: str) -> dict[str, Any]:
        kept = {name: each for name, each in resource.items() if name not in _POLICIES}
        if resource["Type"] == FUNCTION:
            kept["Properties"] = forwarder(resource.get("Properties", {}), f"{forward_url}{logical_id}")
        # It may wait for a mapping, which is not there.
        if depends := _remaining(kept.get("DependsOn", []), self._mappings):
            return {**kept, "DependsOn": depends}
        return {name: each for name, each in kept.items() if name != "DependsOn"}


def _bus_of(rule: Mapping[str, Any]) -> Any:
    return (rule.get("Properties") or {}).get("EventBusName")


def _remaining(depends: Any, gone: Mapping[str, Any]) -> list[str]:
    return [each for each in ([depends] if isinstance(depends, str) else depends) if each not in gone]
