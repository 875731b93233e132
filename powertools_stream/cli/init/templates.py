"""The projects that ``init`` copies. Each is a folder in ``projects/``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from powertools_stream.cli.status import CannotRunError

__all__ = ["described_templates", "template_named"]

_PROJECTS = Path(__file__).parent / "projects"


def described_templates() -> Mapping[str, str]:
    """Return what each template is for, by its name."""
    return {project.name: _description(project) for project in _projects()}


def template_named(name: str) -> Path:
    """Return the folder of a template.

    Raises
    ------
    CannotRunError
        There is no such template.
    """
    known = {project.name: project for project in _projects()}
    if name in known:
        return known[name]
    meant = get_close_matches(name, known, n=1)
    hint = f" Did you mean {meant[0]}?" if meant else ""
    raise CannotRunError(f"Expected a template ({', '.join(known)}), found {name}.{hint}")


def _projects() -> list[Path]:
    return sorted(path.parent for path in _PROJECTS.glob("*/template.yaml"))


def _description(project: Path) -> str:
    """Return that of the template. It is one line, since a reader of YAML takes half a second to import."""
    text = (project / "template.yaml").read_text(encoding="utf-8")
    found = re.search(r"^Description: (.+)$", text, re.MULTILINE)
    return found[1] if found else ""
