"""Build what is released, and check it. Publishing is the business of `.github/workflows/release.yml`.

    python .ci/release.py [--tag v0.1.0] [--to dist]

Without a tag it says whether a release could be made; with one, the version, the changelog and the tag must agree, too.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from check_wheel import ROOT, check_content, install_and_import, pip

# Whoever publishes the project writes its address into `pyproject.toml`, once.
PLACEHOLDER = "OWNER"


def main() -> None:
    parser = argparse.ArgumentParser(description="Build and check a release.")
    parser.add_argument("--tag", help="of the release, e.g. v0.1.0")
    parser.add_argument("--to", type=Path, default=ROOT / "dist", help="an empty folder, or one that may be emptied")
    wanted = parser.parse_args()
    check_version(wanted.tag)
    sdist, wheel = build(wanted.to)
    check_complete(sdist)
    check_content(wheel)
    run("twine", "check", "--strict", str(sdist), str(wheel))
    with tempfile.TemporaryDirectory() as folder:
        install_and_import(wheel, Path(folder) / "venv")
        write_sbom(Path(folder) / "venv", wanted.to / "sbom" / "sbom.cdx.json")
    print(f"{wanted.to}: {sdist.name}, {wheel.name}, and the SBOM, are fine.")


# -- The version -------------------------------------------------------------------------------------------------------


def check_version(tag: str | None) -> None:
    version, (newest, date) = version_of_the_package(), newest_section((ROOT / "CHANGELOG.md").read_text("utf-8"))
    if newest != version:
        sys.exit(f"Expected the changelog to begin with {version}, the version of the package; found {newest}.")
    if tag is not None:
        check_tag(tag, version, date)


def check_tag(tag: str, version: str, date: str) -> None:
    if tag != f"v{version}":
        sys.exit(f"Expected the tag v{version}, as the package says; found {tag}.")
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", date):
        sys.exit(f"Expected the day of the release in the changelog, `## {version} (2026-12-31)`; found ({date}).")
    if f"/{PLACEHOLDER}/" in (ROOT / "pyproject.toml").read_text("utf-8"):
        sys.exit(f"Expected the project's address in pyproject.toml; found the placeholder {PLACEHOLDER}.")


def version_of_the_package() -> str:
    text = (ROOT / "powertools_stream" / "__init__.py").read_text("utf-8")
    return re.findall(r'^__version__ = "(.+)"$', text, re.MULTILINE)[0]


def newest_section(changelog: str) -> tuple[str, str]:
    """Return the version of the changelog's first section, and what is in parentheses after it."""
    found = re.search(r"^## (\S+) \((.+)\)$", changelog, re.MULTILINE)
    return (found[1], found[2]) if found else ("nothing", "")


# -- What is built -----------------------------------------------------------------------------------------------------


def build(folder: Path) -> tuple[Path, Path]:
    """Build the source distribution, and from it the wheel, as an index's users would."""
    shutil.rmtree(folder, ignore_errors=True)
    run("build", "--outdir", str(folder), str(ROOT))
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return sdist, wheel


def check_complete(sdist: Path) -> None:
    if missing := sorted(set(tracked()) - set(names_in(sdist))):
        sys.exit(f"Expected all files of the repository in {sdist.name}; missing: {missing}. See [tool.hatch.build].")


def names_in(sdist: Path) -> list[str]:
    with tarfile.open(sdist) as archive:
        return [name.partition("/")[2] for name in archive.getnames()]


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True)
    return listed.stdout.splitlines()


def write_sbom(venv: Path, path: Path) -> None:
    """List what a fresh installation of the wheel brings, with versions and licenses, as CycloneDX."""
    python = str(venv / "bin" / "python")
    pip(python, "uninstall", "--yes", "setuptools", "pip")  # the environment's own
    path.parent.mkdir(parents=True, exist_ok=True)
    project = ["--pyproject", str(ROOT / "pyproject.toml"), "--mc-type", "library"]
    run("cyclonedx_py", "environment", *project, "--output-reproducible", "-o", str(path), python)
    add_version(path)


def add_version(path: Path) -> None:
    """Add what pyproject.toml does not say itself."""
    sbom = json.loads(path.read_text("utf-8"))
    sbom["metadata"]["component"]["version"] = version_of_the_package()
    path.write_text(json.dumps(sbom, indent=2) + "\n", "utf-8")


def run(module: str, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", module, *arguments], check=True)


if __name__ == "__main__":
    main()
