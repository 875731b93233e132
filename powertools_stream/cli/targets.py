"""Finds the rules that an argument names: ``module:registry``, ``module``, or a file."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import sysconfig
import traceback
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from powertools_stream import RuleRegistry
from powertools_stream.cli.status import CannotRunError

__all__ = ["HELP", "OF_LIBRARIES", "NamedRegistry", "load_module", "load_registries", "own_modules"]

HELP = "The rules: `module:registry`, a module, or a Python file."
"""What ``--help`` says of such an argument."""


@dataclass(frozen=True)
class NamedRegistry:
    """A registry, and where it was found.

    Parameters
    ----------
    name
        ``"orders.listener:rules"``.
    registry
        The registry.
    """

    name: str
    registry: RuleRegistry


def load_registries(target: str) -> list[NamedRegistry]:
    """Import a module, and return the registry that is named, or all that it has.

    The working directory is on the path, as it is for a function's own code. A region is set if there is none, for
    modules that make a client of boto3 on import. ``${NAME}`` stands for an environment variable that the module reads
    as ``os.environ["NAME"]`` and that is not set.

    Parameters
    ----------
    target
        ``"orders.listener:rules"``, ``"orders.listener"``, ``"orders/listener.py"`` or ``"orders/listener.py:rules"``.

    Raises
    ------
    CannotRunError
        The module cannot be imported, or has no such registry.
    """
    module, attribute = load_module(target)
    found = _registries(module, attribute)
    if not found:
        raise CannotRunError(
            f"Expected a RuleRegistry in {module.__name__}, found none. Name it: {module.__name__}:<registry>."
        )
    return found


def load_module(target: str) -> tuple[ModuleType, str]:
    """Import the module of such an argument, and return it with the name after the colon, which may be empty.

    Raises
    ------
    CannotRunError
        The module cannot be imported.
    """
    module_name, _, attribute = target.partition(":")
    return _imported(module_name), attribute


@contextlib.contextmanager
def own_modules(
    directory: Path, variables: Mapping[str, str], modules: MutableMapping[str, ModuleType] | None = None
) -> Iterator[None]:
    """Import the code of one function as it is on its own, and forget its modules: others may have the same names.

    Parameters
    ----------
    directory
        Where its code is; first on the path.
    variables
        Its environment variables. What is set already, as in a shell, stays; so does what boto3 and Powertools read on
        import, where not any text will do.
    modules
        Its modules that were imported before, by name. What is imported now is added.
    """
    kept = {} if modules is None else modules
    path, environment, before = list(sys.path), dict(os.environ), frozenset(sys.modules)
    sys.modules.update(kept)
    sys.path.insert(0, str(directory.resolve()))
    for name, value in variables.items():
        if not name.startswith(OF_LIBRARIES):
            os.environ.setdefault(name, value)
    try:
        yield
    finally:
        sys.path[:] = path
        os.environ.clear()
        os.environ.update(environment)
        kept.update(_forget_own_modules(frozenset(sys.modules) - before))


def _registries(module: ModuleType, attribute: str) -> list[NamedRegistry]:
    if attribute:
        return [NamedRegistry(f"{module.__name__}:{attribute}", _registry_named(module, attribute))]
    return [
        NamedRegistry(f"{module.__name__}:{name}", value)
        for name, value in vars(module).items()
        if isinstance(value, RuleRegistry)
    ]


def _registry_named(module: ModuleType, attribute: str) -> RuleRegistry:
    value = getattr(module, attribute, None)
    if isinstance(value, RuleRegistry):
        return value
    found = f"found {type(value).__name__}" if value is not None else "found no such name"
    raise CannotRunError(f"Expected a RuleRegistry in {module.__name__}:{attribute}, {found}.")


def _imported(name: str) -> ModuleType:
    os.environ.setdefault("AWS_DEFAULT_REGION", os.environ.get("AWS_REGION", "us-east-1"))
    module_name = _module_of_file(Path(name)) if name.endswith(".py") else _module_in_sight(name)
    before = frozenset(sys.modules)
    while True:
        try:
            # What it prints is none of the command's results.
            with contextlib.redirect_stdout(sys.stderr):
                return importlib.import_module(module_name)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            variable = _missing_variable(error)
            if variable is None:
                raise CannotRunError(_why(module_name, error)) from error
            # Handlers often read their variables on import, and only the function has them.
            os.environ[variable] = f"${{{variable}}}"
            _forget_own_modules(frozenset(sys.modules) - before)


def _missing_variable(error: BaseException) -> str | None:
    """Return the environment variable that ``os.environ[…]`` did not find; None: it is another error."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    is_of_environ = last.name == "__getitem__" and last.filename in ("<frozen os>", os.__file__)
    return str(error.args[0]) if isinstance(error, KeyError) and is_of_environ else None


def _forget_own_modules(names: Iterable[str]) -> dict[str, ModuleType]:
    """Let modules be imported anew, so that no rule is registered twice. Those of libraries stay."""
    own = [name for name in names if _is_own(getattr(sys.modules[name], "__file__", None) or "")]
    return {name: sys.modules.pop(name) for name in own}


def _module_in_sight(name: str) -> str:
    _put_on_path(Path.cwd())
    return name


def _module_of_file(path: Path) -> str:
    """Return the dotted name of a file's module, and put the directory that its packages are in on the path."""
    if not path.is_file():
        raise CannotRunError(f"Expected a Python file, found none at {path}.")
    parts, directory = [path.stem], path.resolve().parent
    while (directory / "__init__.py").is_file():
        parts.insert(0, directory.name)
        directory = directory.parent
    _put_on_path(directory)
    return ".".join(parts)


def _put_on_path(directory: Path) -> None:
    if str(directory) not in sys.path:
        sys.path.insert(0, str(directory))


def _why(module_name: str, error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name == module_name.partition(".")[0]:
        return f"Expected a module {module_name}, found none in {Path.cwd()} or in what is installed."
    what = error.msg if isinstance(error, SyntaxError) else error
    place = _place_of(error)
    return f"Cannot import {module_name}: {type(error).__name__}: {what}{f' ({place})' if place else ''}."


def _place_of(error: BaseException) -> str:
    """Return the last line of the user's own code that an error came from; empty: it came from none."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_own(frame.filename)]
    return f"{own[-1].filename}:{own[-1].lineno}" if own else ""


def _is_own(file: str) -> bool:
    """Tell whether a file is the user's: neither of Python, nor of a library, nor of this one."""
    return file.endswith(".py") and (file.startswith(_PROJECTS) or not file.startswith(_LIBRARIES))


OF_LIBRARIES = ("AWS_", "LOG_LEVEL", "POWERTOOLS_", "PYTHON")
"""How the variables begin that boto3 and Powertools read on import: no name of a resource, and not any text will do."""

_LIBRARIES = (
    *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    str(Path(__file__).resolve().parents[1]),
)

# What `init` copies is a user's code, also before it is copied.
_PROJECTS = str(Path(__file__).resolve().parent / "init" / "projects")
