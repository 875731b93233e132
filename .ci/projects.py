"""Checks the types of the projects that `init` copies, each by itself: their modules have the same names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROJECTS = ROOT / "powertools_stream" / "cli" / "init" / "projects"


def main() -> None:
    for project in sorted(path.parent for path in PROJECTS.glob("*/pyproject.toml")):
        mypy = [sys.executable, "-m", "mypy", "--cache-dir", str(ROOT / ".mypy_cache" / "projects")]
        if subprocess.run(mypy, cwd=project).returncode:
            sys.exit(f"Expected no findings of mypy in {project.name}.")


if __name__ == "__main__":
    main()
