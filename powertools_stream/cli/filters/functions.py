"""Finds the function of a module in a template."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from powertools_stream.cli.handlers import Handlers, load_handlers
from powertools_stream.cli.loading import LoadedFunction
from powertools_stream.cli.stack import Function, functions_of, mappings_of, stack_of
from powertools_stream.cli.status import CannotRunError
from powertools_stream.templates import read_template

__all__ = ["function_of_module"]


def function_of_module(target: str, template: Path, logical_id: str | None) -> LoadedFunction:
    """Return the function of a template whose handler is in a module, or that is named; with the module's rules.

    Raises
    ------
    CannotRunError
        There is none, or there are several; or the module cannot be imported.
    TemplateError
        The template cannot be read.
    """
    stack = stack_of(read_template(template))
    handlers = load_handlers(target)
    functions = functions_of(stack)
    found = [each for each in functions if each.name == logical_id] if logical_id else list(_of(handlers, functions))
    if len(found) != 1:
        raise CannotRunError(_which(functions, found, handlers, logical_id, template))
    (function,) = found
    mappings = tuple(each for each in mappings_of(stack) if each.function == function)
    return LoadedFunction(function.name, handlers.parts, function, mappings)


def _of(handlers: Handlers, functions: list[Function]) -> Iterator[Function]:
    """Yield the functions whose handler is in the module's file; if its name is given, only those with this one."""
    found = [each for each in functions if handlers.path is not None and handlers.path.resolve() in _files(each)]
    named = [each for each in found if _handler(each).rpartition(".")[2] == handlers.handler]
    yield from named or found


def _files(function: Function) -> list[Path]:
    module = _handler(function).rpartition(".")[0].replace("/", ".")
    if function.directory is None or not module:
        return []
    base = function.directory.resolve().joinpath(*module.split("."))
    return [base.with_suffix(".py"), base / "__init__.py"]


def _handler(function: Function) -> str:
    return str(function.setting("Handler") or "")


def _which(
    functions: list[Function], found: list[Function], handlers: Handlers, logical_id: str | None, template: Path
) -> str:
    if logical_id is None and found:
        names = ", ".join(each.name for each in found)
        return f"Expected one function with a handler in {handlers.module}, found {names}: name one, --function."
    known = ", ".join(f"{each.name} ({_handler(each) or 'no handler'})" for each in functions) or "no function"
    wanted = f"a function {logical_id}" if logical_id else f"a function with a handler in {handlers.module}"
    hint = "" if logical_id else " Name it: --function."
    return f"Expected {wanted} in {template}, found {known}.{hint}"
