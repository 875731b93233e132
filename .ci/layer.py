"""Build a Lambda layer: this library alone, or with everything that it needs.

    python .ci/layer.py [--with everything] [--arch x86_64|arm64] [--python 3.13] [--extras tracer,otel] [--boto3]
                        [--wheel …] [--to dist]

Alone, it is pure Python, for either architecture, and goes above Powertools' public layer. With everything, the wheels
are those of the architecture and the Python version that are asked for, whatever machine this runs on. boto3, and what
it brings, is part of Lambda's runtime, and left out unless `--boto3` is given. What a function never imports is left
out, too: the command line, and what runs functions on a developer's machine.

The same input makes the same bytes: files are sorted, and their times fixed. Where this Python is that of the layer, it
also holds the compiled modules: Lambda cannot store them, and would compile at each cold start.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from importlib.metadata import Distribution, distributions
from pathlib import Path

from check_wheel import build, pip

THIS_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}

# boto3 and what it brings, as Powertools' own layer leaves it out.
IN_THE_RUNTIME = {"boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3"}

# import-linter sees to it that nothing else of the library imports them.
NOT_FOR_FUNCTIONS = ("cli", "local", "templates")

# The first moment that a zip file can hold.
EPOCH = (1980, 1, 1, 0, 0, 0)


def main() -> None:
    wanted = arguments()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "layer" / "python"
        install(wanted.wheel or build(Path(folder)), root, wanted)
        if not wanted.boto3:
            remove(root, IN_THE_RUNTIME)
        remove_traces(root)
        if wanted.python == THIS_PYTHON:
            precompile(root)
        layer = wanted.to / name_of(wanted, root)
        pack(root.parent, layer)
    print(f"{layer}: {size_of(layer)}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Build a Lambda layer.")
    parser.add_argument("--with", dest="content", choices=["everything"], help="also what the library depends on")
    parser.add_argument("--arch", choices=MACHINES, default="x86_64", help="of the function, not of this machine")
    parser.add_argument("--python", default=THIS_PYTHON, help="the version of the runtime, e.g. 3.13")
    parser.add_argument("--extras", default="", help="e.g. tracer,otel; with everything only")
    parser.add_argument("--boto3", action="store_true", help="boto3, too, rather than that of the runtime")
    parser.add_argument("--wheel", type=Path, help="of the library; built if it is not given")
    parser.add_argument("--to", type=Path, default=Path("dist"), help="the folder of the zip file")
    wanted = parser.parse_args()
    if (wanted.extras or wanted.boto3) and not wanted.content:
        parser.error("--extras and --boto3 go with --with everything: the library alone brings nothing else.")
    return wanted


def install(wheel: Path, root: Path, wanted: argparse.Namespace) -> None:
    if wanted.content:
        how = platform_options(wanted.arch, wanted.python)
        what = f"{wheel}[{wanted.extras}]" if wanted.extras else str(wheel)
        pip(sys.executable, "install", "--no-compile", "--target", str(root), *how, what)
    else:  # a wheel of pure Python is what is installed
        zipfile.ZipFile(wheel).extractall(root)
    for name in NOT_FOR_FUNCTIONS:
        shutil.rmtree(root / "powertools_stream" / name)


def platform_options(arch: str, python: str) -> list[str]:
    """Return what makes pip take the wheels of Lambda's machine, not of this one.

    Runtimes up to Python 3.11 have the glibc of Amazon Linux 2 (2.26), later ones that of Amazon Linux 2023 (2.34):
    https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
    """
    tags = ["manylinux2014", "manylinux_2_17", *(["manylinux_2_28"] if minor(python) >= 12 else [])]
    platforms = [option for tag in tags for option in ("--platform", f"{tag}_{MACHINES[arch]}")]
    return [*platforms, "--only-binary=:all:", "--implementation", "cp", "--python-version", python]


def minor(python: str) -> int:
    return int(python.split(".")[1])


def remove(root: Path, names: set[str]) -> None:
    for installed in distributions(path=[str(root)]):
        if installed.name.lower() in names:
            remove_files(installed)


def remove_files(installed: Distribution) -> None:
    for file in installed.files or ():
        Path(str(installed.locate_file(file))).unlink(missing_ok=True)


def remove_traces(root: Path) -> None:
    """Remove what names this machine: its Python in commands, and where it had the wheel."""
    shutil.rmtree(root / "bin", ignore_errors=True)
    for pattern in ("direct_url.json", "RECORD"):
        for path in root.glob(f"*.dist-info/{pattern}"):
            path.unlink()


def precompile(root: Path) -> None:
    """Compile for good: Python compares neither times, which a zip file changes, nor the source.

    In a process of its own, since up to Python 3.10 the order of constant sets depends on the seed of hashes.
    """
    how = ["-q", "-s", str(root), "-p", "/opt/python", "--invalidation-mode", "unchecked-hash"]
    command = [sys.executable, "-m", "compileall", *how, str(root)]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": "0"})


def name_of(wanted: argparse.Namespace, root: Path) -> str:
    (ours,) = (one for one in distributions(path=[str(root)]) if one.name == "powertools-stream")
    kind = f"everything-{wanted.arch}" if wanted.content else "alone"
    return f"powertools_stream-{ours.version}-layer-{kind}-python{wanted.python}.zip"


def pack(folder: Path, layer: Path) -> None:
    layer.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(layer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
        for name, path in sorted(files.items()):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr = (0o755 if os.access(path, os.X_OK) else 0o644) << 16
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)


def size_of(layer: Path) -> str:
    with zipfile.ZipFile(layer) as archive:
        unzipped = sum(entry.file_size for entry in archive.infolist())
    return f"{layer.stat().st_size / 1e6:.1f} MB, unzipped {unzipped / 1e6:.1f} MB"


if __name__ == "__main__":
    main()
