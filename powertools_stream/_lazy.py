"""Packages that import their names on first use, so that a function pays only for what it uses."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from powertools_stream.deprecations import Deprecation

__all__ = ["export"]

# Where a name may be that somebody looks for in another package.
_PUBLIC = (
    "",
    "flavors",
    "requests",
    "sources",
    "connectors",
    "matching",
    "rules",
    "expressions",
    "outcomes",
    "errors",
    "checkpoints",
    "classification",
    "telemetry",
    "testing",
)


class _LazyPackage(ModuleType):
    """A package that knows which of its modules defines each of its names."""

    _homes: Mapping[str, str]

    def __getattr__(self, name: str) -> Any:
        if name in self._homes:
            value = getattr(import_module(self._homes[name]), name)
        elif (deprecation := _deprecation(self.__name__, name)) is not None:
            deprecation.warn(stacklevel=2)
            value = deprecation.replacement()
        else:
            raise _unknown(self.__name__, name)
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


def _deprecation(package: str, name: str) -> Deprecation | None:
    if name.startswith("_"):  # tools look for private names
        return None
    from powertools_stream.deprecations import deprecation_of  # only for a name that the package does not have

    return deprecation_of(f"{package}.{name}")


def _unknown(package: str, name: str) -> Exception:
    """Return the error for a name that a package does not have; it says where the name is, or one like it.

    In ``from package import name`` it is an `ImportError`: Python would replace an `AttributeError` by an error of its
    own that says nothing of that. Others, such as ``hasattr``, need the `AttributeError`.
    """
    message = f"module {package!r} has no attribute {name!r}"
    # Tools look for private names; and what is a module of the package is about to be imported.
    if name.startswith("_") or not name.isidentifier() or find_spec(f"{package}.{name}") is not None:
        return AttributeError(message)
    if (hint := _hint(package, name)) is None:
        return AttributeError(message)
    if sys._getframe(2).f_code.co_name == "_handle_fromlist":
        return ImportError(f"cannot import {name!r} from {package!r}. {hint}")
    return AttributeError(f"{message}. {hint}")


def _hint(package: str, name: str) -> str | None:
    root = package.partition(".")[0]
    packages = dict.fromkeys([package, *(f"{root}.{public}".rstrip(".") for public in _PUBLIC)])
    known = [(home, public) for home in packages for public in import_module(home).__all__]
    for home, public in known:
        if public == name:
            return f"It is in another package: from {home} import {name}"

    import difflib  # only for a mistake

    nearest = difflib.get_close_matches(name.lower(), [public.lower() for _, public in known], n=1, cutoff=0.8)
    for home, public in known:
        if public.lower() in nearest:
            return f"Did you mean {public!r}? from {home} import {public}"
    return None
