"""Loads the functions that an argument names, with their rules: of a template, or of one module."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from powertools_stream.cli.handlers import Part, load_handlers
from powertools_stream.cli.stack import Function, SourceMapping, Stack, functions_of, mappings_of, stack_of
from powertools_stream.cli.status import CannotRunError
from powertools_stream.cli.targets import own_modules
from powertools_stream.templates.reading import read_template, template_paths

__all__ = ["HELP", "LoadedFunction", "is_template", "load_functions"]

HELP = "The rules: `module:registry`, a module, a Python file; or a template of SAM or CloudFormation."
"""What ``--help`` says of such an argument."""

_TEMPLATES = (".yaml", ".yml", ".json", ".template")


@dataclass(frozen=True)
class LoadedFunction:
    """A function, and the rules that its module has.

    Parameters
    ----------
    name
        Its logical id in the template; of a module, the module's name.
    parts
        Its rules, by processor; none if its handler is no stream processor's, or not in Python.
    function
        The function in the template; None: there is no template.
    mappings
        What Lambda polls for it.
    """

    name: str
    parts: tuple[Part, ...]
    function: Function | None = None
    mappings: tuple[SourceMapping, ...] = ()


def is_template(target: str) -> bool:
    """Tell whether an argument names a template rather than a module."""
    path = Path(target)
    return path.is_dir() or target.endswith(_TEMPLATES)


def load_functions(target: str) -> list[LoadedFunction]:
    """Import the modules of the functions that are named, and return their rules.

    Each function of a template is imported on its own: with its folder on the path and with its environment variables,
    of which ``${NAME}`` stands for what only the deployed stack knows.

    Parameters
    ----------
    target
        A template or a directory with some; or as for `powertools_stream.cli.handlers.load_handlers`.

    Raises
    ------
    CannotRunError
        A module cannot be imported, or there are no rules.
    TemplateError
        The template cannot be read.
    """
    if not is_template(target):
        handlers = load_handlers(target)
        return [LoadedFunction(handlers.module, handlers.parts)]
    stacks = [stack_of(read_template(path)) for path in template_paths(Path(target))]
    return [loaded for stack in stacks for loaded in _functions_of(stack)]


def _functions_of(stack: Stack) -> Iterator[LoadedFunction]:
    mappings = mappings_of(stack)
    for function in functions_of(stack):
        own = tuple(each for each in mappings if each.function == function)
        yield LoadedFunction(function.name, _parts_of(function), function, own)


def _parts_of(function: Function) -> tuple[Part, ...]:
    handler = str(function.setting("Handler") or "")
    if function.directory is None or not str(function.setting("Runtime")).startswith("python") or not handler:
        return ()
    module = handler.rpartition(".")[0].replace("/", ".")
    with own_modules(function.directory, _variables_of(function)):
        try:
            return load_handlers(module, may_be_empty=True).parts
        except CannotRunError as error:
            raise CannotRunError(f"{function.name}: {error}") from error


def _variables_of(function: Function) -> Mapping[str, str]:
    return {name: _text_of(name, value) for name, value in function.environment.items()}


def _text_of(name: str, value: Any) -> str:
    return str(value) if isinstance(value, str | int | float) else f"${{{name}}}"
