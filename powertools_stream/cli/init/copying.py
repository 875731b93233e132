"""Copies a project to where it is to live."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from powertools_stream.cli.status import CannotRunError

__all__ = ["Copied", "copy_project"]

# Directories of tools: pip, for one, compiles the modules when it installs them.
_NOT_COPIED = frozenset({"__pycache__", ".aws-sam", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".venv"})

# What a directory may have that is empty to people: a repository that was made, or cloned, for the project.
_NO_CONTENT = frozenset({".git", ".DS_Store"})

_SETTINGS = "samconfig.toml"
_NEIGHBOUR = re.compile(r" \.\./([\w-]+)(?= |$)")
_LOCAL_RUN = re.compile(r"^\$ (powertools-stream local\b.*)$", re.MULTILINE)
_STACK_NAME = re.compile(r'^stack_name = ".*"$', re.MULTILINE)


@dataclass(frozen=True)
class Copied:
    """A project that has been copied.

    Parameters
    ----------
    template
        The name of the template.
    directory
        Where it is now, as it was given.
    stack_name
        What it is deployed as.
    files
        What there is, relative to the directory.
    local_run
        The command that runs it on this machine.
    """

    template: str
    directory: Path
    stack_name: str
    files: tuple[str, ...]
    local_run: str

    @property
    def next_steps(self) -> Mapping[str, str]:
        """What to type next in the directory, by what it is for."""
        neighbours = " && ".join(f"powertools-stream init {name} ../{name}" for name in self._missing_neighbours())
        return {
            "test": "pip install -r requirements-dev.txt && python -m pytest",
            **({"beside it": neighbours} if neighbours else {}),
            "run locally": self.local_run,
            "deploy": "sam build && sam deploy",
        }

    def _missing_neighbours(self) -> list[str]:
        """Return the other projects that it runs with and that are not there."""
        beside = self.directory.resolve().parent
        return [name for name in _NEIGHBOUR.findall(self.local_run) if not (beside / name).exists()]

    def as_document(self) -> dict[str, Any]:
        """Return it for ``--json``."""
        return {
            "template": self.template,
            "directory": str(self.directory),
            "stack_name": self.stack_name,
            "files": list(self.files),
            "next": dict(self.next_steps),
        }


def copy_project(project: Path, directory: Path) -> Copied:
    """Copy a project. If that fails, or is interrupted, nothing of it stays.

    Parameters
    ----------
    project
        The folder of the template.
    directory
        Where to: a new directory, or an empty one. Its name becomes the stack's.

    Raises
    ------
    CannotRunError
        There is something at that place already, or it cannot be written to.
    """
    _require_empty(directory)
    name, files = _stack_name(directory), _files(project)
    # Without "..": of a directory that does not exist, it would be a new one for pathlib, and a given one for us.
    place = directory.resolve()
    new = [each for each in (place, *place.parents) if not each.exists()]
    try:
        for file in files:
            _copy(project / file, place / file)
        _write_stack_name(name, place / _SETTINGS)
    except OSError as error:
        _remove(place, new)
        reason = error.strerror or error
        raise CannotRunError(f"Expected to write a project to {directory}: {reason}.") from error
    except BaseException:  # Ctrl-C
        _remove(place, new)
        raise
    return Copied(project.name, directory, name, tuple(file.as_posix() for file in files), _local_run(place))


def _files(project: Path) -> list[Path]:
    found = (path.relative_to(project) for path in project.rglob("*") if path.is_file())
    return sorted(path for path in found if not _NOT_COPIED.intersection(path.parts))


def _copy(source: Path, target: Path) -> None:
    """Copy a file without its mode: that of an installed file may be read-only."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _write_stack_name(name: str, settings: Path) -> None:
    text = settings.read_text(encoding="utf-8")
    settings.write_text(_STACK_NAME.sub(f'stack_name = "{name}"', text), encoding="utf-8")


def _local_run(directory: Path) -> str:
    """Return what the README says to type: some projects run only with those that they listen to."""
    found = _LOCAL_RUN.search((directory / "README.md").read_text(encoding="utf-8"))
    return found[1] if found else "powertools-stream local"


def _require_empty(directory: Path) -> None:
    try:
        found = sorted(path.name for path in directory.iterdir() if path.name not in _NO_CONTENT)
    except FileNotFoundError:
        return
    except OSError as error:
        raise CannotRunError(f"Expected a new or an empty directory, found {directory}: {error.strerror}.") from error
    if found:
        shown = ", ".join(found[:3]) + (", …" if len(found) > 3 else "")
        raise CannotRunError(
            f"Expected a new or an empty directory, found {shown} in {directory}. Name another: nothing is overwritten."
        )


def _stack_name(directory: Path) -> str:
    """Return the directory's name as CloudFormation accepts it: letters, digits and hyphens, a letter first.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
    """
    name = re.sub(r"[^A-Za-z0-9]+", "-", directory.resolve().name).strip("-")
    return (name if name[:1].isalpha() else f"stack-{name}")[:128].strip("-")


def _remove(directory: Path, new: list[Path]) -> None:
    for path in directory.iterdir() if directory.is_dir() else ():
        if path.name in _NO_CONTENT:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    for path in new:
        if path.is_dir():
            path.rmdir()
