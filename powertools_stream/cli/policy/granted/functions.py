"""Finds the function of some rules in a template, by its handler."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from powertools_stream.cli.handlers import Handlers
from powertools_stream.cli.policy.resources import Surroundings
from powertools_stream.cli.status import CannotRunError
from powertools_stream.cli.targets import OF_LIBRARIES
from powertools_stream.templates import Template, transformed
from powertools_stream.templates.functions import FUNCTIONS, code_of, properties_of
from powertools_stream.templates.references import referred

__all__ = ["Function", "find_function", "set_variables"]


@dataclass(frozen=True)
class Function:
    """A function in a template.

    Parameters
    ----------
    logical_id
        Its logical id.
    written, made
        The template as it is written, and as CloudFormation gets it.
    """

    logical_id: str
    written: Template
    made: Template

    @property
    def as_written(self) -> Surroundings:
        """Its variables and resources as they are written, for statements that are to be put into the template."""
        return _surroundings(self.written, properties_of(self.written, self.logical_id))

    @property
    def as_made(self) -> Surroundings:
        """Its variables and resources as CloudFormation gets them, to be compared with what is granted."""
        resource = self.made.resources[self.logical_id]
        return _surroundings(self.made, resource.get("Properties") or {})

    def policy_name(self, name: str) -> str:
        """Return what a person calls a policy that SAM has made of one of the function's ``Policies``."""
        number = name.removeprefix(f"{self.logical_id}RolePolicy")
        policies = properties_of(self.written, self.logical_id).get("Policies")
        given = policies if isinstance(policies, list) else [policies]
        if number == name or not number.isdecimal() or int(number) >= len(given):
            return name
        policy = given[int(number)]
        if isinstance(policy, Mapping) and len(policy) == 1 and "Statement" not in policy:
            return str(*policy)
        return f"Policies[{number}]"


def find_function(template: Template, handlers: Handlers, logical_id: str | None = None) -> Function:
    """Return the function of a template that has this module's handler, or this logical id.

    Raises
    ------
    CannotRunError
        There is none, or several.
    TemplateError
        The template cannot be transformed.
    """
    functions = {
        name: properties_of(template, name) for name, one in template.resources.items() if one["Type"] in FUNCTIONS
    }
    found = [logical_id] if logical_id in functions else []
    if logical_id is None:
        found = list(_with_handler(functions, handlers, template))
    if len(found) == 1 and found[0] is not None:
        return Function(found[0], template, transformed(template))
    raise CannotRunError(_which(functions, found, handlers, logical_id, template.path))


def set_variables(template: Template) -> None:
    """Set the environment variables of a template's functions, before their code is imported.

    ``${NAME}`` stands for what only the deployed stack knows. What is set already, as in a shell, stays.
    """
    functions = [name for name, resource in template.resources.items() if resource["Type"] in FUNCTIONS]
    for variables in (_variables(properties_of(template, name)) for name in functions):
        for name, value in variables.items():
            if not name.startswith(OF_LIBRARIES):
                os.environ.setdefault(name, _written_out(template, value) or f"${{{name}}}")


def _written_out(template: Template, value: Any) -> str:
    """Return the text of a value that the template has, or of a parameter that names no resource; empty: neither."""
    if isinstance(value, Mapping):
        parameter = (template.document.get("Parameters") or {}).get(str(value.get("Ref"))) or {}
        is_name = parameter.get("Type") != "Number" and "AllowedValues" not in parameter
        return "" if is_name else str(parameter.get("Default", ""))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _which(functions: Mapping[str, Any], found: Any, handlers: Handlers, logical_id: str | None, path: Path) -> str:
    known = ", ".join(f"{name} ({_handler(properties) or 'no handler'})" for name, properties in functions.items())
    if logical_id is not None:
        return f"Expected a function {logical_id} in {path}, found {known or 'no function'}."
    if found:
        names = ", ".join(found)
        return f"Expected one function with a handler in {handlers.module}, found {names}: name one, --function."
    return (
        f"Expected a function with a handler in {handlers.module}, found {known or 'no function'} in {path}. "
        "Name it: --function."
    )


def _variables(properties: Mapping[str, Any]) -> dict[str, Any]:
    environment = properties.get("Environment")
    variables = environment.get("Variables") if isinstance(environment, Mapping) else None
    return dict(variables) if isinstance(variables, Mapping) else {}


def _surroundings(template: Template, properties: Mapping[str, Any]) -> Surroundings:
    types = {name: resource["Type"] for name, resource in template.resources.items()}
    aliases = {name: one for name, one in template.resources.items() if types[name] == "AWS::KMS::Alias"}
    keys = {name: referred((one.get("Properties") or {}).get("TargetKeyId")) or "" for name, one in aliases.items()}
    return Surroundings(_variables(properties), types, {name: key for name, key in keys.items() if key in types})


def _handler(properties: Mapping[str, Any]) -> str | None:
    """Return the handler; of an image, its command."""
    image = properties.get("ImageConfig")
    command = image.get("Command") if isinstance(image, Mapping) else None
    handler = properties.get("Handler") or (command[0] if isinstance(command, list) and command else None)
    return handler if isinstance(handler, str) else None


def _with_handler(functions: Mapping[str, Any], handlers: Handlers, template: Template) -> Iterator[str]:
    by_file = [name for name, each in functions.items() if _is_file_of(each, handlers, _folder(template, name, each))]
    by_name = [name for name, each in functions.items() if _is_name_of(each, handlers)]
    found = by_file or by_name
    named = [name for name in found if _attribute(functions[name]) == handlers.handler]
    yield from named or found


def _module(properties: Mapping[str, Any]) -> str:
    return (_handler(properties) or "").rpartition(".")[0].replace("/", ".")


def _attribute(properties: Mapping[str, Any]) -> str:
    return (_handler(properties) or "").rpartition(".")[2]


def _folder(template: Template, logical_id: str, properties: Mapping[str, Any]) -> Path | None:
    resource = template.resources[logical_id]
    code = code_of(resource["Type"], properties, resource.get("Metadata") or {})
    return template.path.resolve().parent / code if isinstance(code, str) else None


def _is_file_of(properties: Mapping[str, Any], handlers: Handlers, folder: Path | None) -> bool:
    module = _module(properties)
    if folder is None or not module or handlers.path is None:
        return False
    base = folder.resolve() / Path(*module.split("."))
    return handlers.path.resolve() in (base.with_suffix(".py"), base / "__init__.py")


def _is_name_of(properties: Mapping[str, Any], handlers: Handlers) -> bool:
    module = _module(properties)
    ends = f".{handlers.module}".endswith(f".{module}") or f".{module}".endswith(f".{handlers.module}")
    return bool(module) and ends
