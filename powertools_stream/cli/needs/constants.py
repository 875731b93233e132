"""Reads what constants of a module are made of: a text, or an environment variable, whatever is in it here."""

from __future__ import annotations

import ast
import sys
from typing import Any

from powertools_stream.cli.imports import module_of
from powertools_stream.cli.needs.names import Name
from powertools_stream.cli.needs.source_files import module_source

__all__ = ["assigned", "origin_of", "target", "text_of", "variable"]


def assigned(module: str, name: str) -> Name | None:
    """Return the environment variable that a constant of a module was read from; None: it was made in another way."""
    tree = module_source(module)
    for node in tree.body if tree is not None else ():
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return assigned(origin_of(node, module), alias.name)
        if name in map(target, getattr(node, "targets", [getattr(node, "target", None)])):
            read = variable(getattr(node, "value", None))
            return Name(variables=(read,)) if read else None
    return None


def target(node: Any) -> str | None:
    """Return the name that is assigned to; None: it is no plain name."""
    return node.id if isinstance(node, ast.Name) else None


def variable(node: Any) -> str | None:
    """Return the environment variable that an expression reads: ``os.environ["X"]``, ``os.getenv("X")``."""
    if isinstance(node, ast.Subscript) and _ends(node.value, "environ"):
        return text_of(node.slice)
    if not isinstance(node, ast.Call) or not node.args:
        return None
    function = node.func
    is_get = isinstance(function, ast.Attribute) and function.attr == "get" and _ends(function.value, "environ")
    return text_of(node.args[0]) if is_get or _ends(function, "getenv") else None


def origin_of(node: ast.ImportFrom, module: str) -> str:
    """Return the whole name of the module that something is imported from, in an imported module."""
    return module_of(node, getattr(sys.modules.get(module), "__package__", None) or "")


def _ends(node: Any, name: str) -> bool:
    return getattr(node, "attr", getattr(node, "id", None)) == name


def text_of(node: Any) -> str | None:
    """Return a text that stands in the source; None: it is none."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
