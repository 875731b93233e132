"""Build the wheel, look inside, install it alone in a fresh environment, and import it there."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Run inside the fresh environment. What a function may never use must not be imported before it is used. (Powertools
# itself imports the bare package botocore.)
IMPORT = """
import sys
import powertools_stream
from powertools_stream.flavors import task, cdc, materialize

for name in powertools_stream.__all__:
    getattr(powertools_stream, name)
eager = {"boto3", "botocore.session", "powertools_stream.local", "powertools_stream.testing"} & set(sys.modules)
assert not eager, f"imported before use: {sorted(eager)}"
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        wheel = build(Path(folder))
        check_content(wheel)
        install_and_import(wheel, Path(folder) / "venv")


def build(folder: Path) -> Path:
    pip(sys.executable, "wheel", "--no-deps", "--wheel-dir", str(folder), str(ROOT))
    (wheel,) = folder.glob("powertools_stream-*.whl")
    return wheel


def check_content(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    if "powertools_stream/py.typed" not in names:
        sys.exit("Expected powertools_stream/py.typed in the wheel: without it no type checker reads our types.")
    if not any(name.endswith("licenses/LICENSE") for name in names):
        sys.exit("Expected the LICENSE in the wheel.")
    missing = [str(path) for path in project_files() if str(path) not in names]
    if missing:
        sys.exit(f"Expected the projects of `init` in the wheel, found these missing: {missing}")
    strangers = [name for name in names if not name.startswith(("powertools_stream/", "powertools_stream-"))]
    if strangers:
        sys.exit(f"Expected the package alone in the wheel, found also: {strangers}")


def project_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "powertools_stream/cli/init/projects"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return [Path(line) for line in listed.stdout.splitlines()]


def install_and_import(wheel: Path, venv: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    python = str(venv / "bin" / "python")
    pip(python, "install", str(wheel))
    # -I: neither the working directory nor PYTHONPATH may lend it the source tree.
    subprocess.run([python, "-I", "-c", IMPORT], check=True, cwd=venv)


def pip(python: str, *arguments: str) -> None:
    subprocess.run([python, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments], check=True)


if __name__ == "__main__":
    main()
