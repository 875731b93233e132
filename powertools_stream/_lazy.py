"""Packages whose names are imported when they are first used, so that a function pays for what it uses only."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

__all__ = ["export"]


class _LazyPackage(ModuleType):
    """A package that knows in which of its modules each of its names lives."""

    _homes: Mapping[str, str]

    def __getattr__(self, name: str) -> Any:
        if name not in self._homes:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = getattr(import_module(self._homes[name]), name)
        super().__setattr__(name, value)
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        # Python binds a module to its package once it is imported. Where it has the name of what it holds, such as a
        # flavor, that is what the package exports, and not the module.
        is_home = isinstance(value, ModuleType) and self._homes.get(name) == value.__name__
        super().__setattr__(name, getattr(value, name) if is_home else value)

    def __dir__(self) -> list[str]:
        return sorted(self.__dict__["__all__"])


def export(package: str, modules: Mapping[str, Iterable[str]]) -> list[str]:
    """Have a package export names of its modules, which are imported with the first use of a name.

    Parameters
    ----------
    package
        The ``__name__`` of the package.
    modules
        The names by module, in the package or by its whole name: ``{"dynamodb": ("PutItem", "Query")}``.

    Returns
    -------
    The names, for ``__all__``.
    """
    root = package.partition(".")[0]
    homes = {
        name: module if module.startswith(f"{root}.") else f"{package}.{module}"
        for module, names in modules.items()
        for name in names
    }
    lazy = sys.modules[package]
    lazy.__dict__["_homes"] = homes
    lazy.__class__ = _LazyPackage
    return list(homes)
