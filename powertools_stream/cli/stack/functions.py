"""The functions of a stack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from powertools_stream.cli.stack.stack import Resource, Stack
from powertools_stream.templates.functions import FUNCTIONS, SAM_FUNCTION, code_of
from powertools_stream.templates.values import Reference, dig, number

__all__ = ["DEFAULT_TIMEOUT", "Function", "function_named", "functions_of"]

DEFAULT_TIMEOUT = 3
"""Seconds: https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html."""


@dataclass(frozen=True)
class Function:
    """A function.

    Parameters
    ----------
    stack, resource
        Where it is.
    """

    stack: Stack
    resource: Resource

    @property
    def name(self) -> str:
        """Its logical id."""
        return self.resource.logical_id

    @property
    def is_sam(self) -> bool:
        """Whether SAM makes its role and its mappings."""
        return self.resource.type == SAM_FUNCTION

    def setting(self, *names: str) -> Any:
        """Return a property, or what is within it: None if it is not set."""
        return dig(self.resource.properties, *names)

    @property
    def timeout(self) -> int | None:
        """Its time-out in seconds, None if that cannot be told."""
        return number(self.setting("Timeout"), DEFAULT_TIMEOUT)

    @property
    def environment(self) -> Mapping[str, Any]:
        """Its environment variables, as far as they can be told."""
        variables = self.setting("Environment", "Variables")
        return variables if isinstance(variables, Mapping) else {}

    @property
    def directory(self) -> Path | None:
        """Where its code is on this machine, None if that cannot be told."""
        code = code_of(self.resource.type, self.resource.properties, self.resource.metadata)
        folder = self.stack.directory / code if isinstance(code, str) and self.stack.directory else None
        return folder if folder is not None and folder.is_dir() else None


def functions_of(stack: Stack) -> list[Function]:
    """Return the functions of a stack."""
    return [Function(stack, resource) for resource in stack.of_type(*FUNCTIONS)]


def function_named(stack: Stack, value: Any) -> Function | None:
    """Return the function that a value stands for: by reference, name or ARN, by its alias or its version."""
    resource = stack.named(_without_alias(value), *FUNCTIONS)
    if resource is not None:
        return Function(stack, resource)
    other = stack.resources.get(value.logical_id) if isinstance(value, Reference) else None
    is_other = other is not None and other.type in ("AWS::Lambda::Alias", "AWS::Lambda::Version")
    return function_named(stack, dig(other.properties, "FunctionName")) if other and is_other else None


def _without_alias(value: Any) -> Any:
    # SAM takes ``!Ref Function.Alias``, and ``!Ref Function.Version``.
    return Reference(value.logical_id.partition(".")[0]) if isinstance(value, Reference) else value
