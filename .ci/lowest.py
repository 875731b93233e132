"""Make an environment with the lowest versions of what `pyproject.toml` allows, to run the tests in.

    python .ci/lowest.py .venv-lowest

What a function depends on is at its lowest; so are the packages of the extras, but not those of development: nobody
runs the library with old test tools. The extras `cli` and `local` bring packages that ask for a newer pydantic than the
library itself; here they get the lowest, too, since a function without those extras may have it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# What is for users. `demo` is `cli` and `local`.
EXTRAS = ["cli", "datamasking", "encryption", "local", "migrate", "opensearch", "otel", "tracer"]


def main() -> None:
    environment = Path(sys.argv[1]).resolve()
    uv("venv", "--clear", "--seed", "--python", sys.executable, str(environment))
    with tempfile.TemporaryDirectory() as folder:
        functions, everything = Path(folder) / "functions.txt", Path(folder) / "everything.txt"
        uv("pip", "compile", *resolved_to(functions))
        extras = [argument for extra in EXTRAS for argument in ("--extra", extra)]
        uv("pip", "compile", *extras, "--override", str(functions), *resolved_to(everything))
        pins = ["--override", str(functions), "--constraint", str(everything)]
        uv("pip", "install", "--python", str(environment), *pins, "--editable", f"{ROOT}[dev]")
    print(told(environment))


def resolved_to(path: Path) -> list[str]:
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    options = ["--resolution", "lowest-direct", "--python-version", here, "--no-header", "--no-annotate"]
    return [str(ROOT / "pyproject.toml"), *options, "--output-file", str(path)]


def told(environment: Path) -> str:
    listed = subprocess.run(
        [sys.executable, "-m", "uv", "pip", "freeze", "--quiet", "--python", str(environment)],
        check=True,
        capture_output=True,
        text=True,
    )
    ours = ("aws-lambda-powertools==", "boto3==", "pydantic==")
    return ", ".join(line for line in listed.stdout.splitlines() if line.startswith(ours))


def uv(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "uv", "--quiet", *arguments], check=True)


if __name__ == "__main__":
    main()
