"""Copies a project to where it is to live."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from powertools_stream.cli.status import CannotRunError

__all__ = ["Copied", "copy_project"]

# What tools have left there: pip compiles the modules when it installs them.
_IGNORED = shutil.ignore_patterns("__pycache__", ".*_cache", ".aws-sam")

_SETTINGS = "samconfig.toml"
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
    """

    template: str
    directory: Path
    stack_name: str
    files: tuple[str, ...]

    @property
    def next_steps(self) -> Mapping[str, str]:
        """What to type next, by what it is for."""
        there = "" if self.directory == Path() else f"cd {shlex.quote(str(self.directory))} && "
        return {
            "test": f"{there}python -m pytest",
            "run locally": f"{there}powertools-stream local",
            "deploy": f"{there}sam build && sam deploy",
        }

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
    new = [each for each in (directory, *directory.parents) if not each.exists()]
    try:
        shutil.copytree(project, directory, ignore=_IGNORED, dirs_exist_ok=True)
        name = _stack_name(directory)
        settings = directory / _SETTINGS
        text = settings.read_text(encoding="utf-8")
        settings.write_text(_STACK_NAME.sub(f'stack_name = "{name}"', text), encoding="utf-8")
    except BaseException as error:
        _remove(directory, new)
        if isinstance(error, OSError):
            raise CannotRunError(f"Expected to write a project to {directory}: {_reason(error)}.") from error
        raise
    files = sorted(path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file())
    return Copied(project.name, directory, name, tuple(files))


def _require_empty(directory: Path) -> None:
    try:
        found = sorted(path.name for path in directory.iterdir())
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

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-using-console-create-stack-parameters.html
    """
    name = re.sub(r"[^A-Za-z0-9]+", "-", directory.resolve().name).strip("-")[:128]
    return name if name[:1].isalpha() else f"stack-{name}".strip("-")


def _remove(directory: Path, new: list[Path]) -> None:
    for path in directory.iterdir() if directory.is_dir() else ():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    for path in new:
        if path.is_dir():
            path.rmdir()


def _reason(error: OSError) -> str:
    # copytree collects what fails, as (source, destination, reason).
    if isinstance(error, shutil.Error):
        return str(error.args[0][0][2])
    return str(error.strerror or error)
