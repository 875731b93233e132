"""What can be told from a function's code without running it, so that an editor may ask with every key."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from powertools_stream.cli.imports import module_of
from powertools_stream.cli.stack.functions import Function

__all__ = ["Place", "where_published"]

_MAX_FILES = 500
"""Of a function's own code. Libraries that were copied beside it are not its rules."""


@dataclass(frozen=True)
class Place:
    """A line of code.

    Parameters
    ----------
    path
        The file, relative to the template's directory.
    line
        The line, from 1.
    """

    path: Path
    line: int

    def __str__(self) -> str:
        return f"{self.path.as_posix()}:{self.line}"


def where_published(function: Function) -> Place | None:
    """Return where a function's handler, or a module that it imports, names ``FaultPolicy.PUBLISH``."""
    directory, handler = function.directory, function.setting("Handler")
    if directory is None or not isinstance(handler, str):
        return None
    for path, tree in _modules(directory, handler.rpartition(".")[0].replace("/", ".")):
        for line in _lines_that_publish(tree):
            return Place(Path(os.path.relpath(path, function.stack.directory)), line)
    return None


def _modules(directory: Path, name: str) -> Iterator[tuple[Path, ast.Module]]:
    """Yield a module and those that it imports, as far as they are in the directory."""
    waiting, seen = [name], {name}
    while waiting and len(seen) < _MAX_FILES:
        module = waiting.pop(0)
        path = _file_of(directory, module)
        tree = _parsed(path) if path else None
        if path and tree:
            yield path, tree
            imported = [each for each in _imported(tree, module, path) if each not in seen]
            seen.update(imported)
            waiting.extend(imported)


def _file_of(directory: Path, module: str) -> Path | None:
    place = directory.joinpath(*module.split("."))
    return next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()), None)


def _parsed(path: Path) -> ast.Module | None:
    try:
        return ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None


def _imported(tree: ast.Module, module: str, path: Path) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = module_of(node, module if path.name == "__init__.py" else module.rpartition(".")[0])
            yield origin
            yield from (f"{origin}.{alias.name}" if origin else alias.name for alias in node.names)


def _lines_that_publish(tree: ast.Module) -> list[int]:
    # What is compared with the policy does not set it.
    compared = {id(part) for node in ast.walk(tree) if isinstance(node, ast.Compare) for part in ast.walk(node)}
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and id(node) not in compared and _is_publish(node)
    ]


def _is_publish(node: ast.Attribute) -> bool:
    owner = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
    return node.attr == "PUBLISH" and owner == "FaultPolicy"
