"""Finds the source of the user's functions."""

from __future__ import annotations

import ast
import functools
import inspect
import site
import sys
import sysconfig
from functools import cache
from types import FunctionType, MethodType, ModuleType
from typing import Any

__all__ = ["is_own", "module_source", "nodes_of", "plain_function"]


def plain_function(given: Any) -> tuple[FunctionType | None, type | None]:
    """Return the function inside of what is called, and the class whose method it is."""
    owner: type | None = None
    while not isinstance(given, FunctionType):
        if isinstance(given, functools.partial):
            given = given.func
        elif isinstance(given, MethodType):
            owner = given.__self__ if isinstance(given.__self__, type) else type(given.__self__)
            given = given.__func__
        elif hasattr(given, "__wrapped__"):
            given = given.__wrapped__
        elif not isinstance(given, type) and isinstance(getattr(type(given), "__call__", None), FunctionType):  # noqa: B004
            given = given.__call__
        else:
            return None, owner
    inner = getattr(given, "_user_function", None) or getattr(given, "__wrapped__", None)
    return plain_function(inner) if inner is not None else (given, owner)


@cache
def _library_folders() -> tuple[str, ...]:
    paths = [sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), *site.getsitepackages()]
    return tuple(filter(None, [*paths, site.getusersitepackages(), sysconfig.get_path("purelib")]))


def is_own(function: FunctionType) -> bool:
    """Tell whether a function is the user's: neither Python's, nor a library's, nor ours."""
    name = function.__module__ or ""
    if name.partition(".")[0] == "powertools_stream":
        return False
    return not function.__code__.co_filename.startswith((*_library_folders(), "<frozen"))


def module_source(name: str) -> ast.Module | None:
    """Return the source of an imported module; None: there is none."""
    # Not by its name: several functions of a template may have modules of the same name.
    module = sys.modules.get(name)
    return _source_of(module) if module is not None else None


@cache
def _source_of(module: ModuleType) -> ast.Module | None:
    try:
        return ast.parse(inspect.getsource(module))
    except (OSError, TypeError, SyntaxError):
        return None


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def nodes_of(function: FunctionType) -> list[ast.AST]:
    """Return the nodes of a function; several if it is one of several lambdas in a line."""
    tree = module_source(function.__module__)
    if tree is None:
        return []
    line, name = function.__code__.co_firstlineno, function.__code__.co_name
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, _FUNCTIONS) and getattr(node, "name", "<lambda>") == name and _first_line(node) == line
    ]


def _first_line(node: Any) -> int:
    lines: list[int] = [node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))]
    return min(lines)
