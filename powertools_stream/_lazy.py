"""Packages that import their names on first use, so that a function pays only for what it uses."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

__all__ = ["export"]


class _LazyPackage(ModuleType):
    """A package that knows which of its modules defines each of its names."""

    _homes: Mapping[str, str]

    def __getattr__(self, name: str) -> Any:
        if name not in self._homes:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = getattr(import_module(self._homes[name]), name)
        super().__setattr__(name, value)
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        # Python binds a module to its package once it is imported. If the module has the name of something that it
        # defines, such as a flavor, the package exports that, not the module.
        is_home = isinstance(value, ModuleType) and self._homes.get(name) == value.__name__
        super().__setattr__(name, getattr(value, name) if is_home else value)

    def __dir__(self) -> list[str]:
        return sorted(self.__dict__["__all__"])


def export(package: str, modules: Mapping[str, Iterable[str]]) -> list[str]:
    """Make a package export names of its modules; a module is imported when one of its names is first used.

    Parameters
    ----------
    package
        The ``__name__`` of the package.
    modules
        The names by module, relative to the package or by its full name: ``{"dynamodb": ("PutItem", "Query")}``.

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
