"""Which module a statement in a source imports from."""

from __future__ import annotations

import ast

__all__ = ["module_of"]


def module_of(node: ast.ImportFrom, package: str) -> str:
    """Return the whole name of the module that something is imported from.

    Parameters
    ----------
    node
        The statement, ``from .payments import charge``.
    package
        The package that the source is in; empty: none.
    """
    parts = package.split(".") if package else []
    above = parts[: max(len(parts) - node.level + 1, 0)] if node.level else []
    return ".".join([*above, *([node.module] if node.module else [])])
