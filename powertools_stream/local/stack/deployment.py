"""Deploys a template through an emulator's CloudFormation; what it refuses is left out, and said."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from powertools_stream.local.stack.values import Values
from powertools_stream.templates.references import is_imported, references
from powertools_stream.templates.resolver import Resolver

__all__ = ["Deployed", "LeftOut", "StackError", "deploy"]

_NESTED = "AWS::CloudFormation::Stack"
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
_SECONDS = 300.0
_LOGICAL_TYPE = re.compile(r"\w+(?:::\w+)+")


class StackError(RuntimeError):
    """The template cannot be deployed, whatever is left out."""


@dataclass(frozen=True)
class LeftOut:
    """A resource that does not exist on this machine.

    Parameters
    ----------
    logical_id
        Its logical id.
    resource_type
        Its type.
    reason
        Why it was left out.
    """

    logical_id: str
    resource_type: str
    reason: str


@dataclass(frozen=True)
class Deployed:
    """A deployed stack.

    Parameters
    ----------
    name
        The stack's name.
    physical_ids
        The physical ids of its resources, by logical id.
    types
        The types of its resources, by logical id.
    left_out
        What is missing.
    """

    name: str
    physical_ids: Mapping[str, str]
    types: Mapping[str, str]
    left_out: tuple[LeftOut, ...] = ()


def deploy(
    client: Any, name: str, document: Mapping[str, Any], values: Values, parameters: Mapping[str, str]
) -> Deployed:
    """Deploy a template, and set the values.

    A stack of this name is deleted first.

    Parameters
    ----------
    client
        A boto3 client of CloudFormation.
    name
        The stack's name.
    document
        The template, after SAM's transform. Of its outputs, those that it exports are kept.
    values
        What to ask the stack.
    parameters
        Values of the template's parameters.

    Raises
    ------
    StackError
        The template is invalid, or something fails that cannot be left out.
    """
    is_exported = _exported(client, document, parameters)
    attempt = _Attempt(client, name, _without_parameter_store(document), values, parameters, is_exported)
    while refused := attempt.refused():
        attempt.leave_out(refused)
    return attempt.deployed()


def _delete(client: Any, name: str) -> None:
    """Delete a stack, if there is one of this name, and those before that need what it exports."""
    stack = _described(client, name)
    if stack is None:
        return
    for each in _importing(client, stack):
        _delete(client, each)
    client.delete_stack(StackName=name)
    _awaited(client, name, "DELETE_COMPLETE", "DELETE_FAILED")


def _importing(client: Any, stack: Mapping[str, Any]) -> list[str]:
    names = [each["ExportName"] for each in stack.get("Outputs", ()) if "ExportName" in each]
    return [importer for name in names for importer in _importers(client, name)]


def _importers(client: Any, export: str) -> list[str]:
    try:
        imports: list[str] = client.list_imports(ExportName=export)["Imports"]
    except client.exceptions.ClientError:
        return []  # there are none
    return imports


def _exported(client: Any, document: Mapping[str, Any], given: Mapping[str, str]) -> Callable[[Any], bool]:
    """Return what tells whether another stack exports what has this name, as far as the parameters say the name."""
    pages = client.get_paginator("list_exports").paginate()
    exports = [each["Name"] for page in pages for each in page.get("Exports", ())]
    parameters = document.get("Parameters") or {}
    values = {name: {**each, "Default": given[name]} if name in given else each for name, each in parameters.items()}
    resolver = Resolver({**document, "Parameters": values})
    return lambda name: resolver.resolve(name) in exports


_IN_PARAMETER_STORE = re.compile(r"AWS::SSM::Parameter::Value<(List<)?")


def _without_parameter_store(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a template whose parameters are what they are given, not what the Parameter Store has under that name.

    The store is empty here. Every app of CDK has such a parameter, ``BootstrapVersion``.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html
    """
    parameters = {name: _plain(each) for name, each in (document.get("Parameters") or {}).items()}
    return {**document, "Parameters": parameters} if parameters else document


def _plain(parameter: Mapping[str, Any]) -> Mapping[str, Any]:
    found = _IN_PARAMETER_STORE.match(str(parameter.get("Type")))
    return {**parameter, "Type": "CommaDelimitedList" if found[1] else "String"} if found else parameter


@dataclass
class _Attempt:
    client: Any
    name: str
    document: Mapping[str, Any]
    values: Values
    parameters: Mapping[str, str]
    is_exported: Callable[[Any], bool]
    left_out: dict[str, LeftOut] = field(default_factory=dict)

    def refused(self) -> dict[str, str]:
        """Create the stack, and return what was refused and why; nothing, if it was created."""
        _delete(self.client, self.name)
        try:
            self._create()
        except self.client.exceptions.ClientError as error:
            return self._of_unknown_type(error)
        status = _awaited(
            self.client, self.name, "CREATE_COMPLETE", "ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED"
        )
        return {} if status["StackStatus"] == "CREATE_COMPLETE" else self._failed(status)

    def leave_out(self, refused: Mapping[str, str]) -> None:
        """Go without these resources, and without those that need them."""
        for logical_id, reason in refused.items():
            self._leave_out(logical_id, reason)
        while needing := self._needing():
            for logical_id, missing in needing.items():
                self._leave_out(logical_id, f"It needs {missing}.")

    def deployed(self) -> Deployed:
        """Describe the stack."""
        outputs = _described(self.client, self.name).get("Outputs", ())
        self.values.set({output["OutputKey"]: output["OutputValue"] for output in outputs})
        resources = self.client.describe_stack_resources(StackName=self.name)["StackResources"]
        return Deployed(
            self.name,
            {each["LogicalResourceId"]: each.get("PhysicalResourceId", "") for each in resources},
            {each["LogicalResourceId"]: each["ResourceType"] for each in resources},
            tuple(self.left_out.values()),
        )

    @property
    def _resources(self) -> dict[str, Any]:
        return {
            logical_id: resource
            for logical_id, resource in self.document["Resources"].items()
            if logical_id not in self.left_out
        }

    def _leave_out(self, logical_id: str, reason: str) -> None:
        resource_type = self.document["Resources"][logical_id]["Type"]
        self.left_out[logical_id] = LeftOut(logical_id, resource_type, " ".join(reason.split()))

    def _needing(self) -> dict[str, str]:
        missing = self.left_out.keys()
        needed = {name: next((each for each in references(it) if each in missing), None)
                  for name, it in self._resources.items()}  # fmt: skip
        return {logical_id: name for logical_id, name in needed.items() if name is not None}

    def _create(self) -> None:
        if not self._resources:
            reasons = "; ".join(f"{each.logical_id}: {each.reason.rstrip('.')}" for each in self.left_out.values())
            raise StackError(f"Expected at least one resource that can be deployed, found none. {reasons}.")
        body = {
            **self.document,
            "Resources": self._resources,
            "Outputs": {**self._exported(), **self.values.outputs(self.left_out.keys(), self.is_exported)},
        }
        self.client.create_stack(
            StackName=self.name,
            TemplateBody=json.dumps(body, default=str),
            Capabilities=_CAPABILITIES,
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in self.parameters.items()],
        )

    def _exported(self) -> dict[str, Any]:
        outputs = self.document.get("Outputs") or {}
        return {
            f"Exported{name}": output
            for name, output in outputs.items()
            if "Export" in output and not is_imported(output) and self.left_out.keys().isdisjoint(references(output))
        }

    def _of_unknown_type(self, error: Any) -> dict[str, str]:
        message = error.response["Error"]["Message"]
        named = set(_LOGICAL_TYPE.findall(message)) if "resource type" in message.lower() else set()
        refused = {
            logical_id: "The emulator does not know this type."
            for logical_id, resource in self._resources.items()
            if resource["Type"] in named
        }
        if not refused:
            raise StackError(f"Expected a template that can be deployed: {message}") from error
        return refused

    def _failed(self, status: Mapping[str, Any]) -> dict[str, str]:
        events = self.client.describe_stack_events(StackName=self.name)["StackEvents"]
        # The last event comes first; what is cancelled is not at fault.
        refused = {
            event["LogicalResourceId"]: self._reason(event)
            for event in events
            if event["ResourceStatus"] == "CREATE_FAILED"
            and event["LogicalResourceId"] in self._resources
            and "cancelled" not in event.get("ResourceStatusReason", "").lower()
        }
        if not refused:
            raise StackError(f"Expected the stack to be created: {status.get('StackStatusReason') or 'it was not'}.")
        return refused

    def _reason(self, event: Mapping[str, Any]) -> str:
        """Return why a resource was refused; the emulator does not find the file of a stack within the stack."""
        resource = self._resources[event["LogicalResourceId"]]
        place = (resource.get("Properties") or {}).get("TemplateURL")
        if resource["Type"] == _NESTED and isinstance(place, str) and "://" not in place:
            return f"Nested stacks do not run here. If it is needed, name {place} as a template of its own."
        return str(event.get("ResourceStatusReason", "It was refused."))


def _awaited(client: Any, name: str, *statuses: str) -> Any:
    limit, pause = time.monotonic() + _SECONDS, _pauses()
    while time.monotonic() < limit:
        stack = _described(client, name)
        if stack is None:
            return {"StackStatus": "DELETE_COMPLETE"}
        if stack["StackStatus"] in statuses:
            return stack
        time.sleep(next(pause))
    raise StackError(f"Expected the stack {name} to be ready after {_SECONDS:.0f} s, but it is not.")


def _described(client: Any, name: str) -> Any:
    try:
        stack = client.describe_stacks(StackName=name)["Stacks"][0]
    except client.exceptions.ClientError:
        return None
    return None if stack["StackStatus"] == "DELETE_COMPLETE" else stack


def _pauses() -> Iterator[float]:
    seconds = 0.02
    while True:
        yield seconds
        seconds = min(1.5 * seconds, 0.5)
