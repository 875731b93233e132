"""Loads the functions that an argument names, with their rules: of a template, or of one module."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from powertools_stream.cli.handlers import Part, load_handlers
from powertools_stream.cli.stack import Function, SourceMapping, Stack, functions_of, mappings_of, stack_of
from powertools_stream.cli.status import CannotRunError
from powertools_stream.cli.targets import own_modules
from powertools_stream.templates.reading import read_template, template_paths

__all__ = ["HELP", "LoadedFunction", "functions_in", "is_template", "load_functions", "load_stacks"]

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
    modules
        The modules of its own that were imported, by name. They are put away again: see `in_place`.
    directory
        Where its code is; None if that is not known.
    """

    name: str
    parts: tuple[Part, ...]
    function: Function | None = None
    mappings: tuple[SourceMapping, ...] = ()
    modules: dict[str, ModuleType] = field(default_factory=dict, compare=False, repr=False)
    directory: Path | None = None

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Have its modules, its path and its environment in place, as while it was imported: to read its source."""
        if self.directory is None:
            yield
            return
        variables = _variables_of(self.function) if self.function is not None else {}
        with own_modules(self.directory, variables, self.modules):
            yield


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
        return [_of_module(target)]
    return [loaded for stack in load_stacks(target) for loaded in functions_in(stack)]


def _of_module(target: str) -> LoadedFunction:
    modules: dict[str, ModuleType] = {}
    with own_modules(Path.cwd(), {}, modules):
        handlers = load_handlers(target)
    is_file = target.partition(":")[0].endswith(".py") and handlers.path is not None
    directory = handlers.path.parent if is_file and handlers.path is not None else Path.cwd()
    return LoadedFunction(handlers.module, handlers.parts, modules=modules, directory=directory)


def load_stacks(target: str) -> list[Stack]:
    """Return the stacks of a template, or of each template of a directory.

    Raises
    ------
    TemplateError
        The template cannot be read.
    """
    return [stack_of(read_template(path)) for path in template_paths(Path(target))]


def functions_in(stack: Stack) -> Iterator[LoadedFunction]:
    """Yield the functions of a stack, each imported on its own.

    Raises
    ------
    CannotRunError
        A module cannot be imported.
    """
    mappings = mappings_of(stack)
    for function in functions_of(stack):
        own = tuple(each for each in mappings if each.function == function)
        modules: dict[str, ModuleType] = {}
        yield LoadedFunction(function.name, _parts_of(function, modules), function, own, modules, function.directory)


def _parts_of(function: Function, modules: dict[str, ModuleType]) -> tuple[Part, ...]:
    handler = function.setting("Handler")
    is_python = str(function.setting("Runtime")).startswith("python")
    if function.directory is None or not is_python or not isinstance(handler, str):
        return ()
    name, _, attribute = handler.rpartition(".")
    module = name.replace("/", ".")
    with own_modules(function.directory, _variables_of(function), modules):
        try:
            # A handler without a processor of its own may call one of the module's.
            named = load_handlers(f"{module}:{attribute}", may_be_empty=True).parts
            return named or load_handlers(module, may_be_empty=True).parts
        except CannotRunError as error:
            raise CannotRunError(f"{function.name}: {error}") from error


def _variables_of(function: Function) -> Mapping[str, str]:
    return {name: _text_of(name, value) for name, value in function.environment.items()}


def _text_of(name: str, value: Any) -> str:
    return str(value) if isinstance(value, str | int | float) else f"${{{name}}}"
